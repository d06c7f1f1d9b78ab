//! Files in: the presigned way of `rest.fal.ai` (`providers.md` §1.9 A). Where to put a file is asked with the key; the storage itself wants
//! the bytes under the type that was announced, and no key.

use super::{
    Inner, Market,
    calls::{refused_by, unauthorized},
    key_tag,
    script::{Call, Fault},
};
use crate::market::{answer::Answer, log::Upload, script::About};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode, header},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A file that may be put, or was.
pub(super) struct Stored {
    content_type: String,
    bytes: Option<Bytes>,
    /// Its place in the log.
    entry: usize,
}

/// `POST /storage/upload/initiate?storage_type=fal-cdn-v3`.
pub(super) async fn initiate(
    market: &Arc<Market>,
    query: &[(String, String)],
    headers: &HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Upload, About::default());
    market.clock.sleep(plan.delay_before).await;
    let answer = refused_by(plan.fault.as_ref())
        .unwrap_or_else(|| planned(market, query, headers, body, plan.fault.as_ref()));
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn planned(
    market: &Market,
    query: &[(String, String)],
    headers: &HeaderMap,
    body: &[u8],
    fault: Option<&Fault>,
) -> Answer {
    let mut inner = market.lock();
    let Some(key) = market.key_of(&inner, headers) else { return unauthorized() };
    let bad = |message: &str| Answer::detail(StatusCode::UNPROCESSABLE_ENTITY, message);
    match query {
        [(name, value)] if name == "storage_type" && matches!(value.as_str(), "fal-cdn-v3" | "gcs") => {}
        _ => return bad("storage_type must be fal-cdn-v3 or gcs, and nothing else"),
    }
    let Ok(Value::Object(about)) = serde_json::from_slice(body) else {
        return bad("the body is not an object");
    };
    if let Some(extra) = about.keys().find(|name| !["content_type", "file_name"].contains(&name.as_str())) {
        return bad(&format!("{extra} is not a parameter"));
    }
    let text = |name: &str| about.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(content_type), Some(file_name)) = (text("content_type"), text("file_name")) else {
        return bad("content_type and file_name are required");
    };
    let extension = file_name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
    let extension: String = extension.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = format!("{}.{extension}", super::request_id());
    let entry = inner.journal.upload(Upload {
        key: key_tag(&key),
        file_name: file_name.to_owned(),
        content_type: content_type.to_owned(),
        bytes: None,
    });
    let stored = Stored { content_type: content_type.to_owned(), bytes: None, entry };
    inner.state.uploads.insert(name.clone(), stored);
    let base = match fault {
        Some(Fault::ForeignUrls { base }) => base.clone(),
        _ => market.root(),
    };
    Answer::json(
        StatusCode::OK,
        &json!({
            "file_url": format!("{}/uploads/{name}", market.root()),
            "upload_url": format!("{base}/storage/{name}?signature=simulated"),
        }),
    )
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
    let Some(stored) = inner.state.uploads.get_mut(name) else {
        return Answer::detail(StatusCode::NOT_FOUND, "Not Found");
    };
    if headers.contains_key(header::AUTHORIZATION) {
        return Answer::detail(StatusCode::BAD_REQUEST, "credentials are not wanted here");
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type != Some(&stored.content_type) {
        return Answer::detail(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    inner.journal.uploaded(stored.entry, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    stored.bytes = Some(bytes);
    Answer::bytes("text/plain", Bytes::new())
}

/// `GET /uploads/{name}`.
pub(super) fn get(market: &Market, name: &str) -> Response<Body> {
    let bytes = market.lock().state.uploads.get(name).and_then(|stored| stored.bytes.clone());
    let answer = bytes.map_or_else(
        || Answer::detail(StatusCode::NOT_FOUND, "Not Found"),
        |bytes| Answer::bytes("application/octet-stream", bytes),
    );
    answer.send(None, &market.clock)
}

/// The size of the first picture among the links that lead to files put here; of links elsewhere nothing is known. A link to a file that
/// was never put is the error.
pub(super) fn read(inner: &Inner, market: &Market, links: &[&str]) -> Result<Option<(u32, u32)>, ()> {
    let base = format!("{}/uploads/", market.root());
    let mut size = None;
    for name in links.iter().filter_map(|link| link.strip_prefix(&base)) {
        let bytes = inner.state.uploads.get(name).and_then(|stored| stored.bytes.as_ref()).ok_or(())?;
        size = size.or_else(|| crate::market::picture::size_of_png(bytes));
    }
    Ok(size)
}
