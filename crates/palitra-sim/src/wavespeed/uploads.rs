//! Files in: an address to put one at, and the link under which it can be read (`providers.md` §3.7).
//!
//! The storage refuses what a presigned address refuses: credentials, other headers than were named, another length.

use super::{
    Inner, Market,
    calls::{bad, not_found, refused_by},
    envelope::{data, error},
    fault::{Call, Fault},
    key_tag,
    route::Asked,
};
use crate::market::{answer::Answer, log::Upload, picture::size_of_png, script::About};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode, header},
};
use serde_json::{Value, json};

/// The largest file, as WaveSpeedAI's client has it for streams.
const BYTES_MAX: u64 = 200 * 1024 * 1024;

/// A file that may be put, or was.
pub(super) struct Stored {
    content_type: String,
    size: u64,
    bytes: Option<Bytes>,
    /// Its place in the log.
    entry: usize,
}

/// Where to put a file. `{"filename", "size", "content_type"}` and nothing else.
pub(super) fn plan(
    inner: &mut Inner,
    market: &Market,
    key: &str,
    asked: &Asked,
    fault: Option<&Fault>,
) -> Answer {
    let Ok(Value::Object(about)) = serde_json::from_slice(&asked.body) else {
        return bad("the body is not an object");
    };
    let names = ["filename", "size", "content_type"];
    if let Some(extra) = about.keys().find(|name| !names.contains(&name.as_str())) {
        return bad(&format!("property {extra} is not in the schema"));
    }
    let text = |name: &str| about.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let size = about.get("size").and_then(Value::as_u64).filter(|size| (1..=BYTES_MAX).contains(size));
    let (Some(file_name), Some(content_type), Some(size)) = (text("filename"), text("content_type"), size)
    else {
        return bad("filename, content_type and a size up to 200 MB are required");
    };
    let extension = file_name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
    let extension: String = extension.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = format!("{}.{extension}", super::random_id());
    let entry = inner.journal.upload(Upload {
        key: key_tag(key),
        file_name: file_name.to_owned(),
        content_type: content_type.to_owned(),
        bytes: None,
    });
    let stored = Stored { content_type: content_type.to_owned(), size, bytes: None, entry };
    inner.state.uploads.insert(name.clone(), stored);
    let base = match fault {
        Some(Fault::ForeignUrls { base }) => base.clone(),
        _ => market.root(),
    };
    data(&json!({
        "upload": {
            "method": "PUT",
            "url": format!("{base}/storage/{name}?signature=simulated"),
            "headers": {"Content-Type": content_type, "x-sim-storage": name},
        },
        "download_url": format!("{}/media/{name}", market.root()),
    }))
}

/// `PUT /storage/{name}`.
pub(super) async fn put(market: &Market, name: &str, headers: &HeaderMap, bytes: Bytes) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Put, About::default());
    market.clock.sleep(plan.delay_before).await;
    let answer = refused_by(plan.fault.as_ref()).unwrap_or_else(|| store(market, name, headers, bytes));
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn store(market: &Market, name: &str, headers: &HeaderMap, bytes: Bytes) -> Answer {
    let mut inner = market.lock();
    let inner = &mut *inner;
    let Some(stored) = inner.state.uploads.get_mut(name) else { return not_found() };
    let sent = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key(header::AUTHORIZATION) {
        return bad("credentials are not wanted here");
    }
    let signed = sent("content-type") == Some(&stored.content_type) && sent("x-sim-storage") == Some(name);
    if !signed {
        return error(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length != stored.size {
        return bad("EntityTooSmall or EntityTooLarge");
    }
    stored.bytes = Some(bytes);
    inner.journal.uploaded(stored.entry, length);
    Answer::bytes("text/plain", Bytes::new())
}

/// `GET /media/{name}`.
pub(super) fn get(market: &Market, name: &str) -> Response<Body> {
    let bytes = market.lock().state.uploads.get(name).and_then(|stored| stored.bytes.clone());
    bytes
        .map_or_else(not_found, |bytes| Answer::bytes("application/octet-stream", bytes))
        .send(None, &market.clock)
}

/// The size of the first picture among the links that lead to files put here; of links elsewhere nothing is known. A link to a
/// file that was never put is the error.
pub(super) fn read(inner: &Inner, market: &Market, links: &[&str]) -> Result<Option<(u32, u32)>, String> {
    let base = format!("{}/media/", market.root());
    let mut size = None;
    for link in links {
        let Some(name) = link.strip_prefix(&base) else { continue };
        let bytes = inner.state.uploads.get(name).and_then(|stored| stored.bytes.as_ref());
        let bytes = bytes.ok_or_else(|| (*link).to_owned())?;
        size = size.or_else(|| size_of_png(bytes));
    }
    Ok(size)
}
