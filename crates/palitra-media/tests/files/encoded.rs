//! Files that we make.

use crate::fixture;
use crate::made::{noisy, png_of, transparent};
use image::DynamicImage;
use palitra_domain::media_type::FileFormat;
use palitra_media::decode::decode;
use palitra_media::{encode, fit};
use proptest::prelude::*;

#[test]
fn s2_074_s2_012_webp_and_jpeg_become_png_with_equal_pixels() {
    for name in ["place.webp", "turned.webp", "progressive.jpg", "cmyk.jpg"] {
        let picture = decode(&fixture(name)).unwrap();
        let png = encode::png(&picture.pixels).unwrap();
        assert_eq!(FileFormat::of(&png), Some(FileFormat::Png));
        assert_eq!(decode(&png).unwrap().pixels, picture.pixels, "{name}");
    }
}

#[test]
fn s2_088_png_gets_smaller_and_keeps_its_pixels() {
    for picture in [DynamicImage::from(noisy(200, 150, 6, 1)), transparent(200, 150, 40).into()] {
        let fast = png_of(picture.clone());
        let small = encode::png_small(&fast).unwrap();
        assert!(small.len() < fast.len(), "{} {}", small.len(), fast.len());
        assert_eq!(decode(&small).unwrap().pixels, picture);
        assert!(encode::png_small(&small).unwrap().len() <= small.len());
    }
    let palette = fixture("palette.png");
    let small = encode::png_small(&palette).unwrap();
    assert!(small.len() <= palette.len());
    assert_eq!(decode(&small).unwrap().pixels, decode(&palette).unwrap().pixels);
    assert!(encode::png_small(b"no png").is_err());
}

#[test]
fn webp_keeps_transparency_and_without_losses_all() {
    let picture: DynamicImage = transparent(90, 40, 60).into();
    assert_eq!(decode(&encode::webp_lossless(&picture).unwrap()).unwrap().pixels, picture);
    let lossy = decode(&encode::webp(&picture, 80).unwrap()).unwrap().pixels;
    let alphas =
        |picture: &DynamicImage| picture.to_rgba8().pixels().map(|pixel| pixel[3]).collect::<Vec<_>>();
    assert_eq!(alphas(&lossy), alphas(&picture));
    assert!(encode::webp(&noisy(16_384, 1, 0, 1).into(), 80).is_err());
}

#[test]
fn s2_009_s2_010_s2_011_exact_sizes_from_what_a_market_draws() {
    let ratios = [(1, 1), (3, 4), (4, 3), (9, 16), (16, 9), (2, 3), (3, 2), (21, 9)];
    for (size, ratio, drawn) in [
        ((1472, 2048), (3, 4), (896, 1200)),
        ((1792, 1792), (1, 1), (1024, 1024)),
        ((2048, 1472), (4, 3), (1200, 896)),
        ((1792, 1008), (16, 9), (1344, 768)),
    ] {
        assert_eq!(fit::nearest_ratio(size, ratios), Some(ratio));
        let exact = fit::exact(&noisy(drawn.0, drawn.1, 0, 1).into(), size);
        assert_eq!((exact.width(), exact.height()), size);
    }
    assert_eq!(fit::nearest_ratio((5, 5), []), None);
    assert_eq!(fit::nearest_ratio((5, 5), [(0, 1), (7, 1)]), Some((7, 1)));
}

#[test]
fn r_13_the_middle_is_kept() {
    // Three stripes; a square of their height is the middle one.
    let stripes =
        image::RgbImage::from_fn(300, 100, |x, _| image::Rgb([u8::try_from(x / 100 * 100).unwrap(); 3]));
    let middle = fit::exact(&stripes.into(), (50, 50)).into_rgb8();
    assert!(middle.enumerate_pixels().all(|(x, _, pixel)| !(3..=46).contains(&x) || pixel.0 == [100; 3]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exact_is_exact(from in (1_u32..200, 1_u32..200), to in (1_u32..200, 1_u32..200)) {
        let exact = fit::exact(&noisy(from.0, from.1, 99, 1).into(), to);
        prop_assert_eq!((exact.width(), exact.height()), to);
    }
}
