//! `cargo xtask docs`: writes the generated pages. What they say is `palitra::pages`; tests fail when a committed one is old.

use crate::{
    Stop,
    steps::{cargo, root, step},
};

pub(crate) const HELP: &str = "\
Usage: cargo xtask docs

Writes the pages that are made from code: states, error codes, command line, environment names.";

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    if !words.is_empty() {
        return Err(Stop::new(format!("`{}` is not understood", words.join(" ")))
            .hint("see `cargo xtask docs --help`"));
    }
    let mut command = cargo(&["run", "--quiet", "--package", "palitra", "--example", "docs", "--"]);
    step("docs", command.arg(root())).map(drop)
}
