//! Input files: KIE fetches inputs from public addresses, and has a free service that makes files public (KIE documentation, *file
//! upload API*).
//!
//! Uploads are free and may be repeated. How long a file stays is said to be 24 hours on one page and 3 days on another: believe 24
//! hours. A name that exists is overwritten, and the old file may still be served; so every name here is random.

use super::{
    calls::Calls,
    errors::Phase,
    outcome::not_understood,
    wire::{Envelope, Uploaded},
};
use crate::http::{Multipart, NoReply, Reply};
use bytes::Bytes;
use palitra_domain::{
    market::{ErrorClass, MarketError},
    media_type,
    secret::Secret,
};
use reqwest::Url;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;

/// Of a file by address; what is streamed is held to the same.
const FILE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The folder of ours in KIE's storage.
const FOLDER: &str = "palitra";

/// Uploads the bytes of a picture, a sound or a video; the answer is the address for an input.
pub(super) async fn bytes(calls: &Calls, key: &Secret, bytes: &Bytes) -> Result<String, MarketError> {
    let refused = |message: &str| MarketError::new(ErrorClass::InvalidInput, message);
    if bytes.len() > FILE_BYTES_MAX {
        return Err(refused("the file is longer than 100 MiB"));
    }
    let media =
        media_type::sniff(bytes).ok_or_else(|| refused("the file is neither picture, sound nor video"))?;
    let name = format!("{}.{}", random()?, media.extension);
    let mut form = Multipart::default();
    form.text("uploadPath", FOLDER);
    form.text("fileName", &name);
    form.file("file", &name, media.mime, bytes.clone());
    let (content_type, body) = form.encode();
    uploaded(calls, calls.upload(key, "file-stream-upload", &content_type, body).await)
}

/// Lets KIE fetch a public file (30 s, 100 MB); the answer is the address for an input.
pub(super) async fn link(calls: &Calls, key: &Secret, link: &str) -> Result<String, MarketError> {
    let refused = |message: &str| MarketError::new(ErrorClass::InvalidInput, message);
    let url = Url::parse(link).map_err(|_| refused("the link is not an address"))?;
    let plain = url.has_host() && url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        return Err(refused("the link is no public http(s) address"));
    }
    let name = match url.path().rsplit_once('.') {
        Some((_, extension)) if is_extension(extension) => format!("{}.{extension}", random()?),
        _ => random()?,
    };
    let body = json!({"fileUrl": url.as_str(), "uploadPath": FOLDER, "fileName": name}).to_string();
    uploaded(calls, calls.upload(key, "file-url-upload", "application/json", body).await)
}

fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The address that KIE gave: it goes into inputs, so it must be public or one of the operator's own.
fn uploaded(calls: &Calls, reply: Result<Reply, NoReply>) -> Result<String, MarketError> {
    let reply = reply.map_err(NoReply::error)?;
    let envelope = reply.parse::<Envelope>().map_err(|unreadable| match reply.is_success() {
        true => not_understood(calls, &unreadable, &reply),
        false => calls.error(Phase::Look, &reply),
    })?;
    if !reply.is_success() || envelope.code().is_some_and(|code| code != 200) {
        return Err(calls.error(Phase::Look, &reply));
    }
    let unusable = || calls.describe(ErrorClass::Protocol, "KIE's answer holds no usable address", &reply);
    let given = serde_json::from_value::<Uploaded>(envelope.data).ok().and_then(|given| given.url());
    let given = given.ok_or_else(unusable)?;
    let url = Url::parse(&given).map_err(|_| unusable())?;
    let plain = url.username().is_empty() && url.password().is_none();
    let good = calls.origins.contains(&url) || (plain && url.scheme() == "https" && url.has_host());
    if good { Ok(given) } else { Err(unusable()) }
}

/// 128 random bits in hex.
fn random() -> Result<String, MarketError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| MarketError::new(ErrorClass::Unavailable, "the system has no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
