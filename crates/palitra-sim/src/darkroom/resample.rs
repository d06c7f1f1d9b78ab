//! Resampling: a part of a picture at another size, by Catmull and Rom's cubic, widened where the picture shrinks.
//!
//! The weights are whole numbers and add up to one exactly. Colours are weighted by their alpha, so that nothing bleeds out of pixels
//! that cannot be seen. Rows are made one at a time from the few rows they need: a picture is enlarged in the memory of its original.

use super::{Photo, byte, index};
use std::collections::VecDeque;

/// One, as positions and distances count.
const ONE: i64 = 1 << 16;
/// One, as weights count.
const WEIGHT: i32 = 1 << 14;
const WEIGHT_BITS: u32 = 14;
/// Full cover of a weighted pixel: 255 × 255.
const FULL: i32 = 255 * 255;

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crop {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Crop {
    pub(crate) fn whole(photo: &Photo) -> Crop {
        Crop { x: 0, y: 0, width: photo.width, height: photo.height }
    }

    /// The largest part with the proportions of another size, in the middle.
    pub(crate) fn cover(photo: &Photo, width: u32, height: u32) -> Crop {
        let part = |of: u32, by: u32, to: u32| {
            let part = (u64::from(of) * u64::from(by) + u64::from(to) / 2) / u64::from(to.max(1));
            u32::try_from(part).unwrap_or(u32::MAX).max(1)
        };
        let fit_width = part(photo.height, width, height).min(photo.width);
        let fit_height = part(photo.width, height, width).min(photo.height);
        Crop {
            x: (photo.width - fit_width) / 2,
            y: (photo.height - fit_height) / 2,
            width: fit_width,
            height: fit_height,
        }
    }
}

/// A part of a picture at another size.
pub(crate) fn resampled(photo: &Photo, crop: Crop, width: u32, height: u32) -> Photo {
    let mut rows = Rows::new(photo, crop, width, height);
    let mut rgba = Vec::with_capacity(index(width) * index(height) * 4);
    (0..height).for_each(|_| rows.next_row(&mut rgba));
    Photo { width, height, rgba }
}

/// What a new pixel is made of: the first old one, and the weights of it and the following.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// A row of old pixels at the new width: colours times alpha, and 255 × alpha.
type Row = Vec<[i32; 4]>;

/// The rows of a resampled picture, from the top.
pub(super) struct Rows<'a> {
    photo: &'a Photo,
    crop: Crop,
    opaque: bool,
    across: Vec<Taps>,
    down: Vec<Taps>,
    next: usize,
    /// Rows at the new width, from the old row `first` on.
    kept: VecDeque<Row>,
    first: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(photo: &'a Photo, crop: Crop, width: u32, height: u32) -> Rows<'a> {
        Rows {
            photo,
            crop,
            opaque: photo.is_opaque(),
            across: taps(crop.width, width),
            down: taps(crop.height, height),
            next: 0,
            kept: VecDeque::new(),
            first: 0,
        }
    }

    /// Appends the next row as RGBA; nothing after the last.
    pub(super) fn next_row(&mut self, rgba: &mut Vec<u8>) {
        let Some(taps) = self.down.get(self.next) else { return };
        self.next += 1;
        let (first, end) = (taps.first, taps.first + taps.weights.len());
        while self.first < first && self.kept.pop_front().is_some() {
            self.first += 1;
        }
        if self.kept.is_empty() {
            self.first = first;
        }
        for old in self.first + self.kept.len()..end {
            let row = self.across_row(old);
            self.kept.push_back(row);
        }
        let rows: Vec<(&Row, i32)> = self.kept.iter().zip(taps.weights.iter().copied()).collect();
        for x in 0..self.across.len() {
            let mut sums = [WEIGHT / 2; 4];
            for (row, weight) in &rows {
                for (sum, value) in sums.iter_mut().zip(row[x]) {
                    *sum += value * weight;
                }
            }
            rgba.extend(self.pixel(sums.map(|sum| sum >> WEIGHT_BITS)));
        }
    }

    fn across_row(&self, old: usize) -> Row {
        let row = self.photo.row(self.crop.y + u32::try_from(old).unwrap_or(0));
        let row = &row[index(self.crop.x) * 4..index(self.crop.x + self.crop.width) * 4];
        let one = |taps: &Taps| {
            let mut sums = [WEIGHT / 2; 4];
            let pixels = row[taps.first * 4..].chunks_exact(4);
            for (pixel, weight) in pixels.zip(&taps.weights) {
                let alpha = i32::from(pixel[3]);
                for (sum, value) in sums.iter_mut().zip([pixel[0], pixel[1], pixel[2], u8::MAX]) {
                    *sum += i32::from(value) * alpha * weight;
                }
            }
            sums.map(|sum| sum >> WEIGHT_BITS)
        };
        self.across.iter().map(one).collect()
    }

    /// A pixel without the weight of its alpha.
    fn pixel(&self, [red, green, blue, cover]: [i32; 4]) -> [u8; 4] {
        if self.opaque {
            let plain = |value: i32| byte((value + 127) / 255);
            return [plain(red), plain(green), plain(blue), u8::MAX];
        }
        let cover = cover.clamp(0, FULL);
        let alpha = byte((cover + 127) / 255);
        if alpha == 0 {
            return [0; 4];
        }
        let plain = |value: i32| byte((value.clamp(0, cover) * 255 + cover / 2) / cover);
        [plain(red), plain(green), plain(blue), alpha]
    }
}

/// The taps of each of `new` pixels that stand for `old` ones.
fn taps(old: u32, new: u32) -> Vec<Taps> {
    let (old, new) = (i64::from(old.max(1)), i64::from(new.max(1)));
    // How far the kernel reaches: two old pixels, or two new ones where those are larger.
    let reach = 2 * ONE * old.max(new) / new;
    let one = |at: i64| {
        let middle = (2 * at + 1) * old * ONE / (2 * new) - ONE / 2;
        let first = ((middle - reach) / ONE).clamp(0, old - 1);
        let last = ((middle + reach) / ONE + 1).clamp(first, old - 1);
        let distance = |pixel: i64| {
            let distance = (pixel * ONE - middle).abs();
            if old > new { distance * new / old } else { distance }
        };
        let raw: Vec<i64> = (first..=last).map(|pixel| kernel(distance(pixel))).collect();
        Taps { first: usize::try_from(first).unwrap_or(0), weights: normal(&raw) }
    };
    (0..new).map(one).collect()
}

/// Weights in proportion whose sum is [`WEIGHT`] exactly: what rounding takes from one it gives to the next.
fn normal(raw: &[i64]) -> Vec<i32> {
    let sum = raw.iter().sum::<i64>().max(1);
    let (mut so_far, mut given) = (0, 0);
    raw.iter()
        .map(|weight| {
            so_far += weight;
            let until = (2 * so_far * i64::from(WEIGHT) + sum).div_euclid(2 * sum);
            let weight = i32::try_from(until - given).unwrap_or(0);
            given = until;
            weight
        })
        .collect()
}

/// Catmull and Rom's cubic at a distance, both in units of [`ONE`].
fn kernel(x: i64) -> i64 {
    let square = x * x / ONE;
    let cube = square * x / ONE;
    if x < ONE {
        (3 * cube - 5 * square + 2 * ONE) / 2
    } else if x < 2 * ONE {
        (-cube + 5 * square - 8 * x + 4 * ONE) / 2
    } else {
        0
    }
}
