//! Pictures of pictures (S4-67): a contact sheet of many with their captions, and the card of a style. The whole sheet is one picture, made with
//! one source decoded at a time.

#![expect(clippy::float_arithmetic, reason = "geometry and light of pictures")]

mod canvas;
mod card;
mod grid;

#[cfg(test)]
mod tests;

pub use card::{CARD_SIZE, style_card};

use crate::decode;
use crate::resize::{Care, Size, resize};
use crate::text::{self, Align, Position, Typesetter};
use canvas::{Canvas, Words};
use grid::Grid;
use image::{DynamicImage, Rgb, RgbImage};
use std::borrow::Cow;

/// The most pictures on one sheet.
pub const SHOTS_MAX: usize = 100;

/// A warm white that takes no colour away from the pictures.
const PAPER: Rgb<u8> = Rgb([0xf5, 0xf3, 0xef]);
const INK: [u8; 3] = [0x24, 0x23, 0x21];
const INK_SOFT: [u8; 3] = [0x55, 0x52, 0x4e];

/// A picture for a sheet and what stands under it.
#[derive(Debug, Clone, Copy)]
pub struct Shot<'a> {
    pub source: Source<'a>,
    /// Empty: nothing. Two lines at most; what is longer ends in `…`.
    pub caption: &'a str,
}

/// Pixels, or a file that is decoded when its turn comes.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    Pixels(&'a DynamicImage),
    File(&'a [u8]),
}

/// What a sheet has besides its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// A line above all of them; empty: none.
    pub title: String,
    /// A number on each picture, from 1.
    pub has_numbers: bool,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout { title: String::new(), has_numbers: true }
    }
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{count} pictures, a sheet has 1 to {SHOTS_MAX}")]
    Count { count: usize },
    #[error("picture {number} cannot be read: {source}")]
    Unread {
        /// From 1.
        number: usize,
        #[source]
        source: decode::Error,
    },
    #[error("its words cannot be drawn: {0}")]
    Text(#[from] text::Error),
}

impl Source<'_> {
    fn size(&self) -> Result<Size, decode::Error> {
        match self {
            Source::Pixels(pixels) => Ok((pixels.width().max(1), pixels.height().max(1))),
            Source::File(file) => decode::header(file).map(|header| (header.width, header.height)),
        }
    }

    fn pixels(&self) -> Result<Cow<'_, DynamicImage>, decode::Error> {
        match self {
            Source::Pixels(pixels) => Ok(Cow::Borrowed(pixels)),
            Source::File(file) => decode::decode(file).map(|picture| Cow::Owned(picture.pixels)),
        }
    }
}

/// One to [`SHOTS_MAX`] pictures in even rows, each whole, upright and as large as the others allow: at most 2,900 pixels wide (S4-67). Words in
/// characters that no font has are left out. One picture is decoded at a time.
///
/// # Errors
/// [`Error`]; which picture it is about is counted from 1.
pub fn contact_sheet(
    typesetter: &Typesetter,
    shots: &[Shot<'_>],
    layout: &Layout,
) -> Result<RgbImage, Error> {
    if !(1..=SHOTS_MAX).contains(&shots.len()) {
        return Err(Error::Count { count: shots.len() });
    }
    let sizes = (1..)
        .zip(shots)
        .map(|(number, shot)| shot.source.size().map_err(|source| Error::Unread { number, source }));
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let longest = shots.iter().map(|shot| shot.caption.trim().chars().count()).max().unwrap_or(0);
    let title = layout.title.trim();
    let grid = Grid::of(&sizes, longest, !title.is_empty());
    let mut canvas = Canvas::new(typesetter, grid.size, PAPER);
    if let Some(area) = grid.title {
        let words = Words { ink: INK, bold: true, ..Words::new(grid.title_px) };
        canvas.write(area, title, &words)?;
    }
    for (number, (shot, size)) in (1..).zip(shots.iter().zip(sizes)) {
        let (place, caption) = (grid.picture(number - 1, size), grid.caption(number - 1));
        let unread = |source| Error::Unread { number, source };
        let picture = resize(shot.source.pixels().map_err(unread)?.as_ref(), place.size(), Care::Best);
        canvas.hang(&picture, place, grid.radius);
        if layout.has_numbers {
            canvas.badge(number, place, grid.badge_px);
        }
        if let Some(area) = caption {
            let words = Words {
                ink: INK_SOFT,
                align: Align::Centre,
                position: Position::Top,
                ..Words::new(grid.caption_px)
            };
            canvas.write(area, shot.caption, &words)?;
        }
    }
    Ok(canvas.pixels)
}
