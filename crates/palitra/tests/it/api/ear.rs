//! Whoever is told by webhooks: it says that it heard, and keeps what was said.

use crate::crash::process::HANGS_AFTER;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
};

pub(super) struct Ear {
    pub(super) url: String,
    heard: Receiver<Heard>,
}

/// One delivery.
#[derive(Debug)]
pub(super) struct Heard {
    head: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Ear {
    pub(super) fn open() -> Ear {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (to_heard, heard) = channel();
        std::thread::spawn(move || {
            let calls = listener.incoming().map_while(Result::ok).map_while(|stream| hear(&stream).ok());
            // Nobody listens any more: the test is over.
            calls.map_while(|heard| to_heard.send(heard).ok()).for_each(drop);
        });
        Ear { url, heard }
    }

    /// Waits for the next delivery.
    pub(super) fn next(&self) -> Heard {
        self.heard.recv_timeout(HANGS_AFTER).unwrap()
    }
}

fn hear(mut stream: &TcpStream) -> std::io::Result<Heard> {
    let mut reader = BufReader::new(stream);
    let mut heard = Heard { head: Vec::new(), body: Vec::new() };
    for line in reader.by_ref().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        heard.head.push(line);
    }
    let length = heard.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    heard.body.resize(length, 0);
    reader.read_exact(&mut heard.body)?;
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
    Ok(heard)
}

impl Heard {
    /// Names are in lower case, as our deliveries have them.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}
