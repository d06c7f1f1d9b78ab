//! `POST /v1/accounts`: strangers make an account for themselves, where the operator lets them. No key opens it: it gives one.

use crate::{
    caller,
    door::Door,
    limits,
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::KeyId;
use palitra_engine::{Caller, IssuedKey, Made, OnceOf};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(sign_up))
}

/// An account that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedUp {
    account_id: String,
    /// The account's name.
    account: String,
    key_id: String,
    /// The only time it is seen: `null` when the request is repeated.
    key: Option<String>,
}

/// Make an account for yourself
///
/// Where the operator lets strangers do so. Whoever loses the key has lost the account.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "sign_up", tag = "account", security(()), params(once::Header),
    responses((status = 201, description = "With its key", body = SignedUp), Refusals)
)]
async fn sign_up(
    State(door): State<Door>,
    caller::Stranger(address): caller::Stranger,
    headers: HeaderMap,
) -> Result<Replied<SignedUp>, Problem> {
    // Strangers have no account to keep their keys apart by, so each is told by where it comes from.
    let house = Caller::operator(door.engine.house.id.clone());
    let once = once::of(&headers, "POST /v1/accounts", b"")?.map(|mut once| {
        let from = format!("{} {}", limits::network(address), once.key);
        let digits: String = Sha256::digest(from).iter().map(|byte| format!("{byte:02x}")).collect();
        once.key = format!("sign-up:{digits}");
        once
    });
    let made = door.engine.sign_up(OnceOf::caller(&house, once)).await?;
    let (id, key) = match made {
        Made::New(IssuedKey { id, key, .. }) => (id, Some(key)),
        Made::Before(id) => (KeyId::parse(&id).map_err(|_| crate::input::not_found(&id))?, None),
    };
    let shown = door.engine.key_shown(&id, &house).await?.key;
    let document = SignedUp {
        account_id: shown.account_id.as_str().to_owned(),
        account: shown.account,
        key_id: id.as_str().to_owned(),
        key,
    };
    Ok(Replied { status: StatusCode::CREATED, is_new: document.key.is_some(), document })
}
