//! Fuzzing for as long as one likes, whoever the targets are of.

use crate::spoil;
use std::{
    error::Error,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

const SLOW: Duration = Duration::from_secs(5);

/// A name, and what it does with any bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Does what `SECONDS SEED [TARGET]` on the command line say: spoils the seeds of each target until its share of the time is over. What a
/// target panics on, or takes longer than five seconds for, is kept in the folder `target/fuzz` and ends the run.
pub(crate) fn run(targets: &[Target], seeds: fn(&str) -> Vec<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, only @ ..] = words.as_slice() else {
        return Err("fuzz SECONDS SEED [TARGET]".into());
    };
    let chosen: Vec<&Target> =
        targets.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|word| word == name)).collect();
    let share =
        Duration::from_secs(seconds.parse()?).checked_div(u32::try_from(chosen.len())?).ok_or_else(|| {
            let names: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
            format!("no such target: {}", names.join(", "))
        })?;
    for (name, target) in chosen {
        let (seeds, mut dice) = (seeds(name), spoil::Dice::new(seed.parse()?));
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
        writeln!(std::io::stdout(), "{name:<10} {count} inputs")?;
    }
    Ok(())
}
