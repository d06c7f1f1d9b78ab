//! Late results: the first submission comes to light when its generation waits for the second, is at it, or has
//! ended. Charged once in every order, and no slot too many.

use crate::{
    MIGRATIONS, Tx,
    generations::{self, Adoption, Fence, Ghost, Late},
    p,
    tests::{
        deck::{self, deck, run},
        harness::{Fresh, on_every_database},
        shop::{
            CASH, LONGEST_RUN, PRICE, anna, at, balance, claim, claim_only, commit, create, failure, found,
            id, make, moved, number, open, refused, settlement, standing, trouble, wanted,
        },
    },
};
use palitra_domain::{
    Currency, ErrorCode, GenerationId, MarketCost, WorkerId,
    state::{AttemptState, Event, GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    what_waits_for_its_second_submission_takes_the_first_back,
    a_submission_found_after_a_refused_second_is_the_present_one,
    a_worker_of_the_batch_is_taken_where_one_is_free,
    the_result_that_is_stored_first_is_charged_and_the_other_is_a_gift,
    after_a_void_a_late_result_is_given_and_nothing_else_changes,
    a_late_text_stands_where_there_was_none,
    a_ghost_is_known_for_one_look_at_a_time,
    how_a_ghost_ended_frees_its_slot,
    what_is_known_of_an_attempt_is_not_learned_again,
    who_comes_too_late_to_overtake_changes_nothing,
    runs_are_those_of_the_mode_that_went_well,
);

const TAKEN: &str = "select count(*) from slot where generation_id is not null";
const KEPT: &str = "select count(*) from slot where kept_until is not null";

fn owner() -> WorkerId {
    id(9)
}

async fn states(fresh: &Fresh, n: u64) -> Vec<AttemptState> {
    let attempts = fresh.store.read(move |tx| generations::attempts(tx, &id(n))).await.unwrap();
    attempts.into_iter().map(|attempt| attempt.state).collect()
}

/// A generation whose first submission is unknown, queued again.
fn resubmitted(tx: &mut Tx, n: u64) -> crate::Result<()> {
    create(tx, &anna(), &[wanted(n)])?;
    let fence = claim_only(tx, n, at(1))?;
    generations::resubmit(tx, &fence, &trouble(), at(61), at(1)).map(drop)
}

fn gift(ghost: &Ghost, n: u64) -> Late {
    let fence = Fence { id: ghost.id.clone(), epoch: 0, attempt: ghost.attempt, from: ghost.state };
    Late {
        generation: ghost.id.clone(),
        attempt: ghost.attempt,
        assets: settlement(&fence, n).assets,
        output: None,
        cost: Some(MarketCost { micros: 25_000, currency: Currency::USD }),
        delivery: id(n),
    }
}

async fn what_waits_for_its_second_submission_takes_the_first_back(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| resubmitted(tx, 1)).await;
    let fence = commit(&fresh, |tx| {
        let ghost = found(tx, 1, 1, at(3))?;
        generations::adopt_known(tx, &ghost, &owner(), at(3))
    });
    let fence = fence.await.unwrap();
    assert_eq!((fence.epoch, fence.attempt, fence.from), (2, 1, GenerationState::Running));
    // Its slot is its own again: no ghost's, and not given back when the ghost's time would have come.
    assert_eq!((number(&fresh, TAKEN).await, number(&fresh, KEPT).await), (1, 0));
    assert_eq!(commit(&fresh, |tx| generations::expire_ghosts(tx, at(1_000))).await, 0);
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(4))).await.len(), 0, "no second submission follows");
    // Nobody takes it back twice.
    let again = commit(&fresh, |tx| generations::due_ghosts(tx, 9, at(9), at(9))).await;
    assert!(again.is_empty());
    commit(&fresh, move |tx| {
        generations::finish(tx, &fence, "{}", at(5))?;
        generations::settle(tx, &settlement(&moved(&fence, GenerationState::Storing), 1), at(6))
    })
    .await;
    assert_eq!(standing(&fresh, 1).await, (GenerationState::Succeeded, 1, "posted".to_owned()));
    assert_eq!(states(&fresh, 1).await, [AttemptState::Succeeded]);
    assert_eq!((balance(&fresh, anna()).await.cash, number(&fresh, TAKEN).await), (CASH - PRICE, 0));
}

async fn a_submission_found_after_a_refused_second_is_the_present_one(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        resubmitted(tx, 1)?;
        let second = claim_only(tx, 1, at(2))?;
        generations::refuse(tx, &second, &trouble(), at(90), at(2)).map(drop)
    })
    .await;
    let fence = commit(&fresh, |tx| {
        let ghost = found(tx, 1, 1, at(3))?;
        generations::adopt_known(tx, &ghost, &owner(), at(3))
    });
    let fence = fence.await.unwrap();
    assert_eq!(states(&fresh, 1).await, [AttemptState::Accepted, AttemptState::Refused]);
    // Whoever takes the work over, or stops it, speaks of that one.
    let adopted = commit(&fresh, |tx| generations::adopt(tx, &id(10), &Adoption::EveryoneElse, at(4))).await;
    assert_eq!((adopted[0].fence.attempt, adopted[0].reference.as_deref()), (1, Some("found")));
    assert_eq!(adopted[0].accepted_at, Some(at(1)), "it runs since its submission");
    commit(&fresh, |tx| generations::cancel(tx, &id(1), at(5))).await;
    let wishes = fresh.store.read(|tx| generations::cancel_wishes(tx, id::<WorkerId>(10).as_str())).await;
    assert_eq!(wishes.unwrap()[0].reference, "found");
    let lost = refused(&fresh, move |tx| generations::finish(tx, &fence, "{}", at(5))).await;
    assert!(matches!(lost, crate::Error::Rows { .. }));
}

async fn a_worker_of_the_batch_is_taken_where_one_is_free(fresh: Fresh) {
    open(&fresh, 4).await;
    let rows = deck(1, (1..4).map(|n| vec![run(n, StepKind::Picture)]).collect());
    let rows = crate::batches::NewBatch { workers: vec![deck::workers(1, StepKind::Picture, 1, 0)], ..rows };
    commit(&fresh, move |tx| deck::start(tx, &rows)).await;
    const BUSY: &str = "select count(*) from slot where kind = 'batch' and generation_id is not null";
    commit(&fresh, |tx| {
        for n in [1, 2] {
            let fence = claim_only(tx, n, at(1))?;
            generations::resubmit(tx, &fence, &trouble(), at(61), at(1))?;
        }
        Ok(())
    })
    .await;
    assert_eq!(number(&fresh, BUSY).await, 0);
    let adopt = |n: u64| {
        commit(&fresh, move |tx| {
            let ghost = found(tx, n, 1, at(2))?;
            generations::adopt_known(tx, &ghost, &owner(), at(2))
        })
    };
    let first = adopt(1).await.unwrap();
    assert_eq!(number(&fresh, BUSY).await, 1);
    // Its work has been at the market all the time: it goes on, and the one worker stays one.
    let second = adopt(2).await.unwrap();
    assert_eq!((number(&fresh, BUSY).await, standing(&fresh, 2).await.0), (1, GenerationState::Running));
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(3))).await.len(), 0, "the worker is busy");
    for (n, fence) in [(2, second), (1, first)] {
        commit(&fresh, move |tx| {
            generations::finish(tx, &fence, "{}", at(4))?;
            generations::settle(tx, &settlement(&moved(&fence, GenerationState::Storing), n), at(5))
        })
        .await;
    }
    assert_eq!(number(&fresh, "select items from slot where kind = 'batch'").await, 1);
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(6))).await.len(), 1, "and is free again");
}

async fn the_result_that_is_stored_first_is_charged_and_the_other_is_a_gift(fresh: Fresh) {
    open(&fresh, 9).await;
    // The first submission brings its result while the second is being sent, or runs.
    for (n, accepted) in [(1u64, false), (2, true)] {
        commit(&fresh, move |tx| {
            resubmitted(tx, n)?;
            let second = claim_only(tx, n, at(2))?;
            if accepted { generations::accept(tx, &second, "second", at(2)) } else { Ok(()) }
        })
        .await;
        let settled = commit(&fresh, move |tx| {
            let ghost = found(tx, n, 1, at(3))?;
            let fence = generations::overtake(tx, &ghost, &owner(), at(3))?;
            assert_eq!((fence.epoch, fence.attempt, fence.from), (3, 1, GenerationState::Storing));
            generations::settle(tx, &settlement(&fence, n), at(3))
        });
        settled.await;
        assert_eq!(standing(&fresh, n).await, (GenerationState::Succeeded, 2, "posted".to_owned()));
        assert_eq!(states(&fresh, n).await, [AttemptState::Succeeded, AttemptState::Abandoned]);
        // The second keeps its slot as a ghost; where its work is known somebody looks at once.
        assert_eq!((number(&fresh, TAKEN).await, number(&fresh, KEPT).await), (1, 1));
        let due = commit(&fresh, |tx| generations::due_ghosts(tx, 9, at(4), at(3))).await;
        assert_eq!(due.len(), usize::from(accepted));
        // Whoever submitted it learns only now that it was taken.
        let second = Fence { id: id(n), epoch: 2, attempt: 2, from: GenerationState::Submitting };
        let lost = refused(&fresh, move |tx| generations::accept(tx, &second, "second", at(4))).await;
        assert!(matches!(lost, crate::Error::Rows { .. }));
        let given = commit(&fresh, move |tx| {
            let ghost = found(tx, n, 2, at(5))?;
            generations::late(tx, &gift(&ghost, 100 + n), at(5))
        });
        assert!(given.await);
        assert_eq!(standing(&fresh, n).await, (GenerationState::Succeeded, 2, "posted".to_owned()));
        assert_eq!(number(&fresh, TAKEN).await, 0);
        let assets = fresh.store.read(move |tx| generations::assets(tx, &id(n))).await.unwrap();
        assert_eq!(assets.iter().map(|asset| asset.id.clone()).collect::<Vec<_>>(), [id(n), id(100 + n)]);
    }
    assert_eq!(balance(&fresh, anna()).await.cash, CASH - 2 * PRICE);
}

async fn after_a_void_a_late_result_is_given_and_nothing_else_changes(fresh: Fresh) {
    open(&fresh, 9).await;
    let ends = [
        (GenerationState::Failed, Event::Fail, GenerationState::Submitting, AttemptState::Unknown),
        (GenerationState::Cancelled, Event::Cancel, GenerationState::Submitting, AttemptState::Unknown),
        (GenerationState::TimedOut, Event::TimeOut, GenerationState::Running, AttemptState::Abandoned),
        (GenerationState::TimedOut, Event::TimeOut, GenerationState::Running, AttemptState::Lost),
    ];
    for (n, (end, event, from, attempt)) in (1u64..).zip(ends) {
        commit(&fresh, move |tx| {
            create(tx, &anna(), &[wanted(n)])?;
            let fence = claim_only(tx, n, at(1))?;
            if from == GenerationState::Running {
                generations::accept(tx, &fence, "found", at(1))?;
            }
            generations::fail(tx, &failure(&moved(&fence, from), n, event, attempt), at(2))
        })
        .await;
        // Where its work was known somebody looks without being told.
        let due = commit(&fresh, |tx| generations::due_ghosts(tx, 9, at(3), at(2))).await;
        assert_eq!(due.len(), usize::from(from == GenerationState::Running), "{end}");
        let given = commit(&fresh, move |tx| {
            let ghost = found(tx, n, 1, at(4))?;
            generations::late(tx, &gift(&ghost, 100 + n), at(4))
        });
        assert!(given.await, "{end}");
        assert_eq!(standing(&fresh, n).await, (end, 1, "voided".to_owned()));
        let attempts = fresh.store.read(move |tx| generations::attempts(tx, &id(n))).await.unwrap();
        assert_eq!((attempts[0].state, attempts[0].paid_by.as_str()), (AttemptState::Succeeded, "house"));
        assert_eq!(attempts[0].cost_micros, Some(25_000));
        assert_eq!(number(&fresh, TAKEN).await, 0, "{end}");
    }
    assert_eq!((balance(&fresh, anna()).await.cash, balance(&fresh, anna()).await.held), (CASH, 0));
    assert_eq!(number(&fresh, "select count(*) from outbox where kind = 'late'").await, 4);
    assert_eq!(fresh.store.read(crate::ledger::problems).await, Ok(vec![]));
}

async fn a_late_text_stands_where_there_was_none(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1)])?;
        let fence = claim_only(tx, 1, at(1))?;
        generations::fail(tx, &failure(&fence, 1, Event::Fail, AttemptState::Unknown), at(2))?;
        let ghost = found(tx, 1, 1, at(3))?;
        let text = Late { assets: Vec::new(), output: Some("a late word".to_owned()), ..gift(&ghost, 7) };
        generations::late(tx, &text, at(3))
    })
    .await;
    let found = fresh.store.read(|tx| generations::find(tx, &id(1))).await.unwrap().unwrap();
    assert_eq!((found.state, found.output.as_deref()), (GenerationState::Failed, Some("a late word")));
    assert_eq!(found.error_code, Some(ErrorCode::GenerationFailed));
}

async fn a_ghost_is_known_for_one_look_at_a_time(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| resubmitted(tx, 1)).await;
    let due = |now, until| commit(&fresh, move |tx| generations::due_ghosts(tx, 9, at(until), at(now)));
    assert_eq!(due(5, 9).await.len(), 0, "nobody knows where it is");
    commit(&fresh, |tx| generations::note_ghost(tx, &id(1), 1, "first", at(5))).await;
    // News again: the place stays.
    commit(&fresh, |tx| generations::note_ghost(tx, &id(1), 1, "second", at(6))).await;
    let ghost = due(6, 20).await.pop().unwrap();
    assert_eq!((ghost.reference.as_str(), ghost.attempt, ghost.ended), ("first", 1, AttemptState::Unknown));
    assert_eq!((ghost.opened_at, ghost.longest_run, ghost.stop_asked), (at(1), LONGEST_RUN, false));
    assert_eq!(due(19, 30).await.len(), 0, "somebody looks");
    assert_eq!(due(20, 40).await.len(), 1, "and has died over it");
    commit(&fresh, move |tx| generations::look_later(tx, &ghost, Some(at(25)), true, at(21))).await;
    let ghost = due(25, 30).await.pop().unwrap();
    assert!(ghost.stop_asked, "a market is asked once");
    commit(&fresh, move |tx| generations::look_later(tx, &ghost, Some(at(50)), false, at(26))).await;
    assert_eq!(commit(&fresh, |tx| generations::expire_ghosts(tx, at(61))).await, 1);
    assert_eq!(due(999, 1_000).await.len(), 0, "its longest run is over");
    // And news still count.
    commit(&fresh, |tx| generations::note_ghost(tx, &id(1), 1, "third", at(999))).await;
    let ghost = due(999, 1_000).await.pop().unwrap();
    assert_eq!((ghost.ended, ghost.stop_asked), (AttemptState::Lost, true));
}

async fn how_a_ghost_ended_frees_its_slot(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| resubmitted(tx, 1)).await;
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(2))).await.len(), 0);
    let closed = commit(&fresh, |tx| {
        let ghost = found(tx, 1, 1, at(3))?;
        generations::close_ghost(tx, &ghost.id, 1, AttemptState::Failed, Some(&trouble()), at(3))
    });
    assert!(closed.await);
    assert_eq!((states(&fresh, 1).await, number(&fresh, TAKEN).await), (vec![AttemptState::Failed], 0));
    let second = commit(&fresh, |tx| claim_only(tx, 1, at(4))).await;
    // The slot of the second is not the ghost's.
    let closed =
        commit(&fresh, |tx| generations::close_ghost(tx, &id(1), 1, AttemptState::Lost, None, at(5))).await;
    assert_eq!((closed, number(&fresh, TAKEN).await, second.attempt), (false, 1, 2));
}

async fn what_is_known_of_an_attempt_is_not_learned_again(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2)])?;
        let done = make(tx, 1, at(1))?;
        generations::settle(tx, &settlement(&done, 1), at(2))?;
        claim_only(tx, 2, at(1)).map(drop)
    })
    .await;
    for n in [1, 2] {
        let noted = commit(&fresh, move |tx| generations::note_ghost(tx, &id(n), 1, "found", at(3)));
        assert!(!noted.await);
    }
    let of = Late {
        generation: id::<GenerationId>(1),
        attempt: 1,
        assets: Vec::new(),
        output: None,
        cost: None,
        delivery: id(50),
    };
    let known = refused(&fresh, move |tx| generations::late(tx, &of, at(4))).await;
    assert!(matches!(known, crate::Error::Rows { .. }));
}

async fn who_comes_too_late_to_overtake_changes_nothing(fresh: Fresh) {
    open(&fresh, 4).await;
    let (ghost, second) = commit(&fresh, |tx| {
        resubmitted(tx, 1)?;
        let second = claim_only(tx, 1, at(2))?;
        Ok((found(tx, 1, 1, at(2))?, second))
    })
    .await;
    commit(&fresh, move |tx| generations::answer(tx, &second, Some("{}"), at(3))).await;
    let (of, gift) = (ghost.clone(), gift(&ghost, 7));
    let lost = refused(&fresh, move |tx| generations::overtake(tx, &of, &owner(), at(4))).await;
    assert!(matches!(lost, crate::Error::Rows { .. }));
    // Nor is it taken back, or given while the other is being stored.
    let not = commit(&fresh, move |tx| {
        Ok((
            generations::adopt_known(tx, &ghost, &owner(), at(4))?.is_some(),
            generations::late(tx, &gift, at(4))?,
        ))
    });
    assert_eq!(not.await, (false, false));
    assert_eq!(states(&fresh, 1).await, [AttemptState::Unknown, AttemptState::Accepted]);
}

async fn runs_are_those_of_the_mode_that_went_well(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        for n in 1..=4 {
            create(tx, &anna(), &[wanted(n)])?;
            let fence = claim_only(tx, n, at(1))?;
            generations::accept(tx, &fence, "ref", at(10))?;
            let running = moved(&fence, GenerationState::Running);
            if n == 4 {
                generations::fail(tx, &failure(&running, n, Event::Fail, AttemptState::Failed), at(90))?;
                continue;
            }
            generations::finish(tx, &running, "{}", at(12))?;
            let storing = moved(&fence, GenerationState::Storing);
            generations::settle(tx, &settlement(&storing, n), at(12 + i64::try_from(n).unwrap()))?;
        }
        tx.must(1, "update generation set mode = 'edit' where id = $1", p![id::<GenerationId>(3).as_str()])
    })
    .await;
    let mut runs =
        fresh.store.read(|tx| generations::recent_runs(tx, "fal-ai/sketch", "create")).await.unwrap();
    runs.sort_unstable();
    assert_eq!(runs.iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), [3, 4]);
}
