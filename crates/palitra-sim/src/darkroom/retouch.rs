//! Two ways to retouch a picture: softened, where edges and texture stay, and enhanced, where forms stand out more.

use super::resample::{Crop, Rows, resampled};
use super::{Photo, byte, index, lightness};
use std::collections::VecDeque;

/// Colours further apart than this (the sum over three channels) do not smooth each other.
const EDGE: u32 = 96;
/// How much of the original stays in a softened picture, in 256ths: the texture of skin.
const TEXTURE: i32 = 72;

/// Smooths what is nearly even (blemishes, noise) and leaves edges where they are; a part of the fine texture stays.
pub(crate) fn softened(photo: &Photo) -> Photo {
    let reach = index((photo.width.min(photo.height) / 220).clamp(2, 6));
    let closeness = closeness();
    let row_length = index(photo.width) * 4;
    let across = |y: u32| {
        let row = photo.row(y);
        let mut out = Vec::with_capacity(row_length);
        for x in 0..index(photo.width) {
            let (from, to) = (x.saturating_sub(reach), (x + reach + 1).min(index(photo.width)));
            let near = (from..to).map(|at| (&row[at * 4..at * 4 + 4], at.abs_diff(x)));
            out.extend(smoothed(&row[x * 4..x * 4 + 4], near, reach, &closeness));
        }
        out
    };
    // Rows smoothed across, from the row `first` on; each is smoothed down from its neighbours.
    let mut kept: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut first, mut rgba) = (0, Vec::with_capacity(photo.rgba.len()));
    let height = index(photo.height);
    for y in 0..height {
        let (from, to) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        while first < from {
            kept.pop_front();
            first += 1;
        }
        for old in first + kept.len()..to {
            kept.push_back(across(u32::try_from(old).unwrap_or(0)));
        }
        let original = &photo.rgba[y * row_length..(y + 1) * row_length];
        for (x, own) in original.chunks_exact(4).enumerate() {
            let place = x * 4..x * 4 + 4;
            let near =
                kept.iter().enumerate().map(|(at, row)| (&row[place.clone()], (first + at).abs_diff(y)));
            let smooth = smoothed(&kept[y - first][place.clone()], near, reach, &closeness);
            let mixed = |channel: usize| {
                let (old, new) = (i32::from(own[channel]), i32::from(smooth[channel]));
                byte((old * TEXTURE + new * (256 - TEXTURE) + 128) >> 8)
            };
            rgba.extend([mixed(0), mixed(1), mixed(2), own[3]]);
        }
    }
    Photo { width: photo.width, height: photo.height, rgba }
}

/// How much a colour at a distance counts, in 256ths.
fn closeness() -> Vec<u32> {
    (0..EDGE)
        .map(|distance| {
            let left = 256 - distance * distance * 256 / (EDGE * EDGE);
            left * left / 256
        })
        .collect()
}

/// The mean of a pixel's neighbours, near ones and those of its colour counting most.
fn smoothed<'a>(
    own: &[u8],
    near: impl Iterator<Item = (&'a [u8], usize)>,
    reach: usize,
    closeness: &[u32],
) -> [u8; 4] {
    let (mut sums, mut total) = ([0_u32; 3], 0_u32);
    for (pixel, away) in near {
        let distance: u32 = (0..3).map(|channel| u32::from(own[channel].abs_diff(pixel[channel]))).sum();
        let Some(close) = closeness.get(usize::try_from(distance).unwrap_or(usize::MAX)) else { continue };
        let weight = close * u32::try_from(reach + 1 - away).unwrap_or(0);
        total += weight;
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += u32::from(*value) * weight;
        }
    }
    // The pixel itself always counts.
    let mean = sums.map(|sum| u8::try_from((sum + total / 2) / total.max(1)).unwrap_or(u8::MAX));
    [mean[0], mean[1], mean[2], own[3]]
}

/// Strengthens what stands out from its surroundings, lifts the middle tones a little and leaves black and white where they are.
pub(crate) fn enhanced(photo: &Photo) -> Photo {
    // What surrounds a pixel is the picture made small and large again.
    let small = |side: u32| (side / 24).clamp(1, 160);
    let blurred = resampled(photo, Crop::whole(photo), small(photo.width), small(photo.height));
    let mut around = Rows::new(&blurred, Crop::whole(&blurred), photo.width, photo.height);
    let mut rgba = Vec::with_capacity(photo.rgba.len());
    let mut row = Vec::new();
    for y in 0..photo.height {
        row.clear();
        around.next_row(&mut row);
        for (own, around) in photo.row(y).chunks_exact(4).zip(row.chunks_exact(4)) {
            let light = lightness(own);
            let contrast = ((light - lightness(around)) * 76 / 256).clamp(-26, 26);
            let lift = light * (255 - light) * 11 / (128 * 128);
            // Near black and white there is no room for contrast.
            let room = (light * (255 - light) * 256 / (96 * 159)).min(256);
            let change = lift + contrast * room / 256;
            let channel = |value: u8| byte(light + change + (i32::from(value) - light) * 272 / 256);
            rgba.extend([channel(own[0]), channel(own[1]), channel(own[2]), own[3]]);
        }
    }
    Photo { width: photo.width, height: photo.height, rgba }
}
