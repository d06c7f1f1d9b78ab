//! `POST /v1/uploads`: files that people bring.

use crate::{
    caller::Maker,
    documents::asset::{self, AssetDocument},
    door::Door,
    input,
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use palitra_domain::AssetId;
use palitra_engine::{Caller, Made, OnceOf, uploads::UPLOAD_BYTES_MAX, views::Owner};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(create))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// What its owner calls it, for messages.
    name: Option<String>,
}

/// A file that is fetched from its address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadRequest {
    /// `https://…`, or a `data:` address.
    url: String,
}

/// Upload a file
///
/// A picture, a sound or a video of at most 100 MiB: its bytes as the body, whatever `Content-Type` says; or, as `application/json`, its
/// address. What it is, is told by its content. The same file again is the same upload.
#[utoipa::path(
    post, path = "/v1/uploads", operation_id = "create_upload", tag = "assets", security(("key" = [])), params(Named, once::Header),
    request_body(content(
        (UploadRequest = "application/json"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses((status = 201, description = "Kept", body = AssetDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    input::Query(Named { name }): input::Query<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Replied<AssetDocument>, Problem> {
    let is_json =
        headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let owner = (&caller.account, caller.livemode);
    let route = format!("POST /v1/uploads {}", name.as_deref().unwrap_or_default());
    let made = if is_json {
        let body = input::read(body, UPLOAD_JSON_BYTES_MAX, Some(caller.account.clone())).await?;
        let once = OnceOf::caller(&caller, once::of(&headers, &route, &body)?);
        if let Some(id) = door.engine.made_before(once.as_ref()).await? {
            return replied(&door, &caller, &id, false).await;
        }
        let request: UploadRequest = input::parse(&body)?;
        drop(body);
        let bytes = door.fetch(&request.url, &caller.account).await?;
        let name = name.unwrap_or_else(|| request.url.chars().take(100).collect());
        door.engine.upload_once(owner, &name, bytes, once).await?
    } else {
        let once = OnceOf::caller(&caller, once::of(&headers, &route, b"")?);
        let (body, why) = input::stream(body, UPLOAD_BYTES_MAX, Some(caller.account.clone()))?;
        let name = name.as_deref().unwrap_or("the upload");
        why.or(door.engine.upload_stream_once(owner, name, body, once).await)?
    };
    match made {
        Made::New(kept) => replied(&door, &caller, kept.id.as_str(), true).await,
        Made::Before(id) => replied(&door, &caller, &id, false).await,
    }
}

async fn replied(
    door: &Door,
    caller: &Caller,
    id: &str,
    is_new: bool,
) -> Result<Replied<AssetDocument>, Problem> {
    let id = AssetId::parse(id).map_err(|_| input::not_found(id))?;
    let owner = Owner { account: caller.account.clone(), livemode: caller.livemode };
    let view = door.engine.asset_view(Some(&owner), &id).await?;
    let document = asset::document(door, &view.asset, door.links());
    Ok(Replied { status: StatusCode::CREATED, is_new, document })
}

/// A `data:` address of the largest file, in base 64.
const UPLOAD_JSON_BYTES_MAX: usize = UPLOAD_BYTES_MAX / 3 * 4 + 4_096;
