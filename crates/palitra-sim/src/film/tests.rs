//! A film as a player reads it: boxes, lengths, pictures, the stream's headers, and the motion that is written.

use super::*;
use crate::darkroom::tests::photo;

fn made(wish: &Wish, first: Option<&Photo>) -> Vec<u8> {
    film(wish, first).unwrap()
}

fn wish(width: u32, height: u32, seconds: u32) -> Wish<'static> {
    Wish { prompt: "Парусник в море", width, height, seconds, seed: 1 }
}

/// What is in the first box of a path.
fn inside<'a>(mut bytes: &'a [u8], path: &[&[u8; 4]]) -> &'a [u8] {
    for name in path {
        loop {
            let length = number(bytes, 0);
            if bytes[4..8] == name[..] {
                bytes = &bytes[8..length];
                break;
            }
            bytes = &bytes[length..];
        }
    }
    bytes
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
}

/// The samples, found by the index alone.
fn samples(film: &[u8]) -> Vec<&[u8]> {
    let table = inside(film, &[b"moov", b"trak", b"mdia", b"minf", b"stbl"]);
    let sizes = inside(table, &[b"stsz"]);
    let mut at = number(inside(table, &[b"stco"]), 8);
    (0..number(sizes, 8))
        .map(|sample| {
            let size = number(sizes, 12 + sample * 4);
            at += size;
            &film[at - size..at]
        })
        .collect()
}

#[test]
fn a_film_is_as_long_and_as_large_as_asked() {
    for (width, height, seconds) in [(640, 360, 4), (350, 630, 1), (64, 64, 10), (1280, 720, 10)] {
        let film = made(&wish(width, height, seconds), None);
        let media = palitra_domain::media_type::sniff(&film).unwrap();
        assert_eq!(media.mime, "video/mp4");
        assert!(film.len() < 20_000_000, "{} bytes", film.len());
        let track = inside(&film, &[b"moov", b"trak"]);
        let header = inside(track, &[b"tkhd"]);
        assert_eq!((number(header, 76) >> 16, number(header, 80) >> 16), (index(width), index(height)));
        assert_eq!(number(inside(&film, &[b"moov", b"mvhd"]), 16), index(seconds) * 1000);
        let media = inside(track, &[b"mdia", b"mdhd"]);
        assert_eq!(number(media, 16), index(seconds) * number(media, 12));
        let samples = samples(&film);
        assert_eq!(samples.len(), index(seconds * RATE));
        // They fill the data to its end, each with its length in front; the first alone stands alone.
        assert_eq!(samples.iter().map(|sample| sample.len()).sum::<usize>(), inside(&film, &[b"mdat"]).len());
        for (at, sample) in samples.iter().enumerate() {
            assert_eq!(number(sample, 0), sample.len() - 4);
            assert_eq!(sample[4], if at == 0 { 0x65 } else { 0x01 });
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

#[test]
fn nothing_in_a_unit_looks_like_a_start_code() {
    for sample in samples(&made(&wish(640, 360, 2), None)) {
        assert!(!sample[4..].windows(3).any(|three| matches!(three, [0, 0, 0..=2])));
    }
}

#[test]
fn the_first_picture_is_the_given_one() {
    let given = photo(96, 64);
    let film = made(&wish(96, 64, 1), Some(&given));
    let key = samples(&film)[0];
    // The header ends before byte 10; each macroblock is two bytes and 384 samples, blocks of light first.
    let stream = Stream::new(96, 64);
    let planes = yuv::planes(&given, stream.coded());
    let start = key.len() - 1 - 24 * 386;
    for block in [0_usize, 7, 23] {
        let at = start + block * 386 + 2;
        let (x, y) = (block % 6 * 16, block / 6 * 16);
        assert_eq!(key[at..at + 16], planes.light[y * 96 + x..][..16], "block {block}");
    }
}

#[test]
fn the_same_wish_is_the_same_film() {
    let film = |seed, prompt| made(&Wish { prompt, seed, ..wish(160, 90, 1) }, None);
    assert_eq!(film(1, "море"), film(1, "море"));
    assert_ne!(film(1, "море"), film(2, "море"));
    assert_ne!(film(1, "море"), film(1, "город"));
}

#[test]
fn the_camera_comes_nearer_and_never_looks_outside() {
    for seed in 0..20 {
        let wish = Wish { prompt: "x", width: 320, height: 180, seconds: 10, seed };
        let camera = camera::Camera::new([100, 0, 320, 180], 240, &wish, 4);
        let mut before = 0;
        for number in [1, 60, 120, 180, 239] {
            let (dx, dy) = camera.motion(number, (100, 0), (104, 4));
            assert!(dx >= before, "it never goes back");
            before = dx;
            assert!((0..=400).contains(&dx) && (0..=400).contains(&dy));
            let (dx, dy) = camera.motion(number, (316, 176), (320, 180));
            assert!(dx <= 0 && dy <= 0);
            // Beside the picture nothing moves.
            assert_eq!(camera.motion(number, (96, 40), (100, 44)), (0, 0));
            assert_eq!(camera.motion(number, (98, 40), (102, 44)), (0, 0));
        }
        assert!(before > 0);
    }
}

#[test]
fn numbers_are_written_as_the_standard_says() {
    let mut bits = bits::Bits::default();
    // 1, 010, 011, 00100, 010, 011, 00100: one to four bits of each kind.
    [0, 1, 2, 3].into_iter().for_each(|value| bits.unsigned(value));
    [1, -1, 2].into_iter().for_each(|value| bits.signed(value));
    assert_eq!(bits.into_nal(7), [7, 0b1010_0110, 0b0100_0100, 0b1100_1001]);
    let mut bits = bits::Bits::default();
    bits.bytes(&[0, 0, 1, 0, 0, 0, 0, 5]);
    assert_eq!(bits.into_nal(1), [1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 5, 0x80]);
}

#[test]
fn colours_are_those_of_video() {
    let flat =
        |rgb: [u8; 3]| Photo { width: 2, height: 2, rgba: [[rgb[0], rgb[1], rgb[2], 255]; 4].concat() };
    let of = |rgb| {
        let planes = yuv::planes(&flat(rgb), (2, 2));
        [planes.light[0], planes.blue[0], planes.red[0]]
    };
    assert_eq!(of([0, 0, 0]), [16, 128, 128]);
    assert_eq!(of([255, 255, 255]), [235, 128, 128]);
    assert_eq!(of([255, 0, 0]), [63, 102, 240]);
    assert_eq!(of([0, 0, 255]), [32, 240, 118]);
}
