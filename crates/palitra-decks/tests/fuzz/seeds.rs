//! Where fuzzing begins: the corpus beside this file, which keeps every input that once went wrong, and the files in `examples/`.

use std::{
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

/// The endings of the examples that a target begins with besides its corpus.
const EXAMPLES: &[(&str, &str)] =
    &[("table", "csv"), ("list", "csv"), ("list", "json"), ("package", "apkg"), ("pptx", "pptx")];

/// The files of a target, in the order of their names.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    if target == "collection" {
        return [
            files("collection"),
            seeds("package").iter().filter_map(|package| collection(package)).collect(),
        ]
        .concat();
    }
    files(target)
}

fn files(target: &str) -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_folder = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).ok().into_iter().flatten();
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file())
    };
    let is_example = |path: &PathBuf| {
        EXAMPLES
            .iter()
            .any(|(name, ending)| *name == target && path.extension().is_some_and(|known| known == *ending))
    };
    let mut paths: Vec<PathBuf> = in_folder(here.join("tests/fuzz/corpus").join(target)).collect();
    paths.extend(in_folder(here.join("../../examples")).filter(is_example));
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// The database in a package: a spoilt package is told by its sums long before anybody looks into the database.
fn collection(package: &[u8]) -> Option<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(package)).ok()?;
    let mut bytes = Vec::new();
    if let Ok(member) = zip.by_name("collection.anki21b") {
        ruzstd::decoding::StreamingDecoder::new(member).ok()?.read_to_end(&mut bytes).ok()?;
        return Some(bytes);
    }
    zip.by_name("collection.anki21").ok()?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
