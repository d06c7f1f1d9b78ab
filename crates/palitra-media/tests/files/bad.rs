//! Files that lie, are cut off, or are larger than anybody needs: a clear error each, and no memory taken.

use crate::fixture;
use crate::made::{noisy, png_header, png_of};
use image::DynamicImage;
use palitra_media::decode::{Error, decode, header};
use palitra_media::{encode, probe};

#[test]
fn bombs_and_lies_are_refused_on_their_header() {
    let too_many = |error: &Error| matches!(error, Error::TooManyPixels { .. });
    let too_much = |error: &Error| matches!(error, Error::TooMuchMemory { .. });
    let damaged = |error: &Error| matches!(error, Error::Damaged(_));
    let mut lying_jpeg = encode::jpeg(&noisy(64, 64, 9, 1), 80).unwrap();
    let frame = lying_jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    lying_jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xf0, 0xff, 0xf0]);
    let mut lying_bmp = fixture("picture.bmp");
    lying_bmp[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
    let mut lying_gif = fixture("animated.gif");
    lying_gif[6..10].copy_from_slice(&[0xff; 4]);
    type Expected<'a> = &'a dyn Fn(&Error) -> bool;
    let cases: [(&str, Vec<u8>, Expected<'_>); 10] = [
        ("40000×40000, one bit a pixel", png_header(40_000, 40_000, 1, 0, &[0; 100]), &too_many),
        ("60000×60000 and no data", png_header(60_000, 60_000, 8, 2, &[]), &too_many),
        ("20000×20", png_header(20_000, 20, 8, 2, &[]), &too_many),
        ("more pixels than fit", png_header(8_001, 8_000, 8, 0, &[0; 100_000]), &too_many),
        ("16 bits, four channels", png_header(8_000, 7_900, 16, 6, &[0; 100_000]), &too_much),
        ("allowed size, too little data", png_header(8_000, 7_000, 8, 6, &[0; 100]), &damaged),
        ("a side of zero", png_header(0, 10, 8, 2, &[0; 9]), &damaged),
        ("a JPEG that says 65520²", lying_jpeg, &too_many),
        ("a BMP that says 60000", lying_bmp, &too_many),
        ("a GIF that says 65535²", lying_gif, &too_many),
    ];
    for (name, file, expected) in cases {
        for error in [header(&file).map(drop).unwrap_err(), decode(&file).map(drop).unwrap_err()] {
            assert!(expected(&error), "{name}: {error:?}");
        }
    }
}

#[test]
fn scans_are_bounded() {
    let file = fixture("progressive.jpg");
    let scan = file.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap();
    let end = file.len() - 2;
    let many = [&file[..end], &file[scan..end].repeat(100), &file[end..]].concat();
    assert!(matches!(decode(&many), Err(Error::TooManyScans { scans }) if scans > 100));
}

#[test]
fn cut_off_files_are_errors() {
    for name in [
        "cmyk.jpg",
        "progressive.jpg",
        "place.jpg",
        "rgb.png",
        "palette.png",
        "place.webp",
        "turned.webp",
        "picture.bmp",
    ] {
        let file = fixture(name);
        for length in [9, file.len() / 3, file.len() / 2, file.len() * 9 / 10, file.len() - 3] {
            assert!(decode(&file[..length]).is_err(), "{name} of {length} bytes");
        }
    }
    let gif = fixture("animated.gif");
    assert!(decode(&gif[..900]).is_err());
}

#[test]
fn s2_051_formats_that_are_not_read_are_named() {
    for name in ["photo.heic", "photo.avif", "picture.tif"] {
        assert!(matches!(decode(&fixture(name)), Err(Error::Unsupported { .. })), "{name}");
    }
    for file in [fixture("tone.mp3"), fixture("film.mp4"), b"<svg/>".to_vec(), Vec::new()] {
        assert!(matches!(decode(&file), Err(Error::NotAPicture)));
    }
    assert!(matches!(probe::probe(b"hello"), Err(probe::Error::UnknownFormat)));
}

#[test]
fn the_smallest_and_the_narrowest_are_read() {
    for (width, height) in [(1, 1), (16_000, 20), (1, 16_384)] {
        let picture: DynamicImage = noisy(width, height, 9, 1).into();
        let decoded = decode(&png_of(picture.clone())).unwrap();
        assert_eq!(decoded.pixels, picture, "{width}×{height}");
    }
}
