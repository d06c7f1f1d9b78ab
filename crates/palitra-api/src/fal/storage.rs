//! Files of fal's clients: a permission first, then the bytes, then an address to name in an input.
//!
//! A permission is a signed text; nothing is stored for it. The address is known before the bytes come, so the file is kept under an id
//! that was promised with the permission.

use crate::{
    caller::Maker,
    documents::asset,
    door::Door,
    input::{self, not_found},
    problem::Problem,
    signed,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
};
use palitra_domain::{AccountId, AssetId, ErrorCode, Livemode, Timestamp};
use palitra_engine::{Caller, failure::Failure, uploads::UPLOAD_BYTES_MAX};
use serde_json::{Value, json};

/// What may be uploaded, for whom, under which id.
struct Permission {
    account: AccountId,
    livemode: Livemode,
    asset: AssetId,
    expires: i64,
}

impl Permission {
    fn new(door: &Door, caller: &Caller) -> Permission {
        let now = door.engine.clock.now();
        Permission {
            account: caller.account.clone(),
            livemode: caller.livemode,
            asset: AssetId::new(now, door.engine.dice()),
            expires: now.plus(signed::LINK_LIFE).micros() / 1_000_000,
        }
    }

    fn words(&self) -> String {
        let Permission { account, livemode, asset, expires } = self;
        format!("{}.{}.{}.{expires}", account.as_str(), livemode.as_str(), asset.as_str())
    }

    fn text(&self, door: &Door) -> String {
        let words = self.words();
        format!("{words}.{}", signed::seal(&door.engine.secret, "upload", &words))
    }

    fn read(door: &Door, text: &str) -> Option<Permission> {
        let (words, seal) = text.rsplit_once('.')?;
        let parts: Vec<&str> = words.split('.').collect();
        let [account, livemode, asset, expires] = parts.as_slice() else { return None };
        let read = Permission {
            account: AccountId::parse(account).ok()?,
            livemode: Livemode::parse(livemode)?,
            asset: AssetId::parse(asset).ok()?,
            expires: expires.parse().ok()?,
        };
        let is_ours = signed::is_sealed(&door.engine.secret, "upload", words, seal);
        (is_ours && read.expires > door.engine.clock.now().micros() / 1_000_000).then_some(read)
    }
}

/// `POST …/storage/auth/token`: for the CDN.
pub(super) async fn token(State(door): State<Door>, Maker(caller): Maker) -> axum::Json<Value> {
    let permission = Permission::new(&door, &caller);
    let expires = Timestamp::from_micros(permission.expires * 1_000_000);
    axum::Json(json!({
        "token": permission.text(&door), "token_type": "Bearer", "base_url": door.address("/fal/cdn"),
        "expires_at": expires.rfc3339(),
    }))
}

/// `POST …/storage/upload/initiate`: an address to put the bytes at, and the one to name.
pub(super) async fn initiate(State(door): State<Door>, Maker(caller): Maker) -> axum::Json<Value> {
    let permission = Permission::new(&door, &caller);
    let file_url = asset::content_url(&door, &permission.asset, door.engine.clock.now());
    let upload_url = door.address(&format!("/fal/cdn/put/{}", permission.text(&door)));
    axum::Json(json!({ "file_url": file_url, "upload_url": upload_url }))
}

/// `PUT` of what was permitted.
pub(super) async fn put(
    State(door): State<Door>,
    Path(permission): Path<String>,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::read(&door, &permission).ok_or_else(|| not_found("this address"))?;
    keep(&door, &permission, body).await?;
    // A client that says JSON reads JSON.
    Ok(axum::Json(json!({})))
}

/// `POST /files/upload` with a token. A token is good for any number of files: each gets an id of its own.
pub(super) async fn upload(
    State(door): State<Door>,
    headers: HeaderMap,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    let permission = given.and_then(|(_, token)| Permission::read(&door, token.trim()));
    let permission = permission.ok_or_else(|| Failure::new(ErrorCode::Unauthorized))?;
    let now = door.engine.clock.now();
    let permission = Permission { asset: AssetId::new(now, door.engine.dice()), ..permission };
    keep(&door, &permission, body).await?;
    Ok(axum::Json(json!({ "access_url": asset::content_url(&door, &permission.asset, now) })))
}

async fn keep(door: &Door, permission: &Permission, body: Body) -> Result<(), Problem> {
    let bytes = input::read(body, UPLOAD_BYTES_MAX).await?;
    let Permission { account, livemode, asset, .. } = permission;
    door.engine.upload_as((account, *livemode), asset, "the upload", bytes).await?;
    Ok(())
}

/// Uploads in parts are for what is larger than anything that is taken.
pub(super) async fn too_large(Maker(_): Maker) -> (StatusCode, Problem) {
    let limit = format!("{} MiB", UPLOAD_BYTES_MAX / 1024 / 1024);
    (StatusCode::PAYLOAD_TOO_LARGE, Failure::new(ErrorCode::BodyTooLarge).with("limit", limit).into())
}
