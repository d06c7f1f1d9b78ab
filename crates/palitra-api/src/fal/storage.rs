//! Files of fal's clients: a permission first, then the bytes, then an address to name in an input.
//!
//! A permission is a signed text; nothing is stored for it, and it is worth as much as the key that asked for it. The address is known
//! before the bytes come, so the file is kept under an id that was promised with the permission.

mod parts;

pub(crate) use parts::linked;
pub(super) use parts::{begin, begin_with_token, complete, complete_named, file, part, part_named};

use crate::{
    caller::{Maker, within_limits},
    documents::asset,
    door::Door,
    input::{self, not_found},
    problem::Problem,
    signed,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, header::AUTHORIZATION},
};
use palitra_domain::{AccountId, AssetId, ErrorCode, KeyId, Livemode, Scope, Timestamp};
use palitra_engine::{Caller, failure::Failure, uploads::UPLOAD_BYTES_MAX};
use serde_json::{Value, json};

/// What may be uploaded, for whom, in the name of which key, under which id.
struct Permission {
    account: AccountId,
    livemode: Livemode,
    key: KeyId,
    asset: AssetId,
    expires: i64,
}

impl Permission {
    fn new(door: &Door, caller: &Caller) -> Result<Permission, Failure> {
        let now = door.engine.clock.now();
        Ok(Permission {
            account: caller.account.clone(),
            livemode: caller.livemode,
            key: caller.key.clone().ok_or_else(|| Failure::new(ErrorCode::Unauthorized))?,
            asset: AssetId::new(now, door.engine.dice()),
            expires: now.plus(signed::LINK_LIFE).micros() / 1_000_000,
        })
    }

    fn words(&self) -> String {
        let Permission { account, livemode, key, asset, expires } = self;
        let livemode = livemode.as_str();
        format!("{}.{livemode}.{}.{}.{expires}", account.as_str(), key.as_str(), asset.as_str())
    }

    fn text(&self, door: &Door) -> String {
        let words = self.words();
        format!("{words}.{}", signed::seal(&door.engine.secret, "upload", &words))
    }

    fn read(door: &Door, text: &str) -> Option<Permission> {
        let (words, seal) = text.rsplit_once('.')?;
        let parts: Vec<&str> = words.split('.').collect();
        let [account, livemode, key, asset, expires] = parts.as_slice() else { return None };
        let read = Permission {
            account: AccountId::parse(account).ok()?,
            livemode: Livemode::parse(livemode)?,
            key: KeyId::parse(key).ok()?,
            asset: AssetId::parse(asset).ok()?,
            expires: expires.parse().ok()?,
        };
        let is_ours = signed::is_sealed(&door.engine.secret, "upload", words, seal);
        (is_ours && read.expires > door.engine.clock.now().micros() / 1_000_000).then_some(read)
    }

    /// One that is good, of a key that still is, and within its limits.
    async fn of(door: &Door, text: &str) -> Result<Option<Permission>, Failure> {
        let Some(read) = Permission::read(door, text) else { return Ok(None) };
        if !door.engine.still_works(&read.key, Scope::Generate).await? {
            return Ok(None);
        }
        within_limits(door, &read.key, &read.account)?;
        Ok(Some(read))
    }

    /// One that stands in an address.
    async fn in_address(door: &Door, text: &str) -> Result<Permission, Problem> {
        Permission::of(door, text).await?.ok_or_else(|| not_found("this address"))
    }

    /// A token, which is good for any number of files: each gets an id of its own.
    async fn of_token(door: &Door, headers: &HeaderMap) -> Result<Permission, Problem> {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
        let read = match given {
            Some((_, token)) => Permission::of(door, token.trim()).await?,
            None => None,
        };
        let read = read.ok_or_else(|| Failure::new(ErrorCode::Unauthorized))?;
        let asset = AssetId::new(door.engine.clock.now(), door.engine.dice());
        Ok(Permission { asset, ..read })
    }

    fn owner(&self) -> (&AccountId, Livemode) {
        (&self.account, self.livemode)
    }
}

/// `POST …/storage/auth/token`: for the CDN.
pub(super) async fn token(
    State(door): State<Door>,
    Maker(caller): Maker,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::new(&door, &caller)?;
    let expires = Timestamp::from_micros(permission.expires * 1_000_000);
    Ok(axum::Json(json!({
        "token": permission.text(&door), "token_type": "Bearer", "base_url": door.address("/fal/cdn"),
        "expires_at": expires.rfc3339(),
    })))
}

/// `POST …/storage/upload/initiate`: an address to put the bytes at, and the one to name.
pub(super) async fn initiate(
    State(door): State<Door>,
    Maker(caller): Maker,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::new(&door, &caller)?;
    let file_url = asset::content_url(&door, &permission.asset, door.links());
    let upload_url = door.address(&format!("/fal/cdn/put/{}", permission.text(&door)));
    Ok(axum::Json(json!({ "file_url": file_url, "upload_url": upload_url })))
}

/// `PUT` of what was permitted.
pub(super) async fn put(
    State(door): State<Door>,
    Path(permission): Path<String>,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::in_address(&door, &permission).await?;
    keep(&door, &permission, body).await?;
    // A client that says JSON reads JSON.
    Ok(axum::Json(json!({})))
}

/// `POST /files/upload` with a token.
pub(super) async fn upload(
    State(door): State<Door>,
    headers: HeaderMap,
    body: Body,
) -> Result<axum::Json<Value>, Problem> {
    let permission = Permission::of_token(&door, &headers).await?;
    keep(&door, &permission, body).await?;
    Ok(axum::Json(json!({ "access_url": asset::content_url(&door, &permission.asset, door.links()) })))
}

async fn keep(door: &Door, permission: &Permission, body: Body) -> Result<(), Problem> {
    let (body, why) = input::stream(body, UPLOAD_BYTES_MAX, Some(permission.account.clone()))?;
    let kept = door.engine.upload_as(permission.owner(), &permission.asset, "the upload", body).await;
    why.or(kept)?;
    Ok(())
}
