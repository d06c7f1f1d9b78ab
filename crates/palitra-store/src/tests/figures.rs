//! The numbers an operator sees are those of the tables.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, claim_only, commit, create, id, make, open, settlement, trouble, wanted},
};
use crate::{
    MIGRATIONS,
    figures::{self, Depth, Figures, KeySlots},
    generations::{self, NewGeneration},
    workers::{self, NewWorker},
};
use palitra_domain::{WorkerId, catalogue::Lane};
use std::time::Duration;

on_every_database!(MIGRATIONS => every_figure_is_counted, a_line_counts_what_passes_it);

async fn look(fresh: &Fresh) -> Figures {
    fresh.store.read(figures::look).await.unwrap()
}

async fn every_figure_is_counted(fresh: Fresh) {
    open(&fresh, 5).await;
    let empty = look(&fresh).await;
    let slots = |taken, ghosts| KeySlots {
        market: "fal".to_owned(),
        key: "main".to_owned(),
        limit: 5,
        taken,
        ghosts,
    };
    assert_eq!(empty, Figures { keys: vec![slots(0, 0)], ..Figures::default() });
    let voice = |new: NewGeneration| NewGeneration { lane: Lane::Audio, ..new };
    commit(&fresh, move |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), wanted(3), wanted(4), voice(wanted(5))])?;
        create(tx, &boris(), &[wanted(6), wanted(7)])?;
        // Done; running; unknown and queued again; refused and delayed.
        let done = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&done, 1), at(2))?;
        let running = claim_only(tx, 2, at(3))?;
        generations::accept(tx, &running, "{}", at(4))?;
        let unknown = claim_only(tx, 3, at(5))?;
        generations::resubmit(tx, &unknown, &trouble(), at(600), at(6))?;
        let refused = claim_only(tx, 4, at(7))?;
        generations::refuse(tx, &refused, &trouble(), at(700), at(8))?;
        for (n, place) in [(1, "here"), (2, "there")] {
            let new = NewWorker { id: &id::<WorkerId>(n), place, roles: "worker" };
            workers::register(tx, &new, Duration::from_secs(20))?;
        }
        tx.send("update worker set lease_until = 1 where place = 'there'", crate::p![])
    })
    .await;
    let figures = look(&fresh).await;
    let depth = |lane, count| Depth { market: "fal".to_owned(), lane, priority: 0, count, oldest: at(0) };
    assert_eq!(figures.queued, [depth(Lane::Audio, 1), depth(Lane::Image, 3)]);
    assert_eq!(figures.delayed, 1);
    assert_eq!(figures.under_way, [("running".to_owned(), 1)]);
    assert_eq!(figures.keys, [slots(2, 1)]);
    assert_eq!((figures.workers_alive, figures.workers_dead), (1, 1));
    assert_eq!(figures.outbox.iter().map(|outbox| outbox.count).sum::<i64>(), 1);
}

async fn a_line_counts_what_passes_it(fresh: Fresh) {
    let counted = || {
        let of = |at: figures::AtWork<'_>| (at.name, at.line.took_us.observed().count, at.waiting);
        fresh.store.at_work().map(of).collect::<Vec<_>>()
    };
    let before = counted();
    assert_eq!(before.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), ["write", "read"]);
    commit(&fresh, |tx| tx.script("create table if not exists counted(one bigint)")).await;
    // An answer may come before its thread has counted it: the next one of the same thread comes after.
    commit(&fresh, |tx| tx.script("drop table counted")).await;
    let after = counted();
    assert!(after[0].1 > before[0].1, "{before:?} {after:?}");
    assert_eq!((after[0].2, after[1].2), (0, 0));
}
