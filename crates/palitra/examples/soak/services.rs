//! The services of a soak: started, watched, signalled, started again. Only processes of its own are ever signalled.

use crate::options::Backend;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longer than any start takes, adoption of everything included.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// No command takes longer, unless the service it talks to is stopped.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);

/// What every process of a run is started with.
pub(crate) struct Stage {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) store: Backend,
}

pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    child: Option<Child>,
    pub(crate) is_stopped: bool,
    starts: u32,
}

impl Stage {
    /// The program with these words, in the folder of the run and with nothing of the surrounding environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(&self.folder).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Runs it to its end; answers exit code and what it said on stderr. One that hangs, because the service beside it is stopped, is
    /// killed: no code.
    pub(crate) fn run(&self, words: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String) {
        let mut command = self.command(words);
        let mut child = command.envs(settings.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let since = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if since.elapsed() > ANSWERS_WITHIN {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.sock"))
    }
}

impl Service {
    /// Not started yet.
    pub(crate) fn new(name: String) -> Service {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Service { name, address, child: None, is_stopped: false, starts: 0 }
    }

    /// Starts it; its log goes on in one file.
    pub(crate) fn start(&mut self, stage: &Stage, settings: &[(&str, &str)]) {
        let log = File::options()
            .append(true)
            .create(true)
            .open(stage.folder.join(format!("{}.log", self.name)))
            .unwrap();
        let socket = stage.socket(&self.name);
        fs::remove_file(&socket).ok();
        let listen = self.address.to_string();
        let mut command = stage.command(&["serve", "--listen", &listen]);
        command.env("PALITRA_REHEARSAL_SOCKET", &socket).envs(settings.iter().copied()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.is_stopped = false;
        self.starts += 1;
    }

    /// Waits until it takes work. `false`: it ended, or did not come up in time.
    pub(crate) fn is_up(&mut self, stage: &Stage) -> bool {
        let since = Instant::now();
        while since.elapsed() < STARTS_WITHIN {
            if stage.socket(&self.name).exists() {
                return true;
            }
            if self.ended().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// How it ended, if it did: the signal, or minus its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let status = self.child.as_mut()?.try_wait().unwrap()?;
        self.child = None;
        Some(status.signal().unwrap_or_else(|| -status.code().unwrap_or(0)))
    }

    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    fn pid(&self) -> Option<Pid> {
        self.child.as_ref().map(Pid::from_child)
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        if let Some(pid) = self.pid() {
            kill_process(pid, signal).ok();
        }
        self.is_stopped = match signal {
            Signal::STOP => true,
            Signal::CONT => false,
            _ => self.is_stopped,
        };
    }

    /// `kill -9`, and its end.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mut child) = self.child.take() {
            child.wait().unwrap();
        }
        self.is_stopped = false;
    }

    /// As an operator stops it. Answers its exit code; `None` when it did not end in time and was killed.
    pub(crate) fn drain(&mut self, within: Duration) -> Option<i32> {
        self.signal(Signal::CONT);
        self.signal(Signal::TERM);
        let since = Instant::now();
        while since.elapsed() < within {
            if let Some(ended) = self.ended() {
                return Some(-ended);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
        None
    }

    /// Resident memory, in kilobytes.
    pub(crate) fn resident_kb(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?.as_raw_nonzero())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    pub(crate) fn starts(&self) -> u32 {
        self.starts
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program that was built beside this one.
pub(crate) fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(Path::parent).unwrap().join("palitra");
    assert!(program.is_file(), "{} is not built", program.display());
    program
}
