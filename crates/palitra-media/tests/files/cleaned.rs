//! Metadata go, pixels stay.

use crate::fixture;
use crate::made::{noisy, png_chunk, png_of, png_with_profile, transparent};
use moxcms::ColorProfile;
use palitra_domain::media_type::FileFormat;
use palitra_media::clean::clean;
use palitra_media::decode::decode;
use palitra_media::encode;
use proptest::prelude::*;
use std::borrow::Cow;

const SECRETS: [&[u8]; 6] =
    [b"Exif", b"Camera", b"secret", b"http://ns.adobe.com", b"ICC_PROFILE", b"Photoshop"];

fn holds_secrets(file: &[u8]) -> bool {
    SECRETS.iter().any(|secret| file.windows(secret.len()).any(|bytes| bytes == *secret))
}

/// Behind the first two bytes.
fn with_segments(jpeg: &[u8]) -> Vec<u8> {
    let segments: [(u8, &[u8]); 5] = [
        (0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        (0xed, b"Photoshop 3.0\x008BIM"),
        (0xe0, b"JFXX\0\x10secret thumbnail"),
        (0xfe, b"a secret comment"),
        (0xe2, b"MPF\0secret"),
    ];
    let added = segments.iter().flat_map(|(marker, payload)| {
        let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
        [&[0xff, *marker], &length[..], payload].concat()
    });
    let (head, rest) = jpeg.split_at(20);
    [head, &added.collect::<Vec<_>>(), rest, b"secret trailer"].concat()
}

#[test]
fn metadata_go_without_a_change_of_pixels() {
    let jpeg = encode::jpeg(&noisy(60, 40, 80, 1), 80).unwrap();
    let png = png_of(noisy(60, 40, 80, 1));
    let noted = [
        &png[..33],
        &png_chunk(b"tEXt", b"Comment\0secret"),
        &png_chunk(b"eXIf", b"II*\0Camera"),
        &png[33..],
        b"secret",
    ];
    for (name, file) in [
        ("place.jpg", fixture("place.jpg")),
        ("place.webp", fixture("place.webp")),
        ("segments", with_segments(&jpeg)),
        ("chunks", noted.concat()),
        ("sRGB", png_with_profile(&noisy(9, 9, 9, 1), ColorProfile::new_srgb().encode().unwrap())),
    ] {
        let cleaned = clean(&file).unwrap();
        assert!(cleaned.bytes.len() < file.len() && !holds_secrets(&cleaned.bytes), "{name}");
        assert_eq!(decode(&cleaned.bytes).unwrap().pixels, decode(&file).unwrap().pixels, "{name}");
        assert!(matches!(clean(&cleaned.bytes).unwrap().bytes, Cow::Borrowed(_)), "{name}: twice");
    }
    assert_eq!(*clean(&with_segments(&jpeg)).unwrap().bytes, jpeg);
    assert_eq!(*clean(&noted.concat()).unwrap().bytes, png);
}

#[test]
fn s2_085_what_needs_no_change_comes_back_byte_for_byte() {
    for file in [
        png_of(noisy(20, 10, 80, 1)),
        png_of(transparent(20, 10, 80)),
        encode::jpeg(&noisy(20, 10, 80, 1), 80).unwrap(),
        encode::webp(&noisy(20, 10, 80, 1).into(), 80).unwrap(),
        fixture("cmyk.jpg"),
        fixture("palette.png"),
        fixture("animated.png"),
        fixture("animated.webp"),
    ] {
        let cleaned = clean(&file).unwrap();
        assert!(matches!(cleaned.bytes, Cow::Borrowed(_)) && *cleaned.bytes == file);
    }
}

#[test]
fn only_what_lies_or_has_other_colors_is_encoded_anew() {
    let wide = png_with_profile(&noisy(90, 60, 80, 1), ColorProfile::new_display_p3().encode().unwrap());
    for (name, file, format, lost) in [
        ("turned.jpg", fixture("turned.jpg"), FileFormat::Jpeg, false),
        ("turned.webp", fixture("turned.webp"), FileFormat::WebP, false),
        ("wide", wide, FileFormat::Png, false),
        ("animated.gif", fixture("animated.gif"), FileFormat::Png, true),
        ("picture.bmp", fixture("picture.bmp"), FileFormat::Png, false),
    ] {
        let cleaned = clean(&file).unwrap();
        assert_eq!((cleaned.format, cleaned.lost_animation), (format, lost), "{name}");
        assert_eq!(FileFormat::of(&cleaned.bytes), Some(format), "{name}");
        assert!(!holds_secrets(&cleaned.bytes), "{name}");
        let (before, after) = (decode(&file).unwrap().pixels, decode(&cleaned.bytes).unwrap().pixels);
        let apart = before.as_bytes().iter().zip(after.as_bytes()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(if format == FileFormat::Jpeg { 12 } else { 0 }), "{name}: {apart:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pixels_stay_whatever_is_noted(width in 1_u32..40, height in 1_u32..40, note in prop::collection::vec(any::<u8>(), 0..300)) {
        let picture = noisy(width, height, 200, 3);
        let jpeg = encode::jpeg(&picture, 85).unwrap();
        let length = u16::try_from(note.len() + 2).unwrap().to_be_bytes();
        for marker in [0xe1, 0xe2, 0xed, 0xee, 0xfe] {
            let noted = [&jpeg[..20], &[0xff, marker], &length, &note, &jpeg[20..]].concat();
            let cleaned = clean(&noted).unwrap();
            prop_assert_eq!(&*cleaned.bytes, &jpeg[..]);
        }
        let png = png_of(picture);
        for name in [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"prVt"] {
            let noted = [&png[..33], &png_chunk(name, &note), &png[33..]].concat();
            if let Ok(cleaned) = clean(&noted) {
                prop_assert_eq!(decode(&cleaned.bytes).unwrap().pixels, decode(&png).unwrap().pixels);
            }
        }
    }
}
