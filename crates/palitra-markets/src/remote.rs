//! A service of ours somewhere else, as the command line calls it: its one address, by http or https, with a key.

use crate::http::{Clients, SettingError, Timeouts, base_url, why};
use bytes::Bytes;
use futures_util::StreamExt;
use palitra_domain::objects::ByteStream;
use reqwest::{
    Client, Method, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use std::{io, time::Duration};

/// An answer that is held back may take a minute; nothing at all comes for no longer than this.
const SILENCE: Duration = Duration::from_secs(90);

/// The whole of an answer: a long film, the events of a long batch.
const ANSWER: Duration = Duration::from_secs(6 * 3600);

/// A service at an address.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    url: Url,
    key: String,
}

/// What it answered.
pub struct Answer {
    pub status: u16,
    /// When the same may be accepted (`Retry-After`).
    pub retry_after: Option<Duration>,
    pub body: ByteStream,
}

impl Remote {
    pub fn new(url: &str, key: &str) -> Result<Remote, SettingError> {
        let clients = Clients::new(Timeouts { idle: SILENCE, download: ANSWER, ..Timeouts::default() })?;
        let mut url = base_url("--server", url)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Remote { client: clients.trusted, url, key: key.to_owned() })
    }

    /// One request. `path` begins with `/` and may have a query. What is repeated safely is the caller's to decide.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        (kind, body): (&str, Bytes),
    ) -> io::Result<Answer> {
        let url = self.url.join(path.trim_start_matches('/')).map_err(io::Error::other)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(io::Error::other)?;
        let mut request = self.client.request(method, url).bearer_auth(&self.key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let failed = |error: reqwest::Error| {
            // Then nothing was sent.
            let kind =
                if error.is_connect() { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::Other };
            io::Error::new(kind, why(&error))
        };
        let response = request.send().await.map_err(failed)?;
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let body = response.bytes_stream().map(|part| part.map_err(|error| io::Error::other(why(&error))));
        Ok(Answer { status, retry_after, body: Box::pin(body) })
    }
}

/// Whole seconds, as our services say it.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
