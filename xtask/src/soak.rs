//! `cargo xtask soak`: builds the program and the soak (`crates/palitra/examples/soak`), and runs it.

use crate::{
    Stop,
    steps::{cargo, step},
};

pub(crate) const HELP: &str = "\
Usage: cargo xtask soak [--minutes N] [--seed S] [--store sqlite|postgres|both] [--rate N] [--processes N] [--debug]

  --minutes    How long faults happen [default: 2]; the last checkpoint comes on top
  --seed       Repeats the faults of a run in their order; without it another one each time, which is printed
  --store      [default: sqlite] PostgreSQL is a throwaway server of its own
  --rate       Generations a second [default: 20]
  --processes  Services on PostgreSQL [default: 3]
  --debug      The build of the tests instead of the release build

Real services are killed with SIGKILL, at points of the transition table too, stopped for longer than their
lease, drained, and started again; the database is crashed, cut off or full; the market is away, hangs, is
locked, refuses, keeps answers and callbacks to itself, sends them twice, forged or late. Every 2.5 minutes
work pauses, and books, objects, what services had answered and the market's log are judged.

Exit code 1 when anything is wrong; then logs, database and market log stay in target/soak/STORE-SEED. Each
result is a JSON line in target/soak/soak.jsonl.";

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    let profile: &[&str] = if words.iter().any(|word| word == "--debug") { &[] } else { &["--release"] };
    let package = ["--package", "palitra"];
    step(
        "build",
        cargo(&["build"]).args(profile).args(package).args(["--bin", "palitra", "--example", "soak"]),
    )?;
    let mut soak = cargo(&["run", "--quiet"]);
    soak.args(profile).args(package).args(["--example", "soak", "--"]);
    step("soak", soak.args(words.iter().filter(|word| *word != "--debug"))).map(drop)
}
