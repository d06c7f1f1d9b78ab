//! Files in: WaveSpeedAI opens links only, so a file is first put where it can read it (`providers.md` §3.7).
//!
//! `POST /api/v3/media/uploads` with name, length and type names an address of some storage, headers for it, and the link under
//! which the file can then be read (`WaveSpeedAI/wavespeed-python`). The storage is not WaveSpeedAI: it sees the bytes and those
//! headers, never the key or the operator's headers (trap 21).
//!
//! The older form, multipart to `/api/v3/media/upload/binary`, is not used: it sends the file through the API itself.

use super::{WaveSpeed, wire};
use crate::http::FILE_BYTES_MAX;
use bytes::Bytes;
use palitra_domain::market::{ErrorClass, MarketError};
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};

/// Headers that no storage needs from us, and that would speak for somebody or frame the request anew.
const HEADERS_NOT_SENT: [&str; 6] =
    ["authorization", "cookie", "host", "content-length", "transfer-encoding", "connection"];

/// A file on its way to WaveSpeedAI.
#[derive(Debug, Clone)]
pub struct Upload {
    /// A name with an extension; nothing of the account's owner belongs into it.
    pub file_name: String,
    /// Such as `image/png`.
    pub content_type: String,
    pub bytes: Bytes,
}

impl WaveSpeed {
    /// Puts a file where WaveSpeedAI can read it and answers its link, for an input.
    ///
    /// Uploads are free and may be repeated. How long the file lives is not documented: upload shortly before the submission.
    pub async fn upload(&self, key: &str, upload: &Upload) -> Result<String, MarketError> {
        let key = self.key(key)?;
        let size = upload.bytes.len();
        if size == 0 || u64::try_from(size).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            let message = format!("a file of {size} bytes is not uploaded, at most {FILE_BYTES_MAX}");
            return Err(MarketError::new(ErrorClass::InvalidInput, message));
        }
        let about = json!({"filename": upload.file_name, "size": size, "content_type": upload.content_type});
        let url = self.calls.addresses.api(["media", "uploads"]);
        let plan: wire::UploadPlan = self.calls.data(key, &url, Some(&about), None).await?;
        let link = readable_link(&plan.download_url)?;
        self.put(&plan.upload, upload.bytes.clone()).await?;
        Ok(link)
    }

    async fn put(&self, target: &wire::UploadTarget, bytes: Bytes) -> Result<(), MarketError> {
        if target.method != "PUT" {
            return Err(refused("WaveSpeed asks for an upload by another method than `PUT`"));
        }
        let headers = headers(&target.headers)?;
        self.downloads.put(&target.url, headers, bytes, ("WaveSpeed", &self.calls.mask)).await
    }
}

fn headers(given: &Map<String, Value>) -> Result<HeaderMap, MarketError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if HEADERS_NOT_SENT.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        let bad = || refused("WaveSpeed's upload asks for a header that cannot be sent");
        let value = value.as_str().ok_or_else(bad)?;
        let value = HeaderValue::from_str(value).map_err(|_| bad())?;
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

/// The link is given back to WaveSpeedAI and to nobody else; here it only has to be one.
fn readable_link(link: &str) -> Result<String, MarketError> {
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(|_| link.to_owned()).ok_or_else(|| refused("WaveSpeed's upload leads to no link"))
}

fn refused(message: &str) -> MarketError {
    MarketError::new(ErrorClass::Protocol, message)
}
