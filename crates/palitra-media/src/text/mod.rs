//! Text on pictures (S2-050 … S2-064): a [`Style`] says how, [`Typesetter::draw`] does it, [`wish`] reads styles from words.
//!
//! Text is cleaned ([`clean`]), set and fitted ([`setting`]), and then painted: plate, shadow, outline, letters, emoji. All is
//! geometry until it is painted, so a preview is the same plan at another scale. Fonts and emoji are in the binary: no
//! network, no files, the same picture on every machine.

#![expect(clippy::float_arithmetic, reason = "geometry and light of pictures")]

mod blur;
mod clean;
mod colour;
mod contrast;
mod drawn;
mod emoji;
mod faces;
mod frame;
mod glyphs;
mod number;
mod paint;
mod plate;
mod setting;
mod shadow;
mod style;
mod surface;
mod typesetter;
pub mod wish;

#[cfg(test)]
mod tests;

pub use self::clean::TEXT_CHARS_MAX;
pub use self::colour::Colour;
pub use self::drawn::{Drawn, Error, Rect};
pub(crate) use self::emoji::square as emoji_picture;
pub use self::style::{Align, Font, Margin, Outline, Plate, Position, Shadow, Size, Style};
pub use self::surface::Surface;
pub use self::typesetter::Typesetter;
