//! `palitra --licenses`: the notices of everything in the binary that others have made, and the page of crates that is part of them.

use palitra_fonts::LICENCES;
use std::{collections::BTreeSet, fmt::Write};

/// What each is and where it comes from.
const NOTICES: &str = include_str!("../../../THIRD_PARTY.md");
/// Written by `cargo xtask docs`, out of [`crates_page`].
const CRATES: &str = include_str!("../../../docs/crates.md");

/// All of them, as one text.
pub fn all() -> String {
    let mut text = NOTICES.trim_end().to_owned();
    for licence in &LICENCES {
        push(
            &mut text,
            format_args!("\n\n## Licence of the font {}\n\n{}", licence.family, licence.text.trim_end()),
        );
    }
    push(&mut text, format_args!("\n\n{}", CRATES.trim_end()));
    text
}

/// The page of crates, from lines such as `serde v1.0.228|MIT OR Apache-2.0`: what `cargo tree --prefix none --format {p}|{l}` prints.
/// Our own, which lie in a folder, are left out.
pub fn crates_page(tree: &str) -> String {
    let mut page = String::from(
        "# Crates in the binary\n\nGenerated from `cargo tree`: what the program is built of on any system. `OR` and `/` leave a choice.\n\n\
         | crate | version | licence |\n|---|---|---|\n",
    );
    let rows: BTreeSet<_> = tree.lines().filter_map(row).collect();
    for (name, version, licence) in rows {
        push(&mut page, format_args!("| {name} | {version} | {licence} |\n"));
    }
    page
}

fn row(line: &str) -> Option<(&str, &str, &str)> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let is_ours = words.any(|word| word.contains('/') || word.contains('\\'));
    (!is_ours).then(|| (name, version, licence.trim_end_matches("(*)").trim()))
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).ok(); // a text takes everything
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_each_crate_once_and_none_of_ours() {
        let tree = "palitra v0.1.0 (/src/palitra)|MIT\nb v1.2.3|MIT OR Apache-2.0\na v2.0.0 (proc-macro)|MIT\nb v1.2.3|MIT OR Apache-2.0 (*)\n\n";
        let page = crates_page(tree);
        let rows: Vec<&str> = page.lines().skip_while(|line| !line.starts_with("|---")).skip(1).collect();
        assert_eq!(rows, ["| a | 2.0.0 | MIT |", "| b | 1.2.3 | MIT OR Apache-2.0 |"]);
    }

    #[test]
    fn s2_099_every_notice_that_a_licence_asks_for_is_printed() {
        let all = all();
        for notice in [
            "based in part on the work of the Independent JPEG Group",
            "CC-BY-4.0",
            "Copyright (c) 2010, Google Inc. All rights reserved.",
            "Copyright 2016 Eric Biggers",
            "| tokio |",
        ] {
            assert!(all.contains(notice), "{notice}");
        }
        assert_eq!(all.matches("SIL OPEN FONT LICENSE Version 1.1").count(), LICENCES.len());
    }
}
