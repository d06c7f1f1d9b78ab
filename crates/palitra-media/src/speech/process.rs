//! A program as a filter: bytes in, bytes out, within a time and a size. It ends with the call, whatever happens.

use super::Error;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// What one run of a program may take.
pub struct Program<'a> {
    pub path: &'a Path,
    pub arguments: &'a [&'a str],
    pub limit: Duration,
    /// Bytes of its output at most.
    pub bytes_max: u64,
}

impl Program<'_> {
    /// Feeds `input` and returns the whole output of a run that succeeded.
    pub fn filter(&self, input: Vec<u8>) -> Result<Vec<u8>, Error> {
        let mut child = self.start()?;
        let pid = Pid::from_child(&child);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // Threads, because a program may write before it has read all. A program that ends early breaks the pipe:
        // its exit status then says what is wrong, so the failed write is not looked at.
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let told = std::thread::spawn(move || read_some(stderr, 4_096).unwrap_or_default());
        let (sender, receiver) = mpsc::channel();
        let bytes_max = self.bytes_max;
        // One that closes its output and goes on is waited for within the limit, too.
        std::thread::spawn(move || {
            let output = read_some(stdout, bytes_max + 1);
            sender.send((output, child.wait()))
        });
        let Ok((output, status)) = receiver.recv_timeout(self.limit) else {
            // It fails only where it has ended at this moment; the thread takes its exit status.
            kill_process(pid, Signal::KILL).ok();
            return Err(Error::TimedOut { program: self.name(), seconds: self.limit.as_secs() });
        };
        let (output, status) = (self.done(output)?, self.done(status)?);
        if output.len() as u64 > bytes_max {
            return Err(Error::TooMuchSound);
        }
        if !status.success() {
            let why = String::from_utf8_lossy(&told.join().unwrap_or_default()).trim().to_owned();
            return Err(self.failed(if why.is_empty() { status.to_string() } else { why }));
        }
        Ok(output)
    }

    fn done<T>(&self, result: std::io::Result<T>) -> Result<T, Error> {
        result.map_err(|error| self.failed(error.to_string()))
    }

    fn start(&self) -> Result<Child, Error> {
        let mut command = Command::new(self.path);
        command.args(self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| match error.kind() {
            // Debian names the packages of both programs after them.
            std::io::ErrorKind::NotFound => Error::Missing { what: self.name(), package: self.name() },
            _ => self.failed(error.to_string()),
        })
    }

    fn failed(&self, why: String) -> Error {
        Error::Failed { program: self.name(), why }
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

fn read_some(from: Option<impl Read>, bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(from) = from {
        from.take(bytes).read_to_end(&mut read)?;
    }
    Ok(read)
}
