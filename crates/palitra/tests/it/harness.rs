//! One harness for every door test: the real binary in a folder of its own with a clean environment, and a simulated market beside it.

use crate::crash::process::Process;
use palitra_sim::fal::{FalLog, FalScript, FalSim, Submission};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

/// A folder with a data directory in it. Nothing of the surrounding environment reaches the program.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// `None` when a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// A setting for every run at this desk, such as `PALITRA_MARKETS__FAL__KEY`.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Desk {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A desk whose fal market is the simulator.
    pub(crate) fn with_fal(url: &str) -> Desk {
        let mut desk = Desk::new().set("PALITRA_MARKETS__FAL__KEY", "key-1:secret");
        for name in ["QUEUE_URL", "RUN_URL", "REST_URL", "PLATFORM_URL"] {
            desk = desk.set(&format!("PALITRA_MARKETS__FAL__{name}"), url);
        }
        desk
    }

    /// A desk whose fal market is this one and whose clock runs 20 times as fast: the second between two prompts takes 50 ms.
    pub(crate) fn hurried(fal: &Fal) -> Desk {
        Desk::with_fal(&fal.url()).set("PALITRA_CLOCK_SCALE", "20")
    }

    /// Of the database, when it is not a file of this desk.
    pub(crate) fn database_url(&self) -> Option<&str> {
        let set = self.environment.iter().rev().find(|(name, _)| name == "PALITRA_DATABASE__URL");
        set.map(|(_, url)| url.as_str())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The program with these words, not started yet: for tests that kill it, feed it or look at it while it runs.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palitra"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        Process::of(self.command(words)).end().run
    }

    /// Runs it with a folder on a disk of its own of 1 MiB, then again after that disk has grown. Needs namespaces of users.
    pub(crate) fn on_a_small_disk(&self, folder: &str, words: &[&str]) -> [Run; 2] {
        std::fs::create_dir_all(self.path(folder)).unwrap();
        let script = r#"mount -t tmpfs -o size=1m small "$1" || exit 99
            disk=$1; shift
            "$@" >first.out 2>first.err; first=$?
            mount -o remount,size=256m "$disk" || exit 99
            "$@"; code=$?
            echo $first >first.code; exit $code"#;
        let program = self.command(words);
        let mut shell = Command::new("unshare");
        shell.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder]);
        shell.arg(program.get_program()).args(program.get_args()).current_dir(self.folder.path());
        shell.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").envs(self.environment.iter().cloned());
        let later = Run::of(shell.output().unwrap());
        assert_ne!(later.code, Some(99), "no small disk could be made: {}", later.stderr);
        let code = self.read("first.code").trim().parse().unwrap();
        [Run { code: Some(code), stdout: self.read("first.out"), stderr: self.read("first.err") }, later]
    }

    /// Runs it, wants success, and answers its document.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let run = self.run(&words);
        assert_eq!(run.code, Some(0), "{words:?}\n{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", run.stdout))
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What a failed run says last: one line `error: …`, one line `hint: …`, and no other line of that kind.
    pub(crate) fn complaint(&self) -> (&str, &str) {
        let count = |start: &str| self.stderr.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("error: "), count("hint: ")), (1, 1), "{}", self.stderr);
        let mut last = self.stderr.lines().rev();
        let hint = last.next().and_then(|line| line.strip_prefix("hint: "));
        let error = last.next().and_then(|line| line.strip_prefix("error: "));
        error.zip(hint).unwrap_or_else(|| panic!("the complaint does not come last:\n{}", self.stderr))
    }
}

/// A simulated market in this process, on a runtime of its own so that tests can stay plain functions.
pub(crate) struct Beside<Sim> {
    _runtime: tokio::runtime::Runtime,
    pub(crate) sim: Sim,
}

impl<Sim> Beside<Sim> {
    pub(crate) fn start<Starting: Future<Output = Sim>>(
        start: impl FnOnce(Arc<dyn palitra_domain::Clock>) -> Starting,
    ) -> Beside<Sim> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(palitra::clock::SystemClock::new(1));
        let sim = runtime.block_on(start(clock));
        Beside { _runtime: runtime, sim }
    }
}

/// A simulated fal in this process, on a runtime of its own so that tests can stay plain functions.
pub(crate) struct Fal {
    runtime: tokio::runtime::Runtime,
    sim: FalSim,
}

impl Fal {
    pub(crate) fn start(script: FalScript) -> Fal {
        Fal::start_at(script, "127.0.0.1:0")
    }

    pub(crate) fn start_at(script: FalScript, address: &str) -> Fal {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(palitra::clock::SystemClock::new(1));
        let sim = runtime.block_on(FalSim::start(script, address.parse().unwrap(), clock)).unwrap();
        Fal { runtime, sim }
    }

    pub(crate) fn url(&self) -> String {
        self.sim.url()
    }

    /// What was submitted, by whom, how often at once.
    pub(crate) fn log(&self) -> FalLog {
        self.sim.log()
    }

    /// What an endpoint took in, in order.
    pub(crate) fn accepted(&self, endpoint: &str) -> Vec<Submission> {
        self.log().accepted().filter(|submission| submission.endpoint == endpoint).cloned().collect()
    }

    /// Waits until so many webhooks were tried.
    pub(crate) fn delivered(&self, count: usize) -> FalLog {
        self.runtime.block_on(self.sim.delivered(count))
    }

    pub(crate) fn set_script(&self, script: FalScript) {
        let _guard = self.runtime.enter();
        self.sim.set_script(script).unwrap();
    }
}

/// A deck of `count` slides without prompts, each with words of its own.
pub(crate) fn deck(count: u32) -> String {
    let slides: Vec<String> = (1..=count)
        .map(|n| format!("# Slide topic {n}\n\n- first point of {n}\n- second point of {n}\n"))
        .collect();
    format!("---\nmarp: true\n---\n\n{}", slides.join("\n---\n\n"))
}

/// A JSON deck whose slides bring these prompts along, slide 1 first.
pub(crate) fn deck_with_prompts(prompts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let slide = |(n, prompt): (usize, &str)| serde_json::json!({ "title": format!("Slide {}", n + 1), "content": "words", "prompt": prompt });
    let prompts: Vec<_> = prompts.into_iter().collect();
    Value::from_iter(prompts.iter().map(AsRef::as_ref).enumerate().map(slide)).to_string()
}

/// The picture model of the simulated fal, and its text model.
pub(crate) const FLUX: &str = "fal-ai/flux/dev";
pub(crate) const ROUTER: &str = "openrouter/router";

/// `deck.json` with ready prompts, drawn small by fal, whatever fails.
pub(crate) const DRAWN_BY_FAL: &[&str] =
    &["slides", "deck.json", "-o", "out", "--model", FLUX, "--format", "64x64", "--gate", "0", "--yes"];

/// `slides DECK -o DIR` on fal, small and agreed to.
pub(crate) fn on_fal<'a>(deck: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words =
        ["slides", deck, "-o", out, "--model", FLUX, "--prompt-model", ROUTER, "--format", "64x64", "--yes"];
    words.into_iter().chain(more.iter().copied()).collect()
}

/// The repository's own example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}
