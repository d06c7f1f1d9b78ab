//! `/v1/vouchers`: codes that give money. The operator makes them, any account redeems them.

use super::keys::Revoked;
use crate::{
    caller::{Holder, LiveOperator, Operator},
    documents::money::MoneyDocument,
    door::Door,
    input::{Id, Json, Query, wrong},
    moment::Moment,
    once::{self, Replied},
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{Currency, Livemode, Timestamp, VoucherId};
use palitra_engine::{
    Made, OnceOf, Purse, Redeemed, Voucher, VoucherWish,
    accounts::Account,
    failure::{Failure, Phrase},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(revoke)).routes(routes!(redeem))
}

const DAY: Duration = Duration::from_secs(86_400);
const DAYS_MAX: u32 = 36_500;
const USES_MAX: u32 = 1_000_000;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Purse)]
pub(crate) enum PurseDocument {
    #[default]
    Cash,
    /// Given, not paid in: it goes first, and is never paid out.
    Bonus,
}

impl From<Purse> for PurseDocument {
    fn from(purse: Purse) -> PurseDocument {
        match purse {
            Purse::Cash => PurseDocument::Cash,
            Purse::Bonus => PurseDocument::Bonus,
        }
    }
}

/// What a voucher is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoucherRequest {
    /// What it gives to an account.
    amount: MoneyDocument,
    #[serde(default)]
    #[schema(inline)]
    purse: PurseDocument,
    /// How long its bonus lasts, in days; without it for ever.
    #[schema(minimum = 1, maximum = 36_500)]
    days: Option<u32>,
    /// How many accounts can redeem it, each once; 1 when it is not given.
    #[schema(minimum = 1, maximum = 1_000_000)]
    uses: Option<u32>,
    /// `90d` from now, a day, or a time; without it for ever.
    #[schema(value_type = Option<String>, example = "2027-01-31T00:00:00Z")]
    expires_at: Option<Moment>,
    /// Of your own, 4 to 32 letters and digits; short ones can be guessed. Without it a random one.
    code: Option<String>,
}

impl VoucherRequest {
    fn wish(&self, currency: Currency, now: Timestamp) -> Result<VoucherWish, Failure> {
        if self.days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return Err(wrong("days", "1 to 36500"));
        }
        let uses_max = self.uses.unwrap_or(1);
        if !(1..=USES_MAX).contains(&uses_max) {
            return Err(wrong("uses", "1 to 1000000"));
        }
        if self.amount.currency != currency.as_str() {
            return Err(wrong("amount.currency", currency.as_str()));
        }
        Ok(VoucherWish {
            amount: palitra_domain::Money::new(self.amount.amount, currency),
            purse: match self.purse {
                PurseDocument::Cash => Purse::Cash,
                PurseDocument::Bonus => Purse::Bonus,
            },
            lasts: self.days.map(|days| DAY * days),
            uses_max,
            expires_at: self.expires_at.as_ref().map(|moment| moment.ahead(now)),
            code: self.code.clone(),
        })
    }
}

/// A new voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedVoucher {
    #[schema(example = "vch_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    id: String,
    /// The only time it is seen; `null` when the request is repeated and did not name it.
    code: Option<String>,
}

/// Make a voucher
#[utoipa::path(
    post, path = "/v1/vouchers", operation_id = "create_voucher", tag = "operator", security(("key" = [])), request_body = VoucherRequest,
    params(once::Header),
    responses((status = 201, description = "With its code", body = IssuedVoucher), Refusals)
)]
async fn create(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    headers: HeaderMap,
    Json { value, sha256 }: Json<VoucherRequest>,
) -> Result<Replied<IssuedVoucher>, Problem> {
    let wish = value.wish(door.engine.settings.prices.currency, door.engine.clock.now())?;
    let once = OnceOf::caller(&caller, once::of(&headers, "POST /v1/vouchers", &sha256)?);
    let made = door.engine.acting_for(&caller).create_voucher(wish, once).await.map_err(explained)?;
    let (is_new, document) = match made {
        Made::New(issued) => {
            (true, IssuedVoucher { id: issued.id.as_str().to_owned(), code: Some(issued.code) })
        }
        Made::Before(id) => (false, IssuedVoucher { id, code: value.code }),
    };
    Ok(Replied { status: StatusCode::CREATED, is_new, document })
}

/// What would do instead.
fn explained(error: palitra_engine::Error) -> Failure {
    let field = error.args.first().map(|(_, value)| value.clone()).unwrap_or_default();
    let key = match field.as_str() {
        "`code`" => "voucher-hint-code",
        "`expires_at`" => "voucher-hint-expires",
        "`amount`" => "voucher-hint-amount",
        _ => return error.into(),
    };
    Failure::new(error.code).with("value", field).with("hint", Phrase::new(key))
}

/// A voucher without its code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Voucher)]
pub(crate) struct VoucherDocument {
    id: String,
    /// The end of its code.
    hint: String,
    /// `active`, `used_up`, `expired` or `revoked`.
    status: &'static str,
    #[schema(inline)]
    purse: PurseDocument,
    amount: MoneyDocument,
    /// How long its bonus lasts.
    days: Option<u64>,
    uses: u32,
    uses_max: u32,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

fn status(it: &Voucher, now: Timestamp) -> &'static str {
    if it.revoked_at.is_some() {
        "revoked"
    } else if it.uses >= it.uses_max {
        "used_up"
    } else if it.expires_at.is_some_and(|at| at <= now) {
        "expired"
    } else {
        "active"
    }
}

fn document(door: &Door, it: &Voucher, now: Timestamp) -> VoucherDocument {
    VoucherDocument {
        id: it.id.as_str().to_owned(),
        hint: it.hint.clone(),
        status: status(it, now),
        purse: it.purse.into(),
        amount: MoneyDocument::of(it.amount, door.engine.settings.prices.currency),
        days: it.lasts.map(|lasts| lasts.as_secs() / DAY.as_secs()),
        uses: it.uses,
        uses_max: it.uses_max,
        created_at: it.created_at.rfc3339(),
        expires_at: it.expires_at.map(Timestamp::rfc3339),
        revoked_at: it.revoked_at.map(Timestamp::rfc3339),
    }
}

/// List vouchers
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/vouchers", operation_id = "list_vouchers", tag = "operator", security(("key" = [])), params(Paged),
    responses((status = 200, description = "A page of them", body = Page<VoucherDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Operator(_): Operator,
    Query(Paged { after, limit }): Query<Paged>,
) -> Result<axum::Json<Page<VoucherDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let before = page::after(after, |after| VoucherId::parse(after).ok())?;
    let vouchers = door.engine.vouchers(before, limit.saturating_add(1)).await?;
    let now = door.engine.clock.now();
    let shown = vouchers.iter().map(|it| document(&door, it, now)).collect();
    Ok(axum::Json(Page::of(shown, limit, |it: &VoucherDocument| it.id.clone())))
}

/// Revoke a voucher
///
/// It gives nothing any more; what it has given stays.
#[utoipa::path(
    post, path = "/v1/vouchers/{id}/revoke", operation_id = "revoke_voucher", tag = "operator", security(("key" = [])),
    params(("id" = String, Path, description = "`vch_…`")),
    responses((status = 200, description = "It is over", body = Revoked), Refusals)
)]
async fn revoke(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Id(id): Id<VoucherId>,
) -> Result<axum::Json<Revoked>, Problem> {
    door.engine.acting_for(&caller).revoke_voucher(&id).await?;
    Ok(axum::Json(Revoked { id: id.as_str().to_owned(), revoked: true }))
}

/// A code as it was given; case and dashes do not matter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemRequest {
    #[schema(example = "K7QM-2RTX-9WAB")]
    pub(super) code: String,
}

/// What a code has brought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redeemed)]
pub(crate) struct RedeemedDocument {
    /// The account's name.
    account: String,
    #[schema(inline)]
    purse: PurseDocument,
    amount: MoneyDocument,
    /// When the bonus ends.
    expires_at: Option<String>,
}

pub(super) fn redeemed(door: &Door, account: Account, given: &Redeemed) -> RedeemedDocument {
    RedeemedDocument {
        account: account.name,
        purse: given.purse.into(),
        amount: MoneyDocument::of(given.amount, door.engine.settings.prices.currency),
        expires_at: given.expires_at.map(Timestamp::rfc3339),
    }
}

/// Redeem a voucher
///
/// Live money for a code, once for each account: whoever sends it twice is told that the account has had it.
#[utoipa::path(
    post, path = "/v1/vouchers/redeem", operation_id = "redeem_voucher", tag = "money", security(("key" = [])), request_body = RedeemRequest,
    responses((status = 200, description = "What it has brought", body = RedeemedDocument), Refusals)
)]
async fn redeem(
    State(door): State<Door>,
    Holder(caller): Holder,
    Json { value, .. }: Json<RedeemRequest>,
) -> Result<axum::Json<RedeemedDocument>, Problem> {
    // Vouchers are live money: whoever works with test money has none to gain.
    caller.reach(Livemode::Live)?;
    let account = door.engine.account(caller.account.as_str()).await?;
    let given = door.engine.redeem(&account.id, &value.code).await?;
    Ok(axum::Json(redeemed(&door, account, &given)))
}
