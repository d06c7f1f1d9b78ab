//! Files made small enough for a market, and not a bit smaller (S2-083…S2-085, R-33).
//!
//! The rule is a ladder: JPEG of quality 85, 80, … 50, then the same again with sides of 85 %, and so on; the first that fits wins. We
//! find that step with few encodes: the size of a step is foretold from strips of the picture, a sixteenth of its rows, and only what is
//! close to the limit is encoded to know.

#![expect(clippy::float_arithmetic, reason = "sizes of files are foretold, then measured")]

use crate::clean::{self, encode_like};
use crate::decode::{self, decode};
use crate::encode;
use crate::resize::{Care, Size, resize, resize_rgb};
use image::{DynamicImage, RgbImage};
use palitra_domain::media_type::FileFormat;
use std::borrow::Cow;

/// A file of up to 4 MB goes as it is on the way where larger ones are compressed (S2-085).
pub const UNTOUCHED_BYTES_MAX: usize = 4_000_000;
/// What markets take of a file that travels inside JSON: the text, with its prefix (S2-083).
pub const BASE64_TEXT_BYTES_MAX: usize = 10_000_000;
/// Qualities of the ladder (S2-084).
pub const QUALITIES: [u8; 8] = [85, 80, 75, 70, 65, 60, 55, 50];
/// What sides are multiplied by, step by step.
const SIDE_STEP: f64 = 0.85;
/// Steps of smaller sides: after them 16,384 pixels are 13.
const SIDE_STEPS_MAX: i32 = 44;
/// A foretold size this close to the limit is not trusted.
const DOUBT: f64 = 0.06;

/// How a file travels to a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// As a file or by a link: untouched up to the model's own limit.
    File,
    /// As base64 inside of JSON, `data:image/…;base64,…`.
    Base64,
}

/// What has to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub route: Route,
    /// The model's own limit on the file's bytes.
    pub bytes_max: Option<usize>,
}

/// Why a file was not made to fit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Decode(#[from] decode::Error),
    #[error(transparent)]
    Encode(#[from] encode::Error),
    #[error("no size of the picture fits into {bytes_max} bytes")]
    CannotFit { bytes_max: usize },
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Byte for byte what came in.
    None,
    /// Without metadata, the same pixels.
    Cleaned,
    /// Turned upright, brought into sRGB or out of GIF or BMP, not compressed.
    Encoded,
    /// A JPEG of the ladder.
    Compressed { quality: u8, size: Size },
    /// A smaller PNG, because something in it is transparent.
    Downscaled { size: Size },
}

/// A file that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub format: FileFormat,
    pub change: Change,
    pub lost_animation: bool,
}

/// The largest file whose `data:` text, prefix and all, is at most [`BASE64_TEXT_BYTES_MAX`] long.
pub fn base64_bytes_max(format: FileFormat) -> usize {
    let prefix = "data:;base64,".len() + format.media_type().mime.len();
    (BASE64_TEXT_BYTES_MAX - prefix) / 4 * 3
}

/// Cleans a picture and makes it fit. What fits is not compressed; transparent pictures never become JPEG.
pub fn shrink(file: &[u8], limit: Limit) -> Result<Fitting<'_>, Error> {
    let header = decode::header(file)?;
    let bytes_max = |format| {
        let of_route = if limit.route == Route::Base64 { base64_bytes_max(format) } else { usize::MAX };
        limit.bytes_max.unwrap_or(usize::MAX).min(of_route)
    };
    let untouched_max = |format| {
        let of_route = if limit.route == Route::Base64 { UNTOUCHED_BYTES_MAX } else { usize::MAX };
        bytes_max(format).min(of_route)
    };
    let (bytes, format, change, picture) = match clean::in_container(file, &header)? {
        Some(bytes) => {
            let change = if matches!(bytes, Cow::Borrowed(_)) { Change::None } else { Change::Cleaned };
            (bytes, header.format, change, None)
        }
        None => {
            let picture = decode(file)?.pixels;
            let (bytes, format) = encode_like(&picture, header.format)?;
            (Cow::Owned(bytes), format, Change::Encoded, Some(picture))
        }
    };
    let as_it_is =
        Fitting { bytes, format, change, lost_animation: header.is_animated && change == Change::Encoded };
    if as_it_is.bytes.len() <= untouched_max(format) {
        return Ok(as_it_is);
    }
    let picture = match picture {
        Some(picture) => picture,
        None => decode(file)?.pixels,
    };
    let fits_already = as_it_is.bytes.len() <= bytes_max(format);
    let (bytes, format, change) = match picture {
        DynamicImage::ImageRgb8(rgb) => {
            let jpeg = ladder(&rgb, bytes_max(FileFormat::Jpeg))?;
            (jpeg.bytes, FileFormat::Jpeg, Change::Compressed { quality: jpeg.quality, size: jpeg.size })
        }
        _ if fits_already => return Ok(as_it_is),
        picture => {
            let (bytes, size) = smaller_png(&picture, bytes_max(FileFormat::Png))?;
            (bytes, FileFormat::Png, Change::Downscaled { size })
        }
    };
    if fits_already && bytes.len() >= as_it_is.bytes.len() {
        return Ok(as_it_is);
    }
    Ok(Fitting { bytes: bytes.into(), format, change, lost_animation: header.is_animated })
}

/// A JPEG of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jpeg {
    pub bytes: Vec<u8>,
    pub quality: u8,
    pub size: Size,
}

/// The first JPEG of the ladder with at most `bytes_max` bytes.
pub fn ladder(picture: &RgbImage, bytes_max: usize) -> Result<Jpeg, Error> {
    let first = encode::jpeg(picture, QUALITIES[0])?;
    if first.len() <= bytes_max {
        return Ok(Jpeg { bytes: first, quality: QUALITIES[0], size: picture.dimensions() });
    }
    let strips = strips(picture);
    let foretold = float(encode::jpeg(&strips, QUALITIES[0])?.len()) / share(&strips, picture);
    let mut step = Step {
        original: picture,
        bytes_max,
        calibration: float(first.len()) / foretold.max(1.),
        number: 0,
        picture: Cow::Borrowed(picture),
        strips,
        measured: vec![(QUALITIES[0], None)],
    };
    // Most files miss by little, so their own sides are tried from the top.
    if let Some(jpeg) = step.first_that_fits()? {
        return Ok(jpeg);
    }
    // The largest sides that fit at the lowest quality.
    let lowest = QUALITIES[QUALITIES.len() - 1];
    let excess = step.foretell(lowest)? / float(bytes_max.max(1));
    step = step.of_sides(steps_for(excess))?;
    while !step.fits(lowest)? {
        step = step.of_sides(step.number + 1)?;
    }
    while step.number > 1 {
        let mut larger = step.of_sides(step.number - 1)?;
        if !larger.fits(lowest)? {
            break;
        }
        step = larger;
    }
    loop {
        if let Some(jpeg) = step.first_that_fits()? {
            return Ok(jpeg);
        }
        step = step.of_sides(step.number + 1)?;
    }
}

/// One size of the ladder.
struct Step<'a> {
    original: &'a RgbImage,
    bytes_max: usize,
    /// What the first encode was larger than foretold by.
    calibration: f64,
    number: i32,
    picture: Cow<'a, RgbImage>,
    strips: RgbImage,
    /// Qualities that were encoded, with the file if it fits.
    measured: Vec<(u8, Option<Vec<u8>>)>,
}

impl<'a> Step<'a> {
    fn of_sides(&self, number: i32) -> Result<Step<'a>, Error> {
        if number > SIDE_STEPS_MAX {
            return Err(Error::CannotFit { bytes_max: self.bytes_max });
        }
        let size = size_of_step(self.original.dimensions(), number);
        let picture = resize_rgb(self.original, size);
        let strips = strips(&picture);
        Ok(Step { number, picture: Cow::Owned(picture), strips, measured: Vec::new(), ..*self })
    }

    /// The file of the highest quality that fits: sought with growing strides, then between the last two.
    fn first_that_fits(&mut self) -> Result<Option<Jpeg>, Error> {
        let (mut low, mut fits) = (0, QUALITIES.len());
        for stride in [0, 1, 3, 7] {
            if self.fits(QUALITIES[stride])? {
                fits = stride;
                break;
            }
            low = stride + 1;
        }
        while low < fits {
            let middle = low.midpoint(fits);
            if self.fits(QUALITIES[middle])? {
                fits = middle;
            } else {
                low = middle + 1;
            }
        }
        // What was only foretold is measured, and a step down taken if it was wrong.
        for quality in &QUALITIES[fits..] {
            if let Some(bytes) = self.measure(*quality)? {
                let bytes = bytes.clone();
                return Ok(Some(Jpeg { bytes, quality: *quality, size: self.picture.dimensions() }));
            }
        }
        Ok(None)
    }

    /// Foretold when that is clear, else measured.
    fn fits(&mut self, quality: u8) -> Result<bool, Error> {
        if !self.measured.iter().any(|(measured, _)| *measured == quality) {
            let foretold = self.foretell(quality)? / float(self.bytes_max.max(1));
            if (foretold - 1.).abs() > DOUBT {
                return Ok(foretold < 1.);
            }
        }
        Ok(self.measure(quality)?.is_some())
    }

    /// Bytes of a file of this quality.
    fn foretell(&self, quality: u8) -> Result<f64, Error> {
        let strips = float(encode::jpeg(&self.strips, quality)?.len());
        Ok(strips / share(&self.strips, &self.picture) * self.calibration)
    }

    /// The file of this quality, if it fits.
    fn measure(&mut self, quality: u8) -> Result<Option<&Vec<u8>>, Error> {
        let known = self.measured.iter().position(|(measured, _)| *measured == quality);
        let known = match known {
            Some(known) => known,
            None => {
                let file = encode::jpeg(&self.picture, quality)?;
                self.measured.push((quality, (file.len() <= self.bytes_max).then_some(file)));
                self.measured.len() - 1
            }
        };
        Ok(self.measured[known].1.as_ref())
    }
}

/// Strips of sixteen rows, the height of a JPEG's blocks, from all over the picture; all of it when it is small.
fn strips(picture: &RgbImage) -> RgbImage {
    const STRIP: usize = 16;
    let every = match picture.height() {
        3000.. => 16,
        1500.. => 8,
        512.. => 4,
        _ => return picture.clone(),
    };
    let row = usize::try_from(picture.width()).unwrap_or(usize::MAX) * 3;
    let bytes = picture.as_raw().chunks_exact(row * STRIP).skip(every / 2).step_by(every).flatten().copied();
    let bytes: Vec<u8> = bytes.collect();
    let rows = u32::try_from(bytes.len() / row).unwrap_or(u32::MAX);
    RgbImage::from_raw(picture.width(), rows, bytes).unwrap_or_else(|| picture.clone())
}

fn share(strips: &RgbImage, picture: &RgbImage) -> f64 {
    f64::from(strips.height()) / f64::from(picture.height())
}

/// How many steps bring a file that is too large by this factor down to its limit: bytes go with the area.
fn steps_for(excess: f64) -> i32 {
    let steps = (excess.max(1.).sqrt().ln() / -SIDE_STEP.ln()).ceil();
    #[expect(clippy::cast_possible_truncation, reason = "at most 44")]
    let steps = steps.clamp(1., f64::from(SIDE_STEPS_MAX)) as i32;
    steps
}

fn size_of_step(size: Size, number: i32) -> Size {
    let scale = SIDE_STEP.powi(number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a u32")]
    let side = |side: u32| (f64::from(side) * scale).round().max(1.) as u32;
    (side(size.0), side(size.1))
}

/// The largest PNG on the ladder's sizes with at most `bytes_max` bytes.
fn smaller_png(picture: &DynamicImage, bytes_max: usize) -> Result<(Vec<u8>, Size), Error> {
    let size = (picture.width(), picture.height());
    let of_step = |number: i32| -> Result<(Vec<u8>, Size), Error> {
        let size = size_of_step(size, number);
        Ok((encode::png(&resize(picture, size, Care::Best))?, size))
    };
    let first = of_step(0)?;
    if first.0.len() <= bytes_max {
        return Ok(first);
    }
    let mut number = steps_for(float(first.0.len()) / float(bytes_max.max(1)));
    let mut found = of_step(number)?;
    while found.0.len() > bytes_max {
        number += 1;
        if number > SIDE_STEPS_MAX {
            return Err(Error::CannotFit { bytes_max });
        }
        found = of_step(number)?;
    }
    while number > 1 {
        let larger = of_step(number - 1)?;
        if larger.0.len() > bytes_max {
            break;
        }
        (number, found) = (number - 1, larger);
    }
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a file")]
fn float(bytes: usize) -> f64 {
    bytes as f64
}
