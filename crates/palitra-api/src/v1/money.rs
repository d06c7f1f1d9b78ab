//! `GET /v1/balance` and `GET /v1/ledger`: what an account has, and what moved it.

use crate::{
    caller::Reader,
    documents::money::MoneyDocument,
    door::Door,
    input::Query,
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::State;
use palitra_domain::{Timestamp, TransferId};
use palitra_engine::refunds::Movement;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(balance)).routes(routes!(ledger))
}

/// What an account has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub(crate) struct BalanceDocument {
    cash: MoneyDocument,
    /// Given, not paid in; it goes first.
    bonus: MoneyDocument,
    /// Of both, on hold for what is queued or at work.
    held: MoneyDocument,
    /// Owed: spent of a top-up that was taken back.
    debt: MoneyDocument,
    /// What can be spent now.
    available: MoneyDocument,
    /// Bonus that ends.
    expiring: Vec<ExpiringDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Expiring)]
pub(crate) struct ExpiringDocument {
    amount: MoneyDocument,
    expires_at: String,
}

/// What the account has
#[utoipa::path(
    get, path = "/v1/balance", tag = "money", security(("key" = [])),
    responses((status = 200, description = "Now", body = BalanceDocument), Refusals)
)]
async fn balance(
    State(door): State<Door>,
    Reader(caller): Reader,
) -> Result<axum::Json<BalanceDocument>, Problem> {
    let currency = door.engine.settings.prices.currency;
    let of = |amount| MoneyDocument::of(amount, currency);
    let balance = door.engine.balance(&caller.account, caller.livemode).await?;
    let expiring = door.engine.expiring(&caller.account, caller.livemode).await?;
    let available =
        balance.cash.saturating_add(balance.bonus).saturating_sub(balance.held).saturating_sub(balance.debt);
    Ok(axum::Json(BalanceDocument {
        cash: of(balance.cash),
        bonus: of(balance.bonus),
        held: of(balance.held),
        debt: of(balance.debt),
        available: of(available.max(0)),
        expiring: expiring
            .iter()
            .map(|grant| ExpiringDocument {
                amount: of(grant.remains),
                expires_at: grant.expires_at.rfc3339(),
            })
            .collect(),
    }))
}

/// One movement of money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Movement)]
pub(crate) struct MovementDocument {
    id: String,
    /// `hold`, `topup`, `welcome`, `voucher`, `referral`, `refund`, `expiry` or `adjustment`.
    kind: String,
    /// `pending`, `posted` or `voided`; a hold that is posted is a charge.
    state: String,
    cash: MoneyDocument,
    bonus: MoneyDocument,
    generation_id: Option<String>,
    /// The movement that it takes back.
    reverses: Option<String>,
    note: String,
    created_at: String,
    closed_at: Option<String>,
}

/// What moved the account
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/ledger", tag = "money", security(("key" = [])), params(Paged),
    responses((status = 200, description = "A page of movements", body = Page<MovementDocument>), Refusals)
)]
async fn ledger(
    State(door): State<Door>,
    Reader(caller): Reader,
    Query(Paged { after, limit }): Query<Paged>,
) -> Result<axum::Json<Page<MovementDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let before = after
        .map(|after| {
            TransferId::parse(&after).map_err(|_| crate::input::wrong("after", "the `next` of a page"))
        })
        .transpose()?;
    let rows =
        door.engine.movements(&caller.account, caller.livemode, before, limit.saturating_add(1)).await?;
    let currency = door.engine.settings.prices.currency;
    let shown = rows.iter().map(|row| document(row, currency)).collect();
    Ok(axum::Json(Page::of(shown, limit, |row: &MovementDocument| row.id.clone())))
}

fn document(it: &Movement, currency: palitra_domain::Currency) -> MovementDocument {
    MovementDocument {
        id: it.id.as_str().to_owned(),
        kind: it.kind.clone(),
        state: it.state.as_str().to_owned(),
        cash: MoneyDocument::of(it.cash, currency),
        bonus: MoneyDocument::of(it.bonus, currency),
        generation_id: it.generation.as_ref().map(|id| id.as_str().to_owned()),
        reverses: it.reverses.as_ref().map(|id| id.as_str().to_owned()),
        note: it.note.clone(),
        created_at: it.created_at.rfc3339(),
        closed_at: it.closed_at.map(Timestamp::rfc3339),
    }
}
