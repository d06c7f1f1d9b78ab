//! The plate: a rounded rectangle of a colour and opacity, over what lies behind it, sharp or blurred (S2-060, S2-061).

use super::blur::gaussian;
use super::colour::Colour;
use super::number::{byte, count, round, steps};
use super::surface::{Surface, mix, over, times};

/// How a plate looks, in pixels of the surface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) colour: Colour,
    /// Of 255.
    pub(super) opacity: u8,
    pub(super) radius: f32,
    /// Standard deviation; 0 is sharp.
    pub(super) blur: f32,
}

/// Lays a plate over the rectangle from its upper left corner to its lower right one.
pub(super) fn lay(
    surface: &mut Surface<'_>,
    (left, top): (i32, i32),
    (right, bottom): (i32, i32),
    look: Look,
) {
    let (wide, high) = surface.size();
    let (left, top) = (left.clamp(0, wide), top.clamp(0, high));
    let (width, height) = (steps(right.min(wide) - left), steps(bottom.min(high) - top));
    if width > 0 && height > 0 {
        let radius = look.radius.min(count(width) / 2.0).min(count(height) / 2.0).max(0.0);
        let plate = Laying { at: (left, top), width, height, look: Look { radius, ..look } };
        if surface.channels == 3 { plate.lay::<3>(surface) } else { plate.lay::<4>(surface) }
    }
}

struct Laying {
    at: (i32, i32),
    width: usize,
    height: usize,
    look: Look,
}

impl Laying {
    fn lay<const CHANNELS: usize>(&self, surface: &mut Surface<'_>) {
        let blurred = (self.look.blur > 0.0).then(|| self.blurred::<CHANNELS>(surface));
        let colours = self.colours::<CHANNELS>();
        let row_bytes = self.width * CHANNELS;
        let mut sharp = vec![0; row_bytes];
        surface.rows(self.at, (self.width, self.height), |row, _, pixels| {
            sharp.copy_from_slice(pixels);
            // What shows through: only where the plate is, so the corners come back from `sharp`.
            if let Some(blurred) = &blurred {
                pixels.copy_from_slice(&blurred[row * row_bytes..][..row_bytes]);
            }
            self.cover::<CHANNELS>(pixels, &colours);
            self.round_off::<CHANNELS>(row, &sharp, pixels);
        });
    }

    /// A row of the plate's colour times its opacity; alpha, where there is one, is that of what cannot be seen through.
    fn colours<const CHANNELS: usize>(&self) -> Vec<u16> {
        let [red, green, blue] = self.look.colour.0;
        let pixel =
            [red, green, blue, 255].map(|channel| u16::from(channel) * u16::from(self.look.opacity) + 128);
        pixel[..CHANNELS].repeat(self.width)
    }

    /// Lays the colour over a row. Sixteen bits do for all of it, so that many channels are done at once.
    fn cover<const CHANNELS: usize>(&self, pixels: &mut [u8], colours: &[u16]) {
        if CHANNELS == 4 && pixels.chunks_exact(4).any(|pixel| pixel[3] < 255) {
            return pixels
                .chunks_exact_mut(4)
                .for_each(|pixel| over(pixel, self.look.colour, self.look.opacity));
        }
        let kept = u16::from(255 - self.look.opacity);
        for (channel, colour) in pixels.iter_mut().zip(colours) {
            let sum = u16::from(*channel) * kept + colour;
            *channel = ((sum + (sum >> 8)) >> 8) as u8;
        }
    }

    /// Brings back what was at the corners of a row.
    fn round_off<const CHANNELS: usize>(&self, row: usize, sharp: &[u8], pixels: &mut [u8]) {
        let down = distance(row, self.height, self.look.radius);
        if down <= 0.0 {
            return;
        }
        let reach = steps(round(self.look.radius.ceil())).min(self.width);
        let right_corner = (self.width - reach).max(reach);
        for x in (0..reach).chain(right_corner..self.width) {
            let right = distance(x, self.width, self.look.radius);
            if right > 0.0 {
                let coverage = byte(0.5 + self.look.radius - right.hypot(down));
                let at = x * CHANNELS..(x + 1) * CHANNELS;
                for (channel, sharp) in pixels[at.clone()].iter_mut().zip(&sharp[at]) {
                    *channel = mix(*sharp, *channel, coverage);
                }
            }
        }
    }

    fn blurred<const CHANNELS: usize>(&self, surface: &mut Surface<'_>) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(self.width * self.height * CHANNELS);
        surface.rows(self.at, (self.width, self.height), |_, _, row| pixels.extend_from_slice(row));
        if CHANNELS == 3 || pixels.chunks_exact(CHANNELS).all(|pixel| pixel[3] == 255) {
            return gaussian::<CHANNELS>(pixels, self.width, self.look.blur);
        }
        // Transparent pixels have no say in the colour around them.
        weigh(&mut pixels, times);
        let mut pixels = gaussian::<CHANNELS>(pixels, self.width, self.look.blur);
        weigh(&mut pixels, |channel, alpha| (channel * 255 + alpha / 2) / alpha.max(1));
        pixels
    }
}

fn weigh(pixels: &mut [u8], weighed: impl Fn(u32, u32) -> u32) {
    for [colour @ .., alpha] in pixels.as_chunks_mut::<4>().0 {
        for channel in colour {
            *channel = u8::try_from(weighed(u32::from(*channel), u32::from(*alpha))).unwrap_or(255);
        }
    }
}

/// How far the middle of a pixel lies beyond the centre of the nearer corner's circle; negative between them.
fn distance(at: usize, length: usize, radius: f32) -> f32 {
    let middle = count(at) + 0.5;
    (radius - middle).max(middle - (count(length) - radius))
}
