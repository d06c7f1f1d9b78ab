//! `POST /v1/accounts`: strangers make an account for themselves, where the operator lets them. No key opens it: it gives one.

use crate::{
    caller,
    door::Door,
    limits::{self, Taken},
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::ErrorCode;
use palitra_engine::{Caller, IssuedKey, OnceOf, failure::Failure};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(sign_up))
}

/// An account that was just made. All of it is `null` when the request is repeated: nothing says that the same stranger repeats it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SignedUp {
    account_id: Option<String>,
    /// The account's name.
    account: Option<String>,
    key_id: Option<String>,
    /// The only time it is seen.
    key: Option<String>,
}

/// Make an account for yourself
///
/// Where the operator lets strangers do so. Whoever loses the key has lost the account. The same request again under its `Idempotency-Key`
/// makes none, and tells nothing of the first: who has not heard the answer asks under another key.
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
    let once = OnceOf::caller(&house, once);
    if door.engine.settings.sign_up.is_some() && door.engine.made_before(once.as_ref()).await?.is_none() {
        may_make_one_more(&door, address)?;
    }
    let made = door.engine.sign_up(once).await?;
    let is_new = made.is_new();
    let document = match made.fresh() {
        None => SignedUp::default(),
        Some(IssuedKey { id, key, .. }) => {
            let shown = door.engine.key_shown(&id, &house).await?.key;
            SignedUp {
                account_id: Some(shown.account_id.as_str().to_owned()),
                account: Some(shown.account),
                key_id: Some(id.as_str().to_owned()),
                key: Some(key),
            }
        }
    };
    Ok(Replied { status: StatusCode::CREATED, is_new, document })
}

/// One address takes no more than its share of the day's.
fn may_make_one_more(door: &Door, address: IpAddr) -> Result<(), Failure> {
    match door.limits.of_sign_up(address, door.engine.clock.now()) {
        Taken::Refused { limit, again_in, .. } => {
            Err(Failure::new(ErrorCode::SignUpsFull).with("limit", limit).retry_after(again_in))
        }
        Taken::Free | Taken::Passed { .. } => Ok(()),
    }
}
