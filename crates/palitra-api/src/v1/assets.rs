//! `/v1/assets`: stored files, whole or in part, with a key or by a signed link.

use crate::{
    caller::{Reader, sees},
    documents::asset::{self, AssetDocument},
    door::Door,
    etag,
    input::{Id, Query, not_found},
    problem::Problem,
    refusals::Refusals,
    signed,
};
use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
            ETAG, IF_RANGE, RANGE,
        },
    },
    response::{IntoResponse, Response},
};
use palitra_domain::AssetId;
use palitra_engine::{Caller, views::AccountAsset};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(show))
}

/// A key or a signature opens them.
pub(super) fn links() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(content)).routes(routes!(thumbnail))
}

/// The longest side of any picture that is stored.
const SIDE_MAX: u32 = 16_384;

/// Look at a file
#[utoipa::path(
    get, path = "/v1/assets/{id}", operation_id = "get_asset", tag = "assets", security(("key" = [])),
    params(("id" = String, Path, description = "`ast_…`")),
    responses((status = 200, description = "What it is", body = AssetDocument), Refusals)
)]
async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<AssetId>,
) -> Result<axum::Json<AssetDocument>, Problem> {
    let view = door.engine.asset_view(sees(&caller).as_ref(), &id).await?;
    Ok(axum::Json(asset::document(&door, &view.asset, door.links())))
}

/// The permission that a link carries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Link {
    /// Seconds since 1970.
    expires: Option<i64>,
    signature: Option<String>,
    /// `attachment`: to be saved, not shown.
    disposition: Option<String>,
    /// Of a small copy: its longer side in pixels, 1 to 16384.
    #[param(minimum = 1, maximum = 16384)]
    side: Option<u32>,
}

/// Read a file
///
/// Whole, or the part that `Range` names. With a key, or without one by the signed address that every asset has.
#[utoipa::path(
    get, path = "/v1/assets/{id}/content", operation_id = "get_asset_content", tag = "assets", security((), ("key" = [])),
    params(("id" = String, Path, description = "`ast_…`"), Link),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "*/*"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "*/*"),
        (status = 304, description = "It is the one that you have"),
        (status = 416, description = "There is no such part"),
        Refusals
    )
)]
async fn content(
    State(door): State<Door>,
    caller: Option<axum::Extension<Caller>>,
    Id(id): Id<AssetId>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = opened(&door, caller, &id, "content", &link).await?;
    let file = File {
        key: view.asset.object_key.clone(),
        bytes: u64::try_from(view.asset.bytes).unwrap_or(0),
        mime: view.asset.mime.clone(),
        tag: format!("\"{}\"", &view.sha256.chars().take(32).collect::<String>()),
        name: name(&view),
    };
    send(&door, file, &link, &headers).await
}

/// Read a small copy of a picture
#[utoipa::path(
    get, path = "/v1/assets/{id}/thumbnail", operation_id = "get_asset_thumbnail", tag = "assets", security((), ("key" = [])),
    params(("id" = String, Path, description = "`ast_…`"), Link),
    responses(
        (status = 200, description = "A WebP", body = Vec<u8>, content_type = "image/webp"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "image/webp"),
        (status = 304, description = "It is the one that you have"),
        (status = 416, description = "There is no such part"),
        Refusals
    )
)]
async fn thumbnail(
    State(door): State<Door>,
    caller: Option<axum::Extension<Caller>>,
    Id(id): Id<AssetId>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = link.side.unwrap_or(asset::THUMBNAIL_SIDE_MAX);
    let view = opened(&door, caller, &id, &asked.to_string(), &link).await?;
    // The smallest that is no smaller than what was asked for, else the largest.
    let sides = asset::sides(&view.asset);
    let side = sides.min_by_key(|side| (*side < asked, side.abs_diff(asked)));
    let side = side.ok_or_else(|| not_found(id.as_str()))?;
    let (stem, _) = view.asset.object_key.rsplit_once('.').unwrap_or((&view.asset.object_key, ""));
    let key = format!("{stem}.{side}.webp");
    let bytes = door.engine.object_bytes(&key).await?.ok_or_else(|| not_found(id.as_str()))?;
    let tag = format!("\"{}-{side}\"", &view.sha256.chars().take(32).collect::<String>());
    let name = format!("{}-{side}.webp", id.as_str());
    send(&door, File { key, bytes, mime: "image/webp".to_owned(), tag, name }, &link, &headers).await
}

/// With a good signature whatever it is; with a key what its account has. Everything else is not there.
async fn opened(
    door: &Door,
    caller: Option<axum::Extension<Caller>>,
    id: &AssetId,
    form: &str,
    link: &Link,
) -> Result<AccountAsset, Problem> {
    if link.side.is_some_and(|side| !(1..=SIDE_MAX).contains(&side)) {
        return Err(crate::input::wrong("side", "1 to 16384").into());
    }
    let now = door.engine.clock.now();
    if let (Some(expires), Some(signature)) = (link.expires, &link.signature) {
        let secret = &door.engine.secret;
        if signed::is_valid(secret, (id, form), (expires, signature), now) {
            return Ok(door.engine.asset_view(None, id).await?);
        }
        return Err(not_found(id.as_str()));
    }
    let Some(axum::Extension(caller)) = caller else { return Err(not_found(id.as_str())) };
    caller.need(palitra_domain::Scope::Read)?;
    Ok(door.engine.asset_view(sees(&caller).as_ref(), id).await?)
}

struct File {
    key: String,
    bytes: u64,
    mime: String,
    tag: String,
    name: String,
}

fn name(view: &AccountAsset) -> String {
    let extension = view.asset.object_key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
    format!("{}.{extension}", view.asset.id.as_str())
}

async fn send(door: &Door, file: File, link: &Link, headers: &HeaderMap) -> Result<Response, Problem> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let mut answer = HeaderMap::new();
    put(&mut answer, ETAG, &file.tag);
    // A file never changes under its id; whoever may read it may keep it.
    put(&mut answer, CACHE_CONTROL, "private, max-age=3600, immutable");
    put(&mut answer, ACCEPT_RANGES, "bytes");
    if etag::is_known(headers, &file.tag) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let range = text(RANGE).filter(|_| text(IF_RANGE).is_none_or(|tag| tag == file.tag));
    let (status, from, bytes) = match range.and_then(|range| part(range, file.bytes)) {
        None => (StatusCode::OK, 0, file.bytes),
        Some(Some((from, to))) => {
            put(&mut answer, CONTENT_RANGE, &format!("bytes {from}-{to}/{}", file.bytes));
            (StatusCode::PARTIAL_CONTENT, from, to - from + 1)
        }
        Some(None) => {
            put(&mut answer, CONTENT_RANGE, &format!("bytes */{}", file.bytes));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, answer).into_response());
        }
    };
    put(&mut answer, CONTENT_TYPE, &file.mime);
    put(&mut answer, CONTENT_LENGTH, &bytes.to_string());
    let disposition = if link.disposition.as_deref() == Some("attachment") { "attachment" } else { "inline" };
    put(&mut answer, CONTENT_DISPOSITION, &format!("{disposition}; filename=\"{}\"", file.name));
    // What somebody brought is shown as what it is, and runs nothing.
    put(&mut answer, axum::http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    let stream = door.engine.content(&file.key, from, bytes).await?;
    Ok((status, answer, Body::from_stream(stream)).into_response())
}

fn put(headers: &mut HeaderMap, name: axum::http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// One range of bytes. `None`: not a range that is served, so the whole is sent; `Some(None)`: outside of the file.
fn part(range: &str, bytes: u64) -> Option<Option<(u64, u64)>> {
    let range = range.strip_prefix("bytes=")?.trim();
    if range.contains(',') {
        return None;
    }
    let (from, to) = range.split_once('-')?;
    let last = bytes.checked_sub(1);
    let found = if from.is_empty() {
        let count: u64 = to.parse().ok()?;
        last.filter(|_| count > 0).map(|last| (bytes.saturating_sub(count), last))
    } else {
        let from: u64 = from.parse().ok()?;
        let to: u64 = if to.is_empty() { u64::MAX } else { to.parse().ok()? };
        if to < from {
            return None;
        }
        last.filter(|last| from <= *last).map(|last| (from, to.min(last)))
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_served_as_rfc_9110_says() {
        for (range, found) in [
            ("bytes=0-9", Some(Some((0, 9)))),
            ("bytes=90-", Some(Some((90, 99)))),
            ("bytes=-10", Some(Some((90, 99)))),
            ("bytes=-1000", Some(Some((0, 99)))),
            ("bytes=50-1000", Some(Some((50, 99)))),
            ("bytes=100-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=9-0", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=a-b", None),
        ] {
            assert_eq!(part(range, 100), found, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Some(None));
    }
}
