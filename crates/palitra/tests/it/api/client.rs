//! A small blocking HTTP client: one connection for each request, and nothing done that was not asked for.

use crate::crash::process::HANGS_AFTER;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Whoever asks: an address, and the key that is sent along.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    /// What `Authorization` says; empty: it says nothing.
    pub(super) authorization: String,
}

impl Client {
    pub(super) fn new(address: SocketAddr, key: &str) -> Client {
        let authorization = if key.is_empty() { String::new() } else { format!("Bearer {key}") };
        Client { address, authorization }
    }

    /// A request that says nothing yet but who asks.
    pub(super) fn ask(&self, method: &str, path: &str) -> Request {
        let mut request = Request {
            address: self.address,
            method: method.to_owned(),
            // What is handed out is a whole address.
            path: path.strip_prefix(&format!("http://{}", self.address)).unwrap_or(path).to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        if !self.authorization.is_empty() {
            request = request.header("authorization", &self.authorization);
        }
        request
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send()
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).send()
    }

    /// What a GET that has to succeed shows.
    pub(super) fn look(&self, path: &str) -> Value {
        self.get(path).is(200).json()
    }
}

/// A request that is put together.
pub(super) struct Request {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(super) fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn bytes(mut self, kind: &str, bytes: impl Into<Vec<u8>>) -> Request {
        self.body = bytes.into();
        if kind.is_empty() { self } else { self.header("content-type", kind) }
    }

    pub(super) fn json(self, body: &Value) -> Request {
        self.bytes("application/json", body.to_string())
    }

    /// Sends it and waits for the whole answer.
    pub(super) fn send(self) -> Answer {
        Answer::heard(self.start())
    }

    /// Sends it and waits for the status alone: some answers have no end.
    pub(super) fn status(self) -> u16 {
        let (mut stream, asked) = self.start();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        head.split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("{asked}: {head}"))
    }

    /// Sends it and reads the answer event by event.
    pub(super) fn events(self) -> Events {
        let (stream, asked) = self.header("accept", "text/event-stream").start();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{asked}: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{asked}: {head}");
        Events { reader, text: String::new() }
    }

    /// Sends it. Whoever is refused early need not be read to the end.
    pub(super) fn start(self) -> (TcpStream, String) {
        let Request { address, method, path, headers, body } = self;
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HANGS_AFTER)).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        drop(stream.write_all(&body));
        (stream, format!("{method} {path}"))
    }
}

/// A stream of server-sent events that came in chunks.
pub(super) struct Events {
    reader: BufReader<TcpStream>,
    /// What was not told yet.
    text: String,
}

#[derive(Debug, PartialEq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) data: Value,
}

impl Iterator for Events {
    type Item = Event;

    /// The next one, past the lines that say nothing; `None` when the stream has ended.
    fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let event = field("data").map(|data| Event {
                    id: field("id").unwrap_or_default().to_owned(),
                    name: field("event").unwrap_or_default().to_owned(),
                    data: serde_json::from_str(data).unwrap(),
                });
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let mut length = String::new();
            self.reader.read_line(&mut length).unwrap();
            let length =
                usize::from_str_radix(length.trim_end(), 16).unwrap_or_else(|_| panic!("`{length}`"));
            let mut chunk = vec![0; length + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            if length == 0 {
                return None;
            }
            self.text.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The whole answer to a request that was started.
    pub(super) fn heard((mut stream, asked): (TcpStream, String)) -> Answer {
        let mut all = Vec::new();
        let read = stream.read_to_end(&mut all);
        Answer::of(&all).unwrap_or_else(|| panic!("{asked}: {read:?}, {}", String::from_utf8_lossy(&all)))
    }

    fn of(all: &[u8]) -> Option<Answer> {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = &all[end + 4..];
        let is_chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if is_chunked { whole(body)? } else { body.to_vec() };
        Some(Answer { status, headers, body })
    }

    /// The same, when it has this status.
    #[track_caller]
    pub(super) fn is(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The same, when it is a refusal with this code.
    #[track_caller]
    pub(super) fn refuses(self, status: u16, code: &str) -> Answer {
        let answer = self.is(status);
        assert_eq!(answer.json()["code"], code, "{}", answer.text());
        answer
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A body that came in chunks; `None` when its end is missing.
fn whole(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(all);
        }
        all.extend_from_slice(body.get(end + 2..end + 2 + length)?);
        body = body.get(end + 4 + length..)?;
    }
}
