//! `cargo xtask fuzz`: spoilt inputs for whatever reads what others made, for as long as one likes.

use crate::{
    Stop,
    steps::{cargo, step},
};

pub(crate) const HELP: &str = "\
Usage: cargo xtask fuzz [TARGET] [--seconds N] [--seed N]

  TARGET       One of: probe, clean, recipe, video, wish; without it all of them, one after the other
  --seconds N  For how long, 60 unless said
  --seed N     Another seed makes other inputs, the same one the same: 1 unless said

An input that goes wrong is kept in target/fuzz and ends the run. Put it into crates/palitra-media/tests/fuzz/corpus/TARGET:
the suite replays that folder.";

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
    let mut fuzz =
        cargo(&["run", "--release", "--quiet", "--package", "palitra-media", "--example", "fuzz", "--"]);
    fuzz.args([seconds, seed]).args(target);
    // Overflow in release would wrap unseen.
    fuzz.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    step("fuzz", &mut fuzz).map(drop)
}

fn is_number(word: &str) -> bool {
    word.parse::<u64>().is_ok()
}
