//! The acceptance gate against a labelled set (D7): 300 good results and 300 bad ones made by code from stated seeds, and 50 photographs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a labelled set that cannot be made has failed; it prints its table"
)]

mod bad;
mod gated;
mod good;
mod made;
mod spoilt;

use bytes::Bytes;
use image::RgbImage;
use palitra_domain::acceptance::{Defect, Expected};
use palitra_domain::catalogue::Lane;
use palitra_media::acceptance::examine;
use std::collections::BTreeMap;

/// One labelled result.
struct Case {
    family: &'static str,
    expected: Expected,
    files: Vec<Bytes>,
    /// `None` for a good one.
    defect: Option<Defect>,
}

fn expected(lane: Lane) -> Expected {
    Expected { lane: Some(lane), defects: Defect::ALL.to_vec(), ..Expected::default() }
}

fn folder(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder("fixtures").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Whose copyright they are is said in `THIRD_PARTY.md`.
fn photographs() -> Vec<(String, Vec<u8>)> {
    let names = std::fs::read_dir(folder("photographs")).unwrap();
    let mut files: Vec<_> = names.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect()
}

fn pixels(file: &[u8]) -> RgbImage {
    palitra_media::decode::decode(file).unwrap().pixels.into_rgb8()
}

/// Cases, wrong answers and what they were, by family.
type Table = BTreeMap<&'static str, (usize, Vec<String>)>;

fn judge(cases: &[Case]) -> Table {
    let mut table = Table::new();
    for (n, case) in cases.iter().enumerate() {
        let found = examine(&case.expected, &case.files).findings;
        let is_right = match case.defect {
            None => found.is_empty(),
            Some(defect) => found.iter().any(|finding| finding.defect == defect),
        };
        let row = table.entry(case.family).or_default();
        row.0 += 1;
        if !is_right {
            row.1.push(format!("{n}: {found:?}"));
        }
    }
    table
}

/// Prints the table and returns how many there were and how many were judged wrongly.
fn print(title: &str, table: &Table) -> (usize, usize) {
    println!("{title}");
    for (family, (count, wrong)) in table {
        println!("  {family:<44} {count:>4} {:>4} wrong {}", wrong.len(), wrong.join(" "));
    }
    table.values().fold((0, 0), |sum, (count, wrong)| (sum.0 + count, sum.1 + wrong.len()))
}

#[test]
fn d7_false_refusals_are_at_most_one_in_a_hundred() {
    let (count, wrong) = print("good, made by code", &judge(&good::all()));
    assert_eq!(count, 300);
    let photographs: Vec<Case> = photographs()
        .into_iter()
        .map(|(_, file)| Case {
            family: "photographs",
            expected: expected(Lane::Image),
            files: vec![file.into()],
            defect: None,
        })
        .collect();
    let (of_photographs, wrong_photographs) = print("good, photographs", &judge(&photographs));
    assert_eq!(of_photographs, 50);
    assert!((wrong + wrong_photographs) * 100 <= count + of_photographs);
}

#[test]
fn d7_recall_is_at_least_95_in_a_hundred_on_families_not_tuned_on() {
    let tuned_on = bad::tuned_on();
    print("bad, of the families that were tuned on; not counted", &judge(&tuned_on));
    let measured = bad::measured();
    assert!(measured.iter().all(|case| tuned_on.iter().all(|tuned| tuned.family != case.family)));
    let (count, wrong) = print("bad, measured", &judge(&measured));
    assert_eq!(count, 300);
    assert!((count - wrong) * 100 >= count * 95, "{wrong} of {count} were taken");
}
