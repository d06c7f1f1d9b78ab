//! Colour grading: a photograph takes on the colours of a palette and keeps its light and shade.

use super::color::Rgb;
use super::palette::{Asked, Palette};
use crate::darkroom::Photo;

/// Colours in the palette's tones, as much as the words ask for: a hint, plainly, or wholly.
pub(super) fn graded(mut photo: Photo, palette: &Palette, asked: Asked) -> Photo {
    let percent = match asked {
        Asked::Nothing => 42,
        Asked::Colour => 66,
        Asked::Mono => 94,
    };
    let tones = tones(palette);
    for pixel in photo.rgba.chunks_exact_mut(4) {
        let own = Rgb(pixel[0], pixel[1], pixel[2]);
        let light = usize::try_from(own.lightness()).unwrap_or(0).min(255);
        let Rgb(red, green, blue) = own.mix(tones[light], percent);
        pixel[..3].copy_from_slice(&[red, green, blue]);
    }
    photo
}

/// The palette's colour for each lightness: between those of its colours that are next darker and lighter.
fn tones(palette: &Palette) -> Vec<Rgb> {
    let mut stops = vec![Rgb(0, 0, 0), palette.deep(), palette.light(), Rgb::WHITE];
    stops.extend(palette.ramp);
    stops.sort_by_key(|stop| stop.lightness());
    let between = |light: u32| {
        let after = stops.iter().position(|stop| stop.lightness() >= light).unwrap_or(stops.len() - 1);
        let (from, to) = (stops[after.saturating_sub(1)], stops[after]);
        let percent = (light.saturating_sub(from.lightness())) * 100 / to.gap(from).max(1);
        from.mix(to, percent)
    };
    (0..=255).map(between).collect()
}
