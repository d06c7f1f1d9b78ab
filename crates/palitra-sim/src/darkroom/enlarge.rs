//! Enlarging by a whole factor, as a PNG: exactly so many times as wide and as high, the alpha kept.

use super::encode::png_of;
use super::resample::{Crop, Rows};
use super::{ENLARGED_PIXELS_MAX, Photo, PhotoError};

/// The PNG of a picture `factor` times as wide and as high. It is written row by row: only the original is in memory.
pub(crate) fn enlarged(photo: &Photo, factor: u32) -> Result<Vec<u8>, PhotoError> {
    let too_large = PhotoError::Enlarged { width: photo.width, height: photo.height, factor };
    let sides = photo.width.checked_mul(factor).zip(photo.height.checked_mul(factor));
    let Some((width, height)) = sides else { return Err(too_large) };
    if u64::from(width) * u64::from(height) > ENLARGED_PIXELS_MAX {
        return Err(too_large);
    }
    let mut rows = Rows::new(photo, Crop::whole(photo), width, height);
    Ok(png_of(width, height, photo.is_opaque(), |row| rows.next_row(row)))
}
