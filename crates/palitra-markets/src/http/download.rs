//! Files behind links that a market gave: no credentials, every redirect checked, bounded in size and time.
//!
//! A link leads to an origin that the operator configured or, by https, to a public address (design §6).

use super::{
    Clients, Origins,
    address::{NotPublic, is_public_host},
    decode_data_uri, why,
};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use palitra_domain::{
    market::{ErrorClass, MarketError},
    objects::ByteStream,
};
use reqwest::{Client, Response, StatusCode, Url, header::LOCATION};
use std::{error::Error, io};

const REDIRECTS_MAX: usize = 5;

/// The largest file: pictures and speech are far smaller; video will need a bound of its own.
pub(crate) const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Opens links.
pub(crate) struct Downloads {
    pub(crate) clients: Clients,
    pub(crate) origins: Origins,
    /// Any address, also by plain http: the operator allows private links, or a test runs on this machine.
    pub(crate) allow_private: bool,
    pub(crate) bytes_max: u64,
}

impl Downloads {
    pub(crate) async fn open(&self, link: &str) -> Result<ByteStream, MarketError> {
        if link.starts_with("data:") {
            let bytes =
                decode_data_uri(link).ok_or_else(|| refused("the data in the answer cannot be read"))?;
            return Ok(Box::pin(stream::iter([Ok(bytes)])));
        }
        let response = self.follow(link).await?;
        let status = response.status();
        if status != StatusCode::OK {
            let class = match status.as_u16() {
                403 | 404 | 410 => ErrorClass::ResultExpired,
                408 | 429 | 500.. => ErrorClass::Unavailable,
                _ => ErrorClass::Protocol,
            };
            let message = format!("the file's link answered {status}");
            return Err(MarketError { status: Some(status.as_u16()), ..MarketError::new(class, message) });
        }
        if response.content_length().is_some_and(|bytes| bytes > self.bytes_max) {
            return Err(refused(format!("the file is longer than {} bytes", self.bytes_max)));
        }
        Ok(bounded(response, self.bytes_max))
    }

    async fn follow(&self, link: &str) -> Result<Response, MarketError> {
        let mut url = Url::parse(link).map_err(|_| refused("the link is not an address"))?;
        for _ in 0..=REDIRECTS_MAX {
            let response =
                self.client_for(&url)?.get(url.clone()).send().await.map_err(|error| unsent(&error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
            let target = target.ok_or_else(|| refused("the link redirects nowhere"))?;
            url = url
                .join(target)
                .map_err(|_| refused("the link redirects to something that is no address"))?;
        }
        Err(refused("the link redirects too often"))
    }

    /// The client that may open this address; also for uploads to storage that a market names.
    pub(crate) fn client_for(&self, url: &Url) -> Result<&Client, MarketError> {
        if self.origins.contains(url) || (self.allow_private && matches!(url.scheme(), "http" | "https")) {
            return Ok(&self.clients.trusted);
        }
        if url.scheme() != "https" {
            return Err(refused(format!("the link leads to `{}:`, not to https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("the link holds credentials"));
        }
        match is_public_host(url) {
            true => Ok(&self.clients.public),
            false => Err(refused(NotPublic(url.host_str().unwrap_or_default().to_owned()).to_string())),
        }
    }
}

fn refused(message: impl Into<String>) -> MarketError {
    MarketError::new(ErrorClass::Protocol, message)
}

/// No answer came.
fn unsent(error: &reqwest::Error) -> MarketError {
    leads_home(error).unwrap_or_else(|| {
        MarketError::new(ErrorClass::Unavailable, format!("the file cannot be fetched: {}", why(error)))
    })
}

/// A name that leads into a private network will not get better by waiting.
pub(crate) fn leads_home(error: &reqwest::Error) -> Option<MarketError> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<NotPublic>() {
            return Some(refused(cause.to_string()));
        }
        source = cause.source();
    }
    None
}

/// The body as a stream that ends with an error at the bound and where the connection broke.
fn bounded(response: Response, bytes_max: u64) -> ByteStream {
    let mut left = bytes_max;
    Box::pin(response.bytes_stream().map(move |piece| {
        let piece: Bytes = piece.map_err(|error| {
            let kind =
                if error.is_timeout() { io::ErrorKind::TimedOut } else { io::ErrorKind::UnexpectedEof };
            io::Error::new(kind, why(&error))
        })?;
        let bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(bytes).ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(piece)
    }))
}
