//! `/v1/account`: look at it, take everything along, or be forgotten.

use crate::{
    caller::{Holder, Reader},
    documents::{
        Anything,
        account::{self, AccountDocument},
    },
    door::Door,
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use palitra_domain::{AccountId, ErrorCode, Scope};
use palitra_engine::{Caller, failure::Failure};
use std::io;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(show, delete)).routes(routes!(export))
}

/// Look at the account
#[utoipa::path(
    get, path = "/v1/account", operation_id = "get_account", tag = "account", security(("key" = [])),
    responses((status = 200, description = "As it is now", body = AccountDocument), Refusals)
)]
async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
) -> Result<axum::Json<AccountDocument>, Problem> {
    let view = door.engine.account_view(&caller.account, caller.livemode).await?;
    let is_operator = caller.scopes.has(Scope::Operator);
    Ok(axum::Json(if is_operator { account::document(&door, &view) } else { account::own(&door, &view) }))
}

/// Export the account
///
/// Everything of it as one document: profile, keys, balance, ledger, generations, batches, files, webhooks.
#[utoipa::path(
    get, path = "/v1/account/export", operation_id = "export_account", tag = "account", security(("key" = [])),
    responses((status = 200, description = "The document", body = Anything), Refusals)
)]
async fn export(State(door): State<Door>, Holder(caller): Holder) -> Result<Response, Problem> {
    exported(&door, &caller, &caller.account).await
}

/// The document, piece by piece.
pub(super) async fn exported(door: &Door, by: &Caller, account: &AccountId) -> Result<Response, Problem> {
    let export = door.engine.acting_for(by).export_account(account).await?;
    let pieces = export.pieces().map(|piece| piece.map_err(io::Error::other));
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"palitra-account.json\""),
    ];
    Ok((headers, Body::from_stream(pieces.fuse())).into_response())
}

const CONFIRM: HeaderName = HeaderName::from_static("palitra-confirm");

/// Delete the account
///
/// Its keys stop at once, its work is cancelled, its media and what was asked go; the books keep what was paid, without its name. Money that
/// is left is lost. Not with a test key. It cannot be undone, so `Palitra-Confirm: delete` has to say that it is meant.
#[utoipa::path(
    delete, path = "/v1/account", operation_id = "delete_account", tag = "account", security(("key" = [])),
    params(("Palitra-Confirm" = Option<String>, Header, description = "`delete`")),
    responses((status = 202, description = "It is being deleted; no key of it works any more"), Refusals)
)]
async fn delete(
    State(door): State<Door>,
    Holder(caller): Holder,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    if headers.get(CONFIRM).is_none_or(|said| said != "delete") {
        let failure =
            Failure::new(ErrorCode::NeedsConfirmation).with("value", "the account and everything in it");
        return Err(failure.with("hint", "`Palitra-Confirm: delete`").into());
    }
    door.engine.delete_account(&caller.account, &caller).await?;
    Ok(StatusCode::ACCEPTED)
}
