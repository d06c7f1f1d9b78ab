//! One harness for every door test: the real binary in a folder of its own with a clean environment, and a simulated market beside it.

use palitra_sim::fal::{FalLog, FalScript, FalSim};
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
        command.args(words).current_dir(self.folder.path()).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        Run::of(self.command(words).output().unwrap())
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
}

/// A simulated fal in this process, on a runtime of its own so that tests can stay plain functions.
pub(crate) struct Fal {
    runtime: tokio::runtime::Runtime,
    sim: FalSim,
}

impl Fal {
    pub(crate) fn start(script: FalScript) -> Fal {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(palitra::clock::SystemClock::new(1));
        let sim = runtime.block_on(FalSim::start(script, "127.0.0.1:0".parse().unwrap(), clock)).unwrap();
        Fal { runtime, sim }
    }

    pub(crate) fn url(&self) -> String {
        self.sim.url()
    }

    /// What was submitted, by whom, how often at once.
    pub(crate) fn log(&self) -> FalLog {
        self.sim.log()
    }

    pub(crate) fn set_script(&self, script: FalScript) {
        let _guard = self.runtime.enter();
        self.sim.set_script(script).unwrap();
    }
}

/// A deck of `count` slides without prompts, each with words of its own.
pub(crate) fn deck(count: u32) -> String {
    let slides: Vec<String> = (1..=count).map(|n| format!("# Slide topic {n}\n\n- first point of {n}\n- second point of {n}\n")).collect();
    format!("---\nmarp: true\n---\n\n{}", slides.join("\n---\n\n"))
}

/// The repository's own example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}
