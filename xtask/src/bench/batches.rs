//! `cargo xtask bench batches`: a hundred words against the bound of their workers, ten thousand lines of JSON in and out, and the plan of what
//! is there already. The release program, a data directory for each run.

#![expect(clippy::float_arithmetic, reason = "factors for people")]
#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

use super::{
    line::Line,
    table::{self, number, push},
};
use crate::{
    Stop, say,
    steps::{cargo, root, step},
};
use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Instant,
};

const LINES: usize = 10_000;

pub(super) fn run() -> Result<(), Stop> {
    step("build", &mut cargo(&["build", "--release", "--package", "palitra", "--bin", "palitra"]))?;
    let folder = root().join("target/bench-batches");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).map_err(|error| Stop::new(format!("cannot make a folder: {error}")))?;
    let lines = [words(&folder)?, json_lines(&folder)?].concat();
    let tables = markdown(&lines);
    say(&tables);
    table::write("batches", &lines, &tables)
}

/// How one run went.
struct Ran {
    seconds: f64,
    peak_mb: f64,
    /// From the start of the process to the first count, which follows the commit that accepts the batch.
    accepted_ms: f64,
    stdout: String,
}

fn palitra(folder: &PathBuf, words: &[&str], environment: &[(&str, &str)]) -> Result<Ran, Stop> {
    let mut command = Command::new(root().join("target/release/palitra"));
    command.args(words).env_clear().envs(environment.iter().copied()).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = Instant::now();
    let failed = |error: std::io::Error| Stop::new(format!("cannot run palitra: {error}"));
    let mut child = command.spawn().map_err(failed)?;
    let counted = counted(&mut child, started);
    let watched = watched(child.id());
    let output = child.wait_with_output().map_err(failed)?;
    let seconds = started.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(Stop::new(format!("palitra {}: {}", words.join(" "), output.status)));
    }
    let peak_mb = watched.join().unwrap_or(0.);
    let accepted_ms = counted.join().unwrap_or(f64::NAN);
    Ok(Ran { seconds, peak_mb, accepted_ms, stdout: String::from_utf8_lossy(&output.stdout).into_owned() })
}

/// Reads what is said to the end; answers when the first count came.
fn counted(child: &mut Child, started: Instant) -> std::thread::JoinHandle<f64> {
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        use std::io::BufRead;
        let mut first = f64::NAN;
        for line in stderr
            .into_iter()
            .flat_map(|stderr| std::io::BufReader::new(stderr).lines())
            .map_while(Result::ok)
        {
            if first.is_nan() && line.contains(": 0/") {
                first = started.elapsed().as_secs_f64() * 1000.;
            }
        }
        first
    })
}

/// The most memory that the kernel has seen it have, in MB, looked at until it is gone.
fn watched(process: u32) -> std::thread::JoinHandle<f64> {
    std::thread::spawn(move || {
        let mut peak: f64 = 0.;
        while let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) {
            let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) else { break };
            let kib: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0.);
            peak = peak.max(kib / 1000.);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak
    })
}

/// A hundred words with a picture of 15 s and a sound of 2 s, by a clock that runs ten times as fast: ten and four workers against one of each.
fn words(folder: &PathBuf) -> Result<Vec<Line>, Stop> {
    fs::copy(root().join("examples/words-100.csv"), folder.join("words.csv"))
        .map_err(|error| Stop::new(format!("cannot copy the words: {error}")))?;
    let slow = |scale: &'static str| {
        [
            ("PALITRA_CLOCK_SCALE", scale),
            ("PALITRA_MARKETS__SANDBOX__SLOTS", "14"),
            ("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "15000"),
            ("PALITRA_MARKETS__SANDBOX__VOICE_MS", "2000"),
        ]
    };
    let run = |data: &str, pictures: &str, sounds: &str, environment: &[(&str, &str)]| {
        let words = [
            "--data",
            data,
            "words",
            "words.csv",
            "-o",
            data,
            "--json",
            "--model",
            "sandbox/artist",
            "--speech-model",
            "sandbox/voice",
            "--format",
            "64x64",
            "--image-workers",
            pictures,
            "--audio-workers",
            sounds,
        ];
        palitra(folder, &words, environment)
    };
    let many = run("many", "10", "4", &slow("10"))?;
    let one = run("one", "1", "1", &slow("50"))?;
    let quick = run("quick", "10", "4", &[])?;
    let makespan = |ran: &Ran| {
        let rest = ran.stdout.split("\"makespan_s\":").nth(1).unwrap_or_default();
        rest.split(['\n', ',', '}'])
            .next()
            .and_then(|number| number.trim().parse::<f64>().ok())
            .unwrap_or(f64::NAN)
    };
    let (many, one) = (makespan(&many), makespan(&one));
    Ok(vec![
        line("words", &[("seconds", many), ("bound_s", 150.), ("factor", many / 150.)]),
        line("words-one", &[("seconds", one), ("ratio", one / many)]),
        line("words-accepted", &[("ms", quick.accepted_ms)]),
    ])
}

/// Lines that differ, for a market that answers at once; then the same command again, and its plan.
fn json_lines(folder: &PathBuf) -> Result<Vec<Line>, Stop> {
    let mut text = String::new();
    for n in 0..LINES {
        let wish = format!("{{\"model\":\"sandbox/noop\",\"input\":{{\"prompt\":\"thing {n}\"}}}}");
        writeln!(text, "{wish}").map_err(|error| Stop::new(error.to_string()))?;
    }
    fs::write(folder.join("lines.jsonl"), text)
        .map_err(|error| Stop::new(format!("cannot write lines: {error}")))?;
    let words = ["--data", "lines", "run", "lines.jsonl", "-o", "lines-out"];
    let environment = [("PALITRA_MARKETS__SANDBOX__SLOTS", "64")];
    let first = palitra(folder, &words, &environment)?;
    let again = palitra(folder, &words, &environment)?;
    let plan = palitra(folder, &[&words[..], &["--plan"]].concat(), &environment)?;
    let of = |name: &str, ran: &Ran| {
        let per_second = f64::from(u32::try_from(LINES).unwrap_or(u32::MAX)) / ran.seconds;
        line(name, &[("seconds", ran.seconds), ("per_second", per_second), ("peak_mb", ran.peak_mb)])
    };
    Ok(vec![of("lines", &first), of("lines-again", &again), of("lines-plan", &plan)])
}

fn line(name: &str, fields: &[(&str, f64)]) -> Line {
    let empty = Line(format!("{{\"name\":\"{name}\"}}"));
    fields.iter().fold(empty, |line, (name, value)| line.with(name, &format!("{value:.3}")))
}

fn markdown(lines: &[Line]) -> String {
    let of = |name: &str, field: &str| {
        lines.iter().find(|line| line.text("name") == name).map_or(f64::NAN, |line| number(line, field))
    };
    let mut page = String::from("### Batches\n\n| what | figure | target |\n|---|---|---|\n");
    push(
        &mut page,
        format_args!(
            "| 100 words, a picture of 15 s and a sound of 2 s each, 10 and 4 workers | {:.1} s, {:.4} × the bound of 150 s | ≤ 1.03 × |\n\
             | the same with one worker of each | {:.0} s, {:.1} × as long | ≥ 8 × |\n\
             | from the start of the process until the batch of 100 words is accepted | {:.0} ms | ≤ 300 ms |\n\
             | 10,000 lines of JSON on `sandbox/noop` | {:.1} s, {:.0}/s, {:.0} MB resident at most | ≥ 1,000/s, ≤ 150 MB |\n\
             | the same again, nothing to make | {:.1} s, {:.0}/s, {:.0} MB | |\n\
             | the plan of it | {:.2} s | ≤ 1 s |\n",
            of("words", "seconds"),
            of("words", "factor"),
            of("words-one", "seconds"),
            of("words-one", "ratio"),
            of("words-accepted", "ms"),
            of("lines", "seconds"),
            of("lines", "per_second"),
            of("lines", "peak_mb"),
            of("lines-again", "seconds"),
            of("lines-again", "per_second"),
            of("lines-again", "peak_mb"),
            of("lines-plan", "seconds"),
        ),
    );
    page
}
