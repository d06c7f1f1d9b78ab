//! The ground of an illustration: a soft colour that goes by the word, lighter above, and a shade for the emoji to stand on.

use image::{Rgb, RgbImage, RgbaImage};

/// Pastels that both dark letters and every emoji stand out from.
const COLOURS: [[u8; 3]; 8] = [
    [0xfd, 0xe8, 0xd7],
    [0xfb, 0xf1, 0xcf],
    [0xe3, 0xf3, 0xd8],
    [0xd5, 0xf0, 0xe6],
    [0xd8, 0xec, 0xfa],
    [0xe0, 0xe2, 0xfb],
    [0xf0, 0xe0, 0xf7],
    [0xfb, 0xe0, 0xe6],
];
/// How much lighter the upper edge is.
const LIGHTER: u32 = 14;
/// How dark the middle of the shade is, of 255.
const SHADE: f32 = 38.0;

pub(super) fn ground(word: &str, (width, height): (u32, u32)) -> RgbImage {
    // FNV-1a: neighbours in a deck get different colours, and a word always the same.
    let hash =
        word.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let colour = COLOURS[usize::try_from(hash >> 16).unwrap_or(0) % COLOURS.len()];
    RgbImage::from_fn(width, height, |_, y| {
        let lighter = LIGHTER * (height - y) / height.max(1);
        Rgb(colour.map(|channel| u8::try_from(u32::from(channel) + lighter).unwrap_or(u8::MAX)))
    })
}

/// A soft ellipse below the middle, for an emoji of `side` pixels.
pub(super) fn shade(picture: &mut RgbImage, side: u32) {
    let length = |pixels: u32| f32::from(u16::try_from(pixels).unwrap_or(u16::MAX));
    let (middle, foot) = (length(picture.width()) / 2.0, length(picture.height() + side) / 2.0);
    let (wide, high) = (length(side) * 0.42, length(side) * 0.07);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let far = ((length(x) - middle) / wide).hypot((length(y) - foot) / high);
        if far < 1.0 {
            let share = byte(SHADE * (1.0 - far) * (1.0 - far));
            pixel.0 = pixel.0.map(|channel| mixed(0, channel, share));
        }
    }
}

/// Lays a small picture over, with what shines through it.
pub(super) fn lay(picture: &mut RgbImage, sprite: &RgbaImage, (left, top): (u32, u32)) {
    for (x, y, pixel) in sprite.enumerate_pixels() {
        let [r, g, b, alpha] = pixel.0;
        if let Some(below) = picture.get_pixel_mut_checked(left + x, top + y) {
            let [below_r, below_g, below_b] = below.0;
            below.0 = [mixed(r, below_r, alpha), mixed(g, below_g, alpha), mixed(b, below_b, alpha)];
        }
    }
}

fn mixed(above: u8, below: u8, alpha: u8) -> u8 {
    let sum = u32::from(above) * u32::from(alpha) + u32::from(below) * u32::from(255 - alpha) + 127;
    u8::try_from(sum / 255).unwrap_or(u8::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within a byte")]
fn byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}
