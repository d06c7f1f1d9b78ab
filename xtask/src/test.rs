//! `cargo xtask test`, `cargo xtask check` and `cargo xtask postgres`.

use crate::{
    Stop, node, python, say,
    steps::{self, cargo, step, time},
    tools,
};
use std::process::Command;
use xtask::postgres::Cluster;

/// Where the tests look for a PostgreSQL.
const SERVER: &str = "PALITRA_TEST_POSTGRES";

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [--install]

  --install  Install what is missing with apt-get (Debian, Ubuntu) and with pip and npm into folders of their own;
             without it what is missing is named

The tests need no network, no key and no service: a throwaway PostgreSQL is started for them and removed
after them, unless PALITRA_TEST_POSTGRES names one. One test alone:
  cargo test -p palitra --test it NAME
Those of the store need a server: see `cargo xtask postgres --help`. Those that ask Python packages need
PALITRA_TEST_PYTHON=target/python/bin/python, which `--install` makes (target: where cargo builds).";

pub(crate) const CHECK_HELP: &str = "\
Usage: cargo xtask check

Runs `cargo fmt --all --check`, `cargo clippy --workspace --all-targets -- -D warnings` and the tests.";

pub(crate) const POSTGRES_HELP: &str = "\
Usage: cargo xtask postgres

Starts a throwaway PostgreSQL and says its address, for tests by hand in another terminal:
  export PALITRA_TEST_POSTGRES=ADDRESS
  cargo test -p palitra-store NAME
Ctrl-C stops it and removes its files. Leave the databases of other programs out of it: tests clear what they use.";

pub(crate) fn run(words: &[String]) -> Result<(), Stop> {
    let install = match words {
        [] => false,
        [flag] if flag == "--install" => true,
        _ => return Err(Stop::new(format!("`{}` is not understood", words.join(" "))).hint(usage("test"))),
    };
    tools::ready(install)?;
    // Two steps, so that building and running are timed apart.
    let built = step("build", &mut cargo(&["test", "--workspace", "--no-run"]))?;
    let mut tests = cargo(&["test", "--workspace", "--no-fail-fast"]);
    python::tell(&mut tests);
    node::tell(&mut tests);
    let server = server_for(&mut tests)?;
    let ran = steps::tests("test", &mut tests);
    drop(server);
    let ran = ran?;
    say(&format!("all tests passed: {} to build, {} to run", time(built), time(ran)));
    Ok(())
}

/// The PostgreSQL that is named, else one of their own.
fn server_for(tests: &mut Command) -> Result<Option<Cluster>, Stop> {
    if std::env::var_os(SERVER).is_some() {
        say(&format!("== postgres: the one that {SERVER} names"));
        return Ok(None);
    }
    let cluster = start()?;
    tests.env(SERVER, cluster.url());
    Ok(Some(cluster))
}

fn start() -> Result<Cluster, Stop> {
    let cluster = Cluster::start().map_err(Stop::new)?;
    say(&format!("== postgres: started in {}", cluster.home().display()));
    Ok(cluster)
}

pub(crate) fn postgres(words: &[String]) -> Result<(), Stop> {
    if !words.is_empty() {
        return Err(Stop::new(format!("`{}` is not understood", words.join(" "))).hint(usage("postgres")));
    }
    let mut cluster = start()?;
    say(&format!("export {SERVER}={}", cluster.url()));
    cluster.wait();
    Err(Stop::new("PostgreSQL ended by itself"))
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
