//! `cargo xtask bench media`: text on pictures and files in and out, beside Pillow and pilmoji. Ours and theirs take turns; a figure is the
//! median of CPU milliseconds, a factor the median of the pairs. What the peers do is said in `benches/peers`.

use super::{
    line::Line,
    share::Share,
    table::{self, number, push},
};
use crate::{
    Stop, python, say,
    steps::{cargo, root, step, target},
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const PYTHON: &[&str] = &["pillow==13.0.0", "pilmoji==2.0.5"];

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let quick = match words {
        [] => false,
        [word] if word == "--quick" => true,
        [word, ..] => return Err(super::unknown(word)),
    };
    let build =
        ["build", "--release", "--package", "palitra-media", "--example", "overlay", "--example", "files"];
    step("build", &mut cargo(&build))?;
    python::environment(&home(), PYTHON)?;
    let rounds = if quick { "1" } else { "9" };
    let mut lines = Vec::new();
    let mut overlay = peer("overlay.py");
    overlay.arg("--font").arg(root().join("crates/palitra-fonts/assets/Inter_700Bold.ttf"));
    overlay.arg("--emoji").arg(emoji()?).arg("--ours").arg(example("overlay")).args(["--rounds", rounds]);
    measure(&mut overlay, &mut lines)?;
    let noisy = home().join("noisy.png");
    step("picture", Command::new(example("files")).arg("noisy").arg(&noisy))?;
    measure(peer("files.py").arg(example("files")).arg(&noisy).arg(rounds), &mut lines)?;
    let tables = markdown(&lines);
    say(&tables);
    if quick { Ok(()) } else { table::write("media", &lines, &tables) }
}

/// Where the peers are installed.
fn home() -> PathBuf {
    root().join("target/peers/media")
}

pub(super) fn example(name: &str) -> PathBuf {
    target().join("release/examples").join(name)
}

fn peer(script: &str) -> Command {
    let mut command = Command::new(home().join("bin/python"));
    command.arg(root().join("benches/peers/media").join(script));
    command
}

/// The pictures that ours and theirs both draw: those of the crate `twemoji-assets`.
fn emoji() -> Result<PathBuf, Stop> {
    let failed = || Stop::new("the crate `twemoji-assets` is not found").hint("`cargo fetch` brings it here");
    let output = cargo(&["metadata", "--format-version", "1"]).output().map_err(|_| failed())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let manifests = text.split("\"manifest_path\":\"").filter_map(|rest| rest.split('"').next());
    let manifest = manifests.map(Path::new).find(|path| {
        path.parent()
            .and_then(Path::file_name)
            .is_some_and(|name| name.to_string_lossy().starts_with("twemoji-assets-"))
    });
    manifest.and_then(Path::parent).map(|folder| folder.join("assets/72x72")).ok_or_else(failed)
}

/// Adds every line that a peer prints.
pub(super) fn measure(command: &mut Command, lines: &mut Vec<Line>) -> Result<(), Stop> {
    let share = Share::start(&[]);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Stop::new(format!("cannot start a peer: {error}")))?;
    if !output.status.success() {
        return Err(Stop::new(format!("a peer has failed: {command:?}")).hint("the output above says why"));
    }
    let others = share.others_percent().to_string();
    let text = String::from_utf8_lossy(&output.stdout);
    for line in text.lines().filter_map(Line::first) {
        let line = line.with("other_cpu_pct", &others);
        say(&line.0);
        lines.push(line);
    }
    Ok(())
}

fn markdown(lines: &[Line]) -> String {
    const OVERLAY: [(&str, &str, &str); 6] = [
        ("pillow, usual", "text on 2048², as the documentation of both leads to", ""),
        ("pillow, usual, blur 12", "the same with backdrop blur", ""),
        ("pillow, tuned", "text on 2048², only the plate touched", ""),
        ("pillow, tuned, blur 12", "the same with backdrop blur", ""),
        ("pillow, tuned, png to png, level 1", "a request, PNG to PNG, Pillow's fastest compression", ""),
        ("pillow, tuned, png to png, default level", "the same, Pillow's default compression", ""),
    ];
    let mut page = String::from("### Text on pictures beside Pillow and pilmoji\n\n");
    page.push_str("| what | ours | Pillow | factor | other programs | target |\n|---|---|---|---|---|---|\n");
    let mut row = |what: &str, line: &Line, (theirs, factor): (&str, &str), target: &str| {
        push(
            &mut page,
            format_args!(
                "| {what} | {:.1} ms | {:.1} ms | {:.1} × | {:.0} % | {target} |\n",
                number(line, "ours_ms"),
                number(line, theirs),
                number(line, factor),
                number(line, "other_cpu_pct"),
            ),
        );
    };
    for (name, what, target) in OVERLAY {
        if let Some(line) = lines.iter().find(|line| line.text("name") == name) {
            row(what, line, ("median_ms", "ratio"), target);
        }
    }
    for line in lines.iter().filter(|line| line.text("measurement") == "shrink") {
        let what = format!("a noisy PNG of 4096² to at most {} bytes", line.text("limit"));
        row(&what, line, ("pillow_ms", "factor"), "");
    }
    if let Some(line) = lines.iter().find(|line| line.text("measurement") == "thumbnail") {
        row("a thumbnail of 256 from 2048² pixels", line, ("pillow_ms", "factor"), "");
    }
    page
}
