//! Pixels as people see them.

use crate::fixture;
use crate::made::{noisy, png_of, png_with_profile, transparent};
use image::{DynamicImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba};
use moxcms::ColorProfile;
use palitra_domain::media_type::FileFormat;
use palitra_media::decode::decode;
use palitra_media::probe::probe;

/// The mean distance of channels.
fn difference(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(one.len()).unwrap())
}

#[test]
fn s2_051_every_format_shows_the_same_picture() {
    let rgb = decode(&fixture("rgb.png")).unwrap().pixels;
    for (name, format, animated, close) in [
        ("cmyk.jpg", FileFormat::Jpeg, false, 12.),
        ("progressive.jpg", FileFormat::Jpeg, false, 3.),
        ("place.jpg", FileFormat::Jpeg, false, 3.),
        ("place.webp", FileFormat::WebP, false, 4.),
        ("animated.gif", FileFormat::Gif, true, 8.),
        ("animated.png", FileFormat::Png, true, 0.),
        ("animated.webp", FileFormat::WebP, true, 8.),
        ("picture.bmp", FileFormat::Bmp, false, 0.),
    ] {
        let picture = decode(&fixture(name)).unwrap();
        assert_eq!((picture.format, picture.is_animated), (format, animated), "{name}");
        let apart = difference(&picture.pixels, &rgb);
        assert!(apart <= close, "{name}: {apart}");
        let facts = probe(&fixture(name)).unwrap();
        assert_eq!((facts.size, facts.is_animated), (Some((48, 32)), animated), "{name}");
    }
    // JPEG's grey is the luma of Rec. 601.
    let grey = RgbImage::from_fn(48, 32, |x, y| {
        let [r, g, b] = rgb.to_rgb8().get_pixel(x, y).0.map(u32::from);
        Rgb([u8::try_from((299 * r + 587 * g + 114 * b + 500) / 1000).unwrap(); 3])
    });
    assert!(difference(&decode(&fixture("grey.jpg")).unwrap().pixels, &grey.into()) < 2.);
}

#[test]
fn pictures_are_turned_upright() {
    let rgb = decode(&fixture("rgb.png")).unwrap().pixels;
    for (name, close) in [("turned.jpg", 3.), ("turned.webp", 0.)] {
        let turned = decode(&fixture(name)).unwrap().pixels;
        assert!(difference(&turned, &rgb.rotate90()) <= close, "{name}");
        assert_eq!(probe(&fixture(name)).unwrap().size, Some((32, 48)), "{name}");
    }
}

#[test]
fn depth_palette_and_transparency_become_eight_bits() {
    let deep: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_fn(7, 5, |x, y| {
        Rgb([u16::try_from(x * 9000).unwrap(), u16::try_from(y * 13_000).unwrap(), u16::MAX])
    });
    let decoded = decode(&png_of(deep)).unwrap().pixels;
    assert_eq!(decoded.as_rgb8().unwrap().get_pixel(6, 4).0, [210, 202, 255]);
    let palette = decode(&fixture("palette.png")).unwrap().pixels;
    let palette = palette.as_rgba8().unwrap();
    assert!(palette.pixels().any(|pixel| pixel[3] == 0) && palette.pixels().any(|pixel| pixel[3] == 255));
    let grey: ImageBuffer<Luma<u8>, Vec<u8>> = ImageBuffer::from_pixel(3, 3, Luma([90]));
    assert_eq!(decode(&png_of(grey)).unwrap().pixels.as_rgb8().unwrap().get_pixel(1, 1).0, [90; 3]);
    let opaque = ImageBuffer::from_pixel(3, 3, Rgba([1_u8, 2, 3, 255]));
    assert_eq!(decode(&png_of(opaque)).unwrap().pixels.as_rgb8().unwrap().get_pixel(1, 1).0, [1, 2, 3]);
    let clear = transparent(40, 8, 30);
    assert_eq!(decode(&png_of(clear.clone())).unwrap().pixels, clear.into());
}

#[test]
fn profiles_are_converted_and_srgb_under_any_name_is_not() {
    let picture = noisy(300, 20, 60, 5);
    let same = decode(&png_with_profile(&picture, ColorProfile::new_srgb().encode().unwrap())).unwrap();
    assert_eq!(same.pixels, picture.clone().into());
    let wide = shown(&ColorProfile::new_display_p3(), [200, 60, 60]);
    // Display P3 (200, 60, 60) is sRGB (217, 42, 52), by the matrices of both.
    assert!(wide.iter().zip([217, 42, 52]).all(|(a, b)| a.abs_diff(b) <= 2), "{wide:?}");
    let broken = decode(&png_with_profile(&picture, b"no profile at all".to_vec()));
    assert_eq!(broken.unwrap().pixels, picture.into());
}

/// What a colour in a profile looks like.
fn shown(profile: &ColorProfile, color: [u8; 3]) -> [u8; 3] {
    let picture = ImageBuffer::from_pixel(2000, 3, Rgb(color));
    let decoded = decode(&png_with_profile(&picture, profile.encode().unwrap())).unwrap().pixels.into_rgb8();
    assert!(decoded.pixels().all(|pixel| pixel == decoded.get_pixel(0, 0)));
    decoded.get_pixel(0, 0).0
}

#[test]
fn s2_072_sound_and_film_have_durations() {
    for (name, ms) in [("tone.mp3", 1500), ("bare.mp3", 1500), ("opus.ogg", 1500), ("vorbis.ogg", 1500)] {
        let found = probe(&fixture(name)).unwrap().duration_ms.unwrap();
        assert!(found.abs_diff(ms) <= 60, "{name}: {found}");
    }
    let header = |data: u32| {
        let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend([8000_u32.to_le_bytes(), 16_000_u32.to_le_bytes()].concat());
        wav.extend(b"\x02\0\x10\0data");
        wav.extend(data.to_le_bytes());
        wav.extend([0; 24_000]);
        wav
    };
    for said in [24_000, u32::MAX, 0] {
        assert_eq!(probe(&header(said)).unwrap().duration_ms, Some(1500), "{said}");
    }
}
