//! One strip of the picture, row by row through all layers. A layer keeps the last three rows of its input, so
//! that memory depends on the width of the strip alone.

use super::{
    Error, Run,
    kernel::{convolve, groups},
    net::Strip,
    weights::{LAYERS, Layer},
    winograd::{GROUP, TAPS, tap_pixels},
};
use image::{Rgba, RgbaImage};
use pulp::{Simd, WithSimd};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Pixels that all layers together take off each edge.
const MARGIN: usize = LAYERS;

pub(super) struct Stream<'a> {
    pub(super) layers: &'a [Layer],
    pub(super) picture: &'a RgbaImage,
    pub(super) strip: Strip,
    pub(super) run: &'a Run<'a>,
    /// Pixels of the picture that are done, over all threads.
    pub(super) done: &'a AtomicUsize,
    /// The doubled rows of the strip's band, over the picture's whole width.
    pub(super) out: &'a mut [u8],
}

impl WithSimd for Stream<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let width = self.strip.columns.len();
        let mut inputs: Vec<Input> = Vec::with_capacity(LAYERS);
        let mut row_len = 0;
        for (number, layer) in self.layers.iter().enumerate() {
            let groups = (width + 2 * (MARGIN - number - 1)).div_ceil(GROUP).next_multiple_of(groups::<S>());
            inputs.push(Input::new(layer.inputs, groups));
            row_len = row_len.max((groups * GROUP + 2) * layer.inputs.max(layer.outputs));
        }
        let mut row = vec![0.0; row_len];
        let mut finished = 0;
        for y in 0..self.strip.rows.len() + 2 * MARGIN {
            if (self.run.cancelled)() {
                return Err(Error::Cancelled);
            }
            read_row(self.picture, &self.strip, y, &mut row);
            for (number, layer) in self.layers.iter().enumerate() {
                inputs[number].push(simd, &row);
                let Some(rows) = inputs[number].rows() else { break };
                convolve(simd, layer, rows, &mut row);
                if number + 1 == LAYERS {
                    let line = 2 * self.picture.width() as usize * 4;
                    let lines = &mut self.out[2 * finished * line..][..2 * line];
                    write_rows(&row, layer.outputs, &self.strip, lines);
                    finished += 1;
                    self.tell(width);
                }
            }
        }
        Ok(())
    }
}

impl Stream<'_> {
    fn tell(&self, pixels: usize) {
        let done = self.done.fetch_add(pixels, Ordering::Relaxed) + pixels;
        let all = self.picture.width() as usize * self.picture.height() as usize;
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        (self.run.progress)(done as f32 / all as f32);
    }
}

/// The last three rows that went into a layer, as tap pixels.
struct Input {
    channels: usize,
    rows: [Vec<f32>; 3],
    pushed: usize,
}

impl Input {
    fn new(channels: usize, groups: usize) -> Self {
        let row = vec![0.0; TAPS * groups * channels];
        Self { channels, rows: [row.clone(), row.clone(), row], pushed: 0 }
    }

    #[inline(always)]
    fn push<S: Simd>(&mut self, simd: S, pixels: &[f32]) {
        tap_pixels(simd, pixels, self.channels, &mut self.rows[self.pushed % 3]);
        self.pushed += 1;
    }

    /// Oldest first.
    fn rows(&self) -> Option<[&[f32]; 3]> {
        (self.pushed >= 3).then(|| std::array::from_fn(|y| self.rows[(self.pushed + y) % 3].as_slice()))
    }
}

/// Row `y` of the strip with its margins as `[x][channel]`, 0 to 1; past its edges the picture repeats its last pixels.
fn read_row(picture: &RgbaImage, strip: &Strip, y: usize, row: &mut [f32]) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let clamped = |at: usize, side: usize| at.saturating_sub(MARGIN).min(side - 1);
    let line = clamped(strip.rows.start + y, height) * width;
    let columns = strip.columns.start..strip.columns.end + 2 * MARGIN;
    for (x, pixel) in columns.zip(row.as_chunks_mut::<3>().0) {
        let at = (line + clamped(x, width)) * 4;
        *pixel = [0, 1, 2].map(|channel| f32::from(picture.as_raw()[at + channel]) / 255.0);
    }
}

/// The last layer's outputs, `[x][row][column][channel]` with `stride` floats per x, into two lines of pixels.
fn write_rows(row: &[f32], stride: usize, strip: &Strip, lines: &mut [u8]) {
    let (upper, lower) = lines.split_at_mut(lines.len() / 2);
    for (lines, values) in [(upper, 0), (lower, 6)] {
        let (pixels, _) = lines.as_chunks_mut::<4>();
        for (x, values) in strip.columns.clone().zip(row[values..].chunks(stride)) {
            for column in 0..2 {
                let [red, green, blue] = [0, 1, 2].map(|channel| byte(values[3 * column + channel]));
                pixels[2 * x + column] = Rgba([red, green, blue, u8::MAX]).0;
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}
