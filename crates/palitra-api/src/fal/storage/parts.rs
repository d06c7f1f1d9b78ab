//! Large files in parts, as both of fal's clients send them: begin, put each part, say which parts make the file.
//!
//! The one for JavaScript is told an address and puts `/{number}` and `/complete` behind it; the one for Python adds
//! `/multipart/{upload}/…` to the address that the file will have, so that one has nothing behind a `?`.

use super::Permission;
use crate::{
    caller::Maker,
    documents::asset,
    door::Door,
    input::{self, JSON_BYTES_MAX, not_found},
    problem::Problem,
    signed,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use palitra_domain::AssetId;
use palitra_engine::uploads::{PART_BYTES_MAX, Part};
use serde::Deserialize;
use serde_json::{Value, json};

/// `POST …/storage/upload/initiate-multipart`.
pub(in crate::fal) async fn begin(
    State(door): State<Door>,
    Maker(caller): Maker,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::new(&door, &caller)?;
    let file_url = asset::content_url(&door, &permission.asset, door.links());
    let upload_url = door.address(&format!("/fal/cdn/parts/{}", permission.text(&door)));
    Ok(axum::Json(json!({ "file_url": file_url, "upload_url": upload_url })))
}

/// `POST /files/upload/multipart` with a token.
pub(in crate::fal) async fn begin_with_token(
    State(door): State<Door>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::of_token(&door, &headers).await?;
    let access_url = door.address(&format!("/fal/cdn/files/{}", link(&door, &permission.asset)));
    Ok(axum::Json(json!({ "access_url": access_url, "uploadId": permission.text(&door) })))
}

/// `PUT` of a part: its tag is answered in both ways.
pub(in crate::fal) async fn part(
    State(door): State<Door>,
    Path((permission, number)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    let number: u32 = number.parse().map_err(|_| not_found(&number))?;
    let Permission { account, asset, .. } = Permission::in_address(&door, &permission).await?;
    let bytes = input::read(body, PART_BYTES_MAX, Some(account.clone())).await?;
    let tag = door.engine.keep_part(&account, &asset, number, bytes).await?;
    let tag = format!("\"{tag}\"");
    let told = json!({ "partNumber": number, "etag": tag });
    Ok(([(ETAG, tag)], axum::Json(told)).into_response())
}

pub(in crate::fal) async fn part_named(
    state: State<Door>,
    Path((_, permission, number)): Path<(String, String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    part(state, Path((permission, number)), body).await
}

/// The parts that make the file.
#[derive(Deserialize)]
struct Completed {
    parts: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    part_number: u32,
    etag: String,
}

/// `POST …/complete`.
pub(in crate::fal) async fn complete(
    State(door): State<Door>,
    Path(permission): Path<String>,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::in_address(&door, &permission).await?;
    let body = input::read(body, JSON_BYTES_MAX, Some(permission.account.clone())).await?;
    let Completed { parts } = input::parse(&body)?;
    drop(body);
    let part =
        |Named { part_number, etag }| Part { number: part_number, tag: etag.trim_matches('"').to_owned() };
    let parts = parts.into_iter().map(part).collect();
    door.engine.join_parts(permission.owner(), &permission.asset, parts).await?;
    Ok(axum::Json(json!({})))
}

pub(in crate::fal) async fn complete_named(
    state: State<Door>,
    Path((_, permission)): Path<(String, String)>,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    complete(state, Path(permission), body).await
}

/// `GET /fal/cdn/files/{link}`: where the file is.
pub(in crate::fal) async fn file(
    State(door): State<Door>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let path = linked(&text).ok_or_else(|| not_found("this address"))?;
    Ok((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, door.address(&path))]).into_response())
}

/// `{asset}.{expires}.{signature}`: a signed link without a `?`.
fn link(door: &Door, asset: &AssetId) -> String {
    let permission = signed::sign(&door.engine.secret, asset, "content", door.links());
    let words = permission.replace("expires=", "").replace("&signature=", ".");
    format!("{}.{words}", asset.as_str())
}

/// The same as the path of a signed link.
pub(crate) fn linked(text: &str) -> Option<String> {
    let (asset, rest) = text.split_once('.')?;
    let (expires, signature) = rest.split_once('.')?;
    Some(format!("/v1/assets/{asset}/content?expires={expires}&signature={signature}"))
}
