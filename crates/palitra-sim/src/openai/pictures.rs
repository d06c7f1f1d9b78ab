//! The pictures of the simulated OpenAI: always PNG, whatever format is asked for, drawn by the sandbox's artist.

use crate::{
    artist::{self, Recipe},
    in_call::{Asked, Tools, fields::sides},
    market::picture::{self, Picture},
};
use axum::body::Bytes;
use sha2::{Digest, Sha256};

/// What `auto` means here.
const AUTO: (u32, u32) = (1024, 1024);

/// As many as are asked for.
pub(super) fn draw(asked: &Asked, tools: &Tools) -> Vec<Bytes> {
    draw_at(size(asked), asked, tools)
}

/// As far as they are drawn: a quarter as wide and as high.
pub(super) fn draw_early(asked: &Asked, tools: &Tools) -> Vec<Bytes> {
    let (width, height) = size(asked);
    draw_at(((width / 4).max(16), (height / 4).max(16)), asked, tools)
}

fn draw_at((width, height): (u32, u32), asked: &Asked, tools: &Tools) -> Vec<Bytes> {
    let (prompt, seed) = (asked.text("prompt"), seed(asked));
    (0..count(asked))
        .map(|index| {
            let painted = tools.painter.as_ref().map(|paint| {
                let seed = i64::try_from(seed).unwrap_or_default() + i64::from(index);
                paint(&Picture { prompt, width, height, seed })
            });
            let drawn = painted.or_else(|| artist::draw(&Recipe { prompt, width, height, seed, index }).ok());
            Bytes::from(drawn.unwrap_or_else(|| picture::black(width, height)))
        })
        .collect()
}

pub(super) fn size(asked: &Asked) -> (u32, u32) {
    sides(asked.text("size")).unwrap_or(AUTO)
}

/// A form holds texts.
pub(super) fn count(asked: &Asked) -> u32 {
    number(asked, "n").unwrap_or(1)
}

pub(super) fn number(asked: &Asked, name: &str) -> Option<u32> {
    let given = &asked.input[name];
    u32::try_from(given.as_u64().or_else(|| given.as_str()?.parse().ok())?).ok()
}

/// What a picture of this size and quality takes (OpenAI's guide *image generation*: 272, 1056 and 4160 tokens at 1024x1024).
pub(super) fn tokens(asked: &Asked) -> u64 {
    let square = match asked.text("quality") {
        "low" => 272,
        "medium" => 1056,
        _ => 4160,
    };
    let (width, height) = size(asked);
    let pixels = u64::from(width) * u64::from(height);
    u64::from(count(asked)) * (square * pixels).div_ceil(1024 * 1024)
}

/// Made of the pictures that go in: what is edited decides what comes out.
fn seed(asked: &Asked) -> u64 {
    let mut hash = Sha256::new();
    for file in &asked.files {
        hash.update(&file.bytes);
    }
    let digest = hash.finalize();
    u64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// Width and height from the head of a PNG.
pub(super) fn size_of_png(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    bytes.starts_with(b"\x89PNG\r\n\x1a\n").then(|| Some((side(16)?, side(20)?)))?
}
