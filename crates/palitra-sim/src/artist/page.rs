//! A planned page and its finish: everything outside the picture, the words and the sandbox mark.
//!
//! Scenes may draw past their area; the page paints over it. Where things stand is decided in `arrange`.

use super::canvas::Canvas;
use super::color::Rgb;
use super::geometry::{Area, Point, rounded};
use super::lettering::{Lettering, Lines};
use super::palette::Palette;

pub(super) struct Page {
    /// Where the picture goes.
    pub(super) art: Area,
    /// The picture's top is an arch.
    pub(super) arch: bool,
    /// What is around the picture.
    pub(super) ground: Rgb,
    /// Lines, the left end of their first capitals' top, and their colour.
    pub(super) texts: Vec<(Lines, Point, Rgb)>,
    /// A short bar of the accent above the words.
    pub(super) bar: Option<Area>,
    /// The middle of the first of the mark's three dots, and their radius.
    pub(super) dots: (Point, f32),
}

impl Page {
    /// Paints everything outside the picture, then the words and the mark.
    pub(super) fn finish(&self, canvas: &mut Canvas, lettering: &mut Lettering, palette: &Palette) {
        let page = canvas.area();
        canvas.cutout(self.ground, |path| {
            rounded(path, page, [0.0; 4]);
            let top = if self.arch { self.art.short() / 2.0 } else { 0.0 };
            rounded(path, self.art, [top, top, 0.0, 0.0]);
        });
        if let Some(bar) = self.bar {
            canvas.rect(bar, palette.accent);
        }
        for (lines, at, color) in &self.texts {
            lettering.ink(canvas, lines, *at, *color);
        }
        let (left, radius) = self.dots;
        if self.texts.is_empty() {
            let pill = Area::new(left.x - radius * 2.2, left.y - radius * 2.2, radius * 10.4, radius * 4.4);
            canvas.rounded(pill, radius * 2.2, self.ground);
        }
        let colors =
            [palette.accent, palette.ramp[2], if palette.dark { palette.ramp[4] } else { palette.ramp[3] }];
        for (i, color) in (0_u8..).zip(colors) {
            // On a ground of the same colour a dot would vanish.
            let color = if color.gap(self.ground) < 24 { palette.on(self.ground) } else { color };
            canvas.disc(left.shifted(radius * (3.0 * f32::from(i)), 0.0), radius, color);
        }
    }
}
