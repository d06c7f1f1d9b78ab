//! Files that are no pictures, broken ones, and small ones that claim to be huge.

use super::*;

/// A PNG of a few bytes that promise a size: its data only begins.
pub(crate) fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::One);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(::png::chunk::IDAT, &[0x78, 0x9c, 0xed, 0xc1]).unwrap();
    drop(writer);
    bytes
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in
        [&b""[..], b"<html></html>", b"RIFF\0\0\0\0WAVEfmt ", b"GIF89a\x01\0\x01\0\0\0\0", b"%PDF-1.7", b"BM"]
    {
        assert_eq!(open(bytes), Err(PhotoError::Kind), "{bytes:?}");
    }
}

#[test]
fn broken_pictures_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
        let whole = encoded(&photo(64, 64), format);
        for end in [12, 40, whole.len() / 2] {
            // A JPEG decoder may make the best of half a picture; the others must not.
            let result = open(&whole[..end]);
            let fine = format == ImageFormat::Jpeg && end == whole.len() / 2;
            assert!(
                fine || matches!(result, Err(PhotoError::Broken(_) | PhotoError::Kind)),
                "{format:?} {end}"
            );
        }
    }
}

#[test]
fn s2_083_a_tiny_file_of_a_huge_picture_is_refused_before_it_is_read() {
    for (width, height) in [(60_000, 60_000), (4097, 4096), (1, 20_000_000)] {
        assert_eq!(open(&bomb(width, height)), Err(PhotoError::Size { width, height }));
    }
    assert!(open(&bomb(2_000_000_000, 2_000_000_000)).is_err());
    // As large as may be: now it is the missing pixels.
    assert!(matches!(open(&bomb(4096, 4096)), Err(PhotoError::Broken(_))));
}

#[test]
fn what_would_be_too_large_is_not_made() {
    let wide = Photo { width: 8000, height: 600, rgba: vec![255; 8000 * 600 * 4] };
    let refused = PhotoError::Enlarged { width: 8000, height: 600, factor: 4 };
    assert_eq!(enlarged(&wide, 4).unwrap_err(), refused);
}
