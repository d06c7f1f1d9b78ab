//! The packages for Node that tests ask, in a folder of their own below the target folder: one row per package.

use crate::{
    Stop, say,
    steps::{step, target},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the tests look for the folder that has them all in its `node_modules`.
const VARIABLE: &str = "PALITRA_TEST_NODE";

struct Package {
    /// As `npm` takes it: with its version, so that a test that passed passes tomorrow.
    requirement: &'static str,
    why: &'static str,
}

const PACKAGES: &[Package] = &[
    Package {
        requirement: "@fal-ai/client@1.10.1",
        why: "the tests of the fal-compatible door let it make every call",
    },
    Package {
        requirement: "openai@7.55.0",
        why: "the tests of the OpenAI-compatible door let it make every call",
    },
];

/// Every package is there, or was installed; otherwise names what is missing. One's own folder is taken at its word.
pub(crate) fn ready(install: bool) -> Result<(), Stop> {
    if std::env::var_os(VARIABLE).is_some() {
        say(&format!("== node: the packages that {VARIABLE} names"));
        return Ok(());
    }
    let requirements: Vec<&str> = PACKAGES.iter().map(|package| package.requirement).collect();
    let wanted = requirements.join(" ");
    if fs::read_to_string(marker(&home())).ok().as_ref() == Some(&wanted) {
        return Ok(());
    }
    let names: Vec<String> =
        PACKAGES.iter().map(|package| format!("{} ({})", package.requirement, package.why)).collect();
    if !install {
        return Err(Stop::new(format!("missing for Node: {}", names.join("; "))).hint(format!(
            "`cargo xtask test --install` installs it below the target folder, or: export {VARIABLE}=FOLDER whose `node_modules` has it"
        )));
    }
    fs::create_dir_all(home()).map_err(|error| Stop::new(format!("cannot write: {error}")))?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    step("node", npm.arg(home()).args(requirements))?;
    fs::write(marker(&home()), wanted).map_err(|error| Stop::new(format!("cannot write: {error}")))
}

/// Says what is installed; written last.
fn marker(home: &Path) -> PathBuf {
    home.join("installed")
}

/// Tells the tests where the packages are.
pub(crate) fn tell(tests: &mut Command) {
    if std::env::var_os(VARIABLE).is_none() {
        tests.env(VARIABLE, home());
    }
}

fn home() -> PathBuf {
    target().join("node")
}
