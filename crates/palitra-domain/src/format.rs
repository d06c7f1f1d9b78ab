//! Formats of pictures: the seeds' three names, sizes in pixels and ratios.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Format {
    pub width: u32,
    pub height: u32,
}

/// Sides outside this range are refused before any money moves.
pub const SIDE_PX_MIN: u32 = 64;
pub const SIDE_PX_MAX: u32 = 4096;

/// A ratio such as `16:9` gets this many pixels on its long side.
const RATIO_LONG_SIDE_PX: u32 = 1792;

/// A format nobody can draw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format")]
pub struct BadFormat(pub String);

impl Format {
    /// S2-009.
    pub const PORTRAIT: Format = Format { width: 1472, height: 2048 };
    /// S2-010.
    pub const SQUARE: Format = Format { width: 1792, height: 1792 };
    /// S2-011.
    pub const LANDSCAPE: Format = Format { width: 2048, height: 1472 };
    /// What slides are made for: 16:9.
    pub const SLIDE: Format = Format { width: 1792, height: 1008 };

    /// `portrait`, `square`, `landscape`, `1024x768` (also `×` and `х`) or a ratio `16:9`; sides of 64 to 4096 pixels,
    /// ratios up to 4:1.
    pub fn parse(text: &str) -> Result<Format, BadFormat> {
        let bad = || BadFormat(text.chars().take(40).collect());
        let word = text.trim().to_lowercase();
        match word.as_str() {
            "portrait" => return Ok(Format::PORTRAIT),
            "square" => return Ok(Format::SQUARE),
            "landscape" => return Ok(Format::LANDSCAPE),
            _ => {}
        }
        let pair = |left: &str, right: &str| -> Option<(u32, u32)> {
            Some((left.trim().parse().ok()?, right.trim().parse().ok()?))
        };
        let format = if let Some((left, right)) = word.split_once(':') {
            let (across, down) =
                pair(left, right).filter(|(across, down)| *across > 0 && *down > 0).ok_or_else(bad)?;
            Format::of_ratio(across, down).ok_or_else(bad)?
        } else {
            let (left, right) = word.split_once(['x', '×', 'х', '*']).ok_or_else(bad)?;
            let (width, height) = pair(left, right).ok_or_else(bad)?;
            Format { width, height }
        };
        let sides = SIDE_PX_MIN..=SIDE_PX_MAX;
        if sides.contains(&format.width) && sides.contains(&format.height) { Ok(format) } else { Err(bad()) }
    }

    /// `{"width": …, "height": …}`, or `"1024x768"`.
    pub fn of_value(value: &serde_json::Value) -> Option<Format> {
        if let Some(text) = value.as_str() {
            return Format::parse(text).ok();
        }
        let side = |name: &str| value.get(name)?.as_u64().and_then(|side| u32::try_from(side).ok());
        Some(Format { width: side("width")?, height: side("height")? })
    }

    /// The long side has 1792 pixels, the short one the nearest multiple of 16 (what diffusion models work in).
    fn of_ratio(across: u32, down: u32) -> Option<Format> {
        let (long, short) = (across.max(down), across.min(down));
        if long > short.checked_mul(4)? {
            return None;
        }
        let short_px = u64::from(RATIO_LONG_SIDE_PX) * u64::from(short) / u64::from(long);
        let short_px = u32::try_from((short_px + 8) / 16 * 16).ok()?;
        let (width, height) =
            if across >= down { (RATIO_LONG_SIDE_PX, short_px) } else { (short_px, RATIO_LONG_SIDE_PX) };
        Some(Format { width, height })
    }

    /// Pixels; a megapixel is a million of them, so this is also megapixels in millionths.
    pub fn pixels(self) -> i64 {
        i64::from(self.width) * i64::from(self.height)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_009_010_011_formats_have_exact_sizes() {
        for (text, width, height) in [
            ("portrait", 1472, 2048),
            ("SQUARE", 1792, 1792),
            (" landscape ", 2048, 1472),
            ("1024x768", 1024, 768),
            ("1024 × 768", 1024, 768),
            ("16:9", 1792, 1008),
            ("9:16", 1008, 1792),
            ("1:1", 1792, 1792),
            ("4:1", 1792, 448),
        ] {
            assert_eq!(Format::parse(text), Ok(Format { width, height }), "{text}");
        }
        for bad in [
            "",
            "big",
            "0x0",
            "63x64",
            "4097x64",
            "5:1",
            "0:1",
            "16:",
            "-1:1",
            "1024x",
            "99999999999x1",
            "4294967295:1",
        ] {
            assert!(Format::parse(bad).is_err(), "{bad}");
        }
    }
}
