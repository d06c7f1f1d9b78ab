//! Small copies that rules look at instead of pictures: a square grid of cells, each the mean of what it covers.

use crate::resize::{Care, resize};
use image::DynamicImage;
use std::iter;

/// Cells of the fine grid along a side; coarser ones are made from it.
pub(super) const FINE: u32 = 128;

/// Red, green, blue and alpha of the cells, row by row, each in a row of its own, which is what the compiler makes fast code of; colours
/// times alpha, so that what cannot be seen does not count.
#[derive(Clone)]
pub(super) struct Grid {
    side: usize,
    channels: [Vec<u8>; 4],
}

impl Grid {
    pub(super) fn of(picture: &DynamicImage) -> Grid {
        // What is enlarged keeps its pixels as they are.
        let is_small = picture.width().max(picture.height()) <= FINE;
        let small = resize(picture, (FINE, FINE), if is_small { Care::None } else { Care::Best });
        let side = usize::try_from(FINE).unwrap_or(0);
        let channels = match small {
            DynamicImage::ImageRgb8(rgb) => {
                let channel = |n: usize| rgb.pixels().map(|pixel| pixel.0[n]).collect();
                [channel(0), channel(1), channel(2), vec![u8::MAX; side * side]]
            }
            other => {
                let rgba = other.into_rgba8();
                let seen = |channel: u8, alpha: u8| {
                    u8::try_from((u32::from(channel) * u32::from(alpha) + 127) / 255).unwrap_or(u8::MAX)
                };
                let channel = |n: usize| rgba.pixels().map(|pixel| seen(pixel.0[n], pixel.0[3])).collect();
                [channel(0), channel(1), channel(2), rgba.pixels().map(|pixel| pixel.0[3]).collect()]
            }
        };
        Grid { side, channels }
    }

    /// Each cell the mean of `times` × `times` cells, up to sixteen.
    pub(super) fn coarser(&self, times: usize) -> Grid {
        let count = u16::try_from(times * times).unwrap_or(u16::MAX);
        let mean = |sum: u16| u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX);
        let coarser = |channel: &Vec<u8>| {
            let mut cells = Vec::with_capacity(channel.len() / usize::from(count));
            let mut sums = vec![0_u16; self.side];
            for rows in channel.chunks_exact(self.side * times) {
                sums.fill(0);
                for row in rows.chunks_exact(self.side) {
                    sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += u16::from(*cell));
                }
                cells.extend(sums.chunks_exact(times).map(|sums| mean(sums.iter().sum())));
            }
            cells
        };
        Grid { side: self.side / times, channels: self.channels.each_ref().map(coarser) }
    }

    /// The middle value of each channel, then the distance of every cell from it: the largest of its channels.
    pub(super) fn distances(&self) -> Vec<u8> {
        let mut distances = vec![0; self.side * self.side];
        for channel in &self.channels {
            let middle = median(channel.clone());
            raise(&mut distances, channel.iter().zip(iter::repeat(&middle)));
        }
        distances
    }

    /// How far each cell is from the same one of the other: the largest of its channels.
    pub(super) fn distances_from(&self, other: &Grid) -> Vec<u8> {
        let mut distances = vec![0; self.side * self.side];
        for (one, other) in self.channels.iter().zip(&other.channels) {
            raise(&mut distances, one.iter().zip(other));
        }
        distances
    }

    /// The differences of all colours of all cells, and how many those are.
    pub(super) fn difference(&self, other: &Grid) -> (u32, usize) {
        let colours = || self.channels.iter().zip(&other.channels).take(3);
        let sum = |(one, other): (&Vec<u8>, &Vec<u8>)| -> u32 {
            one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(*other))).sum()
        };
        (colours().map(sum).sum(), colours().map(|(one, _)| one.len()).sum())
    }
}

/// Where two values differ by more.
fn raise<'a>(distances: &mut [u8], pairs: impl Iterator<Item = (&'a u8, &'a u8)>) {
    for (distance, (one, other)) in distances.iter_mut().zip(pairs) {
        *distance = (*distance).max(one.abs_diff(*other));
    }
}

pub(super) fn median(mut values: Vec<u8>) -> u8 {
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}
