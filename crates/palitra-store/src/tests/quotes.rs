//! Quotes: a promised price is taken once, by its own account, before it expires.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, commit, id, is_rule, open, refused},
};
use crate::{
    MIGRATIONS, Tx,
    quotes::{self, Quote},
};
use palitra_domain::{AccountId, ErrorCode, Livemode};

on_every_database!(MIGRATIONS => a_quote_is_taken_once_in_time_and_by_its_own_account);

fn quote(n: u64) -> Quote {
    Quote {
        id: id(n),
        account: anna(),
        livemode: Livemode::Test,
        model: "fal-ai/sketch".to_owned(),
        mode: "create".to_owned(),
        recipe: "recipe".to_owned(),
        price: 7,
        price_version: 3,
        expires_at: at(100),
    }
}

fn take(
    of: AccountId,
    n: u64,
    generation: u64,
    now: i64,
) -> impl Fn(&mut Tx<'_>) -> crate::Result<Quote> + Send {
    move |tx| quotes::take(tx, &of, &id(n), &id(generation), at(now))
}

async fn a_quote_is_taken_once_in_time_and_by_its_own_account(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| quotes::insert(tx, &quote(1), at(0)).and(quotes::insert(tx, &quote(2), at(0)))).await;
    for early in [take(boris(), 1, 5, 1), take(anna(), 9, 5, 1), take(anna(), 1, 5, 100)] {
        assert!(is_rule(&refused(&fresh, early).await, ErrorCode::QuoteExpired));
    }
    assert_eq!(commit(&fresh, take(anna(), 1, 5, 99)).await, quote(1));
    assert!(
        is_rule(&refused(&fresh, take(anna(), 1, 5, 99)).await, ErrorCode::QuoteExpired),
        "a repeated call"
    );
    assert!(is_rule(&refused(&fresh, take(anna(), 1, 6, 99)).await, ErrorCode::QuoteExpired));
    // One generation does not take two.
    assert!(fresh.store.write(take(anna(), 2, 5, 99)).await.is_err());
}
