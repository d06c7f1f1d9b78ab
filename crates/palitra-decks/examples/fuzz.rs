//! `fuzz SECONDS SEED [TARGET]`: spoils the corpus of `tests/fuzz` until the time is over. `cargo xtask fuzz` runs it.

#![expect(clippy::disallowed_methods, reason = "a program that runs for so many seconds")]

#[path = "../../palitra-media/tests/fuzz/endless.rs"]
mod endless;
#[path = "../tests/fuzz/pptx.rs"]
mod pptx;
#[path = "../tests/fuzz/seeds.rs"]
mod seeds;
#[path = "../../palitra-media/tests/fuzz/spoil.rs"]
mod spoil;
#[path = "../tests/fuzz/targets.rs"]
mod targets;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    endless::run(targets::TARGETS, seeds::seeds)
}
