//! Reading a picture: what it is is found by its bytes, how large it is before memory is taken for its pixels.

use super::{PIXELS_MAX, Photo, PhotoError};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, metadata::Orientation};
use std::io::Cursor;

/// Memory a decoder may take besides what it reads: a picture of [`PIXELS_MAX`] with four channels of 16 bits, twice.
const DECODER_BYTES_MAX: u64 = PIXELS_MAX * 16;

/// Reads a PNG, JPEG or WebP picture, the way up its camera says (EXIF). Of an animation it is the first picture.
pub(crate) fn open(bytes: &[u8]) -> Result<Photo, PhotoError> {
    let format = image::guess_format(bytes).map_err(|_| PhotoError::Kind)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(PhotoError::Kind);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(PhotoError::Size { width, height });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    let rgba = picture.into_rgba8();
    let (width, height) = rgba.dimensions();
    if width == 0 || height == 0 {
        return Err(PhotoError::Broken("it has no pixels".to_owned()));
    }
    Ok(Photo { width, height, rgba: rgba.into_raw() })
}

fn broken(error: image::ImageError) -> PhotoError {
    PhotoError::Broken(error.to_string())
}
