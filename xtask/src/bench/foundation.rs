//! `cargo xtask bench foundation`: the pipeline of slides against its bound, the artist, start-up.

#![expect(clippy::float_arithmetic, reason = "seconds and factors for people")]

use crate::{
    Stop, say,
    steps::{cargo, root, step},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let real = words.iter().any(|word| word == "--real");
    if let Some(other) = words.iter().find(|word| !["foundation", "--real"].contains(&word.as_str())) {
        return Err(super::unknown(other));
    }
    step("build", &mut cargo(&["build", "--release", "--package", "palitra"]))?;
    let mut page = Page { lines: String::new() };
    let desk = Desk::new()?;
    pipeline(&mut page, &desk)?;
    if real {
        pipeline_for_real(&mut page, &desk)?;
    }
    deck_on_the_sandbox(&mut page, &desk)?;
    start_up(&mut page)?;
    step(
        "artist",
        &mut cargo(&[
            "run",
            "--release",
            "--quiet",
            "--package",
            "palitra-sim",
            "--example",
            "draw",
            "--",
            "target/bench-art",
            "--time",
        ]),
    )?;
    page.write()
}

/// The result: a line for people, a JSON line for machines.
struct Page {
    lines: String,
}

impl Page {
    fn add(&mut self, what: &str, figure: f64, unit: &str, against: &str) {
        say(&format!("{what:<52} {figure:>9.3} {unit:<3} {against}"));
        self.lines.push_str(&format!(
            "{{\"what\":\"{what}\",\"figure\":{figure:.4},\"unit\":\"{unit}\",\"against\":\"{against}\"}}\n"
        ));
    }

    fn write(&self) -> Result<(), Stop> {
        fs::write(root().join("target/bench.jsonl"), &self.lines)
            .map_err(|error| Stop::new(format!("cannot write: {error}")))
    }
}

/// A folder of its own for the runs, cleared at the start.
struct Desk {
    folder: PathBuf,
}

impl Desk {
    fn new() -> Result<Desk, Stop> {
        let folder = root().join("target/bench-desk");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|error| Stop::new(format!("cannot make a folder: {error}")))?;
        let slides: Vec<String> =
            (1..=12).map(|n| format!("# Topic {n}\n\n- point one of {n}\n- point two of {n}\n")).collect();
        let written = fs::write(folder.join("deck.md"), slides.join("\n---\n\n"));
        written.map_err(|error| Stop::new(format!("cannot write a deck: {error}")))?;
        Ok(Desk { folder })
    }

    /// One run of `palitra slides` with a data directory of its own; answers its makespan in seconds.
    fn slides(&self, name: &str, words: &[&str], environment: &[(&str, &str)]) -> Result<f64, Stop> {
        let mut command = Command::new(program());
        command
            .args(["--data", &format!("{name}-data"), "slides", "deck.md", "-o", name, "--json", "--yes"])
            .args(words);
        command.env_clear().envs(environment.iter().copied()).current_dir(&self.folder).stderr(Stdio::null());
        let output = command.output().map_err(|error| Stop::new(format!("cannot start palitra: {error}")))?;
        let report = String::from_utf8_lossy(&output.stdout);
        let number =
            report.split("\"makespan_s\":").nth(1).and_then(|rest| rest.split(['\n', ',', '}']).next());
        number
            .and_then(|number| number.trim().parse().ok())
            .ok_or_else(|| Stop::new(format!("{name}: no report: {report}")))
    }
}

fn program() -> PathBuf {
    root().join("target/release/palitra")
}

/// S0-27, S0-28: 12 prompts of 3 s and 12 pictures of 15 s, by a clock that runs five times as fast: the faster it runs, the more of our own milliseconds it counts.
fn pipeline(page: &mut Page, desk: &Desk) -> Result<(), Stop> {
    let environment = [
        ("PALITRA_CLOCK_SCALE", "5"),
        ("PALITRA_MARKETS__SANDBOX__SLOTS", "16"),
        ("PALITRA_MARKETS__SANDBOX__WRITER_MS", "3000"),
        ("PALITRA_MARKETS__SANDBOX__ARTIST_MS", "15000"),
    ];
    let runs: [(&str, &str, &[&str], f64, f64); 3] = [
        ("two", "12 slides, 2 workers (scaled clock)", &["--image-workers", "2"], 96.0, 1.02),
        ("all", "12 slides, as many workers (scaled clock)", &["--image-workers", "0"], 51.0, 1.02),
        ("one", "12 slides, sequential (scaled clock)", &["--sequential"], 216.0, 1.02),
    ];
    for (name, what, words, bound, factor) in runs {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "64x64"]).collect();
        let makespan = desk.slides(name, &words, &environment)?;
        page.add(
            what,
            makespan,
            "s",
            &format!("bound {bound} s, factor {:.4}, target <= {factor}", makespan / bound),
        );
    }
    Ok(())
}

/// The same with real waits, against a simulated market over HTTP that is polled.
fn pipeline_for_real(page: &mut Page, desk: &Desk) -> Result<(), Stop> {
    const SCRIPT: &str = "{\"latency_ms\":15000,\"concurrency\":16,\"endpoints\":{\"openrouter/router\":{\"latency_ms\":3000}}}";
    let sim = Simulator::start(desk, SCRIPT)?;
    let url = sim.url.as_str();
    let environment = [
        ("PALITRA_MARKETS__FAL__KEY", "bench:key"),
        ("PALITRA_MARKETS__FAL__SLOTS", "16"),
        ("PALITRA_MARKETS__FAL__QUEUE_URL", url),
        ("PALITRA_MARKETS__FAL__RUN_URL", url),
        ("PALITRA_MARKETS__FAL__REST_URL", url),
        ("PALITRA_MARKETS__FAL__PLATFORM_URL", url),
    ];
    let models =
        ["--model", "fal-ai/flux/dev", "--prompt-model", "openrouter/router", "--format", "1024x576"];
    for (name, workers, what, bound) in [
        ("real-two", "2", "12 slides, 2 workers (real, polled)", 96.0),
        ("real-all", "0", "12 slides, as many workers (real, polled)", 51.0),
    ] {
        let words: Vec<&str> = models.iter().copied().chain(["--image-workers", workers]).collect();
        let makespan = desk.slides(name, &words, &environment)?;
        page.add(
            what,
            makespan,
            "s",
            &format!("bound {bound} s, factor {:.4}, target <= 1.02", makespan / bound),
        );
    }
    Ok(())
}

/// `palitra sim` as a process; stopped when dropped.
struct Simulator {
    child: Child,
    url: String,
}

impl Simulator {
    fn start(desk: &Desk, script: &str) -> Result<Simulator, Stop> {
        let failed = |error: std::io::Error| Stop::new(format!("cannot start the simulator: {error}"));
        fs::write(desk.folder.join("sim.json"), script).map_err(failed)?;
        let mut command = Command::new(program());
        command
            .args(["sim", "--market", "fal", "--listen", "127.0.0.1:0", "--script", "sim.json", "--json"])
            .env_clear();
        command.current_dir(&desk.folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let url = child.stdout.take().and_then(first_url).unwrap_or_default();
        Ok(Simulator { child, url })
    }
}

/// The document names the address that was taken.
fn first_url(out: impl std::io::Read) -> Option<String> {
    use std::io::{BufRead, BufReader};
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    lines
        .take(10)
        .find_map(|line| line.split('"').find(|part| part.starts_with("http://")).map(str::to_owned))
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The README's first command, pictures of full size included.
fn deck_on_the_sandbox(page: &mut Page, desk: &Desk) -> Result<(), Stop> {
    let mut figures = Vec::new();
    for round in 0..5 {
        let name = format!("deck-{round}");
        figures.push(timed(|| desk.slides(&name, &[], &[]).map(drop))?.as_secs_f64());
    }
    page.add("12 slides on the sandbox, 1792x1008 (median of 5)", median(figures), "s", "target <= 3 s");
    let again = timed(|| desk.slides("deck-0", &[], &[]).map(drop))?;
    page.add("the same again, nothing to do", again.as_secs_f64(), "s", "");
    Ok(())
}

fn start_up(page: &mut Page) -> Result<(), Stop> {
    let version = || {
        let status = Command::new(program()).arg("--version").env_clear().stdout(Stdio::null()).status();
        status.map(drop).map_err(|error| Stop::new(format!("cannot start palitra: {error}")))
    };
    let mut figures = Vec::new();
    for _ in 0..50 {
        figures.push(timed(version)?.as_secs_f64() * 1e3);
    }
    page.add("palitra --version (median of 50)", median(figures), "ms", "target <= 20 ms");
    let size = fs::metadata(Path::new(&program())).map_or(0, |metadata| metadata.len());
    page.add("size of the binary", f64::from(u32::try_from(size / 1_000_000).unwrap_or(0)), "MB", "");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn timed(run: impl FnOnce() -> Result<(), Stop>) -> Result<Duration, Stop> {
    let started = Instant::now();
    run()?;
    Ok(started.elapsed())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
