//! An account as it is shown to itself and to the operator.

use super::money::{ExpiringDocument, MoneyDocument};
use crate::door::Door;
use palitra_engine::AccountView;
use serde::Serialize;
use utoipa::ToSchema;

/// An account with its money and the terms on which it buys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountDocument {
    #[schema(example = "acc_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    id: String,
    pub(crate) name: String,
    /// `customer`, or `house`: the operator's own.
    kind: &'static str,
    /// The price group that it is in; only the operator sees it.
    group: Option<String>,
    /// What prices are multiplied by for it, a decimal.
    factor: String,
    /// It pays nothing.
    free_access: bool,
    /// What it gives to those whom it brings.
    referral_code: String,
    /// The name of whoever has brought it; only the operator sees it.
    referred_by: Option<String>,
    /// How many it has brought.
    referred: i64,
    /// Its share of the slots among those who wait; only the operator sees it.
    weight: Option<i64>,
    cash: MoneyDocument,
    bonus: MoneyDocument,
    held: MoneyDocument,
    debt: MoneyDocument,
    created_at: String,
    /// Bonus that ends; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiring: Option<Vec<ExpiringDocument>>,
}

/// As it stands in a list.
pub(crate) fn listed(door: &Door, view: &AccountView) -> AccountDocument {
    let AccountView { profile, has, .. } = view;
    let of = |amount| MoneyDocument::of(amount, door.engine.settings.prices.currency);
    AccountDocument {
        id: profile.id.as_str().to_owned(),
        name: profile.name.clone(),
        kind: if profile.is_house { "house" } else { "customer" },
        group: profile.group.clone(),
        factor: profile.terms.factor.to_string(),
        free_access: profile.terms.has_free_access,
        referral_code: profile.referral_code.clone(),
        referred_by: profile.referred_by.clone(),
        referred: profile.referred,
        weight: Some(profile.weight),
        cash: of(has.cash),
        bonus: of(has.bonus),
        held: of(has.held),
        debt: of(has.debt),
        created_at: profile.created_at.rfc3339(),
        expiring: None,
    }
}

/// By itself, with what of its bonus ends.
pub(crate) fn document(door: &Door, view: &AccountView) -> AccountDocument {
    let currency = door.engine.settings.prices.currency;
    let expiring = view.expiring.iter().map(|grant| ExpiringDocument::of(grant, currency)).collect();
    AccountDocument { expiring: Some(expiring), ..listed(door, view) }
}

/// As it sees itself: without what is the operator's.
pub(crate) fn own(door: &Door, view: &AccountView) -> AccountDocument {
    AccountDocument { group: None, referred_by: None, weight: None, ..document(door, view) }
}
