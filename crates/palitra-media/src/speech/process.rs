//! A program as a filter: bytes in, bytes out, within a time and a size. It ends with the call, whatever happens.

use super::Error;
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
        let mut child = Ended(self.start()?);
        let (stdin, stdout, stderr) = (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take());
        // Threads, because a program may write before it has read all. A program that ends early breaks the pipe:
        // its exit status then says what is wrong, so the failed write is not looked at.
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let told = std::thread::spawn(move || read_some(stderr, 4_096).unwrap_or_default());
        let (sender, receiver) = mpsc::channel();
        let bytes_max = self.bytes_max;
        std::thread::spawn(move || sender.send(read_some(stdout, bytes_max + 1)));
        let output = match receiver.recv_timeout(self.limit) {
            Ok(output) => output.map_err(|error| self.failed(error.to_string()))?,
            Err(_) => {
                let seconds = self.limit.as_secs();
                return Err(Error::TimedOut { program: self.name(), seconds });
            }
        };
        if output.len() as u64 > bytes_max {
            return Err(Error::TooMuchSound);
        }
        let status = child.0.wait().map_err(|error| self.failed(error.to_string()))?;
        if !status.success() {
            let why = String::from_utf8_lossy(&told.join().unwrap_or_default()).trim().to_owned();
            return Err(self.failed(if why.is_empty() { status.to_string() } else { why }));
        }
        Ok(output)
    }

    fn start(&self) -> Result<Child, Error> {
        let mut command = Command::new(self.path);
        command.args(self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::Missing { what: self.name() },
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

/// Kills the child, if it still runs, and takes its exit status, so that no process is left over.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn read_some(from: Option<impl Read>, bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(from) = from {
        from.take(bytes).read_to_end(&mut read)?;
    }
    Ok(read)
}
