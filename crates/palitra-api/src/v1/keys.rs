//! `/v1/keys`: API keys. An account has its own; the operator sees all of them and makes some for anybody.

use crate::{
    caller::Holder,
    documents::{mode::ModeDocument, money::MoneyDocument},
    door::Door,
    input::{Id, Json, Optional, Query, wrong},
    moment::Moment,
    once::{self, Replied},
    page::{self, Page},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{Currency, KeyId, Money, Scope, Scopes, Timestamp};
use palitra_engine::{
    ApiKey, Budgets, Caller, IssuedKey, KEPT, KeyFilter, KeyOwner, KeyShown, KeyWish, Made, OnceOf, Spent,
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(rotate)).routes(routes!(revoke))
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Scope)]
pub(crate) enum ScopeDocument {
    Read,
    Generate,
    Account,
    Operator,
}

impl From<ScopeDocument> for Scope {
    fn from(scope: ScopeDocument) -> Scope {
        match scope {
            ScopeDocument::Read => Scope::Read,
            ScopeDocument::Generate => Scope::Generate,
            ScopeDocument::Account => Scope::Account,
            ScopeDocument::Operator => Scope::Operator,
        }
    }
}

fn scopes(scopes: Scopes) -> Vec<ScopeDocument> {
    let shown = |scope| match scope {
        Scope::Read => ScopeDocument::Read,
        Scope::Generate => ScopeDocument::Generate,
        Scope::Account => ScopeDocument::Account,
        Scope::Operator => ScopeDocument::Operator,
    };
    scopes.iter().map(shown).collect()
}

/// A key that is wanted. It can do no more than the key that asks for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// The name or the id of the account that it is for, which is made when there is none of the name; only the operator names one.
    account: Option<String>,
    /// That of the key that asks, when it is not given.
    mode: Option<ModeDocument>,
    /// What it is for, in a few words.
    #[serde(default)]
    name: String,
    /// `read`, `generate` and `account`, as far as the key that asks has them, when none are given.
    scopes: Option<Vec<ScopeDocument>>,
    #[serde(default)]
    budgets: BudgetsRequest,
    /// `90d` from now, a day, or a time; without it for ever.
    #[schema(value_type = Option<String>, example = "2027-01-31T00:00:00Z")]
    expires_at: Option<Moment>,
    /// Money for the account, from the operator.
    credit: Option<MoneyDocument>,
}

/// What a key may spend: in a day and in a month (UTC), and in all.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetsRequest {
    day: Option<MoneyDocument>,
    month: Option<MoneyDocument>,
    total: Option<MoneyDocument>,
}

impl BudgetsRequest {
    fn budgets(&self, currency: Currency) -> Result<Budgets, Failure> {
        let amount = |budget: &Option<MoneyDocument>, path: &str| match budget {
            Some(budget) if budget.currency != currency.as_str() => {
                Err(wrong(&format!("budgets.{path}.currency"), currency.as_str()))
            }
            budget => Ok(budget.as_ref().map(|budget| budget.amount)),
        };
        Ok(Budgets {
            day: amount(&self.day, "day")?,
            month: amount(&self.month, "month")?,
            total: amount(&self.total, "total")?,
        })
    }
}

/// A key with its budgets and their use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyDocument {
    #[schema(example = "key_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    id: String,
    account_id: String,
    /// Its name.
    account: String,
    mode: ModeDocument,
    /// The whole key where it was just made, and never again.
    key: Option<String>,
    /// The part of it that may be shown.
    #[schema(example = "sk_live_…a1b2")]
    hint: String,
    name: String,
    scopes: Vec<ScopeDocument>,
    budgets: BudgetsDocument,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// To the minute.
    used_at: Option<String>,
    /// Until then the secret before the last rotation works, too.
    old_until: Option<String>,
}

/// By UTC day, by UTC month, in all; `null` is no bound.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budgets)]
pub(crate) struct BudgetsDocument {
    day: Option<BudgetDocument>,
    month: Option<BudgetDocument>,
    total: Option<BudgetDocument>,
}

/// A bound, and what of it is used or held now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetDocument {
    budget: MoneyDocument,
    used: MoneyDocument,
}

fn budgets(budgets: &Budgets, spent: &Spent, currency: Currency) -> BudgetsDocument {
    let of = |budget: Option<i64>, used: i64| {
        let money = |amount| MoneyDocument::of(amount, currency);
        budget.map(|budget| BudgetDocument { budget: money(budget), used: money(used) })
    };
    BudgetsDocument {
        day: of(budgets.day, spent.day),
        month: of(budgets.month, spent.month),
        total: of(budgets.total, spent.total),
    }
}

fn document(door: &Door, KeyShown { key, spent }: &KeyShown) -> KeyDocument {
    KeyDocument {
        id: key.id.as_str().to_owned(),
        account_id: key.account_id.as_str().to_owned(),
        account: key.account.clone(),
        mode: key.livemode.into(),
        key: None,
        hint: key.hint.clone(),
        name: key.name.clone(),
        scopes: scopes(key.scopes),
        budgets: budgets(&key.budgets, spent, door.engine.settings.prices.currency),
        created_at: key.created_at.rfc3339(),
        expires_at: key.expires_at.map(Timestamp::rfc3339),
        revoked_at: key.revoked_at.map(Timestamp::rfc3339),
        used_at: key.used_at.map(Timestamp::rfc3339),
        old_until: key.old_until.map(Timestamp::rfc3339),
    }
}

/// Make a key
///
/// The only time it is seen: the same request again under its `Idempotency-Key` answers without it.
#[utoipa::path(
    post, path = "/v1/keys", operation_id = "create_key", tag = "keys", security(("key" = [])), request_body = KeyRequest,
    params(once::Header),
    responses((status = 201, description = "With the key itself", body = KeyDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Holder(caller): Holder,
    headers: HeaderMap,
    Json { value, sha256 }: Json<KeyRequest>,
) -> Result<Replied<KeyDocument>, Problem> {
    let once = OnceOf::caller(&caller, once::of(&headers, "POST /v1/keys", &sha256)?);
    let made = door.engine.create_key(wish(&door, &caller, value)?, &caller, once).await?;
    let (id, new) = match made {
        Made::New(IssuedKey { id, key, .. }) => (id, Some(key)),
        Made::Before(id) => (KeyId::parse(&id).map_err(|_| crate::input::not_found(&id))?, None),
    };
    let mut shown = document(&door, &door.engine.key_shown(&id, &caller).await?);
    let is_new = new.is_some();
    shown.key = new;
    Ok(Replied { status: StatusCode::CREATED, is_new, document: shown })
}

fn wish(door: &Door, caller: &Caller, asked: KeyRequest) -> Result<KeyWish, Failure> {
    let currency = door.engine.settings.prices.currency;
    let owner = match asked.account {
        Some(name) => KeyOwner::Named(name),
        None => KeyOwner::Account(caller.account.clone()),
    };
    let asked_for =
        asked.scopes.map(|all| all.into_iter().fold(Scopes::NONE, |all, scope| all.with(scope.into())));
    let credit = asked.credit.map(|credit| credit.wanted("credit", currency)).transpose()?;
    Ok(KeyWish {
        owner,
        livemode: asked.mode.map_or(caller.livemode, Into::into),
        name: asked.name,
        scopes: asked_for.unwrap_or_else(|| caller.scopes.and(Scopes::USUAL)),
        budgets: asked.budgets.budgets(currency)?,
        expires_at: asked.expires_at.map(|moment| moment.ahead(door.engine.clock.now())),
        credit: credit.filter(|credit: &Money| credit.amount > 0),
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyQuery {
    /// Only those of this account, by name or id; only the operator asks for others than his own.
    account: Option<String>,
    /// Only what is older than this one.
    after: Option<String>,
    /// 1 to 1000; 20 when it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// List keys
///
/// Newest first: those of the account, with test keys apart from live ones; to the operator all that there are.
#[utoipa::path(
    get, path = "/v1/keys", operation_id = "list_keys", tag = "keys", security(("key" = [])), params(KeyQuery),
    responses((status = 200, description = "A page of them", body = Page<KeyDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Holder(caller): Holder,
    Query(KeyQuery { account, after, limit }): Query<KeyQuery>,
) -> Result<axum::Json<Page<KeyDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let before = page::after(after, |after| KeyId::parse(after).ok())?;
    let is_operator = caller.scopes.has(Scope::Operator);
    let account = match account {
        Some(_) if !is_operator => caller.need(Scope::Operator).map(|()| None)?,
        Some(name) => Some(door.engine.account(&name).await?.id),
        None => (!is_operator).then(|| caller.account.clone()),
    };
    let livemode = (!is_operator || caller.has_test_key()).then_some(caller.livemode);
    let filter = KeyFilter { account, livemode, before, limit: limit.saturating_add(1) };
    let keys = door.engine.keys_shown(filter).await?;
    let shown = keys.iter().map(|key| document(&door, key)).collect();
    Ok(axum::Json(Page::of(shown, limit, |key: &KeyDocument| key.id.clone())))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateRequest {
    /// How long the secret before still works, in seconds: a day when it is not given, at most 30 days.
    #[schema(maximum = 2_592_000)]
    keep_s: Option<u64>,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RotatedKey {
    id: String,
    account_id: String,
    /// The only time it is seen: `null` when the request is repeated.
    key: Option<String>,
    /// Until then the secret before works, too.
    old_until: Option<String>,
}

/// Give a key a new secret
///
/// The secret before works on for a while; the one before that ends at once.
#[utoipa::path(
    post, path = "/v1/keys/{id}/rotate", operation_id = "rotate_key", tag = "keys", security(("key" = [])),
    params(("id" = String, Path, description = "`key_…`"), once::Header), request_body = Option<RotateRequest>,
    responses((status = 200, description = "The new one", body = RotatedKey), Refusals)
)]
async fn rotate(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<KeyId>,
    headers: HeaderMap,
    Optional(body): Optional<RotateRequest>,
) -> Result<Replied<RotatedKey>, Problem> {
    let sha256 = body.as_ref().map(|body| body.sha256).unwrap_or_default();
    let kept = body.and_then(|body| body.value.keep_s).map_or(KEPT, Duration::from_secs);
    let once = once::of(&headers, &format!("POST /v1/keys/{id}/rotate"), &sha256)?;
    let made = door.engine.rotate_key(&id, kept, &caller, OnceOf::caller(&caller, once)).await?;
    let is_new = made.is_new();
    let ApiKey { account_id, old_until, .. } = door.engine.key_shown(&id, &caller).await?.key;
    let document = RotatedKey {
        id: id.as_str().to_owned(),
        account_id: account_id.as_str().to_owned(),
        key: made.fresh().map(|issued| issued.key),
        old_until: old_until.map(Timestamp::rfc3339),
    };
    Ok(Replied { status: StatusCode::OK, is_new, document })
}

/// A key that works no more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revoked {
    pub(super) id: String,
    pub(super) revoked: bool,
}

/// Revoke a key
///
/// It stops at once in this process, and within five seconds in every other.
#[utoipa::path(
    post, path = "/v1/keys/{id}/revoke", operation_id = "revoke_key", tag = "keys", security(("key" = [])),
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "It works no more", body = Revoked), Refusals)
)]
async fn revoke(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<KeyId>,
) -> Result<axum::Json<Revoked>, Problem> {
    door.engine.revoke_key_by(&id, &caller).await?;
    Ok(axum::Json(Revoked { id: id.as_str().to_owned(), revoked: true }))
}
