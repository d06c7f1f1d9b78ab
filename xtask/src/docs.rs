//! `cargo xtask docs`: writes the generated pages. What they say is `palitra::pages`; tests fail when a committed one is old.

use crate::{
    Stop,
    steps::{cargo, root, step},
};
use std::{fs, process::Stdio};

pub(crate) const HELP: &str = "\
Usage: cargo xtask docs

Writes the pages that are made from code: states, error codes, command line, environment names; and the list of crates with
their licences.";

/// What the program is built of: names, versions, licences.
const TREE: &[&str] = &[
    "tree",
    "--package",
    "palitra",
    "--edges",
    "normal",
    "--target",
    "all",
    "--prefix",
    "none",
    "--no-dedupe",
    "--format",
    "{p}|{l}",
];

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    if !words.is_empty() {
        return Err(Stop::new(format!("`{}` is not understood", words.join(" ")))
            .hint("see `cargo xtask docs --help`"));
    }
    let failed = |error: std::io::Error| Stop::new(format!("the crates cannot be listed: {error}"));
    let list = root().join("target/crates.txt");
    fs::create_dir_all(root().join("target")).map_err(failed)?;
    step("crates", cargo(TREE).stdout(fs::File::create(&list).map_err(failed)?))?;
    let mut command = cargo(&["run", "--quiet", "--package", "palitra", "--example", "docs", "--"]);
    command.arg(root()).stdin(Stdio::from(fs::File::open(&list).map_err(failed)?));
    step("docs", &mut command).map(drop)
}
