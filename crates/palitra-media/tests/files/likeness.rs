//! Thumbnails, blurs and hashes.

use crate::fixture;
use crate::made::{noisy, transparent};
use image::DynamicImage;
use palitra_media::decode::decode;
use palitra_media::fingerprint::{SAME_MAX, SIMILAR_MAX, blurhash, dhash, distance};
use palitra_media::resize::{Care, resize};
use palitra_media::{encode, thumbnail};
use proptest::prelude::*;

/// Blobs of grey in places of their own.
fn blobs(seed: u32) -> DynamicImage {
    resize(&noisy(6, 6, 255, seed).into(), (300, 200), Care::Best)
}

#[test]
fn thumbnails_have_their_side_and_never_grow() {
    for (size, small) in
        [((2048, 1024), (256, 128)), ((100, 50), (100, 50)), ((10_000, 10), (256, 1)), ((1, 1), (1, 1))]
    {
        let made = thumbnail::thumbnail(&noisy(size.0, size.1, 9, 1).into(), thumbnail::SMALL_SIDE);
        assert_eq!((made.width(), made.height()), small);
        let file = thumbnail::webp(&made).unwrap();
        let read = decode(&file).unwrap().pixels;
        assert_eq!((read.width(), read.height()), small);
    }
    let clear = thumbnail::thumbnail(&transparent(900, 900, 9).into(), thumbnail::LARGE_SIDE);
    assert!(decode(&thumbnail::webp(&clear).unwrap()).unwrap().pixels.color().has_alpha());
}

#[test]
fn blurhash_has_28_letters() {
    for picture in [
        blobs(1),
        noisy(1, 1, 0, 1).into(),
        noisy(1000, 1, 0, 1).into(),
        decode(&fixture("palette.png")).unwrap().pixels,
    ] {
        assert_eq!(blurhash(&picture).unwrap().len(), 28);
    }
    // All grey stays grey; the components' samples at the pixels' corners brighten the first one a little.
    let grey = image::RgbImage::from_pixel(64, 64, image::Rgb([128; 3]));
    let seen = blurhash::decode(&blurhash(&grey.into()).unwrap(), 8, 8, 1.).unwrap();
    assert!(seen.chunks_exact(4).all(|pixel| pixel[..3].iter().all(|value| value.abs_diff(128) <= 12)));
}

#[test]
fn likeness_is_a_distance() {
    let original = blobs(1);
    let hash = dhash(&original);
    let jpeg = decode(&encode::jpeg(&original.to_rgb8(), 30).unwrap()).unwrap().pixels;
    for (name, other) in [
        ("compressed", jpeg),
        ("brighter", original.brighten(20)),
        ("thumbnail", thumbnail::thumbnail(&original, 256)),
    ] {
        assert!(distance(hash, dhash(&other)) <= SAME_MAX, "{name}: {}", distance(hash, dhash(&other)));
    }
    for other in [original.fliph(), blobs(2), blobs(3), blobs(4)] {
        assert!(distance(hash, dhash(&other)) > SIMILAR_MAX);
    }
    assert_eq!((distance(0, -1), distance(5, 5)), (64, 0));
    assert_ne!(dhash(&transparent(90, 90, 200).into()), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn dhash_is_stable_under_resize(seed in 1_u32..10_000, width in 64_u32..400, height in 64_u32..400) {
        let picture = blobs(seed);
        let other = resize(&picture, (width, height), Care::Best);
        prop_assert!(distance(dhash(&picture), dhash(&other)) <= SAME_MAX);
    }
}
