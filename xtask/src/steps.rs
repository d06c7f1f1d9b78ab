//! Runs programs from the root of the repository, one after the other, and says how long each took.

use crate::{Stop, say};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The cargo that runs us.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(words).current_dir(root());
    command
}

/// Runs one step with its output in view; fails when the program does.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<Duration, Stop> {
    say(&format!("== {name}: {}", line(command)));
    let started = now();
    let status = command.status().map_err(|error| Stop::new(format!("{name}: cannot start: {error}")))?;
    let took = now().duration_since(started);
    if !status.success() {
        return Err(failed(name, took, command));
    }
    say(&format!("== {name}: {}", time(took)));
    Ok(took)
}

/// [`step`] for tests: what failed is said once more at the end, where nobody has to look for it among thousands of lines.
pub(crate) fn tests(name: &str, command: &mut Command) -> Result<Duration, Stop> {
    let unstarted = |error| Stop::new(format!("{name}: cannot start: {error}"));
    say(&format!("== {name}: {}", line(command)));
    let started = now();
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(unstarted)?;
    let (mut failures, mut is_failure) = (Vec::new(), false);
    for line in
        child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines().map_while(Result::ok))
    {
        say(&line);
        is_failure = (is_failure || line == "failures:") && !line.starts_with("test result:");
        if is_failure && failures.len() < FAILURE_LINES_MAX {
            failures.push(line);
        }
    }
    let status = child.wait().map_err(unstarted)?;
    let took = now().duration_since(started);
    if !status.success() {
        if !failures.is_empty() {
            say(&format!("== once more, what failed:\n{}", failures.join("\n")));
        }
        return Err(failed(name, took, command));
    }
    say(&format!("== {name}: {}", time(took)));
    Ok(took)
}

/// Of what is said once more.
const FAILURE_LINES_MAX: usize = 300;

fn failed(name: &str, took: Duration, command: &Command) -> Stop {
    Stop::new(format!("{name} failed after {}", time(took)))
        .hint(format!("the output above says why; alone it is `{}`", line(command)))
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// `1 min 05 s`, `4.2 s`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{seconds}.{} s", duration.subsec_millis() / 100)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[expect(clippy::disallowed_methods, reason = "automation measures real time; there is no clock to be given")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_a_failed_step_says_how_to_repeat_it() {
        for (millis, text) in [(0, "0.0 s"), (4_260, "4.2 s"), (59_999, "59.9 s"), (65_000, "1 min 05 s")] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
        let stop = step("form", &mut cargo(&["no-such-command"])).unwrap_err();
        assert!(stop.error.starts_with("form failed after "), "{}", stop.error);
        assert!(stop.hint.is_some_and(|hint| hint.ends_with("`cargo no-such-command`")));
    }
}
