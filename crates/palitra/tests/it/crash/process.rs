//! A run of the program that may be killed: started, watched line by line, signalled, waited for.

use crate::harness::{Desk, Run};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// A program that does not end within this time hangs. No run of these tests takes a tenth of it.
pub(crate) const HANGS_AFTER: Duration = Duration::from_secs(180);

/// A program at work.
pub(crate) struct Process {
    pid: Pid,
    /// Lines for people, as they come.
    lines: Receiver<String>,
    ended: Receiver<(ExitStatus, Run)>,
}

/// How a run ended.
pub(crate) struct End {
    pub(crate) run: Run,
    pub(crate) signal: Option<i32>,
}

impl End {
    pub(crate) fn was_killed(&self) -> bool {
        self.signal == Some(Signal::KILL.as_raw())
    }
}

impl Process {
    /// `settings` are of this run only.
    pub(crate) fn start(desk: &Desk, words: &[&str], settings: &[(&str, &str)]) -> Process {
        let mut command = desk.command(words);
        command.envs(settings.iter().copied());
        Process::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Process {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let pid = Pid::from_child(&child);
        let (to_lines, lines) = channel();
        let (to_ended, ended) = channel();
        let error = BufReader::new(child.stderr.take().unwrap());
        let reader = thread::spawn(move || {
            let mut all = String::new();
            for line in error.lines().map_while(Result::ok) {
                all.push_str(&line);
                all.push('\n');
                to_lines.send(line).ok();
            }
            all
        });
        thread::spawn(move || to_ended.send(collect(child, reader)).ok());
        Process { pid, lines, ended }
    }

    /// Of the process.
    pub(crate) fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Waits for a line that contains this text. `false`: it ended without one.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.line(text).is_some()
    }

    /// The same, for what else the line says.
    pub(crate) fn line(&self, text: &str) -> Option<String> {
        loop {
            match self.lines.recv_timeout(HANGS_AFTER) {
                Ok(line) if line.contains(text) => return Some(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("the program hangs and does not say `{text}`"),
            }
        }
    }

    /// One that has ended meanwhile is not there any more, and that is fine.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).ok();
    }

    /// Waits for its end, which comes by itself or by a signal sent before.
    pub(crate) fn end(self) -> End {
        self.end_within(HANGS_AFTER).unwrap_or_else(|process| {
            process.signal(Signal::KILL);
            let (_, run) = process.ended.recv().unwrap();
            panic!("the program hangs; it said\n{}", run.stderr);
        })
    }

    /// Itself, when it still runs then.
    pub(crate) fn end_within(self, time: Duration) -> Result<End, Process> {
        match self.ended.recv_timeout(time) {
            Ok((status, run)) => Ok(End { run, signal: status.signal() }),
            Err(RecvTimeoutError::Timeout) => Err(self),
            Err(RecvTimeoutError::Disconnected) => panic!("nobody waits for the program"),
        }
    }
}

fn collect(mut child: Child, stderr: thread::JoinHandle<String>) -> (ExitStatus, Run) {
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let status = child.wait().unwrap();
    (status, Run { code: status.code(), stdout, stderr: stderr.join().unwrap() })
}

/// Runs it to its end.
pub(crate) fn run(desk: &Desk, words: &[&str], settings: &[(&str, &str)]) -> End {
    Process::start(desk, words, settings).end()
}
