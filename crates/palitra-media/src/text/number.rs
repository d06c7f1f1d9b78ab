//! The few conversions between pixels as numbers of steps and as lengths, saturating, in one place.

/// The nearest whole pixel.
#[expect(clippy::cast_possible_truncation, reason = "rounded and saturating")]
pub(super) fn round(value: f32) -> i32 {
    value.round() as i32
}

/// A length in pixels; exact up to 16 million.
#[expect(clippy::cast_precision_loss, reason = "pictures are smaller than 16 million pixels a side")]
pub(super) fn length(pixels: i32) -> f32 {
    pixels as f32
}

/// A length in pixels from a count; exact up to 16 million.
#[expect(clippy::cast_precision_loss, reason = "counts of pixels and lines are smaller than 16 million")]
pub(super) fn count(pixels: usize) -> f32 {
    pixels as f32
}

/// 0 for what is negative.
pub(super) fn steps(pixels: i32) -> usize {
    usize::try_from(pixels).unwrap_or(0)
}

/// As large as it goes.
pub(super) fn signed(pixels: usize) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

/// A share of one as a byte.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded and held within a byte")]
pub(super) fn byte(share: f32) -> u8 {
    (share * 255.0).round().clamp(0.0, 255.0) as u8
}

/// A per cent as a byte of opacity.
pub(super) fn opacity(percent: u8) -> u8 {
    byte(f32::from(percent) / 100.0)
}
