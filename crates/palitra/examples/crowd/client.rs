//! One connection: requests of HTTP/1.1, answers with a length or in chunks.

use crate::{Result, Service};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How much is read at once, at least.
const READ_BYTES: usize = 4096;

pub(crate) struct Client {
    stream: TcpStream,
    /// What goes before the last line of every head.
    headers: String,
    /// What has been read and not been looked at.
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(service: &Service) -> Result<Client> {
        let stream = TcpStream::connect(&service.address).await?;
        stream.set_nodelay(true)?;
        let headers = format!("Host: {}\r\nAuthorization: Bearer {}\r\n", service.address, service.key);
        Ok(Client { stream, headers, read: Vec::new() })
    }

    /// The body of a success.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        self.send(&format!("GET {path} HTTP/1.1\r\n{}\r\n", self.headers)).await?;
        self.answer().await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Result<Vec<u8>> {
        let told = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.send(&format!("POST {path} HTTP/1.1\r\n{}{told}\r\n{body}", self.headers)).await?;
        self.answer().await
    }

    /// Asks for what has no end.
    pub(crate) async fn follow(&mut self, path: &str) -> Result<()> {
        self.send(&format!("GET {path} HTTP/1.1\r\n{}Accept: text/event-stream\r\n\r\n", self.headers)).await
    }

    /// Reads until this has been seen, and forgets everything up to its end.
    pub(crate) async fn see(&mut self, wanted: &str) -> Result<Vec<u8>> {
        let mut looked_at: usize = 0;
        loop {
            let from = looked_at.saturating_sub(wanted.len());
            let found = self.read[from..].windows(wanted.len()).position(|part| part == wanted.as_bytes());
            if let Some(at) = found {
                let rest = self.read.split_off(from + at + wanted.len());
                return Ok(std::mem::replace(&mut self.read, rest));
            }
            looked_at = self.read.len();
            self.more().await?;
        }
    }

    async fn send(&mut self, request: &str) -> Result<()> {
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    async fn answer(&mut self) -> Result<Vec<u8>> {
        let head = String::from_utf8_lossy(&self.see("\r\n\r\n").await?).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.ok_or_else(|| format!("no length: {head}"))?.trim().parse()?;
        while self.read.len() < length {
            self.more().await?;
        }
        let rest = self.read.split_off(length);
        let body = std::mem::replace(&mut self.read, rest);
        if !head.starts_with("http/1.1 2") {
            return Err(format!("{head}{}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }

    async fn more(&mut self) -> Result<()> {
        self.read.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err("the connection was closed".into()),
            _ => Ok(()),
        }
    }
}
