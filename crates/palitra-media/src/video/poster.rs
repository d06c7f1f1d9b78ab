//! The first picture of a film, by `ffmpeg`, where it is installed.

use crate::decode::{Picture, decode};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The most bytes of the picture that are read: 4096² pixels hardly compressed.
const PICTURE_BYTES_MAX: u64 = 64 << 20;

/// The first picture of a film that has its index in front ([`fast_start`]). `None` when there is no such program, it fails, or takes
/// longer than `patience`; the child is gone in every case.
///
/// [`fast_start`]: super::fast_start
pub fn poster(film: &[u8], ffmpeg: &Path, patience: Duration) -> Option<Picture> {
    let mut child = Command::new(ffmpeg)
        .args(["-nostdin", "-loglevel", "quiet", "-threads", "1", "-protocol_whitelist", "pipe", "-f", "mov"])
        .args([
            "-i",
            "pipe:0",
            "-map",
            "0:v:0",
            "-frames:v",
            "1",
            "-c:v",
            "png",
            "-f",
            "image2pipe",
            "pipe:1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let file = std::thread::scope(|scope| {
        let (done, result) = mpsc::channel();
        // It stops reading when it has the picture: a broken pipe is no failure.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(film).is_ok()));
        scope.spawn(move || {
            let mut file = Vec::new();
            let read = stdout.map(|stdout| stdout.take(PICTURE_BYTES_MAX).read_to_end(&mut file));
            done.send(read.is_some_and(|read| read.is_ok()).then_some(file)).is_ok()
        });
        let file = result.recv_timeout(patience).ok().flatten();
        end(&mut child);
        file
    })?;
    decode(&file).ok()
}

/// Kills the child if it still runs, and waits for it, so that its pipes close and no dead process stays.
fn end(child: &mut Child) {
    // Both fail only for a child that is gone.
    drop(child.kill());
    drop(child.wait());
}
