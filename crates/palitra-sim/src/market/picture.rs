//! The pictures of the simulated markets: small, valid, of the asked size, and different for every request.
//!
//! It does not try to be art: blocks of colour drawn from a hash. Whoever wants pictures passes a [`Painter`].

use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What a picture is asked to be.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    pub prompt: &'a str,
    pub width: u32,
    pub height: u32,
    pub seed: i64,
}

/// Makes the bytes of a PNG instead of the built-in blocks.
pub type Painter = Arc<dyn Fn(&Picture<'_>) -> Vec<u8> + Send + Sync>;

/// Blocks on each side.
const BLOCKS: u32 = 8;

/// Indexed PNG of 8 × 8 blocks in 16 colours.
pub(crate) fn blocks(picture: &Picture<'_>) -> Vec<u8> {
    let digest = Sha256::digest(format!("{}\n{}", picture.seed, picture.prompt));
    let palette: Vec<u8> = digest.iter().chain(digest.iter().rev().take(16)).copied().collect();
    let cell = |column: u32, row: u32| {
        let at = usize::try_from(row * BLOCKS + column).expect("64 blocks");
        digest[at % digest.len()].rotate_left(row % 8) % 16
    };
    let pixels = picture_rows(picture.width, picture.height, cell);
    encode(picture.width, picture.height, &palette, &pixels)
}

/// What a market may send for a refused picture.
pub(crate) fn black(width: u32, height: u32) -> Vec<u8> {
    encode(width, height, &[0, 0, 0], &picture_rows(width, height, |_, _| 0))
}

fn picture_rows(width: u32, height: u32, cell: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        let row = y * BLOCKS / height.max(1);
        pixels.extend((0..width).map(|x| cell(x * BLOCKS / width.max(1), row)));
    }
    pixels
}

fn encode(width: u32, height: u32, palette: &[u8], pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a PNG header into memory");
    writer.write_image_data(pixels).expect("as many pixels as the header says");
    writer.finish().expect("the end of a PNG into memory");
    bytes
}

/// A seed made of the prompt, for requests that name none.
pub(crate) fn seed_of(prompt: &str) -> i64 {
    let digest = Sha256::digest(prompt.as_bytes());
    i64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// Width and height of a PNG, as its header says; none of anything else.
pub(crate) fn size_of_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    bytes.starts_with(b"\x89PNG\r\n\x1a\n").then(|| Some((side(16)?, side(20)?)))?
}
