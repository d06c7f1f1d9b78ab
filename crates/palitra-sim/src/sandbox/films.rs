//! The film's mode: `video` takes `prompt`, `images` (none, or the first picture), `seconds` (1 to 10, 4 when not said), `width` and
//! `height` (even, 64 to 1280, together at most 1280 × 720; 640 × 360 when not said) and `seed`, and answers with one MP4.

use super::{Work, file, input::Input, refused};
use crate::film::{self, PIXELS_MAX, SECONDS_MAX, SIDE_MAX, SIDE_MIN, Wish};
use palitra_domain::market::MarketError;

/// The size and the length when none is asked for.
const SIZE: (u32, u32) = (640, 360);
const SECONDS: u32 = 4;

pub(super) fn video(input: Input) -> Result<Work, MarketError> {
    let side = |name: &str, otherwise: u32| {
        let side = input.number(name, SIDE_MIN..=SIDE_MAX, otherwise)?;
        if side % 2 == 0 { Ok(side) } else { Err(refused(format!("`{name}` must be even"))) }
    };
    let (width, height) = (side("width", SIZE.0)?, side("height", SIZE.1)?);
    if width * height > PIXELS_MAX {
        return Err(refused(format!("a film of {width}×{height} is too large: at most 1280×720")));
    }
    let seconds = input.number("seconds", 1..=SECONDS_MAX, SECONDS)?;
    let (pictures, seed) = (input.pictures(0..=1)?, input.seed());
    // A picture that moves needs no words.
    let prompt = if pictures.is_empty() { input.needed_word("prompt")? } else { input.word(&["prompt"]) };
    Ok(Box::new(move || {
        let first = pictures.first().map(super::input::Picture::open).transpose()?;
        let wish = Wish { prompt: &prompt, width, height, seconds, seed };
        film::film(&wish, first.as_ref()).map(file).map_err(|error| refused(error.to_string()))
    }))
}
