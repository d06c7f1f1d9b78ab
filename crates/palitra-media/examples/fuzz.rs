//! `fuzz SECONDS SEED [TARGET]`: spoils the corpus of `tests/fuzz` until the time is over, each target its share. What a target panics on, or
//! takes longer than five seconds for, is kept in the folder `target/fuzz` and ends the run. `cargo xtask fuzz` runs it.

#![expect(clippy::disallowed_methods, reason = "a program that runs for so many seconds")]

#[path = "../tests/fuzz/seeds.rs"]
mod seeds;
#[path = "../tests/fuzz/spoil.rs"]
mod spoil;
#[path = "../tests/fuzz/targets.rs"]
mod targets;

use std::{
    error::Error,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};
use targets::{TARGETS, Target};

const SLOW: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, only @ ..] = words.as_slice() else {
        return Err("fuzz SECONDS SEED [TARGET]".into());
    };
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|word| word == name)).collect();
    let share = Duration::from_secs(seconds.parse()?)
        .checked_div(u32::try_from(chosen.len())?)
        .ok_or("no such target: probe, clean, recipe, video, wish")?;
    for (name, target) in chosen {
        let (seeds, mut dice) = (seeds::seeds(name), spoil::Dice::new(seed.parse()?));
        let started = Instant::now();
        let mut count = 0_u64;
        while started.elapsed() < share {
            let file = spoil::spoilt(&seeds, &mut dice);
            let before = Instant::now();
            let answered = catch_unwind(AssertUnwindSafe(|| target(&file))).is_ok();
            if !answered || before.elapsed() > SLOW {
                let kept = Path::new("target/fuzz").join(format!("{name}-{seed}-{count}"));
                std::fs::create_dir_all("target/fuzz")?;
                std::fs::write(&kept, file)?;
                let what = if answered { "takes too long" } else { "panics" };
                return Err(format!("{name} {what} on {}", kept.display()).into());
            }
            count += 1;
        }
        writeln!(std::io::stdout(), "{name:<8} {count} inputs")?;
    }
    Ok(())
}
