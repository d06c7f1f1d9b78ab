//! The Python packages that tests ask, in an environment of their own below the target folder: one row per package.

use crate::{
    Stop, say,
    steps::{step, target},
};
use std::{fs, path::PathBuf, process::Command};

/// Where the tests look for a Python that has them all.
const VARIABLE: &str = "PALITRA_TEST_PYTHON";

struct Package {
    /// As `pip` takes it: with its version, so that a test that passed passes tomorrow.
    requirement: &'static str,
    why: &'static str,
}

const PACKAGES: &[Package] =
    &[Package { requirement: "anki==26.9.3", why: "the tests of decks let Anki itself import them" }];

/// Every package is there, or was installed; otherwise names what is missing. One's own Python is taken at its word.
pub(crate) fn ready(install: bool) -> Result<(), Stop> {
    if std::env::var_os(VARIABLE).is_some() {
        say(&format!("== python: the one that {VARIABLE} names"));
        return Ok(());
    }
    if fs::read_to_string(marker()).ok() == Some(requirements()) {
        return Ok(());
    }
    let names: Vec<String> =
        PACKAGES.iter().map(|package| format!("{} ({})", package.requirement, package.why)).collect();
    if !install {
        return Err(Stop::new(format!("missing for Python: {}", names.join("; "))).hint(format!(
            "`cargo xtask test --install` installs it below the target folder, or: export {VARIABLE}=PYTHON that has it"
        )));
    }
    say(&format!("== python: installing {}", names.join("; ")));
    step("python", Command::new("python3").args(["-m", "venv"]).arg(home()))?;
    let mut pip = Command::new(home().join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    step("python", pip.args(PACKAGES.iter().map(|package| package.requirement)))?;
    fs::write(marker(), requirements()).map_err(|error| Stop::new(format!("cannot write: {error}")))
}

/// Tells the tests where the packages are.
pub(crate) fn tell(tests: &mut Command) {
    if std::env::var_os(VARIABLE).is_none() {
        tests.env(VARIABLE, home().join("bin/python"));
    }
}

fn home() -> PathBuf {
    target().join("python")
}

/// Says what is installed; written last.
fn marker() -> PathBuf {
    home().join("installed")
}

fn requirements() -> String {
    PACKAGES.iter().map(|package| package.requirement).collect::<Vec<_>>().join(" ")
}
