//! Gaussian blur of bytes: three box passes, whose cost does not depend on the radius, and half the resolution where the
//! blur is so wide that nobody sees the difference.

use super::number::{count, round, steps};

/// Wider blurs are done at half the resolution: a quarter of the work, the same look.
const HALVED_FROM: f32 = 6.0;

/// Blurs rows of `width` pixels of so many channels; `sigma` is the standard deviation in pixels. Edges are continued.
pub(super) fn gaussian<const CHANNELS: usize>(pixels: Vec<u8>, width: usize, sigma: f32) -> Vec<u8> {
    let height = pixels.len() / CHANNELS / width.max(1);
    if sigma >= HALVED_FROM && width > 16 && height > 16 {
        let half = gaussian::<CHANNELS>(halved::<CHANNELS>(&pixels, width), width / 2, sigma / 2.0);
        return doubled::<CHANNELS>(&half, width / 2, pixels, width);
    }
    let mut pixels = pixels;
    let mut between = vec![0; pixels.len()];
    for radius in radii(sigma).into_iter().filter(|radius| *radius > 0) {
        across::<CHANNELS>(&pixels, &mut between, width, radius);
        down(&between, &mut pixels, width * CHANNELS, radius);
    }
    pixels
}

/// Radii of three boxes that together have the variance of the Gaussian (P. Kovesi, "Fast Almost-Gaussian Filtering", 2010).
fn radii(sigma: f32) -> [usize; 3] {
    let variance = 12.0 * sigma * sigma;
    let ideal = (variance / 3.0 + 1.0).sqrt();
    let small = (((ideal - 1.0) / 2.0).floor()).max(0.0);
    let width = 2.0 * small + 1.0;
    let smaller = ((variance - 3.0 * width * width - 12.0 * width - 9.0) / (-4.0 * width - 4.0)).round();
    [0.0, 1.0, 2.0].map(|pass| steps(round(if pass < smaller { small } else { small + 1.0 })))
}

/// The factor that divides the sum of a box by its length, in 65536ths.
fn share(radius: usize) -> u32 {
    u32::try_from(steps(round(65536.0 / (2.0 * count(radius) + 1.0)))).unwrap_or(0)
}

fn mean(sum: u32, share: u32) -> u8 {
    ((sum * share + 32_768) >> 16).min(255) as u8
}

fn across<const CHANNELS: usize>(from: &[u8], to: &mut [u8], width: usize, radius: usize) {
    let share = share(radius);
    for (from, to) in from.chunks_exact(width * CHANNELS).zip(to.chunks_exact_mut(width * CHANNELS)) {
        let (from, _) = from.as_chunks::<CHANNELS>();
        let (to, _) = to.as_chunks_mut::<CHANNELS>();
        let mut sum = [0u32; CHANNELS];
        for channel in 0..CHANNELS {
            let left = u32::from(from[0][channel]) * u32::try_from(radius).unwrap_or(0);
            sum[channel] =
                left + (0..=radius).map(|x| u32::from(from[x.min(width - 1)][channel])).sum::<u32>();
        }
        for x in 0..width {
            let entering = &from[(x + radius + 1).min(width - 1)];
            let leaving = &from[x.saturating_sub(radius)];
            for channel in 0..CHANNELS {
                to[x][channel] = mean(sum[channel], share);
                sum[channel] = sum[channel] + u32::from(entering[channel]) - u32::from(leaving[channel]);
            }
        }
    }
}

fn down(from: &[u8], to: &mut [u8], row_bytes: usize, radius: usize) {
    let share = share(radius);
    let height = from.len() / row_bytes.max(1);
    let row = |y: usize| &from[y.min(height - 1) * row_bytes..][..row_bytes];
    let mut sums = vec![0u32; row_bytes];
    for step in 0..=2 * radius {
        for (sum, value) in sums.iter_mut().zip(row(step.saturating_sub(radius))) {
            *sum += u32::from(*value);
        }
    }
    for (y, to) in to.chunks_exact_mut(row_bytes).enumerate() {
        let (entering, leaving) = (row(y + radius + 1), row(y.saturating_sub(radius)));
        for (((sum, to), entering), leaving) in sums.iter_mut().zip(to).zip(entering).zip(leaving) {
            *to = mean(*sum, share);
            *sum = *sum + u32::from(*entering) - u32::from(*leaving);
        }
    }
}

/// Means of two by two pixels; an odd last row or column is left out.
#[expect(clippy::cast_possible_truncation, reason = "a mean of four bytes")]
fn halved<const CHANNELS: usize>(pixels: &[u8], width: usize) -> Vec<u8> {
    let row_bytes = width * CHANNELS;
    let mut half = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(2 * row_bytes) {
        let (upper, lower) = rows.split_at(row_bytes);
        let (upper, _) = upper.as_chunks::<CHANNELS>();
        let (lower, _) = lower.as_chunks::<CHANNELS>();
        for (upper, lower) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
            for channel in 0..CHANNELS {
                let sum = [upper[0], upper[1], lower[0], lower[1]].map(|pixel| u32::from(pixel[channel]));
                half.push(((sum.iter().sum::<u32>() + 2) >> 2) as u8);
            }
        }
    }
    half
}

/// Back to the full size, bilinear, into the buffer of the full size.
#[expect(clippy::cast_possible_truncation, reason = "a weighted mean of bytes")]
fn doubled<const CHANNELS: usize>(
    half: &[u8],
    half_width: usize,
    mut full: Vec<u8>,
    width: usize,
) -> Vec<u8> {
    let half_bytes = half_width * CHANNELS;
    let half_height = half.len() / half_bytes.max(1);
    let row = |y: usize| &half[y.min(half_height - 1) * half_bytes..][..half_bytes];
    let mut mixed = vec![0u16; half_bytes];
    for (y, full) in full.chunks_exact_mut(width * CHANNELS).enumerate() {
        let near = (y / 2).min(half_height - 1);
        let far = if y % 2 == 1 { near + 1 } else { near.saturating_sub(1) };
        for ((mixed, near), far) in mixed.iter_mut().zip(row(near)).zip(row(far)) {
            *mixed = u16::from(*near) * 3 + u16::from(*far);
        }
        let (mixed, _) = mixed.as_chunks::<CHANNELS>();
        let (full, _) = full.as_chunks_mut::<CHANNELS>();
        for (x, pixels) in full.chunks_mut(2).enumerate() {
            let near = &mixed[x.min(half_width - 1)];
            let sides =
                [&mixed[x.saturating_sub(1).min(half_width - 1)], &mixed[(x + 1).min(half_width - 1)]];
            for (pixel, far) in pixels.iter_mut().zip(sides) {
                for channel in 0..CHANNELS {
                    pixel[channel] = ((near[channel] * 3 + far[channel] + 8) >> 4) as u8;
                }
            }
        }
    }
    full
}
