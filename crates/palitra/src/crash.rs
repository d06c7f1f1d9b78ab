//! For rehearsals only: dying at a named point, writing down which points were reached, and a faster clock.
//!
//! `PALITRA_CRASH_AT=submitting.accept.before:2` kills the process with SIGKILL the second time it gets there, with `:int` behind it
//! sends it SIGINT as Ctrl-C does;
//! `PALITRA_POINTS_FILE=FILE` appends each point that is reached; `PALITRA_CLOCK_SCALE=20` lets a minute pass in three seconds.
//! `PALITRA_REHEARSAL_SOCKET=FILE` opens the door of `rehearsal`. None of them is set in normal operation.

use palitra_engine::Points;
use rustix::process::Signal;
use std::{
    fs::File,
    io::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub(crate) fn clock_scale(environment: &[(String, String)]) -> u32 {
    value(environment, "PALITRA_CLOCK_SCALE").and_then(|scale| scale.parse().ok()).unwrap_or(1)
}

pub(crate) fn rehearsal_socket(environment: &[(String, String)]) -> Option<&std::path::Path> {
    value(environment, "PALITRA_REHEARSAL_SOCKET").map(std::path::Path::new)
}

/// Unarmed unless the environment says otherwise.
pub(crate) fn points(environment: &[(String, String)]) -> Points {
    let crash_at = value(environment, "PALITRA_CRASH_AT").and_then(CrashAt::parse);
    let file = value(environment, "PALITRA_POINTS_FILE")
        .and_then(|path| File::options().append(true).create(true).open(path).ok())
        .map(Mutex::new);
    if crash_at.is_none() && file.is_none() {
        return Points::default();
    }
    let reached = AtomicU32::new(0);
    Points::armed(move |point| {
        if let Some(file) = &file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            drop(writeln!(file, "{point}"));
        }
        if let Some(crash_at) = &crash_at
            && point.to_string() == crash_at.point
            && reached.fetch_add(1, Ordering::SeqCst) + 1 == crash_at.count
        {
            crash_at.strike();
        }
    })
}

struct CrashAt {
    point: String,
    count: u32,
    signal: Signal,
}

impl CrashAt {
    fn parse(text: &str) -> Option<CrashAt> {
        let mut parts = text.split(':');
        let (point, count) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let signal = if parts.next() == Some("int") { Signal::INT } else { Signal::KILL };
        Some(CrashAt { point, count, signal })
    }

    /// SIGKILL as `kill -9` does: no destructor, no flush, no farewell.
    fn strike(&self) {
        rustix::process::kill_process(rustix::process::getpid(), self.signal)
            .expect("a process may signal itself");
    }
}
