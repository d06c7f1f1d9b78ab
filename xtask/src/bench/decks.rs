//! `cargo xtask bench decks`: packages of Anki written and filled, beside genanki. Ours and theirs take turns, each a process of its own that
//! reads the same media from disk; a figure is the median of the rounds. What the peer does is said in `benches/peers`.

use super::{
    line::Line,
    media::{example, measure},
    table::{self, number, push},
};
use crate::{
    Stop, python, say,
    steps::{cargo, root, step},
};
use std::{path::PathBuf, process::Command};

const PYTHON: &[&str] = &["genanki==0.13.1"];

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let (quick, notes, rounds) = match words {
        [] => (false, "1000", "5"),
        [word] if word == "--quick" => (true, "100", "1"),
        [word, ..] => return Err(super::unknown(word)),
    };
    step("build", &mut cargo(&["build", "--release", "--package", "palitra-decks", "--example", "apkg"]))?;
    python::environment(&home(), PYTHON)?;
    let mut lines = Vec::new();
    let mut peer = Command::new(home().join("bin/python"));
    peer.arg(root().join("benches/peers/decks/packages.py"));
    measure(peer.arg(example("apkg")).arg(home().join("work")).args([notes, rounds]), &mut lines)?;
    let tables = markdown(&lines);
    say(&tables);
    if quick { Ok(()) } else { table::write("decks", &lines, &tables) }
}

fn home() -> PathBuf {
    root().join("target/peers/decks")
}

fn markdown(lines: &[Line]) -> String {
    let mut page = String::from("### Packages of Anki beside genanki\n\n");
    page.push_str(
        "| what | seconds | CPU | memory | size | other programs | target |\n|---|---|---|---|---|---|---|\n",
    );
    for line in lines {
        let target = if line.text("name") == "write" { "≤ 3 s" } else { "" };
        push(
            &mut page,
            format_args!(
                "| {} | {:.2} | {:.2} s | {:.0} MB | {:.1} MB | {:.0} % | {target} |\n",
                line.text("what"),
                number(line, "seconds"),
                number(line, "cpu_s"),
                number(line, "peak_mb"),
                number(line, "size_mb"),
                number(line, "other_cpu_pct"),
            ),
        );
    }
    page
}
