//! Leases of processes, and what is taken from the dead: their work, in bounded parts, once; from the living,
//! nothing.

use super::{
    harness::{Fresh, Held, on_every_database},
    shop::{MARKET, anna, at, claiming, commit, create, fence, id, number, open, refused, wanted},
};
use crate::{
    Error, MIGRATIONS, Result, Tx,
    generations::{self, ADOPTED_MAX, Adopted, Adoption, Claim, Fence, Heir},
    p,
    workers::{self, NewWorker},
};
use palitra_domain::{GenerationId, WorkerId, state::GenerationState};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    s3_a_lease_that_has_ended_is_not_renewed,
    s3_nothing_is_taken_from_the_living,
    s3_what_the_dead_owned_is_taken_once_and_their_place_with_it,
    s3_a_big_estate_is_taken_in_parts_oldest_first,
    s3_a_dead_process_takes_nothing,
    s3_nobody_takes_what_it_cannot_carry_on,
    s3_a_stopped_process_changes_nothing_when_it_wakes,
    who_leaves_with_work_leaves_it_to_others_at_once,
    forgotten_work_is_taken_again_by_its_owner_alone,
);

fn one() -> WorkerId {
    id(1)
}

fn two() -> WorkerId {
    id(2)
}

const LEASE: Duration = Duration::from_secs(20);

fn register(tx: &mut Tx<'_>, worker: &WorkerId, place: &str) -> Result<()> {
    workers::register(tx, &NewWorker { id: worker, place, roles: "worker" }, LEASE)
}

fn register_both(tx: &mut Tx<'_>) -> Result<()> {
    register(tx, &one(), "here")?;
    register(tx, &two(), "there")
}

/// As if nothing had been heard of it for longer than its lease.
fn die(tx: &mut Tx<'_>, worker: &WorkerId) -> Result<()> {
    tx.must(1, "update worker set lease_until = lease_until - 20000000 where id = $1", p![worker.as_str()])
}

/// Generations `1..=count`, all claimed by the first worker, and both workers alive.
async fn claimed(fresh: &Fresh, count: u64) -> Vec<Fence> {
    open(fresh, u32::try_from(count).unwrap()).await;
    commit(fresh, move |tx| {
        register_both(tx)?;
        create(tx, &anna(), &(1..=count).map(wanted).collect::<Vec<_>>())?;
        let claim = Claim { owner: one().to_string(), max: u32::try_from(count).unwrap(), ..claiming() };
        let claims = generations::claim(tx, &claim, at(1))?.claimed;
        Ok(claims.iter().map(|claimed| fence(claimed, GenerationState::Submitting)).collect())
    })
    .await
}

fn from_the_first(tx: &mut Tx<'_>) -> Result<Vec<Adopted>> {
    generations::adopt(tx, &two(), &Adoption::Dead(one(), heir(None)), at(2))
}

fn heir(focus: Option<String>) -> Heir {
    Heir { markets: vec!["kie".to_owned(), MARKET.to_owned()], focus }
}

fn ids(adopted: &[Adopted]) -> Vec<GenerationId> {
    adopted.iter().map(|work| work.fence.id.clone()).collect()
}

fn is_lost<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Rows { wanted: 1, got: 0, .. }))
}

async fn s3_a_lease_that_has_ended_is_not_renewed(fresh: Fresh) {
    commit(&fresh, register_both).await;
    let expired = || fresh.store.read(|tx| workers::expired(tx, 9));
    assert_eq!(expired().await, Ok(vec![]));
    commit(&fresh, |tx| workers::renew(tx, &one(), LEASE)).await;
    commit(&fresh, |tx| die(tx, &one())).await;
    assert_eq!(expired().await, Ok(vec![one()]));
    assert_eq!(
        commit(&fresh, |tx| Ok((workers::hold(tx, &one())?, workers::hold(tx, &two())?))).await,
        (false, true)
    );
    let error = refused(&fresh, |tx| workers::renew(tx, &one(), LEASE)).await;
    assert!(is_lost::<()>(&Err(error)));
    commit(&fresh, |tx| workers::renew(tx, &two(), LEASE)).await;
    // Whose id is on the list is never another.
    let error = refused(&fresh, |tx| register(tx, &one(), "again")).await;
    assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    // Longest dead first, and no more than asked for.
    commit(&fresh, |tx| die(tx, &two())).await;
    assert_eq!(fresh.store.read(|tx| workers::expired(tx, 1)).await, Ok(vec![one()]));
    // Nobody has heard of it: neither alive nor dead.
    assert!(is_lost(&fresh.store.write(|tx| workers::renew(tx, &id(3), LEASE)).await));
    // The lease is some 20 s by the database's clock, and people can see who is alive.
    commit(&fresh, |tx| register(tx, &id(4), "here")).await;
    let listed = fresh.store.read(workers::list).await.unwrap();
    let left: Vec<_> = listed.iter().map(|worker| (worker.id.clone(), worker.left.is_some())).collect();
    assert_eq!(left, [(one(), false), (two(), false), (id(4), true)]);
    let last = &listed[2];
    assert_eq!((last.place.as_str(), last.roles.as_str()), ("here", "worker"));
    let left = last.left.unwrap();
    assert!(left > LEASE / 2 && left <= LEASE && last.renewed_ago < LEASE / 2, "{last:?}");
}

async fn s3_nothing_is_taken_from_the_living(fresh: Fresh) {
    claimed(&fresh, 2).await;
    assert_eq!(ids(&commit(&fresh, from_the_first).await), []);
    let at_boot = commit(&fresh, |tx| generations::adopt(tx, &two(), &Adoption::EveryoneElse, at(2))).await;
    assert_eq!(ids(&at_boot), []);
    assert_eq!(number(&fresh, "select max(epoch) from generation").await, 1);
    assert_eq!(number(&fresh, "select count(*) from worker").await, 2);
}

async fn s3_what_the_dead_owned_is_taken_once_and_their_place_with_it(fresh: Fresh) {
    let old = claimed(&fresh, 2).await;
    commit(&fresh, |tx| die(tx, &one())).await;
    let taken = commit(&fresh, from_the_first).await;
    assert_eq!(ids(&taken), [id(1), id(2)]);
    assert!(taken.iter().all(|work| work.fence.epoch == 2 && work.key == "main"));
    assert_eq!(number(&fresh, "select count(*) from worker").await, 1);
    assert_eq!(ids(&commit(&fresh, from_the_first).await), []);
    for fence in old {
        let error = refused(&fresh, move |tx| generations::accept(tx, &fence, "ref", at(3))).await;
        assert!(is_lost::<()>(&Err(error)));
    }
}

async fn s3_a_big_estate_is_taken_in_parts_oldest_first(fresh: Fresh) {
    let count = u64::try_from(ADOPTED_MAX).unwrap() + 1;
    claimed(&fresh, count).await;
    commit(&fresh, |tx| die(tx, &one())).await;
    let first = commit(&fresh, from_the_first).await;
    assert_eq!(ids(&first), (1..count).map(id).collect::<Vec<GenerationId>>());
    assert_eq!(number(&fresh, "select count(*) from worker").await, 2);
    assert_eq!(fresh.store.read(|tx| workers::expired(tx, 9)).await, Ok(vec![one()]));
    assert_eq!(ids(&commit(&fresh, from_the_first).await), [id(count)]);
    assert_eq!(number(&fresh, "select count(*) from worker").await, 1);
}

async fn s3_nobody_takes_what_it_cannot_carry_on(fresh: Fresh) {
    claimed(&fresh, 3).await;
    commit(&fresh, |tx| die(tx, &one())).await;
    let by = |heir: Heir| {
        commit(&fresh, move |tx| generations::adopt(tx, &two(), &Adoption::Dead(one(), heir.clone()), at(2)))
    };
    // A process without the market's key, and a command that does one thing.
    assert_eq!(ids(&by(Heir { markets: vec!["kie".to_owned()], focus: None }).await), []);
    assert_eq!(ids(&by(Heir { markets: vec![], focus: None }).await), []);
    assert_eq!(ids(&by(heir(Some(id::<GenerationId>(2).to_string()))).await), [id(2)]);
    assert_eq!(number(&fresh, "select count(*) from worker").await, 2, "the rest is still to be found");
    assert_eq!(ids(&by(heir(None)).await), [id(1), id(3)]);
    assert_eq!(number(&fresh, "select count(*) from worker").await, 1);
}

async fn s3_a_dead_process_takes_nothing(fresh: Fresh) {
    claimed(&fresh, 1).await;
    commit(&fresh, |tx| {
        die(tx, &one())?;
        die(tx, &two())
    })
    .await;
    let error = refused(&fresh, from_the_first).await;
    assert!(is_lost::<()>(&Err(error)));
}

async fn s3_a_stopped_process_changes_nothing_when_it_wakes(fresh: Fresh) {
    let old = claimed(&fresh, 1).await.remove(0);
    commit(&fresh, |tx| die(tx, &one())).await;
    // Nobody has taken its work yet: what it still says is true, and counts.
    let (accept, running) = (old.clone(), Fence { from: GenerationState::Running, ..old.clone() });
    commit(&fresh, move |tx| generations::accept(tx, &accept, "ref", at(2))).await;
    let taken = commit(&fresh, from_the_first).await;
    assert_eq!(taken[0].reference.as_deref(), Some("ref"));
    let error = refused(&fresh, move |tx| generations::finish(tx, &running, "{}", at(3))).await;
    assert!(is_lost::<()>(&Err(error)));
    // It neither claims nor comes back.
    assert!(!commit(&fresh, |tx| workers::hold(tx, &one())).await);
    assert!(is_lost(&fresh.store.write(|tx| workers::renew(tx, &one(), LEASE)).await));
}

async fn who_leaves_with_work_leaves_it_to_others_at_once(fresh: Fresh) {
    claimed(&fresh, 1).await;
    assert!(!commit(&fresh, |tx| workers::remove(tx, &one())).await);
    assert_eq!(fresh.store.read(|tx| workers::expired(tx, 9)).await, Ok(vec![one()]));
    assert_eq!(ids(&commit(&fresh, from_the_first).await), [id(1)]);
    commit(&fresh, |tx| register(tx, &id(3), "here")).await;
    assert!(commit(&fresh, |tx| workers::remove(tx, &id(3))).await);
    assert_eq!(number(&fresh, "select count(*) from worker").await, 1);
}

async fn forgotten_work_is_taken_again_by_its_owner_alone(fresh: Fresh) {
    claimed(&fresh, 3).await;
    let page = |after: Option<GenerationId>| {
        fresh.store.read(move |tx| generations::owned(tx, &one(), after.as_ref(), 2))
    };
    assert_eq!(page(None).await, Ok(vec![(id(1), 1), (id(2), 1)]));
    assert_eq!(page(Some(id(2))).await, Ok(vec![(id(3), 1)]));
    let forgotten = |ids: Vec<GenerationId>, by: WorkerId| {
        commit(&fresh, move |tx| generations::adopt(tx, &by, &Adoption::Forgotten(ids.clone()), at(2)))
    };
    assert_eq!(ids(&forgotten(vec![id(1), id(3)], two()).await), []);
    assert_eq!(ids(&forgotten(vec![], one()).await), []);
    let taken = forgotten(vec![id(1), id(3), id(7)], one()).await;
    let fences: Vec<_> = taken.into_iter().map(|work| (work.fence.id, work.fence.epoch)).collect();
    assert_eq!(fences, [(id(1), 2), (id(3), 2)]);
    assert_eq!(page(None).await, Ok(vec![(id(1), 2), (id(2), 1)]));
}

/// A claim that is being committed keeps its worker on the list: what it takes is found by whoever adopts.
#[tokio::test]
async fn s3_no_claim_slips_past_an_adoption() {
    let fresh = Fresh::postgres(MIGRATIONS).await;
    claimed(&fresh, 1).await;
    let other = fresh.again();
    let (held, claiming) = Held::write(&other, |tx| {
        assert!(workers::hold(tx, &one())?);
        Ok(())
    });
    // Renewing does not wait for it, adopting passes it by.
    commit(&fresh, |tx| workers::renew(tx, &one(), LEASE)).await;
    commit(&fresh, |tx| die(tx, &one())).await;
    assert_eq!(ids(&commit(&fresh, from_the_first).await), []);
    held.release();
    claiming.await.unwrap();
    assert_eq!(ids(&commit(&fresh, from_the_first).await), [id(1)]);
    tokio::task::spawn_blocking(move || other.close()).await.unwrap();
}
