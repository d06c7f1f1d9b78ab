//! `cargo xtask fuzz`: spoilt inputs for whatever reads what others made, for as long as one likes.

use crate::{
    Stop,
    steps::{cargo, step},
};

pub(crate) const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET] [--seconds N] [--seed N]

  TARGET       One of: probe, clean, recipe, video, wish (media), table, list, package, collection, pptx (decks);
               without it all of them, one after the other
  --seconds N  For how long, 60 unless said
  --seed N     Another seed makes other inputs, the same one the same: 1 unless said

An input that goes wrong is kept in target/fuzz and ends the run. Put it into tests/fuzz/corpus/TARGET of its crate:
the suite replays that folder.";

/// Packages with targets, and those that are theirs.
const PACKAGES: &[(&str, &[&str])] = &[
    ("palitra-media", &["probe", "clean", "recipe", "video", "wish"]),
    ("palitra-decks", &["table", "list", "package", "collection", "pptx"]),
];

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    let (mut target, mut seconds, mut seed) = (None, "60", "1");
    let mut words = words.iter().map(String::as_str);
    let unknown =
        |word: &str| Stop::new(format!("`{word}` is not understood")).hint("see `cargo xtask fuzz --help`");
    while let Some(word) = words.next() {
        match word {
            "--seconds" => {
                seconds = words.next().filter(|word| is_number(word)).ok_or_else(|| unknown(word))?
            }
            "--seed" => seed = words.next().filter(|word| is_number(word)).ok_or_else(|| unknown(word))?,
            name if target.is_none() && !name.starts_with('-') => target = Some(name),
            other => return Err(unknown(other)),
        }
    }
    let is_wanted = |targets: &[&str]| target.is_none_or(|name| targets.contains(&name));
    let packages: Vec<_> = PACKAGES.iter().filter(|(_, targets)| is_wanted(targets)).collect();
    if packages.is_empty() {
        return Err(unknown(target.unwrap_or_default()));
    }
    for (package, _) in &packages {
        let share = seconds.parse().unwrap_or(60_u64).div_ceil(packages.len() as u64).to_string();
        let mut fuzz =
            cargo(&["run", "--release", "--quiet", "--package", package, "--example", "fuzz", "--"]);
        fuzz.args([share.as_str(), seed]).args(target);
        // Overflow in release would wrap unseen.
        fuzz.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
            .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
        step("fuzz", &mut fuzz)?;
    }
    Ok(())
}

fn is_number(word: &str) -> bool {
    word.parse::<u64>().is_ok()
}
