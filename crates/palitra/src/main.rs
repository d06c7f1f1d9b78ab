//! The binary: arguments in, exit code out. Everything else is in the library beside it.

use palitra::{args, commands, config::environment};
use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = environment::process();
    commands::main(args::parse(std::env::args_os()), environment)
}
