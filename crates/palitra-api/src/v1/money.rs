//! `GET /v1/balance` and `GET /v1/ledger`: what an account has, and what moved it.

use crate::{
    caller::Reader,
    documents::money::{ExpiringDocument, MoneyDocument},
    door::Door,
    input::Query,
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::State;
use palitra_domain::{AccountId, Livemode, Timestamp, TransferId};
use palitra_engine::{AccountView, failure::Failure, refunds::Movement};
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

/// What the account has
#[utoipa::path(
    get, path = "/v1/balance", operation_id = "get_balance", tag = "money", security(("key" = [])),
    responses((status = 200, description = "Now", body = BalanceDocument), Refusals)
)]
async fn balance(
    State(door): State<Door>,
    Reader(caller): Reader,
) -> Result<axum::Json<BalanceDocument>, Problem> {
    Ok(axum::Json(balance_of(&door, (&caller.account, caller.livemode)).await?))
}

/// What an account has now.
pub(super) async fn balance_of(
    door: &Door,
    (account, livemode): (&AccountId, Livemode),
) -> Result<BalanceDocument, Failure> {
    let currency = door.engine.settings.prices.currency;
    let of = |amount| MoneyDocument::of(amount, currency);
    let AccountView { has, expiring, .. } = door.engine.account_view(account, livemode).await?;
    Ok(BalanceDocument {
        cash: of(has.cash),
        bonus: of(has.bonus),
        held: of(has.held),
        debt: of(has.debt),
        available: of(has.available()),
        expiring: expiring.iter().map(|grant| ExpiringDocument::of(grant, currency)).collect(),
    })
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
    get, path = "/v1/ledger", operation_id = "list_movements", tag = "money", security(("key" = [])), params(Paged),
    responses((status = 200, description = "A page of movements", body = Page<MovementDocument>), Refusals)
)]
async fn ledger(
    State(door): State<Door>,
    Reader(caller): Reader,
    Query(paged): Query<Paged>,
) -> Result<axum::Json<Page<MovementDocument>>, Problem> {
    Ok(axum::Json(movements(&door, (&caller.account, caller.livemode), paged).await?))
}

/// A page of what moved an account.
pub(super) async fn movements(
    door: &Door,
    (account, livemode): (&AccountId, Livemode),
    Paged { after, limit }: Paged,
) -> Result<Page<MovementDocument>, Failure> {
    let limit = page::limit(limit)?;
    let before = page::after(after, |after| TransferId::parse(after).ok())?;
    let rows = door.engine.movements(account, livemode, before, limit.saturating_add(1)).await?;
    let currency = door.engine.settings.prices.currency;
    let shown = rows.iter().map(|row| document(row, currency)).collect();
    Ok(Page::of(shown, limit, |row: &MovementDocument| row.id.clone()))
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
