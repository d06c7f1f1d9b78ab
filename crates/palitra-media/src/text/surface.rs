//! The picture being painted: eight bits a channel, with or without alpha, and how a colour, a mask and a sprite get onto it.
//! Everything is clipped here and nowhere else.

use image::{RgbImage, RgbaImage};

use super::colour::Colour;
use super::number::{signed, steps};

/// A picture to draw on: `(&mut rgb).into()`, `(&mut rgba).into()`.
#[derive(Debug)]
pub struct Surface<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 3 or 4.
    pub(super) channels: usize,
    pub(super) pixels: &'a mut [u8],
}

impl<'a> From<&'a mut RgbImage> for Surface<'a> {
    fn from(image: &'a mut RgbImage) -> Self {
        let (width, height) = image.dimensions();
        Self { width: size(width), height: size(height), channels: 3, pixels: image }
    }
}

impl<'a> From<&'a mut RgbaImage> for Surface<'a> {
    fn from(image: &'a mut RgbaImage) -> Self {
        let (width, height) = image.dimensions();
        Self { width: size(width), height: size(height), channels: 4, pixels: image }
    }
}

fn size(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(0)
}

/// A small picture: red, green, blue, alpha, not premultiplied.
#[derive(Debug)]
pub(super) struct Sprite {
    pub(super) width: usize,
    pub(super) pixels: Vec<u8>,
}

/// How much of each pixel is covered.
#[derive(Debug, Default)]
pub(super) struct Mask {
    pub(super) width: usize,
    pub(super) coverage: Vec<u8>,
}

/// `a × b ÷ 255` for bytes, rounded.
pub(super) fn times(a: u32, b: u32) -> u32 {
    let product = a * b + 128;
    (product + (product >> 8)) >> 8
}

/// Half way from `from` to `to` at 128.
#[expect(clippy::cast_possible_truncation, reason = "between two bytes")]
pub(super) fn mix(from: u8, to: u8, share: u8) -> u8 {
    let share = u32::from(share);
    let sum = u32::from(from) * (255 - share) + u32::from(to) * share + 128;
    ((sum + (sum >> 8)) >> 8) as u8
}

/// Lays a colour over a pixel of three or four channels (source-over, alpha not premultiplied).
#[expect(clippy::cast_possible_truncation, reason = "a share of a byte")]
pub(super) fn over(pixel: &mut [u8], colour: Colour, alpha: u8) {
    match pixel {
        [rgb @ .., below] if alpha == 255 && rgb.len() == 3 => {
            rgb.copy_from_slice(&colour.0);
            *below = 255;
        }
        rgb if alpha == 255 && rgb.len() == 3 => rgb.copy_from_slice(&colour.0),
        [rgb @ .., below] if rgb.len() == 3 && *below != 255 => {
            let kept = times(u32::from(*below), 255 - u32::from(alpha));
            let sum = (kept + u32::from(alpha)).max(1);
            for (channel, value) in rgb.iter_mut().zip(colour.0) {
                *channel = ((u32::from(*channel) * kept + u32::from(value) * u32::from(alpha) + sum / 2)
                    / sum) as u8;
            }
            *below = sum.min(255) as u8;
        }
        _ => {
            for (channel, value) in pixel.iter_mut().zip(colour.0) {
                *channel = mix(*channel, value, alpha);
            }
        }
    }
}

/// The part of a stretch at `from` that lies within `0..within`: where it begins in itself and outside, and its length.
fn clip(from: i32, length: usize, within: usize) -> (usize, usize, usize) {
    let skipped = steps(from.saturating_neg()).min(length);
    let from = steps(from).min(within);
    (skipped, from, (length - skipped).min(within - from))
}

impl Surface<'_> {
    /// The bytes of a row from one pixel to another.
    pub(super) fn row(&mut self, y: usize, from: usize, to: usize) -> &mut [u8] {
        let start = y * self.width;
        &mut self.pixels[(start + from) * self.channels..(start + to) * self.channels]
    }

    /// Calls for each row of a rectangle `width` × `height` at a place, of what is within the picture: the row's number in
    /// the rectangle, the first column in it, and the picture's bytes.
    pub(super) fn rows(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (usize, usize),
        mut each: impl FnMut(usize, usize, &mut [u8]),
    ) {
        let (column, left, columns) = clip(x, width, self.width);
        let (row, top, rows) = clip(y, height, self.height);
        if columns > 0 {
            for step in 0..rows {
                each(row + step, column, self.row(top + step, left, left + columns));
            }
        }
    }

    /// A colour through a mask.
    pub(super) fn stamp(&mut self, at: (i32, i32), mask: &Mask, colour: Colour) {
        if self.channels == 3 {
            self.stamp_on::<3>(at, mask, colour);
        } else {
            self.stamp_on::<4>(at, mask, colour);
        }
    }

    fn stamp_on<const CHANNELS: usize>(&mut self, at: (i32, i32), mask: &Mask, colour: Colour) {
        let Some(height) = mask.coverage.len().checked_div(mask.width) else { return };
        self.rows(at, (mask.width, height), |row, column, pixels| {
            let coverage = &mask.coverage[row * mask.width + column..];
            for (pixel, alpha) in pixels.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(coverage) {
                if *alpha > 0 {
                    over(pixel, colour, *alpha);
                }
            }
        });
    }

    pub(super) fn sprite(&mut self, at: (i32, i32), sprite: &Sprite) {
        let channels = self.channels;
        let height = sprite.pixels.len() / 4 / sprite.width;
        self.rows(at, (sprite.width, height), |row, column, pixels| {
            let (source, _) = sprite.pixels[(row * sprite.width + column) * 4..].as_chunks::<4>();
            for (pixel, [red, green, blue, alpha]) in pixels.chunks_exact_mut(channels).zip(source) {
                if *alpha > 0 {
                    over(pixel, Colour([*red, *green, *blue]), *alpha);
                }
            }
        });
    }

    /// Width and height, saturating.
    pub(super) fn size(&self) -> (i32, i32) {
        (signed(self.width), signed(self.height))
    }
}
