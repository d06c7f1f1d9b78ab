//! Files that are nearly right: the target of fuzzing on its corpus, and on a bounded number of spoilt files out of it.

use super::LIGHTHOUSE;
use super::target::fuzz_pptx;
use proptest::prelude::*;
use std::path::Path;

/// The example, and the corpus: XML of slides, and files that once went wrong.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/pptx");
    let entries = std::fs::read_dir(folder).expect("a corpus");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let files = paths.iter().map(|path| std::fs::read(path).expect("a file"));
    std::iter::once(LIGHTHOUSE.to_vec()).chain(files).collect()
}

#[test]
fn s0_40_every_file_of_the_corpus_is_answered() {
    let seeds = seeds();
    assert!(seeds.len() > 3, "there is a corpus");
    for seed in seeds {
        fuzz_pptx(&seed);
    }
}

/// What a spoiler does at a place: puts a byte there, cuts a part out, doubles it, or puts a value in at which readers break.
#[derive(Debug, Clone)]
enum Change {
    Byte(u8),
    Cut(usize),
    Double(usize),
    Put(&'static str),
}

const BREAKING: [&str; 14] = [
    "<",
    ">",
    "/>",
    "\"",
    "&#0;",
    "&lt;",
    "<!--",
    "<p:sp>",
    "</p:sp>",
    "=\"-9223372036854775808\"",
    "99999999999999999999",
    "<p:ph/>",
    " rot=\"2700001\"",
    "name=\"Palitra 1\"",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Byte),
        (1_usize..200).prop_map(Change::Cut),
        (1_usize..200).prop_map(Change::Double),
        prop::sample::select(BREAKING.to_vec()).prop_map(Change::Put),
    ]
}

fn spoil(file: &mut Vec<u8>, at: usize, change: &Change) {
    let at = at % file.len().max(1);
    let part = |length: usize| at..(at + length).min(file.len());
    match change {
        Change::Byte(byte) if at < file.len() => file[at] = *byte,
        Change::Byte(byte) => file.push(*byte),
        Change::Cut(length) => drop(file.drain(part(*length))),
        Change::Double(length) => {
            let copy = file[part(*length)].to_vec();
            file.splice(at..at, copy);
        }
        Change::Put(text) => drop(file.splice(at..at, text.bytes())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn s0_40_spoilt_presentations_are_answered(
        seed in any::<usize>(), changes in prop::collection::vec((any::<usize>(), change()), 1..6),
    ) {
        let seeds = seeds();
        let mut file = seeds[seed % seeds.len()].clone();
        for (at, change) in &changes {
            spoil(&mut file, *at, change);
        }
        fuzz_pptx(&file);
    }
}
