//! `POST /v1/generations/{id}/refund`, for the operator: what was charged goes back.

use crate::{
    caller::Operator,
    documents::money::MoneyDocument,
    door::Door,
    input::{Id, Json},
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{Currency, GenerationId};
use palitra_engine::{Made, OnceOf, refunds::Refunded};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(refund))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundRequest {
    /// All that is left of the charge, when it is not given.
    amount: Option<MoneyDocument>,
    /// Why, for the account's ledger: 500 characters at most.
    #[serde(default)]
    note: String,
}

/// What went back, into which purse.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Refunded)]
pub(crate) struct RefundedDocument {
    generation_id: String,
    account_id: String,
    cash: MoneyDocument,
    bonus: MoneyDocument,
    /// Of the charge, what can still go back.
    left: MoneyDocument,
}

fn document(id: &GenerationId, it: &Refunded, currency: Currency) -> RefundedDocument {
    let of = |amount| MoneyDocument::of(amount, currency);
    RefundedDocument {
        generation_id: id.as_str().to_owned(),
        account_id: it.account.as_str().to_owned(),
        cash: of(it.back.cash),
        bonus: of(it.back.bonus),
        left: of(it.left),
    }
}

/// Give back what was charged
///
/// All of it or a part, never more than was charged, however often it is asked for. Cash goes back before bonus.
#[utoipa::path(
    post, path = "/v1/generations/{id}/refund", operation_id = "refund_generation", tag = "operator", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`"), once::Header), request_body = RefundRequest,
    responses((status = 200, description = "What went back", body = RefundedDocument), Refusals)
)]
async fn refund(
    State(door): State<Door>,
    Operator(caller): Operator,
    Id(id): Id<GenerationId>,
    headers: HeaderMap,
    Json { value, sha256 }: Json<RefundRequest>,
) -> Result<Replied<RefundedDocument>, Problem> {
    caller.reach(door.engine.generation(&id).await?.livemode)?;
    let currency = door.engine.settings.prices.currency;
    let amount = value.amount.map(|amount| amount.wanted("amount", currency)).transpose()?;
    let route = format!("POST /v1/generations/{id}/refund");
    let once = OnceOf::caller(&caller, once::of(&headers, &route, &sha256)?);
    let told = {
        let id = id.clone();
        move |it: &Refunded| once::kept(&document(&id, it, currency))
    };
    let engine = door.engine.acting_for(&caller);
    let made = engine.refund(&id, amount, &value.note, (once, told)).await?;
    let is_new = made.is_new();
    let document = match made {
        Made::New(refunded) => document(&id, &refunded, currency),
        Made::Before(kept) => once::again(&kept)?,
    };
    Ok(Replied { status: StatusCode::OK, is_new, document })
}
