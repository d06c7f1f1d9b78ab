//! The card of a style (S4-67): a sample picture, darker towards its foot, with the style's name and a line about it.

use super::canvas::{Canvas, Rect, Words, mix, real};
use crate::resize::{Size, cover};
use crate::text::{Error, Position, Typesetter};
use image::{DynamicImage, Rgb, RgbImage};

/// Of every card.
pub const CARD_SIZE: Size = (800, 1000);

const MARGIN: u32 = 56;
/// Where the dark begins, where words begin at the earliest, and what it is there and at the foot: white words keep a contrast of 4.5 on it whatever lies below.
const DARK_FROM: f32 = 0.48;
const WORDS_FROM: f32 = 0.7;
const DARK_AT_WORDS: f32 = 0.62;
const DARK_AT_FOOT: f32 = 0.86;
const DARK: [u8; 3] = [0x0c, 0x0b, 0x0d];

/// The middle of the sample fills the card; `name` has two lines at most, `subtitle` too, and may be empty. Transparent parts are white.
///
/// # Errors
/// For words of more than [`crate::text::TEXT_CHARS_MAX`] characters.
pub fn style_card(
    typesetter: &Typesetter,
    sample: &DynamicImage,
    name: &str,
    subtitle: &str,
) -> Result<RgbImage, Error> {
    let mut canvas = Canvas::new(typesetter, CARD_SIZE, Rgb([0xff; 3]));
    let filling = Rect { x: 0, y: 0, width: CARD_SIZE.0, height: CARD_SIZE.1 };
    canvas.hang(&cover(sample, CARD_SIZE), filling, 0);
    darken(&mut canvas.pixels);
    let foot = CARD_SIZE.1 - MARGIN;
    let area = |y: u32, height: u32| Rect { x: MARGIN, y, width: CARD_SIZE.0 - 2 * MARGIN, height };
    let words =
        |px| Words { ink: [0xff; 3], position: Position::BottomLeft, has_shadow: true, ..Words::new(px) };
    let about = if subtitle.trim().is_empty() { 0 } else { 78 };
    canvas.write(area(foot - about, about), subtitle, &Words { ink: [0xe6, 0xe3, 0xde], ..words(30) })?;
    canvas.write(area(foot - about - 156, 150), name, &Words { bold: true, ..words(58) })?;
    Ok(canvas.pixels)
}

fn darken(card: &mut RgbImage) {
    let height = real(card.height());
    for (y, row) in (0..).zip(card.rows_mut()) {
        let at = real(y) / height;
        let between = |from: f32, to: f32| ((at - from) / (to - from)).clamp(0., 1.);
        let share = if at < WORDS_FROM {
            let part = between(DARK_FROM, WORDS_FROM);
            DARK_AT_WORDS * part * part * (3. - 2. * part)
        } else {
            DARK_AT_WORDS + (DARK_AT_FOOT - DARK_AT_WORDS) * between(WORDS_FROM, 1.)
        };
        for pixel in row {
            mix(pixel, DARK, share);
        }
    }
}
