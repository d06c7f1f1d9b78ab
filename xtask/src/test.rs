//! `cargo xtask test` and `cargo xtask check`.

use crate::{
    Stop, say,
    steps::{cargo, step, time},
    tools,
};

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [--install]

  --install  Install what is missing with apt-get (Debian, Ubuntu); without it what is missing is named

The tests need no network, no key and no service. One test alone:
  cargo test -p palitra --test it NAME";

pub(crate) const CHECK_HELP: &str = "\
Usage: cargo xtask check

Runs `cargo fmt --all --check`, `cargo clippy --workspace --all-targets -- -D warnings` and the tests.";

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    let install = match words {
        [] => false,
        [flag] if flag == "--install" => true,
        _ => return Err(Stop::new(format!("`{}` is not understood", words.join(" "))).hint(usage("test"))),
    };
    tools::ready(install)?;
    // Two steps, so that building and running are timed apart.
    let built = step("build", &mut cargo(&["test", "--workspace", "--no-run"]))?;
    let ran = step("test", &mut cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    say(&format!("all tests passed: {} to build, {} to run", time(built), time(ran)));
    Ok(())
}

pub(crate) fn check(words: &[String]) -> Result<(), Stop> {
    if !words.is_empty() {
        return Err(Stop::new(format!("`{}` is not understood", words.join(" "))).hint(usage("check")));
    }
    step("form", &mut cargo(&["fmt", "--all", "--check"]))?;
    step("lints", &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(&[])
}

fn usage(command: &str) -> String {
    format!("see `cargo xtask {command} --help`")
}
