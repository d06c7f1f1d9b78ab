//! Illustrations of words without any model: one large emoji (Twemoji) on a soft ground, or a card with the word where no emoji is
//! right. For word decks when no picture model is chosen; it is called an illustration, never a generation.

#![expect(clippy::float_arithmetic, reason = "light and geometry of pictures")]

mod ground;
mod words;

pub use self::words::{Language, emoji};

use crate::text::{
    Align, Colour, Drawn, Error, Font, Outline, Plate, Position, Shadow, Size, Style, Typesetter,
};
use image::RgbImage;

/// Sides that are drawn, in pixels; what is asked for is brought within.
pub const SIDE_MIN: u32 = 64;
pub const SIDE_MAX: u32 = 2048;

/// Of an emoji: its share of the shorter side in per cent.
const EMOJI_PER_CENT: u32 = 60;
/// Height of a card's letters as a share of its height, and at most so much of its width for each letter of the longest word: a letter is
/// two thirds as wide as high, so words stay whole.
const LETTERS_PER_CENT: u32 = 17;
const WIDTH_PER_CENT: u32 = 128;
/// Smaller letters break their words.
const SIZE_PX_MIN: u32 = 8;
const INK: Colour = Colour([0x2b, 0x2d, 0x42]);

/// A drawn word.
#[derive(Debug, Clone)]
pub struct Illustration {
    pub picture: RgbImage,
    /// What is on it; `None`: the word itself, as a card.
    pub emoji: Option<String>,
}

/// Draws a word, the same each time. Sides are brought within [`SIDE_MIN`] to [`SIDE_MAX`].
///
/// # Errors
/// As [`Typesetter::draw`], for a card: there is no text, or no bundled font has any of it.
pub fn illustrate(
    typesetter: &Typesetter,
    word: &str,
    language: Language,
    size: (u32, u32),
) -> Result<Illustration, Error> {
    let (width, height) = (size.0.clamp(SIDE_MIN, SIDE_MAX), size.1.clamp(SIDE_MIN, SIDE_MAX));
    let mut picture = ground::ground(word, (width, height));
    let side = width.min(height) * EMOJI_PER_CENT / 100;
    let drawn =
        emoji(word, language).and_then(|emoji| Some((emoji, crate::text::emoji_picture(emoji, side)?)));
    if let Some((emoji, sprite)) = drawn {
        ground::shade(&mut picture, side);
        ground::lay(&mut picture, &sprite, ((width - side) / 2, (height - side) / 2));
        return Ok(Illustration { picture, emoji: Some(emoji.to_owned()) });
    }
    card(typesetter, &mut picture, word.trim())?;
    Ok(Illustration { picture, emoji: None })
}

fn card(typesetter: &Typesetter, picture: &mut RgbImage, word: &str) -> Result<Drawn, Error> {
    let longest = word.split_whitespace().map(|part| part.chars().count()).max().unwrap_or(0);
    let longest = u32::try_from(longest).unwrap_or(u32::MAX).max(1);
    let letters =
        (picture.height() * LETTERS_PER_CENT / 100).min(picture.width() * WIDTH_PER_CENT / 100 / longest);
    let letters = u16::try_from(letters.max(SIZE_PX_MIN)).unwrap_or(u16::MAX);
    let style = Style {
        font: Font::Golos,
        bold: true,
        size: Size::Px(letters),
        position: Position::Centre,
        align: Some(Align::Centre),
        ink: Some(INK),
        plate: Plate { on: false, ..Plate::default() },
        outline: Outline { on: Some(false), ..Outline::default() },
        shadow: Shadow { on: Some(false), ..Shadow::default() },
        ..Style::default()
    };
    typesetter.draw(picture, word, &style)
}
