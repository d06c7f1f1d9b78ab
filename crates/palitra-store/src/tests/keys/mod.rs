//! Keys that are not well, limited, paused or gone: what the claim makes of them, and what becomes of work.

mod health;
mod limits;
mod pause;
mod rates;
mod stop;

use super::{
    harness::Fresh,
    shop::{MARKET, anna, at, claim, commit, create, key, wanted},
};
use crate::{
    Tx,
    generations::Claimed,
    markets::{self, ConfiguredKey, Heard, Stopped},
};
use palitra_domain::market::{ErrorClass, MarketError};

pub(super) async fn queue(fresh: &Fresh, numbers: std::ops::RangeInclusive<u64>) {
    commit(fresh, move |tx| create(tx, &anna(), &numbers.clone().map(wanted).collect::<Vec<_>>())).await;
}

pub(super) async fn claims(fresh: &Fresh, now: i64) -> Vec<Claimed> {
    commit(fresh, move |tx| claim(tx, 64, at(now))).await
}

/// The labels of the keys that a claim took, in order.
pub(super) async fn taken(fresh: &Fresh, now: i64) -> Vec<String> {
    claims(fresh, now).await.into_iter().map(|claimed| claimed.key).collect()
}

/// Two keys, `one` and `two`, with so many slots each.
pub(super) async fn two_keys(fresh: &Fresh, slots: [u32; 2]) {
    commit(fresh, move |tx| {
        markets::configure_keys(tx, &[key("one", 11, slots[0]), key("two", 12, slots[1])])
    })
    .await;
}

pub(super) fn rated(label: &str, n: u64, slots: u32, per_minute: u32, burst: u32) -> ConfiguredKey {
    ConfiguredKey { rate: Some(markets::Rate { per_minute, burst }), ..key(label, n, slots) }
}

pub(super) fn error(class: ErrorClass, status: u16) -> MarketError {
    MarketError { status: Some(status), ..MarketError::new(class, "the market says no") }
}

pub(super) fn away() -> MarketError {
    error(ErrorClass::Unavailable, 503)
}

pub(super) fn locked() -> MarketError {
    error(ErrorClass::Credits, 403)
}

pub(super) fn hear(tx: &mut Tx, label: &str, said: Option<MarketError>, now: i64) -> crate::Result<Stopped> {
    let heard = Heard {
        market: MARKET.to_owned(),
        label: label.to_owned(),
        error: said,
        claimed_at: at(now),
        random: 0,
    };
    markets::hear(tx, &heard, at(now))
}

/// The market's answer to a submission with a key, claimed and answered at the same time.
pub(super) async fn say(fresh: &Fresh, label: &'static str, said: Option<MarketError>, now: i64) -> Stopped {
    commit(fresh, move |tx| hear(tx, label, said.clone(), now)).await
}
