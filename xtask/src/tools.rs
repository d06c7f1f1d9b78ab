//! What the tests need beside Rust: one row per tool, how to see that it is there, and the Debian packages that bring it.
//! What they need of Python is in `python`, of Node in `node`.

use crate::{Stop, node, python, say, steps};
use std::{
    io::Write,
    process::{Command, Stdio},
};
use xtask::postgres;

struct Tool {
    name: &'static str,
    why: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "a C compiler with its headers",
        why: "SQLite is built from its C source",
        packages: &["gcc", "libc6-dev"],
        is_there: compiles_c,
    },
    // Debian's package also makes and starts a cluster; nobody here uses or stops that one.
    Tool {
        name: "PostgreSQL 15 or newer",
        why: "the tests of the store start a throwaway one",
        packages: &["postgresql"],
        is_there: || postgres::programs().is_some(),
    },
    Tool {
        name: "espeak-ng",
        why: "the tests of speech let it speak",
        packages: &["espeak-ng"],
        is_there: || succeeds(Command::new("espeak-ng").arg("--version")),
    },
    Tool {
        name: "Python 3 with venv",
        why: "what tests ask of it is installed into an environment of its own",
        packages: &["python3", "python3-venv"],
        is_there: || succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])),
    },
    Tool {
        name: "Node with npm",
        why: "the clients that other services publish for it are installed into a folder of their own",
        packages: &["nodejs", "npm"],
        is_there: || {
            ["node", "npm"].into_iter().all(|program| succeeds(Command::new(program).arg("--version")))
        },
    },
    Tool {
        name: "curl",
        why: "the examples of the guide call it",
        packages: &["curl"],
        is_there: || succeeds(Command::new("curl").arg("--version")),
    },
    Tool {
        name: "lame",
        why: "the tests of speech write MP3",
        packages: &["lame"],
        is_there: || succeeds(Command::new("lame").arg("--version")),
    },
];

/// Everything is there, or was installed; otherwise names what is missing.
pub(crate) fn ready(install: bool) -> Result<(), Stop> {
    tools(install)?;
    python::ready(install)?;
    node::ready(install)
}

fn tools(install: bool) -> Result<(), Stop> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.is_there)()).collect();
    if missing.is_empty() {
        say(&format!("== tools: {} of {} there", TOOLS.len(), TOOLS.len()));
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(|tool| format!("{} ({})", tool.name, tool.why)).collect();
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    if !install {
        return Err(Stop::new(format!("missing: {}", names.join("; "))).hint(format!(
            "`cargo xtask test --install` installs it, or: apt-get install {}",
            packages.join(" ")
        )));
    }
    say(&format!("== tools: installing {}", names.join("; ")));
    apt(&["update"])?;
    apt(&[["install", "--yes", "--no-install-recommends"].as_slice(), &packages].concat())?;
    match missing.iter().find(|tool| !(tool.is_there)()) {
        Some(tool) => Err(Stop::new(format!("{} is still missing after the installation", tool.name))),
        None => Ok(()),
    }
}

/// Through `sudo` where we are not root and it asks no question.
fn apt(words: &[&str]) -> Result<(), Stop> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return Err(Stop::new("there is no `apt-get` here").hint(
            "install the tools above with the package manager of this system and run the tests again",
        ));
    }
    let root = succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]));
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.args(["--non-interactive", "apt-get"]);
    }
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    steps::step("install", &mut command).map(drop)
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Compiles one line that needs the headers.
fn compiles_c() -> bool {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let child = Command::new(compiler)
        .args(["-x", "c", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return false;
    };
    let written =
        child.stdin.take().is_some_and(|mut stdin| stdin.write_all(b"#include <stdio.h>\n").is_ok());
    child.wait().is_ok_and(|status| status.success() && written)
}
