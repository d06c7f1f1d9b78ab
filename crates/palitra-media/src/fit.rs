//! Pictures in exactly the size that was asked for, from what a market can draw (S2-009…S2-011, R-13).

use crate::resize::{self, Size};
use image::DynamicImage;

/// The ratio that is nearest to a size among those a market has; proportions are compared, not differences, so 3:4 is as far from 1:1
/// as 4:3 is. `None` when there are none.
pub fn nearest_ratio(size: Size, ratios: impl IntoIterator<Item = Size>) -> Option<Size> {
    ratios.into_iter().filter(|ratio| ratio.0 > 0 && ratio.1 > 0).min_by(|one, other| {
        let (one, other) = (distance(size, *one), distance(size, *other));
        // Fractions are compared crosswise.
        (one.0 * other.1).cmp(&(other.0 * one.1))
    })
}

/// The larger proportion over the smaller one, as a fraction of at least one.
fn distance(size: Size, ratio: Size) -> (u128, u128) {
    let crossed = |one: u32, other: u32| u128::from(one.max(1)) * u128::from(other);
    let (one, other) = (crossed(size.0, ratio.1), crossed(size.1, ratio.0));
    (one.max(other), one.min(other))
}

/// The picture's middle in exactly this size: cropped to its proportions, then resized with Lanczos.
pub fn exact(picture: &DynamicImage, size: Size) -> DynamicImage {
    resize::cover(picture, size)
}
