//! The Python packages that tests ask, in an environment of their own below the target folder: one row per package.

use crate::{
    Stop, say,
    steps::{step, target},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the tests look for a Python that has them all.
const VARIABLE: &str = "PALITRA_TEST_PYTHON";

struct Package {
    /// As `pip` takes it: with its version, so that a test that passed passes tomorrow.
    requirement: &'static str,
    why: &'static str,
}

const PACKAGES: &[Package] = &[
    Package { requirement: "anki==26.9.3", why: "the tests of decks let Anki itself import them" },
    Package {
        requirement: "fal-client==1.0.3",
        why: "the tests of the fal-compatible door let it make every call",
    },
    Package {
        requirement: "openai==3.57.0",
        why: "the tests of the OpenAI-compatible door let it make every call",
    },
    Package { requirement: "python-pptx==1.0.2", why: "the tests of decks let it open presentations" },
    Package {
        requirement: "schemathesis==4.32.5",
        why: "the tests of the API hold the service against its description",
    },
    Package { requirement: "standardwebhooks==1.1.0", why: "the tests of webhooks let it verify deliveries" },
];

/// Every package is there, or was installed; otherwise names what is missing. One's own Python is taken at its word.
pub(crate) fn ready(install: bool) -> Result<(), Stop> {
    if std::env::var_os(VARIABLE).is_some() {
        say(&format!("== python: the one that {VARIABLE} names"));
        return Ok(());
    }
    let requirements: Vec<&str> = PACKAGES.iter().map(|package| package.requirement).collect();
    if has(&home(), &requirements) {
        return Ok(());
    }
    let names: Vec<String> =
        PACKAGES.iter().map(|package| format!("{} ({})", package.requirement, package.why)).collect();
    if !install {
        return Err(Stop::new(format!("missing for Python: {}", names.join("; "))).hint(format!(
            "`cargo xtask test --install` installs it below the target folder, or: export {VARIABLE}=PYTHON that has it"
        )));
    }
    environment(&home(), &requirements)
}

/// An environment that has these packages, as `pip` takes them; installed when it has not.
pub(crate) fn environment(home: &Path, requirements: &[&str]) -> Result<(), Stop> {
    if has(home, requirements) {
        return Ok(());
    }
    step("python", Command::new("python3").args(["-m", "venv"]).arg(home))?;
    let mut pip = Command::new(home.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(requirements);
    step("python", &mut pip)?;
    fs::write(marker(home), requirements.join(" "))
        .map_err(|error| Stop::new(format!("cannot write: {error}")))
}

fn has(home: &Path, requirements: &[&str]) -> bool {
    fs::read_to_string(marker(home)).ok() == Some(requirements.join(" "))
}

/// Says what is installed; written last.
fn marker(home: &Path) -> PathBuf {
    home.join("installed")
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
