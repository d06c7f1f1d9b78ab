//! The checks of a service: each look finds what has gone wrong under way at once, and what has gone wrong in the past when it gets
//! there, however little it reads at a time.

use super::{
    api_keys::new_key,
    harness::{Fresh, on_every_database},
    shop::{anna, at, child, commit, create, failure, id, make, open, settlement, top_up, wanted},
};
use crate::{
    Error, MIGRATIONS, Tx,
    api_keys::{self, Budgets, NewApiKey},
    books::{self, Look},
    generations::{self, NewGeneration},
    ledger::Purse,
    p,
};
use palitra_domain::{
    KeyId, Livemode,
    deliver::NewDelivery,
    state::{AttemptState, Event},
};

on_every_database!(MIGRATIONS =>
    the_checks_find_what_is_wrong_in_the_queue,
    a_look_finds_what_is_wrong_under_way_at_once,
    a_look_finds_what_keys_have_spent_against_their_holds,
    the_past_is_gone_through_in_parts_and_again,
    a_balance_is_compared_from_where_it_was_left,
    a_pending_hold_is_never_behind_a_position,
    deliveries_that_nobody_takes_are_seen,
);

/// One finished, one failed, one under way, one queued, one that waits for it.
async fn shop(fresh: &Fresh) {
    open(fresh, 4).await;
    commit(fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])?;
        create(tx, &anna(), &[wanted(4), child(5, &[4])])?;
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&fence, 1), at(2))?;
        let fence = make(tx, 2, at(1))?;
        generations::fail(tx, &failure(&fence, 2, Event::Fail, AttemptState::Failed), at(2))?;
        make(tx, 3, at(1))
    })
    .await;
    assert_eq!(fresh.store.read(books::everything).await, Ok(vec![]));
}

/// What a check says after a statement whose effect does not stay.
async fn said(
    fresh: &Fresh,
    wrong: &'static str,
    look: fn(&mut Tx<'_>) -> crate::Result<Vec<String>>,
) -> String {
    let found = fresh.store.write(move |tx| {
        assert!(tx.execute(wrong, p![])? > 0, "{wrong}");
        Err::<(), _>(Error::Refused(look(tx)?.join("\n")))
    });
    found.await.unwrap_err().to_string()
}

async fn the_checks_find_what_is_wrong_in_the_queue(fresh: Fresh) {
    shop(&fresh).await;
    let cases = [
        (
            "delete from transfer where state = 'pending' and generation_id in (select id from generation where state = 'storing')",
            "its hold is missing",
        ),
        ("update book set cash_held = cash_held - 1 where cash_held > 0", "and what is under way holds 300"),
        (
            "update slot set generation_id = (select min(id) from generation), attempt = 1 where generation_id is null and n = 4",
            "which is succeeded",
        ),
        ("update slot set generation_id = 'gen_0' where generation_id is not null", "which is missing"),
        (
            "update slot set generation_id = null, attempt = null where generation_id is not null",
            "without a slot of a key",
        ),
        ("update attempt set state = 'failed' where state = 'accepted'", "its attempt has ended"),
        ("update attempt set state = 'accepted' where state = 'failed'", "and its generation failed"),
        ("delete from attempt where state = 'succeeded'", "not as many as it counts"),
        ("update edge set parent_id = (select min(id) from generation)", "none is left"),
        ("update edge set child_id = 'gen_0'", "which is missing"),
        ("update outbox set generation_id = 'gen_0' where generation_id is not null", "which is missing"),
        ("update asset set generation_id = 'gen_0' where generation_id is not null", "which is missing"),
    ];
    for (wrong, words) in cases {
        let found = said(&fresh, wrong, books::everything).await;
        assert!(found.contains(words), "{wrong}: {found}");
    }
    assert_eq!(fresh.store.read(books::everything).await, Ok(vec![]));
}

async fn a_look_finds_what_is_wrong_under_way_at_once(fresh: Fresh) {
    shop(&fresh).await;
    let look = |tx: &mut Tx<'_>| Ok(books::look(tx, 1, at(0))?.problems);
    for (wrong, words) in [
        ("update book set cash_held = cash_held - 1 where cash_held > 0", "and what is under way holds 300"),
        ("update slot set generation_id = 'gen_0' where generation_id is not null", "which is missing"),
        ("update transfer set state = 'voided' where state = 'pending'", "its hold is voided"),
    ] {
        let found = said(&fresh, wrong, look).await;
        assert!(found.contains(words), "{wrong}: {found}");
    }
}

async fn a_look_finds_what_keys_have_spent_against_their_holds(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        for n in 1..=3 {
            let budgets = Budgets { total: Some(1_000), ..Budgets::default() };
            api_keys::insert(tx, &NewApiKey { livemode: Livemode::Live, budgets, ..new_key(n) }, at(0))?;
            let n = u64::from(n);
            create(tx, &anna(), &[NewGeneration { key: Some(id(n)), ..wanted(n) }])?;
        }
        Ok(())
    })
    .await;
    let third: KeyId = id(3);
    for spoil in [
        "update key_budget_use set spent = spent - 1 where period = 'total' and key_id = $1",
        "update key_budget_use set spent = spent - 1 where period <> 'total' and key_id = $1",
    ] {
        let (key, back) = (third.clone(), third.clone());
        fresh.store.write(move |tx| tx.send(spoil, p![key.as_str()])).await.unwrap();
        // However few it looks at, it gets to each and says it once.
        let mut found = Vec::new();
        loop {
            let look = next(&fresh, 1, 0).await;
            found.extend(look.problems.into_iter().filter(|words| words.contains("what key")));
            if look.went_round {
                break;
            }
        }
        assert!(!found.is_empty() && found.iter().all(|words| words.contains(third.as_str())), "{found:?}");
        let mend = spoil.replace("- 1", "+ 1");
        fresh.store.write(move |tx| tx.send(&mend, p![back.as_str()])).await.unwrap();
    }
}

/// Looks and remembers.
async fn next(fresh: &Fresh, max: u32, settled: i64) -> Look {
    let look = fresh.store.read(move |tx| books::look(tx, max, at(settled))).await.unwrap();
    let seen = look.clone();
    fresh.store.write(move |tx| books::remember(tx, &seen, at(9))).await.unwrap();
    look
}

async fn the_past_is_gone_through_in_parts_and_again(fresh: Fresh) {
    shop(&fresh).await;
    commit(&fresh, |tx| (10..20).try_for_each(|n| top_up(tx, n, &anna(), Purse::Cash, 1))).await;
    // By hand, behind the back of the balances: only the movement itself tells of it.
    let spoil = "update transfer set charged_cash = 99 where charged_cash > 0";
    fresh.store.write(move |tx| tx.must(1, spoil, p![])).await.unwrap();
    for _ in 0..2 {
        let mut rounds = 0;
        let mut found = Vec::new();
        loop {
            let look = next(&fresh, 3, 100).await;
            found.extend(look.problems);
            rounds += 1;
            if look.went_round {
                break;
            }
            assert!(rounds < 20, "it never ends");
        }
        assert!(rounds > 4, "{rounds} rounds");
        let words: Vec<_> = found.iter().filter(|words| words.contains("not what was posted")).collect();
        assert_eq!(words.len(), 1, "{found:#?}");
    }
}

async fn a_balance_is_compared_from_where_it_was_left(fresh: Fresh) {
    shop(&fresh).await;
    assert_eq!(next(&fresh, 1_000, 100).await.problems, [] as [String; 0]);
    let spoil = |by: i64| {
        fresh.store.write(move |tx| tx.must(2, "update book set cash = cash + $1 where cash > 1000", p![by]))
    };
    spoil(7).await.unwrap();
    let look = next(&fresh, 1_000, 100).await;
    assert_eq!((look.problems.len(), look.drift), (2, 14), "{:#?}", look.problems);
    spoil(-7).await.unwrap();
    // What was added up once is not read again: a posting that has gone is seen by whoever reads everything.
    let look = next(&fresh, 1_000, 100).await;
    assert_eq!((look.problems, look.drift), (vec![], 0));
    assert!(look.accounts >= 2);
    commit(&fresh, |tx| top_up(tx, 2_000_000, &anna(), Purse::Bonus, 5)).await;
    assert_eq!(next(&fresh, 1_000, 100).await.drift, 0);
    // More new movements than may be read: not compared, and the next look gets further.
    commit(&fresh, |tx| (3_000_000..3_000_010).try_for_each(|n| top_up(tx, n, &anna(), Purse::Cash, 1)))
        .await;
    fresh
        .store
        .write(|tx| tx.send("update checked_book set position = '', cash = 0, bonus = 0, debt = 0", p![]))
        .await
        .unwrap();
    spoil(1).await.unwrap();
    // Anna has too many above her oldest pending hold; Boris is compared all the same.
    for _ in 0..4 {
        assert_eq!(next(&fresh, 1, 100).await.drift, 1);
    }
    commit_without_check(&fresh, |tx| {
        generations::cancel(tx, &id(4), at(3))?;
        let from = palitra_domain::state::GenerationState::Storing;
        let fence = generations::Fence { id: id(3), epoch: 1, attempt: 1, from };
        generations::settle(tx, &settlement(&fence, 3), at(4))
    })
    .await;
    let mut drift = Vec::new();
    for _ in 0..12 {
        drift.push(next(&fresh, 1, 100).await.drift);
    }
    assert_eq!((drift[0], drift[11]), (1, 2), "{drift:?}");
}

async fn commit_without_check<T: Send + 'static>(
    fresh: &Fresh,
    closure: impl Fn(&mut Tx<'_>) -> crate::Result<T> + Send + 'static,
) {
    fresh.store.write(closure).await.unwrap();
}

async fn a_pending_hold_is_never_behind_a_position(fresh: Fresh) {
    shop(&fresh).await;
    next(&fresh, 1_000, 100).await;
    commit(&fresh, |tx| {
        generations::cancel(tx, &id(5), at(3))?;
        let fence = generations::Fence {
            id: id(3),
            epoch: 1,
            attempt: 1,
            from: palitra_domain::state::GenerationState::Storing,
        };
        generations::settle(tx, &settlement(&fence, 3), at(4))
    })
    .await;
    for _ in 0..3 {
        let look = next(&fresh, 1_000, 100).await;
        assert_eq!((look.problems, look.drift), (vec![], 0));
    }
}

async fn deliveries_that_nobody_takes_are_seen(fresh: Fresh) {
    open(&fresh, 1).await;
    let (kind, payload) = ("letter".to_owned(), String::new());
    let new = NewDelivery { id: id(1), kind, account: anna(), generation: None, batch: None, payload };
    commit(&fresh, move |tx| crate::outbox::insert(tx, &new, at(5))).await;
    let undelivered = |before: i64| fresh.store.read(move |tx| books::undelivered(tx, at(before)));
    assert_eq!(undelivered(5).await, Ok(vec![]));
    assert!(undelivered(6).await.unwrap()[0].contains("1 deliveries of kind `letter`"));
    commit(&fresh, |tx| tx.must(1, "update outbox set state = 'dead' where state = 'new'", p![])).await;
    assert!(undelivered(0).await.unwrap()[0].contains("given up"));
}
