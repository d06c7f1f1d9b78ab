//! What Anki works out for every note. The sums were made by its own library (`anki.utils.field_checksum`).

use crate::anki::{checksum, media_map, proto, zstd};
use proptest::prelude::*;
use std::io::Read;

#[test]
fn s1_33_sums_are_those_of_anki() {
    for (html, stripped, sum) in SUMS {
        assert_eq!(
            (checksum::stripped(html).as_str(), checksum::of_field(html)),
            (*stripped, *sum),
            "{html}"
        );
    }
}

const SUMS: &[(&str, &str, u32)] = &[
    ("cat", "cat", 2644024973),
    ("кошка", "кошка", 2626440866),
    ("a <b>b</b> c", "a b c", 1799304092),
    ("pear &amp; co", "pear & co", 1699963918),
    ("<img src=\"a.png\">x", " a.png x", 4010351237),
    ("x<img alt=1 src='b c.png' width=3>y", "x b c.png y", 2133953966),
    ("<IMG SRC=c.png>", " c.png ", 1443773589),
    ("a<br>b<div>c</div>", "abc", 2845392438),
    ("1 &lt; 2 &nbsp;&#39;&quot;", "1 < 2  '\"", 3284067899),
    ("[sound:a.mp3] word", "[sound:a.mp3] word", 2028051339),
    ("<!-- c -->d<style>e{}</style>f", "df", 1250598851),
    ("{{c1::dog::hint}}", "{{c1::dog::hint}}", 333673526),
    ("a < b", "a < b", 3350909118),
    ("", "", 3661210606),
];

#[test]
fn s1_33_guids_are_stable_and_of_all_their_parts() {
    let guid = checksum::guid(&["deck", "cat", "кошка"]);
    assert_eq!(guid, checksum::guid(&["deck", "cat", "кошка"]));
    for other in [["deck", "catк", "ошка"], ["deckc", "at", "кошка"], ["deck", "cat", ""]] {
        assert_ne!(guid, checksum::guid(&other));
    }
    assert!((8..=10).contains(&guid.len()) || guid.len() == 11, "{guid}");
}

proptest! {
    #[test]
    fn s1_33_maps_survive(names in prop::collection::vec("\\PC{1,20}", 0..20)) {
        let mut files: Vec<media_map::MediaFile> = names.iter().enumerate().map(|(at, name)| media_map::MediaFile {
            member: at.to_string(), name: name.clone(), entry: media_map::entry(name, 7 << at, &[7; 20]),
        }).collect();
        prop_assert_eq!(&media_map::read_proto(&media_map::write_proto(&files)), &Ok(files.clone()));
        for file in &mut files {
            file.entry.clear();
        }
        prop_assert_eq!(&media_map::read_json(&media_map::write_json(&files)), &Ok(files));
    }

    #[test]
    fn s1_33_any_message_is_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(proto::fields(&bytes).count() <= bytes.len());
        drop(media_map::read_proto(&bytes));
        drop(media_map::read_json(&bytes));
    }

    #[test]
    fn s1_33_frames_survive(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5)) {
        let mut frame = Vec::new();
        let mut wrapper = zstd::Wrapper::new(&mut frame).expect("a frame");
        for block in &blocks {
            wrapper.block(block).expect("a block");
        }
        wrapper.finish().expect("a frame");
        let mut bytes = Vec::new();
        zstd::reader(frame.as_slice()).expect("a frame").read_to_end(&mut bytes).expect("bytes");
        prop_assert_eq!(bytes, blocks.concat());
    }
}
