//! `/v1/accounts`, for the operator: who there is, on which terms they buy, and their money. What an account does for itself is `account`.

use super::{
    account::exported,
    money::{self, BalanceDocument, MovementDocument},
    vouchers::{RedeemRequest, RedeemedDocument, redeemed},
};
use crate::{
    caller::{LiveOperator, Operator},
    documents::{
        Anything,
        account::{self, AccountDocument},
        money::MoneyDocument,
    },
    door::Door,
    input::{Json, Name, Query, nullable, plain},
    once::{self, Replied},
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use palitra_domain::{AccountId, ErrorCode, Livemode, Money};
use palitra_engine::{
    Caller, Holdings, Made, OnceOf, TermsChange,
    accounts::Account,
    failure::{Failure, Phrase},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, change, delete))
        .routes(routes!(holdings))
        .routes(routes!(export))
        .routes(routes!(ledger))
        .routes(routes!(credit))
        .routes(routes!(debit))
        .routes(routes!(redeem))
}

async fn named(door: &Door, name: &str) -> Result<Account, Failure> {
    Ok(door.engine.account(name).await?)
}

/// List accounts
///
/// By name, with what they have of the money that the key works with.
#[utoipa::path(
    get, path = "/v1/accounts", operation_id = "list_accounts", tag = "operator", security(("key" = [])), params(Paged),
    responses((status = 200, description = "A page of them", body = Page<AccountDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Operator(caller): Operator,
    Query(Paged { after, limit }): Query<Paged>,
) -> Result<axum::Json<Page<AccountDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let after = plain("after", after)?.unwrap_or_default();
    let views = door.engine.account_views(caller.livemode, &after, limit.saturating_add(1)).await?;
    let shown = views.iter().map(|view| account::listed(&door, view)).collect();
    Ok(axum::Json(Page::of(shown, limit, |account: &AccountDocument| account.name.clone())))
}

/// Look at an account
#[utoipa::path(
    get, path = "/v1/accounts/{account}", operation_id = "get_account_by_name", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")),
    responses((status = 200, description = "As it is now", body = AccountDocument), Refusals)
)]
async fn show(
    State(door): State<Door>,
    Operator(caller): Operator,
    Name(name): Name,
) -> Result<axum::Json<AccountDocument>, Problem> {
    let account = named(&door, &name).await?;
    Ok(axum::Json(shown(&door, &caller, &account.id).await?))
}

async fn shown(door: &Door, caller: &Caller, account: &AccountId) -> Result<AccountDocument, Failure> {
    Ok(account::document(door, &door.engine.account_view(account, caller.livemode).await?))
}

/// What is to be different; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    /// It buys at the prices of this group; `null`: at the plain ones.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    group: Option<Option<String>>,
    /// It pays nothing.
    free_access: Option<bool>,
    /// Of whoever has brought it; once, for ever.
    referral_code: Option<String>,
}

/// Change on which terms an account buys
///
/// From its next quote or order on.
#[utoipa::path(
    patch, path = "/v1/accounts/{account}", operation_id = "change_account", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")), request_body = AccountChange,
    responses((status = 200, description = "As it is now", body = AccountDocument), Refusals)
)]
async fn change(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Name(name): Name,
    Json { value, .. }: Json<AccountChange>,
) -> Result<axum::Json<AccountDocument>, Problem> {
    let account = named(&door, &name).await?;
    let AccountChange { group, free_access, referral_code } = value;
    let change = TermsChange { group, has_free_access: free_access };
    let engine = door.engine.acting_for(&caller);
    let changed = engine.change_account(&account.id, change, referral_code.as_deref()).await;
    changed.map_err(refused)?;
    Ok(axum::Json(shown(&door, &caller, &account.id).await?))
}

/// Rules of referrals say why in a word; of others, what is not there.
fn refused(error: palitra_engine::Error) -> Failure {
    let word = error.args.first().map(|(_, value)| value.clone()).unwrap_or_default();
    match error.code {
        ErrorCode::ReferralRefused => {
            Failure::new(error.code).with("why", Phrase::new(format!("referral-{word}")))
        }
        ErrorCode::NotFound => Failure::new(error.code).with("value", format!("`{word}`")),
        _ => error.into(),
    }
}

/// What an account has, live.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holdings)]
pub(crate) struct HoldingsDocument {
    cash: MoneyDocument,
    bonus: MoneyDocument,
    files: i64,
    bytes: i64,
    /// Generations that wait, and those that run.
    waiting: i64,
    running: i64,
    /// Keys that work.
    keys: i64,
}

fn holdings_document(door: &Door, it: &Holdings) -> HoldingsDocument {
    let of = |amount| MoneyDocument::of(amount, door.engine.settings.prices.currency);
    HoldingsDocument {
        cash: of(it.cash),
        bonus: of(it.bonus),
        files: it.files,
        bytes: it.bytes,
        waiting: it.waiting,
        running: it.running,
        keys: it.keys,
    }
}

/// What an account would lose
#[utoipa::path(
    get, path = "/v1/accounts/{account}/holdings", operation_id = "get_account_holdings", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")),
    responses((status = 200, description = "What a deletion would take from it", body = HoldingsDocument), Refusals)
)]
async fn holdings(
    State(door): State<Door>,
    Operator(_): Operator,
    Name(name): Name,
) -> Result<axum::Json<HoldingsDocument>, Problem> {
    let account = named(&door, &name).await?;
    Ok(axum::Json(holdings_document(&door, &door.engine.holdings(&account.id).await?)))
}

/// Export an account
///
/// Everything of it as one document: profile, keys, balance, ledger, generations, batches, files, webhooks.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/export", operation_id = "export_account_by_name", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")),
    responses((status = 200, description = "The document", body = Anything), Refusals)
)]
async fn export(
    State(door): State<Door>,
    Operator(caller): Operator,
    Name(name): Name,
) -> Result<Response, Problem> {
    let account = named(&door, &name).await?;
    exported(&door, &caller, &account.id).await
}

/// An account that is on its way out, with what it had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deletion {
    id: String,
    /// The name that it had.
    account: String,
    lost: HoldingsDocument,
}

/// Delete an account
///
/// Its keys stop at once, its work is cancelled, its media and what was asked go; the books keep what was paid, without its name. It cannot
/// be undone.
#[utoipa::path(
    delete, path = "/v1/accounts/{account}", operation_id = "delete_account_by_name", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")),
    responses((status = 202, description = "It is being deleted; no key of it works any more", body = Deletion), Refusals)
)]
async fn delete(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Name(name): Name,
) -> Result<(StatusCode, axum::Json<Deletion>), Problem> {
    let account = named(&door, &name).await?;
    let lost = door.engine.holdings(&account.id).await?;
    let deleted = door.engine.delete_account(&account.id, &caller).await;
    deleted.map_err(|error| match error.code {
        ErrorCode::InvalidInput => Failure::new(error.code)
            .with("value", format!("`{}`", account.name))
            .with("hint", Phrase::new("account-house-stays")),
        _ => error.into(),
    })?;
    let id = account.id.as_str().to_owned();
    let deletion = Deletion { id, account: account.name, lost: holdings_document(&door, &lost) };
    Ok((StatusCode::ACCEPTED, axum::Json(deletion)))
}

/// What moved an account
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/accounts/{account}/ledger", operation_id = "list_account_movements", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id"), Paged),
    responses((status = 200, description = "A page of movements", body = Page<MovementDocument>), Refusals)
)]
async fn ledger(
    State(door): State<Door>,
    Operator(caller): Operator,
    Name(name): Name,
    Query(paged): Query<Paged>,
) -> Result<axum::Json<Page<MovementDocument>>, Problem> {
    let account = named(&door, &name).await?;
    Ok(axum::Json(money::movements(&door, (&account.id, caller.livemode), paged).await?))
}

/// Money for an account. Its ledger says that it is a credit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditRequest {
    amount: MoneyDocument,
}

/// Money from an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DebitRequest {
    amount: MoneyDocument,
    /// Why, for the account's ledger: 500 characters at most.
    #[serde(default)]
    note: String,
}

/// Money that moves once under a key.
struct Moving {
    account: Account,
    amount: Money,
    once: Option<OnceOf>,
}

async fn moving(
    door: &Door,
    caller: &Caller,
    (name, verb): (&str, &str),
    amount: MoneyDocument,
    (headers, sha256): (&HeaderMap, &[u8; 32]),
) -> Result<Moving, Problem> {
    let account = named(door, name).await?;
    let amount = amount.wanted("amount", door.engine.settings.prices.currency)?;
    let once = once::of(headers, &format!("POST /v1/accounts/{}/{verb}", account.id), sha256)?;
    Ok(Moving { account, amount, once: OnceOf::caller(caller, once) })
}

/// What it has now, whoever moved it.
async fn moved(
    door: &Door,
    of: (&AccountId, Livemode),
    made: &Made<()>,
) -> Result<Replied<BalanceDocument>, Problem> {
    let document = money::balance_of(door, of).await?;
    Ok(Replied { status: StatusCode::OK, is_new: made.is_new(), document })
}

/// Add money to an account
#[utoipa::path(
    post, path = "/v1/accounts/{account}/credit", operation_id = "credit_account", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id"), once::Header), request_body = CreditRequest,
    responses((status = 200, description = "What it has now", body = BalanceDocument), Refusals)
)]
async fn credit(
    State(door): State<Door>,
    Operator(caller): Operator,
    Name(name): Name,
    headers: HeaderMap,
    Json { value, sha256 }: Json<CreditRequest>,
) -> Result<Replied<BalanceDocument>, Problem> {
    let asked = moving(&door, &caller, (&name, "credit"), value.amount, (&headers, &sha256)).await?;
    let of = (&asked.account.id, caller.livemode);
    let made = door.engine.acting_for(&caller).credit(of, asked.amount, asked.once).await?;
    moved(&door, of, &made).await
}

/// Take money back from an account
///
/// No more than is free.
#[utoipa::path(
    post, path = "/v1/accounts/{account}/debit", operation_id = "debit_account", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id"), once::Header), request_body = DebitRequest,
    responses((status = 200, description = "What it has now", body = BalanceDocument), Refusals)
)]
async fn debit(
    State(door): State<Door>,
    Operator(caller): Operator,
    Name(name): Name,
    headers: HeaderMap,
    Json { value, sha256 }: Json<DebitRequest>,
) -> Result<Replied<BalanceDocument>, Problem> {
    let asked = moving(&door, &caller, (&name, "debit"), value.amount, (&headers, &sha256)).await?;
    let (of, amount) = ((&asked.account.id, caller.livemode), asked.amount);
    let back = Money::new(-amount.amount, amount.currency);
    let made = door.engine.acting_for(&caller).correct(of, back, &value.note, asked.once).await;
    let made = made.map_err(|error| match error.code {
        ErrorCode::InsufficientFunds => Failure::new(error.code)
            .with("account", format!("`{}`", asked.account.name))
            .with("value", amount.to_string()),
        _ => error.into(),
    })?;
    moved(&door, of, &made).await
}

/// Redeem a voucher for an account
#[utoipa::path(
    post, path = "/v1/accounts/{account}/redeem", operation_id = "redeem_voucher_for", tag = "operator", security(("key" = [])),
    params(("account" = String, Path, description = "Its name or its id")), request_body = RedeemRequest,
    responses((status = 200, description = "What it has brought", body = RedeemedDocument), Refusals)
)]
async fn redeem(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Name(name): Name,
    Json { value, .. }: Json<RedeemRequest>,
) -> Result<axum::Json<RedeemedDocument>, Problem> {
    let account = named(&door, &name).await?;
    let given = door.engine.acting_for(&caller).redeem_for(&account.id, &value.code).await?;
    Ok(axum::Json(redeemed(&door, account, &given)))
}
