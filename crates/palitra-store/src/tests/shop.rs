//! A shop for the tests of the nouns: accounts with money, a market key with slots, a clock that the test
//! turns, and generations about which only what matters is said. Ids are numbers in the order of their
//! making.

use super::harness::Fresh;
use crate::{
    Error, Result, Tx, Value, accounts,
    bounds::Bounds,
    generations::{
        self, BatchPlace, Claim, Claimed, Failure, Fence, Ghost, NewAsset, NewGeneration, Settlement,
    },
    ledger::{self, Balance, Purse, TopUp},
    markets::{self, ConfiguredKey},
    p,
};
use palitra_domain::{
    AccountId, AssetId, BatchId, DeliveryId, ErrorCode, GenerationId, ItemId, KeyId, Livemode, QuoteId,
    Timestamp, TransferId, VoucherId, WorkerId,
    catalogue::Lane,
    market::{ErrorClass, MarketError},
    state::{AttemptState, Event, GenerationState, Priority, StepKind},
};
use std::time::Duration;

/// The market of every generation that says nothing else, and what a run takes there.
pub(crate) const MARKET: &str = "fal";
pub(crate) const USUAL_RUN: Duration = Duration::from_secs(10);
pub(crate) const LONGEST_RUN: Duration = Duration::from_secs(60);
pub(crate) const PRICE: i64 = 100;
/// What Anna and Boris have at the start.
pub(crate) const CASH: i64 = 100_000_000;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) trait Numbered {
    fn numbered(n: u64) -> Self;
}

macro_rules! numbered {
    ($($name:ty),+) => { $(impl Numbered for $name {
        fn numbered(n: u64) -> Self {
            <$name>::new(Timestamp::default(), u128::from(n))
        }
    })+ };
}
numbered!(
    AccountId,
    AssetId,
    BatchId,
    DeliveryId,
    GenerationId,
    ItemId,
    KeyId,
    QuoteId,
    TransferId,
    VoucherId,
    WorkerId
);

/// The `n`th id of its kind.
pub(crate) fn id<T: Numbered>(n: u64) -> T {
    T::numbered(n)
}

pub(crate) fn anna() -> AccountId {
    id(1)
}

pub(crate) fn boris() -> AccountId {
    id(2)
}

/// The house is postpaid.
pub(crate) fn house() -> AccountId {
    id(3)
}

pub(crate) fn key(label: &str, n: u64, slots: u32) -> ConfiguredKey {
    ConfiguredKey { id: id(n), market: MARKET.to_owned(), label: label.to_owned(), slots, rate: None }
}

/// Three accounts, two of them with money, and one key with `slots`.
pub(crate) async fn open(fresh: &Fresh, slots: u32) {
    commit(fresh, move |tx| {
        accounts::ensure_house(tx, &house(), (palitra_domain::Currency::RUB, &[7; 32]), at(0))?;
        for (n, (account, name)) in [(anna(), "anna"), (boris(), "boris")].into_iter().enumerate() {
            accounts::create(tx, &account, name, false, at(0))?;
            top_up(tx, 1_000_000 + u64::try_from(n).unwrap(), &account, Purse::Cash, CASH)?;
        }
        markets::configure_keys(tx, &[key("main", 1, slots)])
    })
    .await;
}

pub(crate) fn top_up(tx: &mut Tx, n: u64, account: &AccountId, purse: Purse, amount: i64) -> Result<()> {
    let (transfer, account) = (id(n), account.clone());
    let (source, note) = ("topup:operator".to_owned(), String::new());
    let top_up = TopUp { transfer, account, livemode: Livemode::Live, purse, amount, source, note };
    ledger::top_up(tx, &top_up, at(0))
}

/// Commits; afterwards the books have to balance.
pub(crate) async fn commit<T: Send + 'static>(
    fresh: &Fresh,
    closure: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> T {
    let answer = fresh.store.write(closure).await.unwrap();
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
    answer
}

/// What must fail, and change nothing.
pub(crate) async fn refused<T: Send + 'static>(
    fresh: &Fresh,
    closure: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> Error {
    let before = everything(fresh).await;
    let error = fresh.store.write(closure).await.err().expect("this must fail");
    assert_eq!(everything(fresh).await, before, "{error} has left something behind");
    error
}

pub(crate) fn is_rule(error: &Error, wanted: ErrorCode) -> bool {
    matches!(error, Error::Rule { code, .. } if *code == wanted)
}

/// What can change in the life of a generation.
async fn everything(fresh: &Fresh) -> Vec<Vec<Value>> {
    let tables = [
        "select id, state, epoch, owner, attempts, refusals, ready, parents_left, next_at, next_reason, input, output from generation order by id",
        "select generation_id, n, state, reference, outputs, error_code, closed_at from attempt order by generation_id, n",
        "select scope, n, kind, generation_id, attempt, kept_until, retiring, ready_at, items, busy_us from slot order by scope, n",
        "select id, state, cash, bonus, charged_cash, charged_bonus, closed_at from transfer order by id",
        "select transfer_id, book, livemode, amount from entry order by transfer_id, book",
        "select account_id, livemode, cash, bonus, cash_held, bonus_held, bonus_seen from book order by account_id, livemode",
        "select transfer_id, remains from bonus_grant order by transfer_id",
        "select id, uses, revoked_at from voucher order by id",
        "select voucher_id, account_id from redemption order by voucher_id, account_id",
        "select account_id, failed from voucher_guess order by account_id",
        "select top_up_id, owed from referral_reward order by top_up_id",
        "select id, price_group, has_free_access, referred_by from account order by id",
        "select name, factor from price_group order by name",
        "select account_id, market, vfinish from turn order by account_id, market",
        "select market, v from virtual_clock order by market",
        "select id, state, stop_code, error_code, barrier from batch order by id",
        "select batch_id, kind, total, succeeded, failed, skipped from stage order by batch_id, kind",
        "select id, generation_id, n from asset order by id",
        "select id, generation_id from outbox order by id",
        "select id, health, usable_at, failures, rounds, paused_at from market_key order by id",
        "select scope, full_at from bucket order by scope",
        "select market, code from market_stop order by market",
    ];
    let read = move |tx: &mut Tx<'_>| {
        let mut rows = Vec::new();
        for table in tables {
            rows.extend(tx.query(table, p![])?.iter().map(|row| row.values().to_vec()));
        }
        Ok(rows)
    };
    fresh.store.read(read).await.unwrap()
}

/// A generation of the market.
pub(crate) fn wanted(n: u64) -> NewGeneration {
    NewGeneration {
        id: id(n),
        market: MARKET.to_owned(),
        model: "fal-ai/sketch".to_owned(),
        market_model: "fal-ai/sketch".to_owned(),
        mode: "create".to_owned(),
        lane: Lane::Image,
        priority: Priority::Standard,
        usual_run: USUAL_RUN,
        longest_run: LONGEST_RUN,
        input: "{}".to_owned(),
        recipe: format!("recipe {n}"),
        price: PRICE,
        price_version: 1,
        cost: PRICE / 2,
        batch: None,
        model_scope: None,
        parents: Vec::new(),
        key: None,
    }
}

pub(crate) fn child(n: u64, parents: &[u64]) -> NewGeneration {
    NewGeneration { parents: parents.iter().map(|n| id(*n)).collect(), ..wanted(n) }
}

pub(crate) fn create(tx: &mut Tx, account: &AccountId, new: &[NewGeneration]) -> Result<()> {
    generations::create(tx, account, Livemode::Live, new, &Bounds::default(), at(0))
}

pub(crate) fn place(batch: u64, item: u64, step: StepKind) -> BatchPlace {
    let batch: BatchId = id(batch);
    BatchPlace { scope: format!("{batch}/{step}"), batch, item: id(item), step }
}

/// The ledger alone: what is held for the generation is charged, up to `amount`.
pub(crate) fn charge(tx: &mut Tx, n: u64, amount: i64, now: Timestamp) -> Result<()> {
    let generation: GenerationId = id(n);
    let row = tx.query_opt(
        "select account_id, livemode, cash + bonus from transfer where generation_id = $1",
        p![generation.as_str()],
    )?;
    let (account, livemode, price): (String, String, i64) = match row {
        Some(row) => (row.get(0)?, row.get(1)?, row.get(2)?),
        None => (anna().to_string(), "live".to_owned(), PRICE),
    };
    let charge =
        ledger::Charge { generation: &generation, account: &account, livemode: &livemode, price, amount };
    ledger::settle(tx, &charge, now)
}

/// A claim of everything, by process `one`, which has every key that these tests speak of.
pub(crate) fn claiming() -> Claim {
    Claim {
        market: MARKET.to_owned(),
        owner: "one".to_owned(),
        keys: ["main", "more", "one", "two", "second", "third"].map(str::to_owned).to_vec(),
        max: 64,
        focus: None,
        tokens: Vec::new(),
        bounds: Bounds::default(),
    }
}

pub(crate) fn claim(tx: &mut Tx, max: u32, now: Timestamp) -> Result<Vec<Claimed>> {
    let claim = Claim { max, ..claiming() };
    Ok(generations::claim(tx, &claim, now)?.claimed)
}

/// Claims that one and nothing else.
pub(crate) fn claim_only(tx: &mut Tx, n: u64, now: Timestamp) -> Result<Fence> {
    let focus = Some(id::<GenerationId>(n).to_string());
    let claim = Claim { max: 1, focus, ..claiming() };
    let claimed = generations::claim(tx, &claim, now)?.claimed;
    Ok(fence(claimed.first().expect("it can be claimed"), GenerationState::Submitting))
}

pub(crate) fn fence(claimed: &Claimed, from: GenerationState) -> Fence {
    Fence { id: claimed.id.clone(), epoch: claimed.epoch, attempt: claimed.attempt, from }
}

pub(crate) fn moved(fence: &Fence, from: GenerationState) -> Fence {
    Fence { from, ..fence.clone() }
}

/// Claims a generation and brings it to `storing`.
pub(crate) fn make(tx: &mut Tx, n: u64, now: Timestamp) -> Result<Fence> {
    let fence = claim_only(tx, n, now)?;
    generations::answer(tx, &fence, Some("{}"), now)?;
    Ok(moved(&fence, GenerationState::Storing))
}

/// Somebody has learned where the work of an attempt is that was given up, and takes it for a look.
pub(crate) fn found(tx: &mut Tx, n: u64, attempt: i64, now: Timestamp) -> Result<Ghost> {
    assert!(generations::note_ghost(tx, &id(n), attempt, "found", now)?, "it was not given up");
    assert!(generations::is_ghost_due(tx, now)?);
    let due = generations::due_ghosts(tx, 1_000, now, now)?;
    let ghost = due.into_iter().find(|ghost| ghost.id == id(n) && ghost.attempt == attempt);
    Ok(ghost.expect("it is due"))
}

/// One file, nothing to tell to children.
pub(crate) fn settlement(fence: &Fence, n: u64) -> Settlement {
    let asset = NewAsset {
        id: id(n),
        kind: "image",
        mime: "image/png",
        object_key: format!("images/{n}.png"),
        bytes: 5,
        sha256: "00".to_owned(),
        width: Some(4),
        height: Some(3),
        duration_ms: None,
        blurhash: None,
        dhash: None,
        thumbnails: String::new(),
    };
    Settlement {
        fence: fence.clone(),
        assets: vec![asset],
        output: None,
        charge: None,
        cost: None,
        fills: Vec::new(),
        delivery: DeliveryId::of_generation(&fence.id),
    }
}

pub(crate) fn trouble() -> MarketError {
    MarketError::new(ErrorClass::GenerationFailed, "no")
}

pub(crate) fn failure(fence: &Fence, _: u64, event: Event, attempt: AttemptState) -> Failure {
    Failure {
        fence: fence.clone(),
        event,
        code: ErrorCode::GenerationFailed,
        error: trouble(),
        attempt,
        cost: None,
        critical: false,
        delivery: DeliveryId::of_generation(&fence.id),
    }
}

pub(crate) async fn balance(fresh: &Fresh, account: AccountId) -> Balance {
    fresh.store.read(move |tx| ledger::balance(tx, &account, Livemode::Live)).await.unwrap()
}

/// State, attempts and the state of the hold.
pub(crate) async fn standing(fresh: &Fresh, n: u64) -> (GenerationState, i64, String) {
    let generation: GenerationId = id(n);
    let row = fresh.store.read(move |tx| {
        tx.query_one(
            "select g.state, g.attempts, t.state from generation g join transfer t on t.generation_id = g.id where g.id = $1",
            p![generation.as_str()],
        )
    });
    let row = row.await.unwrap();
    (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap())
}

/// The first number of the first row.
pub(crate) async fn number(fresh: &Fresh, sql: &'static str) -> i64 {
    fresh.store.read(move |tx| tx.query_one(sql, p![])?.get(0)).await.unwrap()
}
