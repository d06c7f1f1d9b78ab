//! Pictures of users on their way to a market: nothing in them that says who took them where, upright, in sRGB, no larger than the model
//! takes (S2-083…S2-085, R-33).

use crate::{
    decode,
    pool::Pool,
    shrink::{Limit, Route, shrink},
};
use bytes::Bytes;
use palitra_domain::{
    BoxFuture,
    intake::{Prepared, Preparer},
};
use std::borrow::Cow;

/// The decoded picture, what it is turned into, and its file.
const BYTES_PER_PIXEL: u64 = 12;

/// The port on a pool.
pub struct Preparing(pub Pool);

impl Preparer for Preparing {
    fn prepare(&self, picture: Bytes, bytes_max: usize) -> BoxFuture<'_, Result<Prepared, String>> {
        Box::pin(async move {
            let header = decode::header(&picture).map_err(|error| error.to_string())?;
            let pixels = u64::from(header.width) * u64::from(header.height);
            let mib = u32::try_from((pixels * BYTES_PER_PIXEL) >> 20).unwrap_or(u32::MAX).saturating_add(1);
            let work = move || {
                let limit = Limit { route: Route::File, bytes_max: Some(bytes_max) };
                let fitting = shrink(&picture, limit).map_err(|error| error.to_string())?;
                let media = fitting.format.media_type();
                let bytes = match fitting.bytes {
                    Cow::Borrowed(_) => picture.clone(),
                    Cow::Owned(bytes) => Bytes::from(bytes),
                };
                Ok(Prepared { bytes, mime: media.mime, extension: media.extension })
            };
            self.0.run(mib, work).await.map_err(|error| error.to_string())?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, Rgb, RgbImage};

    fn noise(side: u32) -> Bytes {
        let mut state = 7u32;
        let pixels = RgbImage::from_fn(side, side, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, low, middle, high] = state.to_le_bytes();
            Rgb([high, middle, low])
        });
        Bytes::from(crate::encode::png(&DynamicImage::ImageRgb8(pixels)).unwrap())
    }

    #[tokio::test]
    async fn s2_085_what_needs_no_change_goes_byte_for_byte_and_what_is_too_large_fits() {
        let preparing = Preparing(Pool::new(1, 64));
        let file = noise(256);
        let same = preparing.prepare(file.clone(), 4_000_000).await.unwrap();
        assert_eq!((same.bytes.as_ptr(), same.mime), (file.as_ptr(), "image/png"), "not even copied");
        let small = preparing.prepare(file.clone(), 100_000).await.unwrap();
        assert!(
            small.bytes.len() <= 100_000 && file.len() > 150_000,
            "{} of {}",
            small.bytes.len(),
            file.len()
        );
        assert_eq!((small.mime, small.extension), ("image/jpeg", "jpg"));
        assert!(preparing.prepare(Bytes::from_static(b"no picture"), 10).await.is_err());
        assert_eq!(preparing.0.free_mib(), 64);
    }
}
