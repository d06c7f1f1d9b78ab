//! What a picture looks like in a few bytes: a blur to show before it is there, and a hash whose distance tells likeness. Both are taken
//! from the small thumbnail.

use crate::resize::{Care, resize, within};
use image::DynamicImage;

/// Hashes at most this far apart are of the same picture: resized, recompressed, brightened, a text on it.
pub const SAME_MAX: u32 = 8;
/// And at most this far of a similar one: cropped a little.
pub const SIMILAR_MAX: u32 = 14;

/// [BlurHash](https://blurha.sh) of 4×3 components: 28 characters. `None` for a picture without pixels.
pub fn blurhash(thumbnail: &DynamicImage) -> Option<String> {
    let small =
        resize(thumbnail, within((thumbnail.width(), thumbnail.height()), 32), Care::Best).into_rgba8();
    blurhash::encode(4, 3, small.width(), small.height(), small.as_raw()).ok()
}

/// Difference hash of 64 bits, row by row, most significant first: is a cell of the 9×8 grey picture darker than its right neighbour?
/// Transparent pixels count as white.
pub fn dhash(thumbnail: &DynamicImage) -> i64 {
    let grey = match thumbnail {
        DynamicImage::ImageRgba8(rgba) => {
            let mut rgb = image::RgbImage::new(rgba.width(), rgba.height());
            for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
                let [r, g, b, alpha] = from.0;
                let on_white = |channel: u8| {
                    let sum = u32::from(channel) * u32::from(alpha) + 255 * u32::from(255 - alpha);
                    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
                };
                to.0 = [on_white(r), on_white(g), on_white(b)];
            }
            DynamicImage::ImageRgb8(rgb).into_luma8()
        }
        other => other.to_luma8(),
    };
    let cells = resize(&DynamicImage::ImageLuma8(grey), (9, 8), Care::Best).into_luma8();
    let bits = cells.as_raw().chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[0] < pair[1]));
    bits.fold(0, |hash, bit| hash << 1 | i64::from(bit))
}

/// How many of the 64 bits differ.
pub fn distance(one: i64, other: i64) -> u32 {
    (one ^ other).count_ones()
}
