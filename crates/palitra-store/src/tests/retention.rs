//! What leaves when its time is over, and what stays: money for ever, whatever somebody still needs as long as it is needed.

use super::{
    deck::{self, slides, start, succeed},
    harness::{Fresh, on_every_database},
    shop::{anna, at, balance, boris, commit, create, failure, id, make, number, open, settlement, wanted},
};
use crate::{
    MIGRATIONS, Result, Tx, batches, books,
    generations::{self, Settlement},
    ledger, p, quotes,
    retention::{self, Kind, Part},
};
use palitra_domain::{
    Livemode,
    state::{AttemptState, Event, StepKind},
};

on_every_database!(MIGRATIONS =>
    a_generation_leaves_its_books_behind_and_nothing_else,
    what_is_still_needed_stays,
    a_result_is_told_to_be_erased_once,
    a_batch_leaves_whole_and_before_its_generations,
    deliveries_and_quotes_leave_when_they_are_done,
    parts_go_on_where_the_last_one_ended,
);

fn go(kind: Kind, before: i64, max: u32) -> impl Fn(&mut Tx<'_>) -> Result<Part> + Send {
    move |tx| retention::let_go(tx, kind, at(before), max, at(1_000))
}

/// One whose result is a text, and one that failed.
async fn two_ended(fresh: &Fresh) {
    open(fresh, 4).await;
    commit(fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    commit(fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        let text =
            Settlement { assets: Vec::new(), output: Some("words".to_owned()), ..settlement(&fence, 1) };
        generations::settle(tx, &text, at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))?;
        tx.send("update outbox set state = 'done'", p![])
    })
    .await;
}

async fn right(fresh: &Fresh) {
    assert_eq!(fresh.store.read(books::everything).await, Ok(vec![]));
}

async fn a_generation_leaves_its_books_behind_and_nothing_else(fresh: Fresh) {
    two_ended(&fresh).await;
    let before = balance(&fresh, anna()).await;
    assert_eq!(commit(&fresh, go(Kind::Generations, 2, 9)).await.gone, 0, "not yet");
    assert_eq!(commit(&fresh, go(Kind::Generations, 3, 9)).await, Part { gone: 2, ended: true });
    right(&fresh).await;
    assert_eq!(balance(&fresh, anna()).await, before);
    assert_eq!(number(&fresh, "select count(*) from generation").await, 0);
    assert_eq!(number(&fresh, "select count(*) from attempt").await, 0);
    assert_eq!(number(&fresh, "select count(*) from generation_past where price = 100").await, 2);
    assert_eq!(number(&fresh, "select count(*) from transfer where kind = 'hold'").await, 2);
    // A charge can still go back.
    let refund = ledger::Refund { transfer: id(50), generation: id(1), amount: None, note: String::new() };
    commit(&fresh, move |tx| ledger::refund(tx, &refund, at(9))).await;
    // The books know the difference between gone and lost.
    let lost = "delete from generation_past where state = 'succeeded'";
    fresh.store.write(move |tx| tx.must(1, lost, p![])).await.unwrap();
    assert!(!fresh.store.read(books::everything).await.unwrap().is_empty());
}

async fn what_is_still_needed_stays(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=5).map(wanted).collect::<Vec<_>>())).await;
    commit(&fresh, |tx| {
        // A picture, a ghost, one at the market; one is queued; the last one's end was not told yet.
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Unknown), at(2))?;
        make(tx, 3, at(1))?;
        tx.send("update outbox set state = 'done'", p![])?;
        generations::cancel(tx, &id(5), at(2)).map(drop)
    })
    .await;
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 9)).await, Part { gone: 0, ended: true });
    assert_eq!(number(&fresh, "select count(*) from generation").await, 5);
    // The ghost's time is over, the end is told, the picture is deleted.
    commit(&fresh, |tx| {
        generations::expire_ghosts(tx, at(500))?;
        tx.send("update outbox set state = 'done'", p![])
    })
    .await;
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 9)).await.gone, 2);
    commit(&fresh, go(Kind::Results, 900, 9)).await;
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 9)).await.gone, 1);
    right(&fresh).await;
}

async fn a_result_is_told_to_be_erased_once(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 7), at(2))
    })
    .await;
    let reusable = || fresh.store.read(|tx| generations::assets(tx, &id(1)));
    assert_eq!(commit(&fresh, go(Kind::Results, 2, 9)).await.gone, 0, "not yet");
    assert_eq!(reusable().await.unwrap().len(), 1);
    for gone in [1, 0] {
        assert_eq!(commit(&fresh, go(Kind::Results, 3, 9)).await.gone, gone);
        assert_eq!(reusable().await.unwrap().len(), 0, "nobody is handed a file that is going");
        let erase = "select count(*) from outbox where kind = 'erase' and payload like '{\"object\":\"images/7.png\",%'";
        assert_eq!(number(&fresh, erase).await, 1);
    }
    right(&fresh).await;
}

async fn a_batch_leaves_whole_and_before_its_generations(fresh: Fresh) {
    open(&fresh, 8).await;
    commit(&fresh, |tx| start(tx, &slides(1, 2))).await;
    commit(&fresh, |tx| [101, 102, 201].into_iter().try_for_each(|n| succeed(tx, n, 1).map(drop))).await;
    commit(&fresh, |tx| tx.send("update outbox set state = 'done'", p![])).await;
    commit(&fresh, go(Kind::Results, 900, 99)).await;
    assert_eq!(commit(&fresh, go(Kind::Batches, 900, 9)).await.gone, 0, "it is open");
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 99)).await.gone, 0, "and its generations with it");
    commit(&fresh, |tx| succeed(tx, 202, 1)).await;
    // Another run that shows what the first one has made.
    commit(&fresh, |tx| start(tx, &deck::deck(2, vec![vec![deck::reused(201, StepKind::Picture)]]))).await;
    let later = "update batch set finished_at = 2000000000 where finished_at = 0";
    commit(&fresh, move |tx| tx.must(1, later, p![])).await;
    assert_eq!(commit(&fresh, go(Kind::Batches, 900, 9)).await.gone, 0, "one result is there still");
    commit(&fresh, |tx| tx.send("update outbox set state = 'done'", p![])).await;
    commit(&fresh, go(Kind::Results, 900, 99)).await;
    assert_eq!(commit(&fresh, go(Kind::Batches, 900, 9)).await.gone, 1);
    for table in ["select count(*) from item", "select count(*) from step", "select count(*) from stage"] {
        assert_eq!(number(&fresh, table).await, 1, "{table}");
    }
    assert_eq!(number(&fresh, "select count(*) from slot where kind in ('batch', 'closed')").await, 200);
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 99)).await.gone, 3, "what was reused stays");
    assert_eq!(number(&fresh, "select count(*) from edge").await, 0);
    right(&fresh).await;
    let report = fresh.store.read(|tx| batches::steps(tx, &id(2))).await.unwrap();
    assert_eq!(report[0].generation.as_ref().map(|it| it.id.clone()), Some(id(201)));
}

async fn deliveries_and_quotes_leave_when_they_are_done(fresh: Fresh) {
    two_ended(&fresh).await;
    commit(&fresh, |tx| {
        tx.must(2, "update outbox set closed_at = 5000000", p![])?;
        tx.must(
            1,
            "update outbox set state = 'new' where generation_id = (select max(generation_id) from outbox)",
            p![],
        )?;
        for n in [1, 2, 3] {
            let (model, mode, recipe) = ("m".to_owned(), "create".to_owned(), String::new());
            let expires_at = if n == 3 { at(901) } else { at(5) };
            let (account, livemode) = (boris(), Livemode::Live);
            let quote = quotes::Quote {
                id: id(n),
                account,
                livemode,
                model,
                mode,
                recipe,
                price: 1,
                price_version: 1,
                expires_at,
            };
            quotes::insert(tx, &quote, at(0))?;
        }
        quotes::take(tx, &boris(), &id(2), &id(1), at(1)).map(drop)
    })
    .await;
    assert_eq!(commit(&fresh, go(Kind::Deliveries, 5, 9)).await.gone, 0);
    assert_eq!(commit(&fresh, go(Kind::Deliveries, 6, 9)).await.gone, 1);
    assert_eq!(commit(&fresh, go(Kind::Quotes, 900, 9)).await.gone, 1);
    assert_eq!(number(&fresh, "select count(*) from quote").await, 2);
    // The taken one goes with its generation.
    assert_eq!(commit(&fresh, go(Kind::Generations, 900, 9)).await.gone, 1);
    assert_eq!(number(&fresh, "select count(*) from quote").await, 1);
    right(&fresh).await;
}

async fn parts_go_on_where_the_last_one_ended(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=7).map(wanted).collect::<Vec<_>>())).await;
    commit(&fresh, |tx| {
        (2..=7).try_for_each(|n| generations::cancel(tx, &id(n), at(2)).map(drop))?;
        tx.send("update outbox set state = 'done'", p![])
    })
    .await;
    let mut parts = Vec::new();
    for _ in 0..4 {
        let part = commit(&fresh, go(Kind::Generations, 900, 3)).await;
        right(&fresh).await;
        parts.push((part.gone, part.ended));
    }
    assert_eq!(parts, [(2, false), (3, false), (1, true), (0, true)]);
}
