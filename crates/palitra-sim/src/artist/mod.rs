//! The sandbox market's artist: draws a composed picture from a recipe, with no key and no model.
//!
//! It owns palettes, compositions, typesetting and PNG. It knows no market, job or clock: the same recipe gives the same
//! bytes on every machine. The pictures are illustrations around the words of a prompt, not a rendering of its meaning,
//! and each one carries the mark `palitra · sandbox`.
#![expect(clippy::float_arithmetic, reason = "drawing")]

mod arrange;
mod canvas;
mod caption;
mod color;
mod dice;
mod edit;
mod encode;
mod geometry;
mod grade;
mod hints;
mod lettering;
mod page;
mod palette;
mod prints;
mod scene;
mod still;
#[cfg(test)]
mod tests;

use arrange::Mark;
use canvas::Canvas;
use dice::Dice;
use lettering::Lettering;
use page::Page;

pub(crate) use edit::{edit, merge};
pub(crate) use still::still;

use crate::stems;

/// The longest side of a picture, in pixels; with it a picture has at most 16.8 million pixels.
pub const SIDE_MAX: u32 = 4096;

/// What to draw. `width` and `height` are pixels, 1 to [`SIDE_MAX`]; `index` counts the pictures of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe<'a> {
    pub prompt: &'a str,
    pub width: u32,
    pub height: u32,
    pub seed: u64,
    pub index: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// A side is 0 or longer than [`SIDE_MAX`].
    #[error("a picture of {width}×{height} cannot be drawn: each side must be 1 to {SIDE_MAX} pixels")]
    Size { width: u32, height: u32 },
}

/// Draws a recipe: the bytes of an RGB PNG of exactly its size.
///
/// # Errors
///
/// [`DrawError::Size`] before anything is allocated.
pub fn draw(recipe: &Recipe) -> Result<Vec<u8>, DrawError> {
    let (canvas, _) = composed(recipe, |page| page)?;
    Ok(encode::png(recipe.width, recipe.height, canvas.pixels()))
}

/// A recipe on a canvas, and the page it was drawn for, which may be changed before anything is drawn.
fn composed(recipe: &Recipe, change: impl FnOnce(Page) -> Page) -> Result<(Canvas, Page), DrawError> {
    checked(recipe)?;
    let Recipe { prompt, width, height, seed, index } = *recipe;
    let words = stems::words(prompt);
    // The size is left out: one recipe in another format is the same picture composed anew.
    let mut dice = Dice::new(prompt, &[seed, u64::from(index)]);
    let palette = palette::choose(&words, &mut dice);
    let scene = hints::scene(&words, &mut dice);
    let mut canvas = Canvas::new(width, height, palette.paper).ok_or(DrawError::Size { width, height })?;
    let page = Lettering::with(|lettering| {
        let page = arrange::plan(lettering, canvas.area(), &palette, prompt, Mark { seed, index }, &mut dice);
        let page = change(page);
        scene.draw(&mut canvas, page.art, &palette, &mut dice);
        page.finish(&mut canvas, lettering, &palette);
        page
    });
    Ok((canvas, page))
}

/// Whether a recipe's size can be drawn.
fn checked(recipe: &Recipe) -> Result<(), DrawError> {
    let Recipe { width, height, .. } = *recipe;
    let fits = (1..=SIDE_MAX).contains(&width) && (1..=SIDE_MAX).contains(&height);
    if fits { Ok(()) } else { Err(DrawError::Size { width, height }) }
}
