//! The upload service (KIE documentation, *file upload API*): base64, multipart, by address. What is uploaded under a path and a
//! name that exist replaces what was there.

use super::{
    Market,
    envelope::{Refusal, failing},
    output,
    script::Call,
};
use crate::market::{answer::Answer, form, log::Upload, script::About};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The largest file by address and by stream.
const FILE_BYTES_MAX: usize = 100 * 1024 * 1024;
/// The largest file in base64, as it is advised.
const BASE64_BYTES_MAX: usize = 10 * 1024 * 1024;

/// What was uploaded, by path and name.
#[derive(Default)]
pub(super) struct Uploads(BTreeMap<String, Bytes>);

/// One file to keep.
struct File {
    folder: String,
    name: Option<String>,
    bytes: Bytes,
}

/// Answers one upload, whichever way it comes.
pub(super) async fn answer(
    market: &Arc<Market>,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Upload, About::default());
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let plain_http = market.lock().script.plain_http;
        let refusal = Refusal::by(plan.fault.as_ref(), plain_http);
        let allowed = refusal.map_or_else(|| market.tag_of(&market.lock(), headers), Err);
        let file = allowed.and_then(|key| {
            let file = match path {
                "/api/file-base64-upload" => base64(body),
                "/api/file-stream-upload" => stream(headers, body),
                _ => by_address(market, body),
            };
            file.map(|file| keep(market, key, file))
        });
        file.unwrap_or_else(|refusal| refusal.answer(plain_http))
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn bad(message: &str) -> Refusal {
    Refusal::new(400, message)
}

/// The fields of a JSON body: texts, all of them known.
fn fields<const N: usize>(body: &[u8], known: [&str; N]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|_| bad("the body is not JSON"))?;
    let object = value.as_object().ok_or_else(|| bad("the body is not a JSON object"))?;
    match object.iter().find(|(name, value)| !known.contains(&name.as_str()) || !value.is_string()) {
        Some((name, _)) => Err(Refusal::new(400, format!("{name} is not a parameter or not a text"))),
        None => Ok(value),
    }
}

fn base64(body: &[u8]) -> Result<File, Refusal> {
    let fields = fields(body, ["base64Data", "uploadPath", "fileName"])?;
    let data = fields["base64Data"].as_str().ok_or_else(|| bad("base64Data is required"))?;
    let data =
        data.strip_prefix("data:").and_then(|data| data.split_once(',')).map_or(data, |(_, data)| data);
    let bytes = BASE64_STANDARD.decode(data).map_err(|_| bad("base64Data is not base64"))?;
    if bytes.len() > BASE64_BYTES_MAX {
        return Err(bad("the file is too large"));
    }
    file(fields["uploadPath"].as_str(), fields["fileName"].as_str(), Bytes::from(bytes))
}

/// A simulator calls nobody: only what it made itself can be uploaded by address.
fn by_address(market: &Market, body: &[u8]) -> Result<File, Refusal> {
    let fields = fields(body, ["fileUrl", "uploadPath", "fileName"])?;
    let address = fields["fileUrl"].as_str().ok_or_else(|| bad("fileUrl is required"))?;
    let own = address.strip_prefix(&format!("{}/files/", market.root()));
    let found = own.and_then(|name| output::find(&market.lock(), name, market.clock.now()));
    let (task, number) = found.ok_or_else(|| bad("the file cannot be downloaded"))?;
    let (_, bytes) = output::make(&task, market, number);
    file(fields["uploadPath"].as_str(), fields["fileName"].as_str(), bytes)
}

fn stream(headers: &HeaderMap, body: &[u8]) -> Result<File, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let parts = content_type.and_then(|content_type| form::parts(content_type, body));
    let parts = parts.ok_or_else(|| bad("the body is not multipart/form-data"))?;
    let part = |name: &str| parts.iter().rfind(|part| part.name == name).map(|part| part.content);
    if parts.iter().any(|part| !["file", "uploadPath", "fileName"].contains(&part.name)) {
        return Err(bad("a part is not known"));
    }
    let text = |name: &str| part(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let bytes = part("file").ok_or_else(|| bad("file is required"))?;
    file(text("uploadPath"), text("fileName"), Bytes::copy_from_slice(bytes))
}

fn file(folder: Option<&str>, name: Option<&str>, bytes: Bytes) -> Result<File, Refusal> {
    let folder = folder.filter(|folder| is_path(folder)).ok_or_else(|| bad("uploadPath is required"))?;
    if bytes.is_empty() || bytes.len() > FILE_BYTES_MAX {
        return Err(bad("the file is empty or too large"));
    }
    if name.is_some_and(|name| !is_path(name) || name.contains('/')) {
        return Err(bad("fileName is not a name"));
    }
    Ok(File { folder: folder.to_owned(), name: name.map(str::to_owned), bytes })
}

fn is_path(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !text.is_empty() && !text.starts_with('/') && !text.contains("..") && text.chars().all(allowed)
}

/// `key` is its tag.
fn keep(market: &Market, key: String, file: File) -> Answer {
    let name = file.name.unwrap_or_else(super::random_id);
    let path = format!("{}/{name}", file.folder);
    let mime = palitra_domain::media_type::sniff(&file.bytes).map(|media| media.mime);
    let data = json!({
        "downloadUrl": format!("{}/uploads/{path}", market.root()),
        "fileName": name,
        "filePath": path,
        "fileSize": file.bytes.len(),
        "mimeType": mime,
        "uploadedAt": market.clock.now().rfc3339(),
    });
    let mut inner = market.lock();
    inner.journal.upload(Upload {
        key,
        file_name: name,
        content_type: mime.unwrap_or_default().to_owned(),
        bytes: u64::try_from(file.bytes.len()).ok(),
    });
    inner.state.uploads.0.insert(path, file.bytes);
    drop(inner);
    let body = json!({"success": true, "code": 200, "msg": "File uploaded successfully", "data": data});
    Answer::json(StatusCode::OK, &body)
}

/// `GET /uploads/{path}`: what an input's address leads to.
pub(super) async fn get_file(
    State(market): State<Arc<Market>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let found = market.lock().state.uploads.0.get(&path).cloned();
    let answer = match found {
        _ if headers.contains_key(header::AUTHORIZATION) => failing(400),
        Some(bytes) => Answer::bytes("application/octet-stream", bytes),
        None => failing(404),
    };
    answer.send(None, &market.clock)
}
