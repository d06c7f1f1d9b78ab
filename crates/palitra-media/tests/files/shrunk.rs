//! The rule of sizes at its limits, and the same step as the plain ladder.

use crate::made::{jpeg_of_bytes, noisy, png_of, transparent};
use image::RgbImage;
use palitra_domain::media_type::FileFormat;
use palitra_media::decode::decode;
use palitra_media::resize::{Care, resize};
use palitra_media::shrink::{
    BASE64_TEXT_BYTES_MAX, Change, Error, Limit, QUALITIES, Route, UNTOUCHED_BYTES_MAX, base64_bytes_max,
    ladder, shrink,
};
use palitra_media::{clean, encode};
use std::borrow::Cow;

fn limit(route: Route, bytes_max: impl Into<Option<usize>>) -> Limit {
    Limit { route, bytes_max: bytes_max.into() }
}

#[test]
fn s2_083_s2_085_four_megabytes_go_as_they_are() {
    let file = jpeg_of_bytes(UNTOUCHED_BYTES_MAX);
    let untouched = shrink(&file, limit(Route::Base64, None)).unwrap();
    assert!(matches!(untouched.bytes, Cow::Borrowed(_)) && *untouched.bytes == file);
    assert_eq!(untouched.change, Change::None);
    let file = jpeg_of_bytes(UNTOUCHED_BYTES_MAX + 1);
    let compressed = shrink(&file, limit(Route::Base64, None)).unwrap();
    assert!(matches!(compressed.change, Change::Compressed { quality: 85, .. }), "{:?}", compressed.change);
    assert!(compressed.bytes.len() < file.len());
    for (own, change) in [(None, Change::None), (Some(file.len()), Change::None)] {
        assert_eq!(shrink(&file, limit(Route::File, own)).unwrap().change, change);
    }
    let over = shrink(&file, limit(Route::File, file.len() - 1)).unwrap();
    assert!(matches!(over.change, Change::Compressed { .. }) && over.bytes.len() < file.len());
    // The model's own limit counts below four megabytes too.
    let own = shrink(&file, limit(Route::Base64, 500_000)).unwrap();
    assert!(own.bytes.len() <= 500_000);
}

#[test]
fn s2_083_base64_text_is_at_most_ten_megabytes() {
    for format in [FileFormat::Jpeg, FileFormat::Png, FileFormat::WebP] {
        let text =
            |bytes: usize| "data:;base64,".len() + format.media_type().mime.len() + bytes.div_ceil(3) * 4;
        assert!(text(base64_bytes_max(format)) <= BASE64_TEXT_BYTES_MAX);
        assert!(text(base64_bytes_max(format) + 1) > BASE64_TEXT_BYTES_MAX);
    }
    assert_eq!(base64_bytes_max(FileFormat::Jpeg), 7_499_982);
}

#[test]
fn r_33_transparent_pictures_stay_transparent() {
    let file = png_of(transparent(1300, 1300, 255));
    assert!((UNTOUCHED_BYTES_MAX..base64_bytes_max(FileFormat::Png)).contains(&file.len()), "{}", file.len());
    assert_eq!(shrink(&file, limit(Route::Base64, None)).unwrap().change, Change::None);
    for bytes_max in [file.len() - 1, 300_000] {
        let smaller = shrink(&file, limit(Route::Base64, bytes_max)).unwrap();
        assert!(smaller.bytes.len() <= bytes_max);
        assert!(matches!(smaller.change, Change::Downscaled { size: (1..1300, 1..1300) }));
        assert_eq!(smaller.format, FileFormat::Png);
        assert!(decode(&smaller.bytes).unwrap().pixels.color().has_alpha());
    }
}

#[test]
fn metadata_go_on_every_route() {
    let cleaned = shrink(include_bytes!("../fixtures/place.jpg"), limit(Route::File, None)).unwrap();
    assert_eq!(cleaned.change, Change::Cleaned);
    assert_eq!(cleaned.bytes, clean::clean(include_bytes!("../fixtures/place.jpg")).unwrap().bytes);
    let turned = shrink(include_bytes!("../fixtures/turned.jpg"), limit(Route::File, None)).unwrap();
    assert_eq!((turned.change, turned.format), (Change::Encoded, FileFormat::Jpeg));
    let moving = shrink(include_bytes!("../fixtures/animated.gif"), limit(Route::File, None)).unwrap();
    assert!(moving.lost_animation);
}

#[test]
fn s2_093_what_cannot_fit_says_so() {
    let file = png_of(noisy(300, 300, 255, 1));
    assert!(matches!(shrink(&file, limit(Route::File, 200)), Err(Error::CannotFit { bytes_max: 200 })));
    let file = png_of(transparent(300, 300, 255));
    assert!(matches!(shrink(&file, limit(Route::File, 20)), Err(Error::CannotFit { bytes_max: 20 })));
}

/// Every quality, then sides of 85 %, and again: all steps with their bytes, down to the first that has at most `bytes_min`.
fn plain_ladder(picture: &RgbImage, bytes_min: usize) -> Vec<(u8, (u32, u32), usize)> {
    let (width, height) = picture.dimensions();
    let mut steps = Vec::new();
    for number in 0.. {
        let side = |side: u32| {
            let scaled = (f64::from(side) * 0.85_f64.powi(number)).round().max(1.);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a side")]
            let side = scaled as u32;
            side
        };
        let size = (side(width), side(height));
        let smaller = resize(&picture.clone().into(), size, Care::Best).into_rgb8();
        for quality in QUALITIES {
            let bytes = encode::jpeg(&smaller, quality).unwrap().len();
            steps.push((quality, size, bytes));
            if bytes <= bytes_min {
                return steps;
            }
        }
    }
    steps
}

#[test]
fn s2_084_the_step_is_the_plain_ladders() {
    let mut halves = noisy(700, 900, 10, 1);
    image::imageops::replace(&mut halves, &noisy(700, 300, 255, 2), 0, 0);
    for (name, picture) in [
        ("noise", noisy(800, 700, 255, 1)),
        ("smooth", noisy(900, 600, 12, 1)),
        ("half of each", halves),
        ("tall", noisy(100, 3100, 120, 1)),
        ("small", noisy(120, 90, 200, 1)),
    ] {
        let largest = encode::jpeg(&picture, 85).unwrap().len();
        let limits = [97, 90, 80, 65, 50, 30, 15].map(|share| (largest * share / 100).max(1200));
        let steps = plain_ladder(&picture, limits[6]);
        for bytes_max in limits {
            let found = ladder(&picture, bytes_max).unwrap();
            let found = (found.quality, found.size, found.bytes.len());
            let expected = steps.iter().find(|(_, _, bytes)| *bytes <= bytes_max);
            assert_eq!(Some(&found), expected, "{name}, {bytes_max} bytes");
        }
    }
}
