//! Deliveries: written once, taken by one process at a time, tried again after its death, in order where that matters.

use super::{
    harness::{Fresh, Held, on_every_database},
    shop::{anna, at, boris, commit, create, failure, id, make, number, open, settlement, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, generations,
    outbox::{self, Standing, Take, Try},
    webhooks,
};
use palitra_domain::{
    AccountId, DeliveryId, GenerationId,
    deliver::{Delivery, NewDelivery},
    state::{AttemptState, Event},
};

on_every_database!(MIGRATIONS =>
    every_end_is_told_once_under_an_id_of_its_own,
    a_delivery_is_written_once,
    a_delivery_is_taken_by_one_and_again_after_its_time,
    who_was_too_slow_records_nothing,
    what_failed_comes_again_later_and_what_was_given_up_never,
    those_of_one_account_come_in_order,
    what_was_not_tried_does_not_count,
    the_dead_let_go_at_boot,
    events_nobody_wants_are_closed_in_parts,
);

fn new(n: u64, account: AccountId) -> NewDelivery {
    let payload = format!("{{\"n\":{n}}}");
    NewDelivery { id: id(n), kind: "letter".to_owned(), account, generation: None, batch: None, payload }
}

async fn post(fresh: &Fresh, n: u64, account: AccountId) {
    let now = at(i64::try_from(n).unwrap());
    let insert = move |tx: &mut Tx<'_>| {
        outbox::know_kind(tx, "letter")?;
        outbox::insert(tx, &new(n, account.clone()), now)
    };
    assert!(commit(fresh, insert).await);
}

fn take(
    owner: &str,
    in_order: bool,
    now: i64,
) -> impl Fn(&mut Tx<'_>) -> Result<Vec<Delivery>> + Send + use<> {
    let (kind, owner) = ("letter".to_owned(), owner.to_owned());
    let take = Take { kind, owner, in_order, max: 10, until: at(now + 60) };
    move |tx| outbox::take(tx, &take, at(now))
}

fn numbers(taken: &[Delivery]) -> Vec<u64> {
    taken.iter().map(|it| (1..100).find(|n| it.id == id(*n)).unwrap()).collect()
}

fn a_try(owner: &str, n: u64, attempt: i64) -> Try {
    Try { id: id(n), owner: owner.to_owned(), attempt }
}

async fn every_end_is_told_once_under_an_id_of_its_own(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])?;
        create(
            tx,
            &anna(),
            &[super::shop::child(4, &[]), super::shop::child(5, &[4]), super::shop::child(6, &[4, 5])],
        )
    })
    .await;
    let told = |n: u64| DeliveryId::of_generation(&id::<GenerationId>(n));
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))?;
        generations::cancel(tx, &id(3), at(3))?;
        // With all that waits for it.
        generations::cancel(tx, &id(4), at(3))
    })
    .await;
    let rows = fresh.store.read(|tx| {
        let rows =
            tx.query("select id, generation_id, kind, account_id from outbox order by id", crate::p![])?;
        rows.iter()
            .map(|row| Ok((row.get(0)?, row.get(1)?, row.get::<String>(2)?, row.get(3)?)))
            .collect::<Result<Vec<_>>>()
    });
    let wanted: Vec<(DeliveryId, GenerationId, String, AccountId)> =
        (1..=6).map(|n| (told(n), id(n), "generation".to_owned(), anna())).collect();
    assert_eq!(rows.await, Ok(wanted));
}

async fn a_delivery_is_written_once(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    assert!(!commit(&fresh, |tx| outbox::insert(tx, &new(1, boris()), at(2))).await);
    assert_eq!(number(&fresh, "select count(*) from outbox").await, 1);
}

async fn a_delivery_is_taken_by_one_and_again_after_its_time(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    post(&fresh, 2, boris()).await;
    let first = commit(&fresh, take("one", false, 5)).await;
    assert_eq!(numbers(&first), [1, 2]);
    assert_eq!((first[0].attempt, first[0].payload.as_str(), first[0].created_at), (1, "{\"n\":1}", at(1)));
    assert_eq!(commit(&fresh, take("two", false, 6)).await, []);
    assert!(commit(&fresh, |tx| outbox::done(tx, &a_try("one", 1, 1), at(7))).await);
    // The first process is dead: the same id, and the try counts.
    let again = commit(&fresh, take("two", false, 65)).await;
    assert_eq!((numbers(&again), again[0].attempt), (vec![2], 2));
}

async fn who_was_too_slow_records_nothing(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    commit(&fresh, take("one", false, 5)).await;
    commit(&fresh, take("one", false, 65)).await;
    for stale in [a_try("one", 1, 1), a_try("two", 1, 2)] {
        let told = commit(&fresh, move |tx| {
            Ok([
                outbox::done(tx, &stale, at(66))?,
                outbox::again(tx, &stale, "no", at(70))?,
                outbox::give_up(tx, &stale, "no", at(66))?,
                outbox::put_back(tx, &stale, at(66))?,
            ])
        });
        assert_eq!(told.await, [false; 4]);
    }
    assert!(commit(&fresh, |tx| outbox::done(tx, &a_try("one", 1, 2), at(67))).await);
    assert!(!commit(&fresh, |tx| outbox::done(tx, &a_try("one", 1, 2), at(67))).await);
}

async fn what_failed_comes_again_later_and_what_was_given_up_never(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    post(&fresh, 2, anna()).await;
    commit(&fresh, take("one", false, 5)).await;
    commit(&fresh, |tx| {
        assert!(outbox::again(tx, &a_try("one", 1, 1), "closed", at(100))?);
        assert!(outbox::give_up(tx, &a_try("one", 2, 1), "no such door", at(6))?);
        Ok(())
    })
    .await;
    assert_eq!(fresh.store.read(|tx| outbox::next_at(tx, "letter")).await, Ok(Some(at(100))));
    assert_eq!(commit(&fresh, take("one", false, 99)).await, []);
    let standing = Standing { kind: "letter".to_owned(), waiting: 1, oldest_due: at(100) };
    assert_eq!(fresh.store.read(outbox::standing).await, Ok(vec![standing]));
    assert_eq!(numbers(&commit(&fresh, take("one", false, 100)).await), [1]);
    assert_eq!(commit(&fresh, take("one", false, 10_000)).await.len(), 1);
}

async fn those_of_one_account_come_in_order(fresh: Fresh) {
    for (n, account) in [(1, anna()), (2, anna()), (3, boris()), (4, anna()), (5, boris())] {
        post(&fresh, n, account).await;
    }
    let taken = commit(&fresh, take("one", true, 10)).await;
    assert_eq!(numbers(&taken), [1, 2, 3, 4, 5]);
    commit(&fresh, |tx| {
        assert!(outbox::again(tx, &a_try("one", 1, 1), "closed", at(500))?);
        for n in [2, 4] {
            assert!(outbox::put_back(tx, &a_try("one", n, 1), at(11))?);
        }
        assert!(outbox::done(tx, &a_try("one", 3, 1), at(11))?);
        assert!(outbox::put_back(tx, &a_try("one", 5, 1), at(11))?);
        Ok(())
    })
    .await;
    // Anna's wait behind the one that failed; Boris does not.
    assert_eq!(numbers(&commit(&fresh, take("two", true, 12)).await), [5]);
    assert_eq!(commit(&fresh, take("two", true, 13)).await, []);
    let rest = commit(&fresh, take("two", true, 500)).await;
    assert_eq!(numbers(&rest), [1, 2, 4, 5]);
}

async fn what_was_not_tried_does_not_count(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    commit(&fresh, take("one", true, 5)).await;
    assert!(commit(&fresh, |tx| outbox::put_back(tx, &a_try("one", 1, 1), at(5))).await);
    assert_eq!(commit(&fresh, take("two", true, 5)).await[0].attempt, 1);
}

async fn the_dead_let_go_at_boot(fresh: Fresh) {
    post(&fresh, 1, anna()).await;
    commit(&fresh, take("one", false, 5)).await;
    assert_eq!(commit(&fresh, |tx| outbox::release_all(tx, at(6))).await, 1);
    let again = commit(&fresh, take("two", false, 6)).await;
    assert_eq!(again[0].attempt, 2);
}

async fn events_nobody_wants_are_closed_in_parts(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=5).map(wanted).collect::<Vec<_>>())).await;
    commit(&fresh, |tx| (1..=5).try_for_each(|n| generations::cancel(tx, &id(n), at(3)).map(drop))).await;
    post(&fresh, 50, anna()).await;
    for closed in [3, 2, 0] {
        let done = commit(&fresh, |tx| webhooks::close_and_tell(tx, outbox::GENERATION, 3, at(4))).await;
        assert_eq!((done.closed, done.told), (closed, 0));
    }
    assert_eq!(
        number(&fresh, "select count(*) from outbox where state = 'done' and closed_at = 4000000").await,
        5
    );
    assert_eq!(number(&fresh, "select count(*) from outbox where state = 'new'").await, 1);
}

/// Two processes: what one is taking the other passes by, and of a kind in order it takes nothing meanwhile.
#[tokio::test]
async fn two_processes_take_each_delivery_once() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    let other = fresh.again();
    for in_order in [false, true] {
        fresh.store.write(super::property::empty).await.unwrap();
        for n in 1..=12 {
            post(&fresh, n, anna()).await;
        }
        let first = take("one", in_order, 20);
        let (held, taking) = Held::write(&other, move |tx| {
            assert_eq!(numbers(&first(tx)?), (1..=10).collect::<Vec<_>>());
            Ok(())
        });
        let rest = commit(&fresh, take("two", in_order, 20)).await;
        assert_eq!(numbers(&rest), if in_order { vec![] } else { vec![11, 12] });
        held.release();
        taking.await.unwrap();
        let late = commit(&fresh, take("two", in_order, 20)).await;
        assert_eq!(late, [], "those behind wait, the others are taken");
    }
    tokio::task::spawn_blocking(move || other.close()).await.unwrap();
}
