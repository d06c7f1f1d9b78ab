//! `cargo xtask`: automation of this repository, with nothing but the standard library.
//!
//! A command is one row of [`COMMANDS`] and one module; what it runs is printed before it runs.

mod bench;
mod docs;
mod fuzz;
mod node;
mod python;
mod soak;
mod steps;
mod test;
mod tools;

use std::{io::Write, process::ExitCode};

struct Command {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<(), Stop>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        about: "Check what the tests need, build them, run them all",
        help: test::HELP,
        run: test::run,
    },
    Command {
        name: "check",
        about: "Form, lints and tests: what a change has to pass",
        help: test::CHECK_HELP,
        run: test::check,
    },
    Command {
        name: "bench",
        about: "Measure the release build; figures go to the terminal",
        help: bench::HELP,
        run: bench::run,
    },
    Command {
        name: "postgres",
        about: "Start a throwaway PostgreSQL for tests by hand",
        help: test::POSTGRES_HELP,
        run: test::postgres,
    },
    Command {
        name: "soak",
        about: "Kill, stop and starve real services at random, and judge them",
        help: soak::HELP,
        run: soak::run,
    },
    Command {
        name: "fuzz",
        about: "Spoilt inputs for what reads files and wishes, for minutes",
        help: fuzz::HELP,
        run: fuzz::run,
    },
    Command { name: "docs", about: "Write the generated pages again", help: docs::HELP, run: docs::run },
];

/// Why a command ended early; printed as `error:` and `hint:`, exit 1.
#[derive(Debug)]
pub(crate) struct Stop {
    error: String,
    hint: Option<String>,
}

impl Stop {
    pub(crate) fn new(error: impl Into<String>) -> Stop {
        Stop { error: error.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Stop {
        Stop { hint: Some(hint.into()), ..self }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wants_help = words.iter().any(|word| matches!(word.as_str(), "--help" | "-h" | "help"));
    let command =
        words.first().and_then(|name| COMMANDS.iter().find(|command| command.name == name.as_str()));
    match (command, words.first()) {
        (Some(command), _) if wants_help => {
            say(&format!("{}\n\n{}", command.about, command.help));
            ExitCode::SUCCESS
        }
        (Some(command), _) => match (command.run)(&words[1..]) {
            Ok(()) => ExitCode::SUCCESS,
            Err(stop) => {
                complain(&stop);
                ExitCode::FAILURE
            }
        },
        (None, Some(name)) if !wants_help => {
            complain(
                &Stop::new(format!("there is no `cargo xtask {name}`")).hint("see `cargo xtask --help`"),
            );
            ExitCode::from(2)
        }
        (None, _) => {
            say(&overview());
            ExitCode::SUCCESS
        }
    }
}

fn overview() -> String {
    let rows: String =
        COMMANDS.iter().map(|command| format!("  {:8} {}\n", command.name, command.about)).collect();
    format!(
        "Automation of this repository.\n\nUsage: cargo xtask COMMAND [--help]\n\n{rows}\n\
         On a fresh machine: cargo xtask test --install\nBefore a commit:    cargo xtask check"
    )
}

/// A line for people.
pub(crate) fn say(line: &str) {
    // A closed pipe is the reader's choice, not a failure.
    drop(writeln!(std::io::stdout(), "{line}"));
}

fn complain(stop: &Stop) {
    let hint = stop.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    drop(writeln!(std::io::stderr(), "error: {}{hint}", stop.error));
}
