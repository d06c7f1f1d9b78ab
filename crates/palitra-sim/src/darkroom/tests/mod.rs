//! The darkroom's promises: sizes, bounds, the way up, alpha, and the same bytes for the same picture.

mod bounds;
pub(crate) use bounds::bomb;

use super::*;
use image::{DynamicImage, ImageFormat, RgbaImage};
use std::io::Cursor;

/// A picture with smooth parts, an edge and a fine texture.
pub(crate) fn photo(width: u32, height: u32) -> Photo {
    let mut rgba = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let shade = if x * 2 > width { 70 } else { 0 };
        let texture = (x * 7 + y * 13) % 9;
        let part = |at: u32, of: u32, by: u32| at * by / of.max(1);
        for value in [40 + part(x, width, 90) + shade, 60 + part(y, height, 110), 80 + shade] {
            rgba.push(u8::try_from(value + texture).unwrap());
        }
        rgba.push(255);
    }
    Photo { width, height, rgba }
}

pub(crate) fn encoded(photo: &Photo, format: ImageFormat) -> Vec<u8> {
    let image = RgbaImage::from_raw(photo.width, photo.height, photo.rgba.clone()).unwrap();
    let image = DynamicImage::from(image);
    let image = if format == ImageFormat::Jpeg { DynamicImage::from(image.to_rgb8()) } else { image };
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn off(one: &Photo, other: &Photo) -> u64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let sum: u64 = one.rgba.iter().zip(&other.rgba).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum * 100 / u64::try_from(one.rgba.len()).unwrap()
}

#[test]
fn s2_074_png_jpeg_and_webp_are_read() {
    let original = photo(97, 61);
    assert_eq!(open(&encoded(&original, ImageFormat::Png)).unwrap(), original);
    // Lossless: pixels equal.
    assert_eq!(open(&encoded(&original, ImageFormat::WebP)).unwrap(), original);
    let jpeg = open(&encoded(&original, ImageFormat::Jpeg)).unwrap();
    assert!(off(&jpeg, &original) < 600, "{}", off(&jpeg, &original));
}

#[test]
fn what_is_written_is_read_again() {
    let mut original = photo(33, 20);
    assert_eq!(open(&png(&original)).unwrap(), original);
    original.rgba[3] = 0;
    original.rgba[7] = 100;
    assert_eq!(open(&png(&original)).unwrap(), original);
}

#[test]
fn a_camera_says_which_way_is_up() {
    // EXIF of one entry, orientation 6: a quarter turn clockwise.
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let jpeg = encoded(&photo(60, 40), ImageFormat::Jpeg);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let turned = [&jpeg[..2], b"\xff\xe1", &length, exif, &jpeg[2..]].concat();
    let (plain, turned) = (open(&jpeg).unwrap(), open(&turned).unwrap());
    assert_eq!((turned.width, turned.height), (40, 60));
    // The lower left corner has become the upper left.
    assert_eq!(turned.row(0)[..4], plain.row(39)[..4]);
}

#[test]
fn s2_072_enlarged_is_exactly_so_many_times_as_large() {
    for (width, height, factor) in [(40, 30, 2), (33, 21, 4), (1, 1, 2), (300, 7, 2)] {
        let large = open(&enlarged(&photo(width, height), factor).unwrap()).unwrap();
        assert_eq!((large.width, large.height), (width * factor, height * factor));
    }
    // Made small again, it is what it was.
    let original = photo(64, 48);
    let large = open(&enlarged(&original, 2).unwrap()).unwrap();
    let again = resampled(&large, Crop::whole(&large), 64, 48);
    assert!(off(&again, &original) < 150, "{}", off(&again, &original));
}

#[test]
fn alpha_is_kept_and_nothing_bleeds_out_of_what_cannot_be_seen() {
    // Invisible red beside opaque blue.
    let rgba = [[255, 0, 0, 0], [255, 0, 0, 0], [0, 0, 255, 255], [0, 0, 255, 255]].concat();
    let original = Photo { width: 4, height: 1, rgba };
    let large = open(&enlarged(&original, 4).unwrap()).unwrap();
    assert!(!large.is_opaque());
    assert!(large.rgba.chunks_exact(4).all(|pixel| pixel[3] == 0 || pixel[0] == 0), "{:?}", large.rgba);
    assert_eq!((large.row(0)[3], large.row(3)[63]), (0, 255));
}

#[test]
fn a_flat_picture_stays_flat_at_any_size() {
    let flat = Photo { width: 50, height: 37, rgba: [[9, 120, 250, 255]; 50 * 37].concat() };
    for (width, height) in [(1, 1), (7, 200), (123, 45), (50, 37)] {
        let other = resampled(&flat, Crop::whole(&flat), width, height);
        assert!(other.rgba.chunks_exact(4).all(|pixel| pixel == [9, 120, 250, 255]), "{width}×{height}");
    }
    let same = photo(31, 17);
    assert_eq!(resampled(&same, Crop::whole(&same), 31, 17), same);
}

#[test]
fn a_cover_crop_is_in_the_middle() {
    let wide = photo(300, 100);
    assert_eq!(Crop::cover(&wide, 50, 50), Crop { x: 100, y: 0, width: 100, height: 100 });
    assert_eq!(Crop::cover(&wide, 600, 100), Crop { x: 0, y: 25, width: 300, height: 50 });
    assert_eq!(Crop::cover(&wide, 3, 1), Crop::whole(&wide));
    assert_eq!(Crop::cover(&photo(1, 1), 4096, 1), Crop { x: 0, y: 0, width: 1, height: 1 });
}

/// How much neighbours differ on average, in hundredths, left of the edge in the middle.
fn roughness(photo: &Photo) -> u64 {
    let half = index(photo.width / 2 - 8) * 4;
    let rows = (0..photo.height).map(|y| &photo.row(y)[..half]);
    let one = |row: &[u8]| -> u64 { row.iter().zip(&row[4..]).map(|(a, b)| u64::from(a.abs_diff(*b))).sum() };
    rows.map(one).sum::<u64>() * 100 / u64::from(photo.height) / u64::try_from(half).unwrap()
}

#[test]
fn s2_042_softening_evens_tones_and_keeps_edges() {
    let original = photo(120, 80);
    let soft = softened(&original);
    assert!(roughness(&soft) * 2 < roughness(&original), "{} of {}", roughness(&soft), roughness(&original));
    let edge = |photo: &Photo| i32::from(photo.row(40)[64 * 4]) - i32::from(photo.row(40)[56 * 4]);
    assert!(edge(&soft) > edge(&original) - 12, "{} of {}", edge(&soft), edge(&original));
    assert_eq!(softened(&original), soft);
}

#[test]
fn s2_044_enhancing_lifts_light_and_contrast_a_little() {
    let original = photo(120, 80);
    let enhanced = enhanced(&original);
    let light = |photo: &Photo| photo.rgba.chunks_exact(4).map(lightness).sum::<i32>() / 9600;
    assert!((1..20).contains(&(light(&enhanced) - light(&original))), "{}", light(&enhanced));
    let black = Photo { width: 2, height: 1, rgba: vec![0, 0, 0, 255, 255, 255, 255, 255] };
    assert_eq!(super::enhanced(&black), black);
}

#[test]
fn a_face_is_put_where_portraits_have_one() {
    let (target, portrait) =
        (photo(200, 240), Photo { rgba: [[230, 190, 160, 255]; 9000].concat(), width: 90, height: 100 });
    let swapped = with_face(target.clone(), &portrait);
    assert_eq!((swapped.width, swapped.height), (200, 240));
    let changed = |x: u32, y: u32| swapped.row(y)[index(x) * 4..][..4] != target.row(y)[index(x) * 4..][..4];
    assert!(changed(100, 80) && changed(85, 70));
    assert!(!changed(5, 5) && !changed(100, 200) && !changed(30, 80));
    assert_eq!(with_face(target.clone(), &portrait), swapped);
    // Its light is the target's.
    let light = lightness(&swapped.row(80)[400..404]);
    assert!(light < lightness(&[230, 190, 160]) - 15, "{light}");
}
