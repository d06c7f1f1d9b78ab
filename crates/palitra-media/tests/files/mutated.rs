//! Random bytes and spoilt files: every reader answers, none panics, none takes more memory than its bounds.

use crate::fixture;
use palitra_domain::media_type::FileFormat;
use palitra_media::shrink::{Limit, Route};
use palitra_media::{clean, decode, probe, recipe, shrink, video};
use proptest::prelude::*;

const CORPUS: [&str; 20] = [
    "cmyk.jpg",
    "grey.jpg",
    "progressive.jpg",
    "turned.jpg",
    "place.jpg",
    "rgb.png",
    "palette.png",
    "animated.png",
    "animated.gif",
    "animated.webp",
    "place.webp",
    "turned.webp",
    "picture.bmp",
    "photo.heic",
    "photo.avif",
    "film.mp4",
    "tone.mp3",
    "bare.mp3",
    "opus.ogg",
    "vorbis.ogg",
];

/// All readers; what they answer does not matter.
fn read(file: &[u8]) {
    let facts = probe::probe(file);
    let cleaned = clean::clean(file);
    let pixels = decode::decode(file);
    if let (Ok(facts), Ok(picture)) = (&facts, &pixels) {
        assert_eq!(facts.size, Some((picture.pixels.width(), picture.pixels.height())));
    }
    if let (Ok(cleaned), Ok(picture)) = (&cleaned, &pixels)
        && cleaned.format != FileFormat::Jpeg
    {
        assert_eq!(decode::decode(&cleaned.bytes).unwrap().pixels, picture.pixels);
    }
    if let Ok(written) = recipe::write(file, None) {
        let stripped = recipe::strip(&written).unwrap();
        assert_eq!(recipe::strip(&stripped).unwrap(), stripped);
        // A WebP's flags come out right even if they went in wrong.
        if FileFormat::of(file) != Some(FileFormat::WebP) {
            assert_eq!(stripped, recipe::strip(file).unwrap());
        }
    }
    if let Ok(started) = video::fast_start(file) {
        assert!(video::check(&started).is_ok());
    }
    drop(recipe::read(file));
    drop(shrink::shrink(file, Limit { route: Route::Base64, bytes_max: Some(700) }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn spoilt_files_never_panic(
        name in prop::sample::select(&CORPUS[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let mut file = fixture(name);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        read(&file);
    }

    #[test]
    fn spoilt_headers_never_panic(
        name in prop::sample::select(&CORPUS[..]),
        changes in prop::collection::vec((0_usize..200, prop::sample::select(vec![0_u8, 1, 0x7f, 0x80, 0xff])), 1..5),
    ) {
        let mut file = fixture(name);
        for (at, byte) in changes {
            let at = at.min(file.len() - 1);
            file[at] = byte;
        }
        read(&file);
    }

    #[test]
    fn random_bytes_never_panic(
        head in prop::sample::select(vec![&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBP", b"RIFF\0\0\0\0WAVE",
            b"GIF89a", b"BM\0\0\0\0\0\0\0\0", b"OggS", b"ID3", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", b"\xff\xfb\x90\0"]),
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        read(&[head, &body].concat());
    }
}
