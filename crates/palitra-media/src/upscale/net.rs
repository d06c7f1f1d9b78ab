//! Runs the net over a picture: bands of rows for the threads, each in strips, one after another.
//!
//! Strips and bands read seven pixels past their edges, which is all that the net can see: there are no seams.

use super::{Error, Run, stream::Stream, weights};
use image::RgbaImage;
use pulp::{Arch, Simd, WithSimd};
use std::{
    ops::Range,
    sync::{Mutex, PoisonError, atomic::AtomicUsize},
};

/// Columns of a strip: its fourth layer, the first heavy one, then fills its registers wholly (288 outputs are
/// 6 × 48), the next ones nearly, and the rows of all layers stay in a second-level cache.
const STRIP: usize = 282;

/// Rows of a band at most: twelve more are computed for it, in the lighter layers.
const BAND: usize = 128;

/// A part of the picture, in pixels before doubling.
pub(super) struct Strip {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// Doubles both sides; the alpha of the result is opaque.
pub(super) fn double(arch: Arch, file: &[u8], picture: &RgbaImage, run: &Run) -> Result<RgbaImage, Error> {
    arch.dispatch(Double { file, picture, run })
}

struct Double<'a> {
    file: &'a [u8],
    picture: &'a RgbaImage,
    run: &'a Run<'a>,
}

impl WithSimd for Double<'_> {
    type Output = Result<RgbaImage, Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { file, picture, run } = self;
        let layers = weights::read(file, S::F32_LANES)?;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut doubled = RgbaImage::new(2 * picture.width(), 2 * picture.height());
        let threads = run.threads.get();
        let rows = height.div_ceil(threads).min(BAND);
        let bands = Mutex::new(doubled.chunks_mut(2 * rows * 2 * width * 4).enumerate());
        let done = AtomicUsize::new(0);
        let work = || {
            loop {
                let next = bands.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((band, out)) = next else { return Ok(()) };
                let rows = band * rows..height.min((band + 1) * rows);
                for left in (0..width).step_by(STRIP) {
                    let strip = Strip { columns: left..width.min(left + STRIP), rows: rows.clone() };
                    let out = &mut *out;
                    simd.vectorize(Stream { layers: &layers, picture, strip, run, done: &done, out })?;
                }
            }
        };
        std::thread::scope(|scope| {
            let others = threads.min(height.div_ceil(rows)) - 1;
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let own = work();
            others.into_iter().fold(own, |all, other| all.and(other.join().unwrap_or(Err(Error::Cancelled))))
        })?;
        Ok(doubled)
    }
}
