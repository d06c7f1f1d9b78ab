//! Where fuzzing begins: the fixtures of the suite, and the corpus beside this file, which keeps every input that once went wrong.

use std::path::Path;

/// The files of a target, in the order of their names.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![tests.join("fuzz/corpus").join(target)];
    if target != "wish" {
        folders.push(tests.join("fixtures"));
    }
    let mut paths: Vec<_> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()))
        .filter(|path| path.extension().is_none_or(|extension| extension != "py"))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
