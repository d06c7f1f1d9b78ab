//! Random and spoilt files: the gate answers, never panics, and keeps one row of facts a file.

use crate::{expected, fixture};
use palitra_domain::acceptance::Expected;
use palitra_domain::catalogue::Lane;
use palitra_media::acceptance::examine;
use proptest::prelude::*;

const CORPUS: [&str; 14] = [
    "cmyk.jpg",
    "grey.jpg",
    "progressive.jpg",
    "turned.jpg",
    "rgb.png",
    "palette.png",
    "animated.gif",
    "animated.webp",
    "photo.avif",
    "film.mp4",
    "tone.mp3",
    "bare.mp3",
    "opus.ogg",
    "vorbis.ogg",
];

fn look(lane: Lane, file: Vec<u8>, given: Vec<u8>) {
    let expected = Expected {
        size: Some((64, 64)),
        seconds: Some(1),
        text: Some("слово".to_owned()),
        given: vec![given.into()],
        ..expected(lane)
    };
    let examination = examine(&expected, &[file.clone().into(), file.into()]);
    assert_eq!(examination.facts.len(), 2);
    assert!(examination.findings.iter().all(|finding| finding.n < 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn d7_spoilt_files_never_panic(
        name in prop::sample::select(&CORPUS[..]),
        lane in prop::sample::select(&[Lane::Image, Lane::Audio, Lane::Video][..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        header in prop::collection::vec((0_usize..120, any::<u8>()), 0..3),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let whole = fixture(name);
        let mut file = whole.clone();
        for (at, byte) in changes.into_iter().map(|(at, byte)| (at.index(whole.len()), byte)).chain(header) {
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        look(lane, file, whole);
    }

    #[test]
    fn d7_random_bytes_never_panic(
        head in prop::sample::select(vec![&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBP",
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data", b"OggS", b"ID3",
            b"\0\0\0\x18ftypisom\0\0\0\0isomiso2", b"\xff\xfb\x90\0"]),
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        look(Lane::Audio, [head, &body].concat(), body);
    }
}
