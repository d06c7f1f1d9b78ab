//! `cargo xtask soak`: real services over a real database, killed, stopped and starved at random while work comes in, and judged from our
//! books and from the market's log.
//!
//! Everything random comes from one seed, which is printed; threads and processes still meet as they please, so a seed repeats the
//! faults and their order, not the run. What is kept after an offence is in the folder that the last line names.

#![expect(clippy::unwrap_used, reason = "a soak that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "it measures and waits in real time: it has no clock to be given"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod database;
mod dice;
mod faults;
mod forward;
mod judge;
mod load;
mod market;
mod options;
mod report;
mod run;
mod services;

use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match options::Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("error: {why}\nhint: see `cargo xtask soak --help`");
            return ExitCode::from(2);
        }
    };
    let mut clean = true;
    for store in options.stores() {
        clean &= run::run(&options, store);
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
