//! Bonuses that expire: what expires first is spent first, what is held stays until its hold has ended, and what comes
//! back does not expire.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, balance, charge, commit, create, id, is_rule, number, refused, top_up, wanted},
};
use crate::{
    Constraint, Dialect, Error, MIGRATIONS, Result, Tx, accounts,
    generations::NewGeneration,
    ledger::{self, Balance, Gift, GiftKind, Purse, Refund},
    p,
};
use palitra_domain::{ErrorCode, GenerationId, Livemode};
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS =>
    what_is_left_goes_when_its_time_is_over,
    what_expires_first_is_spent_first,
    what_came_later_was_not_spent_before,
    what_is_held_stays_until_its_hold_has_ended,
    a_refunded_bonus_does_not_expire,
    an_account_without_grants_has_no_line_of_them,
    what_is_held_and_what_expires_at_once_never_meet,
    pages_of_what_is_due_end,
    a_gift_is_given_once,
    the_check_knows_grants,
);

/// Anna and no money.
async fn anna_alone(fresh: &Fresh) {
    commit(fresh, |tx| accounts::create(tx, &anna(), "anna", false, at(0))).await;
}

fn gift(n: u64, amount: i64, expires: Option<i64>) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send + Clone {
    move |tx| {
        let gift = Gift {
            transfer: id(n),
            account: anna(),
            livemode: Livemode::Live,
            kind: GiftKind::Welcome,
            purse: Purse::Bonus,
            amount,
            note: String::new(),
            expires_at: expires.map(at),
        };
        ledger::give(tx, &gift, at(0))
    }
}

/// The ledger alone: held, and charged to its end.
fn hold(n: u64, price: i64) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send + Clone {
    move |tx| create(tx, &anna(), &[NewGeneration { price, ..wanted(n) }])
}

fn end(n: u64, charged: Option<i64>) -> impl Fn(&mut Tx<'_>) -> Result<()> + Send + Clone {
    move |tx| {
        let generation: GenerationId = id(n);
        let to = if charged.is_some() { "succeeded" } else { "failed" };
        tx.must(1, "update generation set state = $1 where id = $2", p![to, generation.as_str()])?;
        match charged {
            Some(amount) => charge(tx, n, amount, at(1)),
            None => ledger::void(tx, &[generation], at(1)),
        }
    }
}

async fn spent(fresh: &Fresh, n: u64, amount: i64) {
    commit(fresh, hold(n, amount)).await;
    commit(fresh, end(n, Some(amount))).await;
}

/// Everything that is due by then; answers what went.
async fn expired(fresh: &Fresh, n: u64, now: i64) -> i64 {
    let due = fresh.store.read(move |tx| ledger::due(tx, None, 100, at(now))).await.unwrap();
    let mut gone = 0;
    for (k, due) in (0..).zip(due) {
        gone += commit(fresh, move |tx| ledger::expire(tx, &due.grant, &id(n + k), at(now))).await;
    }
    gone
}

/// What remains of each grant.
async fn left(fresh: &Fresh) -> Vec<i64> {
    let grants = fresh.store.read(|tx| ledger::grants(tx, &anna(), Livemode::Live)).await.unwrap();
    grants.iter().map(|grant| grant.remains).collect()
}

async fn what_is_left_goes_when_its_time_is_over(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, gift(1, 30, Some(100))).await;
    spent(&fresh, 2, 10).await;
    assert_eq!((left(&fresh).await, expired(&fresh, 10, 99).await), (vec![20], 0));
    assert_eq!(expired(&fresh, 10, 100).await, 20);
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 0, bonus: 0, held: 0, debt: 0 });
    assert_eq!((left(&fresh).await, expired(&fresh, 20, 200).await), (vec![], 0));
    // Once, whoever repeats it.
    assert_eq!(commit(&fresh, |tx| ledger::expire(tx, &id(1), &id(30), at(200))).await, 0);
    let history = fresh.store.read(|tx| ledger::history(tx, &anna(), Livemode::Live, None, 1)).await.unwrap();
    let newest = history.first().map(|it| (it.kind.as_str(), it.bonus, it.reverses.clone()));
    assert_eq!(newest, Some(("expiry", -20, Some(id(1)))));
    // The house gave 30 and has 20 back.
    let given = "select cast(sum(amount) as bigint) from entry where book = 'welcome'";
    assert_eq!(number(&fresh, given).await, -10);
}

async fn what_expires_first_is_spent_first(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, |tx| top_up(tx, 1, &anna(), Purse::Bonus, 50)).await;
    commit(&fresh, gift(2, 30, Some(300))).await;
    commit(&fresh, gift(3, 20, Some(100))).await;
    assert_eq!(left(&fresh).await, [20, 30]);
    spent(&fresh, 4, 25).await;
    assert_eq!(left(&fresh).await, [25]);
    assert_eq!(expired(&fresh, 10, 100).await, 0);
    assert_eq!(expired(&fresh, 10, 300).await, 25);
    assert_eq!(balance(&fresh, anna()).await.bonus, 50);
}

async fn what_came_later_was_not_spent_before(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, |tx| top_up(tx, 1, &anna(), Purse::Bonus, 50)).await;
    spent(&fresh, 2, 50).await;
    commit(&fresh, gift(3, 30, Some(100))).await;
    assert_eq!(left(&fresh).await, [30]);
    spent(&fresh, 4, 30).await;
    commit(&fresh, gift(5, 40, Some(200))).await;
    commit(&fresh, |tx| top_up(tx, 6, &anna(), Purse::Bonus, 7)).await;
    assert_eq!((left(&fresh).await, expired(&fresh, 10, 300).await), (vec![40], 40));
    assert_eq!(balance(&fresh, anna()).await.bonus, 7);
}

async fn what_is_held_stays_until_its_hold_has_ended(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, gift(1, 30, Some(100))).await;
    commit(&fresh, gift(2, 30, Some(200))).await;
    commit(&fresh, hold(3, 20)).await;
    commit(&fresh, hold(4, 25)).await;
    // 45 are held: all of the first and 15 of the second.
    assert_eq!(expired(&fresh, 10, 300).await, 15);
    assert_eq!(balance(&fresh, anna()).await, Balance { cash: 0, bonus: 45, held: 45, debt: 0 });
    commit(&fresh, end(3, None)).await;
    assert_eq!(expired(&fresh, 20, 300).await, 20);
    commit(&fresh, end(4, Some(15))).await;
    assert_eq!(balance(&fresh, anna()).await.bonus, 10);
    assert_eq!(expired(&fresh, 30, 300).await, 10);
    assert_eq!(balance(&fresh, anna()).await.bonus, 0);
}

async fn a_refunded_bonus_does_not_expire(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, gift(1, 30, Some(100))).await;
    spent(&fresh, 2, 20).await;
    let refund = Refund { transfer: id(5), generation: id(2), amount: None, note: String::new() };
    commit(&fresh, move |tx| ledger::refund(tx, &refund, at(1)).map(drop)).await;
    assert_eq!((balance(&fresh, anna()).await.bonus, left(&fresh).await), (30, vec![10]));
    assert_eq!(expired(&fresh, 10, 100).await, 10);
    assert_eq!(balance(&fresh, anna()).await.bonus, 20);
}

async fn an_account_without_grants_has_no_line_of_them(fresh: Fresh) {
    anna_alone(&fresh).await;
    const SEEN: &str = "select count(*) from book where bonus_seen is not null";
    commit(&fresh, gift(1, 30, None)).await;
    assert_eq!(number(&fresh, SEEN).await, 0);
    commit(&fresh, gift(2, 30, Some(100))).await;
    assert_eq!(number(&fresh, SEEN).await, 1);
    assert_eq!(expired(&fresh, 10, 100).await, 30);
    assert_eq!(number(&fresh, SEEN).await, 0);
}

/// Some holds find their money, some do not; none loses it afterwards.
async fn what_is_held_and_what_expires_at_once_never_meet(fresh: Fresh) {
    anna_alone(&fresh).await;
    for n in 1..=4 {
        commit(&fresh, gift(n, 25, Some(100))).await;
    }
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let is_process = fresh.store.dialect() == Dialect::Pg;
        let store = if is_process { fresh.again() } else { fresh.store.clone() };
        tasks.spawn(async move {
            if n % 2 == 0 {
                let grant = 1 + n / 2;
                let expire = move |tx: &mut Tx<'_>| ledger::expire(tx, &id(grant), &id(100 + n), at(100));
                return -store.write(expire).await.unwrap();
            }
            match store.write(hold(10 + n, 20)).await {
                Ok(()) => 20,
                Err(error) if is_rule(&error, ErrorCode::InsufficientFunds) => 0,
                Err(error) => panic!("{error}"),
            }
        });
    }
    let answers = tasks.join_all().await;
    let held: i64 = answers.iter().filter(|answer| **answer > 0).sum();
    let gone: i64 = answers.iter().filter(|answer| **answer < 0).sum();
    let balance = balance(&fresh, anna()).await;
    assert_eq!((balance.bonus, balance.held), (100 + gone, held), "{answers:?}");
    assert!(balance.bonus >= held, "{answers:?}");
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
}

async fn pages_of_what_is_due_end(fresh: Fresh) {
    anna_alone(&fresh).await;
    for n in 1..=5 {
        commit(&fresh, gift(n, 1, Some(100))).await;
    }
    let (mut last, mut seen) = (None, 0);
    loop {
        let after = last.clone();
        let page = fresh.store.read(move |tx| ledger::due(tx, after.as_ref(), 2, at(100))).await.unwrap();
        seen += page.len();
        last = page.last().cloned();
        if last.is_none() {
            break;
        }
    }
    assert_eq!(seen, 5);
}

async fn a_gift_is_given_once(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, gift(1, 30, Some(100))).await;
    let again = refused(&fresh, gift(1, 30, Some(100))).await;
    assert!(matches!(again, Error::Constraint { kind: Constraint::Unique, .. }), "{again}");
    for amount in [0, -1, i64::MIN] {
        let error = refused(&fresh, gift(2, amount, None)).await;
        assert!(is_rule(&error, ErrorCode::InvalidInput), "{error}");
    }
}

async fn the_check_knows_grants(fresh: Fresh) {
    anna_alone(&fresh).await;
    commit(&fresh, gift(1, 30, Some(100))).await;
    commit(&fresh, gift(2, 30, Some(200))).await;
    spent(&fresh, 3, 10).await;
    assert_eq!(expired(&fresh, 10, 100).await, 20);
    for (wrong, words) in [
        ("update bonus_grant set remains = 31 where remains > 0", "more is left of the bonus"),
        ("update bonus_grant set remains = 11 where remains = 0", "more is left of the bonus"),
        ("delete from bonus_grant where remains = 0", "is not of a bonus that expires"),
        ("update transfer set kind = 'refund' where kind = 'welcome'", "more is left of the bonus"),
        ("update book set bonus_seen = null where bonus > 0", "not where its grants are"),
        ("update book set bonus_seen = 29 where bonus > 0", "not where its grants are"),
        ("update book set bonus_seen = 0 where bonus = 0", "not where its grants are"),
    ] {
        let found = fresh.store.write(move |tx| {
            assert!(tx.execute(wrong, p![])? > 0, "{wrong}");
            // Nothing of it stays.
            Err::<(), _>(Error::Refused(ledger::problems(tx)?.join("\n")))
        });
        let found = found.await.unwrap_err().to_string();
        assert!(found.contains(words), "{wrong}: {found}");
    }
}
