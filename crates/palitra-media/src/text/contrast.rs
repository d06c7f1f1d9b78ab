//! What colour is read over what is there (S2-062): light is measured after the plate is laid, ink chosen by WCAG contrast.
//!
//! Over one light, black or white has a contrast of 4.58 at least. Over a busy background neither may have it with its
//! darkest and its lightest parts at once; then letters get an outline of the opposite colour, and what counts is that.

use super::colour::{Colour, LINEAR, ratio};
use super::number::{signed, steps};
use super::style::Style;
use super::surface::Surface;

/// What normal text needs (WCAG 2.2, success criterion 1.4.3).
const ENOUGH: f32 = 4.5;

/// What large text needs; a colour somebody asked for is left without an outline down to here.
const ENOUGH_FOR_ASKED: f32 = 3.0;

/// Of what is measured, the darkest and lightest twentieth do not count.
const OUTERMOST: usize = 20;

/// Pixels that are looked at, about.
const SAMPLES: i32 = 96;

/// Relative luminance of the darker and the lighter parts of a background.
#[derive(Clone, Copy, Debug)]
pub(super) struct Light {
    pub(super) darkest: f32,
    pub(super) lightest: f32,
}

/// The colours letters are painted in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Inks {
    pub(super) ink: Colour,
    pub(super) outline: Option<Colour>,
    pub(super) outline_added: bool,
    pub(super) contrast: f32,
}

/// Measures a rectangle on a grid; what is transparent is seen over white.
pub(super) fn light(surface: &mut Surface<'_>, at: (i32, i32), (width, height): (i32, i32)) -> Light {
    let (across, down) = (steps(width / SAMPLES).max(1), steps(height / SAMPLES).max(1));
    let channels = surface.channels;
    let mut samples = Vec::new();
    surface.rows(at, (steps(width), steps(height)), |row, _, pixels| {
        if row % down == 0 {
            samples.extend(pixels.chunks_exact(channels * across).map(|pixel| luminance(&pixel[..channels])));
        }
    });
    if samples.is_empty() {
        return Light { darkest: 1.0, lightest: 1.0 };
    }
    let outermost = samples.len() / OUTERMOST;
    let last = samples.len() - 1;
    let darkest = *samples.select_nth_unstable_by(outermost, f32::total_cmp).1;
    let lightest = *samples.select_nth_unstable_by(last - outermost, f32::total_cmp).1;
    Light { darkest, lightest }
}

fn luminance(pixel: &[u8]) -> f32 {
    let weigh = |pixel: &[u8]| {
        let weighed = pixel.iter().zip([0.2126, 0.7152, 0.0722]);
        weighed.map(|(channel, weight)| LINEAR[usize::from(*channel)] * weight).sum()
    };
    match pixel {
        [rgb @ .., alpha] if rgb.len() == 3 && *alpha < 255 => {
            let share = f32::from(*alpha) / 255.0;
            let seen = [0, 1, 2]
                .map(|at| super::number::byte((f32::from(rgb[at]) * share + 255.0 * (1.0 - share)) / 255.0));
            weigh(&seen)
        }
        _ => weigh(pixel),
    }
}

impl Light {
    /// The least contrast of a colour with anything from the darkest to the lightest.
    fn contrast(self, ink: Colour) -> f32 {
        let ink = ink.luminance();
        if (self.darkest..=self.lightest).contains(&ink) {
            return 1.0;
        }
        ratio(ink, self.darkest).min(ratio(ink, self.lightest))
    }

    /// The ink that is asked for, else white where it is read, else black where that is, else white; and an outline where it
    /// is asked for or needed.
    pub(super) fn inks(self, style: &Style) -> Inks {
        let (white, black) = (self.contrast(Colour::WHITE), self.contrast(Colour::BLACK));
        let automatic = if white >= ENOUGH || black < ENOUGH { Colour::WHITE } else { Colour::BLACK };
        let ink = style.ink.unwrap_or(automatic);
        let contrast = self.contrast(ink);
        let needed = contrast < if style.ink.is_some() { ENOUGH_FOR_ASKED } else { ENOUGH };
        let outline =
            style.outline.on.unwrap_or(needed).then(|| style.outline.colour.unwrap_or(ink.opposite()));
        Inks {
            ink,
            outline,
            outline_added: style.outline.on.is_none() && outline.is_some(),
            contrast: outline.map_or(contrast, |outline| ink.contrast(outline)),
        }
    }
}

/// The plate's colour: black, under ink that is not read on black, white.
pub(super) fn plate(style: &Style) -> Colour {
    let dark = style.ink.is_some_and(|ink| ink.contrast(Colour::BLACK) < ENOUGH);
    style.plate.colour.unwrap_or(if dark { Colour::WHITE } else { Colour::BLACK })
}

/// The width and height of a rectangle between two corners.
pub(super) fn extent(from: (i32, i32), to: (i32, i32)) -> (i32, i32) {
    (signed(steps(to.0 - from.0)), signed(steps(to.1 - from.1)))
}
