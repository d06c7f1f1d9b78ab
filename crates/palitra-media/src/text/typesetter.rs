//! The typesetter: what drawing keeps from one picture to the next, for one thread or many.

use std::sync::{Mutex, PoisonError};

use super::clean::clean;
use super::drawn::{Drawn, Error};
use super::emoji::Paintings;
use super::faces::Stack;
use super::glyphs::Glyphs;
use super::paint::paint;
use super::setting::Setting;
use super::style::Style;
use super::surface::Surface;

/// Desks that are kept. More threads than this drawing at once have some made anew, which costs a few milliseconds.
const DESKS_MAX: usize = 8;

/// Draws text. Keeps fonts, painted glyphs (8 MB for each thread, at most eight of them) and painted emoji (32 MB): one for
/// the whole process, shared by reference.
#[derive(Default)]
pub struct Typesetter {
    desks: Mutex<Vec<Desk>>,
    paintings: Paintings,
}

/// What one thread at a time works with.
struct Desk {
    setting: Setting,
    glyphs: Glyphs,
}

impl Typesetter {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws text onto a picture. It always fits: too large a size shrinks down to a fiftieth of the picture's height, then
    /// the text ends in an ellipsis; [`Drawn`] says so.
    ///
    /// # Errors
    /// As [`Error`] says; the picture is then as it was.
    pub fn draw<'a>(
        &self,
        picture: impl Into<Surface<'a>>,
        text: &str,
        style: &Style,
    ) -> Result<Drawn, Error> {
        let mut surface = picture.into();
        let size = dimensions(&surface);
        self.draw_scaled(&mut surface, size, text, style)
    }

    /// Draws onto a small copy of a picture what [`Typesetter::draw`] draws onto one of the size `full`: the same lines at the
    /// same places, for somebody who is still choosing a style. Of two colours automatic ink may choose the other one where
    /// both are read as well.
    ///
    /// # Errors
    /// As [`Typesetter::draw`].
    pub fn preview<'a>(
        &self,
        small: impl Into<Surface<'a>>,
        full: (u32, u32),
        text: &str,
        style: &Style,
    ) -> Result<Drawn, Error> {
        self.draw_scaled(&mut small.into(), full, text, style)
    }

    fn draw_scaled(
        &self,
        surface: &mut Surface<'_>,
        full: (u32, u32),
        text: &str,
        style: &Style,
    ) -> Result<Drawn, Error> {
        style.check()?;
        let clean = clean(text, &Stack::of(style))?;
        let kept = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut desk = kept.unwrap_or_else(|| Desk { setting: Setting::new(), glyphs: Glyphs::new() });
        let drawn = desk.setting.set(&clean.pieces, style, full).map(|plan| {
            let scale = scale(dimensions(surface), full);
            paint(surface, &plan, style, scale, &mut desk.glyphs, &self.paintings)
        });
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if desks.len() < DESKS_MAX {
            desks.push(desk);
        }
        drop(desks);
        drawn.map(|drawn| Drawn { cut: drawn.cut || clean.cut, missing: clean.missing, ..drawn })
    }
}

fn dimensions(surface: &Surface<'_>) -> (u32, u32) {
    (u32::try_from(surface.width).unwrap_or(0), u32::try_from(surface.height).unwrap_or(0))
}

/// Of a small copy; of the two sides the smaller ratio, so that all of it is within.
#[expect(clippy::cast_precision_loss, reason = "pictures are smaller than 16 million pixels a side")]
fn scale(small: (u32, u32), full: (u32, u32)) -> f32 {
    let ratio = |small: u32, full: u32| small as f32 / full.max(1) as f32;
    ratio(small.0, full.0).min(ratio(small.1, full.1))
}
