//! The darkroom: what the sandbox does with the pixels of pictures it is given.
//!
//! It reads PNG, JPEG and WebP within bounds, and retouches, enlarges and combines. All arithmetic is on whole numbers, so a picture
//! gives the same bytes on every machine. Pages, palettes and lettering are the artist's; it knows no market and no request.

mod decode;
mod encode;
mod enlarge;
mod face;
mod resample;
mod retouch;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use decode::open;
pub(crate) use encode::png;
pub(crate) use enlarge::enlarged;
pub(crate) use face::with_face;
pub(crate) use resample::{Crop, resampled};
pub(crate) use retouch::{enhanced, softened};

/// The most pixels of a picture that is read, and of most that are made: 4096 × 4096.
pub(crate) const PIXELS_MAX: u64 = 4096 * 4096;
/// The most pixels of an enlarged picture.
pub(crate) const ENLARGED_PIXELS_MAX: u64 = 4 * PIXELS_MAX;

/// A picture in memory: rows of RGBA, the colours not multiplied by the alpha.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Photo {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgba: Vec<u8>,
}

/// Why a picture cannot be used. Each is the fault of the file or of what was asked, never of the darkroom.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PhotoError {
    #[error("it is no PNG, JPEG or WebP picture")]
    Kind,
    #[error("the picture is broken: {0}")]
    Broken(String),
    #[error("a picture of {width}×{height} is too large: at most {most} pixels, 4096×4096, are read", most = PIXELS_MAX)]
    Size { width: u32, height: u32 },
    #[error("{factor} × a picture of {width}×{height} is too large: at most {most} pixels, 8192×8192, are made", most = ENLARGED_PIXELS_MAX)]
    Enlarged { width: u32, height: u32, factor: u32 },
}

impl Photo {
    /// Whether nothing shines through.
    pub(crate) fn is_opaque(&self) -> bool {
        self.rgba.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX)
    }

    pub(crate) fn row(&self, y: u32) -> &[u8] {
        let length = index(self.width) * 4;
        let start = index(y) * length;
        &self.rgba[start..start + length]
    }

    /// The picture laid on an opaque ground.
    pub(crate) fn on(mut self, ground: [u8; 3]) -> Photo {
        for pixel in self.rgba.chunks_exact_mut(4).filter(|pixel| pixel[3] < u8::MAX) {
            let alpha = i32::from(pixel[3]);
            for (value, under) in pixel.iter_mut().zip(ground) {
                *value = byte((i32::from(*value) * alpha + i32::from(under) * (255 - alpha) + 127) / 255);
            }
            pixel[3] = u8::MAX;
        }
        self
    }
}

/// How light a pixel is, 0 to 255 (Rec. 709 weights on the encoded values).
fn lightness(pixel: &[u8]) -> i32 {
    (i32::from(pixel[0]) * 54 + i32::from(pixel[1]) * 183 + i32::from(pixel[2]) * 19) >> 8
}

/// The nearest value a byte can hold.
fn byte(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

/// A number of pixels as an index.
fn index(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}
