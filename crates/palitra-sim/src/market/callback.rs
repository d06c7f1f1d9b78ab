//! How a callback leaves: one plain POST to an address of this machine. A simulator calls nobody else.

use axum::http::Uri;
use std::{
    io,
    net::{IpAddr, SocketAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Where on this machine a callback goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    path: String,
}

impl Target {
    /// Host and path of an `http` address of this machine; `None` for every other.
    pub(crate) fn of(webhook: &str) -> Option<Target> {
        let uri: Uri = webhook.parse().ok().filter(|uri: &Uri| uri.scheme_str() == Some("http"))?;
        let ip: IpAddr = uri.host()?.parse().ok().filter(IpAddr::is_loopback)?;
        let address = SocketAddr::new(ip, uri.port_u16().unwrap_or(80));
        Some(Target { address, path: uri.path_and_query()?.to_string() })
    }

    /// Posts JSON; the status of the answer, when one came.
    pub(crate) async fn post(&self, headers: &[(&str, String)], body: &str) -> io::Result<Option<u16>> {
        let mut head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n",
            self.path,
            self.address,
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()))
    }
}
