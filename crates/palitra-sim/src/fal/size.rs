//! How large the pictures are that an accepted input asks for.

use super::schema::{Endpoint, Makes};
use serde_json::Value;

/// fal's presets and their sizes.
pub(super) const PRESETS: &[(&str, u32, u32)] = &[
    ("square_hd", 1024, 1024),
    ("square", 512, 512),
    ("portrait_4_3", 768, 1024),
    ("portrait_16_9", 576, 1024),
    ("landscape_4_3", 1024, 768),
    ("landscape_16_9", 1024, 576),
];

/// Sides of a picture; fal allows 14142, the simulator draws less.
pub(super) const SIDE_MAX: i64 = 4096;

/// `given` is the size of the input's first picture, where that is known.
pub(super) fn of(endpoint: &Endpoint, input: &Value, given: Option<(u32, u32)>) -> (u32, u32) {
    match endpoint.makes {
        Makes::Picture => given.unwrap_or((1024, 1024)),
        Makes::LargerPicture => {
            let (width, height) = given.unwrap_or((1024, 1024));
            let twice = |side: u32| side.saturating_mul(2).min(u32::try_from(SIDE_MAX).unwrap_or(u32::MAX));
            (twice(width), twice(height))
        }
        _ => asked(input).or(given).unwrap_or((1024, 768)),
    }
}

/// Presets, sides, or a ratio with a long side of 1024, or what `resolution` says.
fn asked(input: &Value) -> Option<(u32, u32)> {
    let long = match input.get("resolution").and_then(Value::as_str) {
        Some("2K") => 2048,
        Some("4K") => 4096,
        _ => 1024,
    };
    let side = |value: &Value| value.as_u64().and_then(|side| u32::try_from(side).ok());
    match input.get("image_size") {
        Some(Value::String(word)) => {
            let preset = PRESETS
                .iter()
                .find(|(preset, ..)| preset == word)
                .map(|(_, width, height)| (*width, *height));
            let pair = || {
                word.split_once('x')
                    .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
            };
            preset.or_else(pair)
        }
        Some(size) => Some((size.get("width").and_then(side)?, size.get("height").and_then(side)?)),
        None => {
            let (across, down) = input.get("aspect_ratio").and_then(Value::as_str).and_then(ratio)?;
            let short = |part: u32, whole: u32| (long * part / whole).max(1);
            Some(if across >= down { (long, short(down, across)) } else { (short(across, down), long) })
        }
    }
}

fn ratio(text: &str) -> Option<(u32, u32)> {
    let (across, down) = text.split_once(':')?;
    let number = |part: &str| part.parse().ok().filter(|number| (1..=100).contains(number));
    Some((number(across)?, number(down)?))
}
