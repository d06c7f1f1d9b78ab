//! Small copies that rules look at instead of pictures: a square grid of cells, each the mean of what it covers.

use crate::resize::{Care, resize};
use image::DynamicImage;

/// Cells of the fine grid along a side; coarser ones are made from it.
pub(super) const FINE: u32 = 128;

/// Cells of red, green, blue and alpha, row by row; colours times alpha, so that what cannot be seen does not count.
#[derive(Clone)]
pub(super) struct Grid {
    pub(super) side: usize,
    pub(super) cells: Vec<[u8; 4]>,
}

impl Grid {
    pub(super) fn of(picture: &DynamicImage) -> Grid {
        let small = resize(picture, (FINE, FINE), Care::Best).into_rgba8();
        let cells = small.pixels().map(|pixel| {
            let [.., alpha] = pixel.0;
            let seen = |channel: u8| {
                u8::try_from((u32::from(channel) * u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX)
            };
            let [r, g, b, _] = pixel.0;
            [seen(r), seen(g), seen(b), alpha]
        });
        Grid { side: usize::try_from(FINE).unwrap_or(0), cells: cells.collect() }
    }

    /// Each cell the mean of `times` × `times` cells.
    pub(super) fn coarser(&self, times: usize) -> Grid {
        let side = self.side / times;
        let mean = |column: usize, row: usize| {
            let mut sums = [0_usize; 4];
            for y in row * times..(row + 1) * times {
                for cell in &self.cells[y * self.side + column * times..][..times] {
                    sums.iter_mut().zip(cell).for_each(|(sum, channel)| *sum += usize::from(*channel));
                }
            }
            let count = times * times;
            sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX))
        };
        let cells = (0..side * side).map(|n| mean(n % side, n / side)).collect();
        Grid { side, cells }
    }

    /// The middle value of each channel, then the distance of every cell from it: the largest of its channels.
    pub(super) fn distances(&self) -> Vec<u8> {
        let middle: [u8; 4] =
            std::array::from_fn(|channel| median(self.cells.iter().map(|cell| cell[channel]).collect()));
        self.cells.iter().map(|cell| distance(*cell, middle)).collect()
    }
}

/// The largest difference of a channel.
pub(super) fn distance(one: [u8; 4], other: [u8; 4]) -> u8 {
    one.iter().zip(other).map(|(one, other)| one.abs_diff(other)).max().unwrap_or(0)
}

pub(super) fn median(mut values: Vec<u8>) -> u8 {
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}
