//! The shadow: what letters and emoji cover, gathered into one mask, blurred, and laid a little below them.

use super::blur::gaussian;
use super::colour::Colour;
use super::number::{round, signed, steps};
use super::surface::{Mask, Sprite, Surface, times};

/// Blur and distance downward as shares of the size of the type.
const BLUR: f32 = 0.09;
const DOWN: f32 = 0.045;

/// A mask over part of a picture.
pub(super) struct Shadow {
    at: (i32, i32),
    mask: Mask,
    size: f32,
}

impl Shadow {
    /// Room for a shadow of what is between two corners, in type of a size; never larger than the picture and its edges.
    pub(super) fn new(surface: &Surface<'_>, from: (i32, i32), to: (i32, i32), size: f32) -> Self {
        let around = round((3.0 * BLUR + 0.3) * size) + 1;
        let (wide, high) = surface.size();
        let (left, top) = ((from.0 - around).max(-around), (from.1 - around).max(-around));
        let (right, bottom) = ((to.0 + around).min(wide + around), (to.1 + around).min(high + around));
        let (width, height) = (steps(right - left).max(1), steps(bottom - top).max(1));
        Self { at: (left, top), mask: Mask { width, coverage: vec![0; width * height] }, size }
    }

    pub(super) fn stamp(&mut self, at: (i32, i32), mask: &Mask) {
        self.gather(at, mask.width, &mask.coverage, |covered| covered.first().copied());
    }

    pub(super) fn sprite(&mut self, at: (i32, i32), sprite: &Sprite) {
        self.gather(at, sprite.width * 4, &sprite.pixels, |pixel| pixel.get(3).copied());
    }

    /// Adds rows of bytes, a pixel of which says what it covers.
    fn gather(
        &mut self,
        (x, y): (i32, i32),
        row_bytes: usize,
        bytes: &[u8],
        covered: impl Fn(&[u8]) -> Option<u8>,
    ) {
        let Some(rows) = bytes.len().checked_div(row_bytes) else { return };
        let pixel_bytes = if covered(&[0]).is_some() { 1 } else { 4 };
        let (width, height) = (self.mask.width, self.mask.coverage.len() / self.mask.width);
        let (x, y) = (x - self.at.0, y - self.at.1);
        for (row, line) in bytes.chunks_exact(row_bytes).enumerate().take(rows) {
            let down = y.saturating_add(signed(row));
            if down < 0 || steps(down) >= height {
                continue;
            }
            for (column, pixel) in line.chunks_exact(pixel_bytes).enumerate() {
                let right = x.saturating_add(signed(column));
                if right >= 0 && steps(right) < width {
                    let to = &mut self.mask.coverage[steps(down) * width + steps(right)];
                    *to = covered(pixel).unwrap_or(0).max(*to);
                }
            }
        }
    }

    pub(super) fn lay(self, surface: &mut Surface<'_>, colour: Colour, opacity: u8) {
        let Mask { width, coverage } = self.mask;
        let mut coverage = gaussian::<1>(coverage, width, BLUR * self.size);
        for value in &mut coverage {
            *value = u8::try_from(times(u32::from(*value), u32::from(opacity))).unwrap_or(255);
        }
        let down = round(DOWN * self.size).max(1);
        surface.stamp((self.at.0, self.at.1 + down), &Mask { width, coverage }, colour);
    }
}
