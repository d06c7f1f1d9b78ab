//! Every row of the table of transitions has its function, which leads where the table says.

use crate::{
    MIGRATIONS, Tx,
    generations::{self, Fence, Fill},
    p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            anna, at, balance, child, claim_only, commit, create, failure, found, id, make, moved, open,
            settlement, standing, trouble, wanted,
        },
    },
};
use palitra_domain::{
    ErrorCode, GenerationId,
    state::{AttemptState, Event, GenerationState, TRANSITIONS},
};

on_every_database!(MIGRATIONS => every_row_of_the_table_is_a_transaction, what_the_table_has_not_is_refused);

async fn every_row_of_the_table_is_a_transaction(fresh: Fresh) {
    open(&fresh, 4).await;
    for (n, (from, event, to)) in (1u64..).zip(TRANSITIONS) {
        let (n, from, event) = (2 * n, *from, *event);
        commit(&fresh, move |tx| bring(tx, n, from, event)).await;
        commit(&fresh, move |tx| happen(tx, n, from, event)).await;
        let hold = match to {
            GenerationState::Succeeded => "posted",
            GenerationState::Failed | GenerationState::Cancelled | GenerationState::TimedOut => "voided",
            _ => "pending",
        };
        let (state, _, held) = standing(&fresh, n).await;
        assert_eq!((state, held.as_str()), (*to, hold), "{from}, {event}");
        let (slots, attempt) = traces(&fresh, n).await;
        let (kept, last) = expected(from, event);
        assert_eq!((slots, attempt), (kept, last.map(|state| state.as_str().to_owned())), "{from}, {event}");
        commit(&fresh, clean_up).await;
    }
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

/// A queued generation, with a parent (`n - 1`) that is being stored, or one that has got as far as `from`.
fn bring(tx: &mut Tx, n: u64, from: GenerationState, event: Event) -> crate::Result<()> {
    if event == Event::Adopt {
        return bring_again(tx, n, from);
    }
    if from == GenerationState::Queued {
        create(tx, &anna(), &[wanted(n - 1), child(n, &[n - 1])])?;
        return make(tx, n - 1, at(1)).map(drop);
    }
    create(tx, &anna(), &[wanted(n)])?;
    let fence = claim_only(tx, n, at(1))?;
    match from {
        GenerationState::Submitting => Ok(()),
        GenerationState::Running => generations::accept(tx, &fence, "ref", at(1)),
        GenerationState::Storing => generations::answer(tx, &fence, None, at(1)),
        other => panic!("nothing happens to a {other} generation"),
    }
}

/// The same, after a submission whose outcome is unknown.
fn bring_again(tx: &mut Tx, n: u64, from: GenerationState) -> crate::Result<()> {
    create(tx, &anna(), &[wanted(n)])?;
    let fence = claim_only(tx, n, at(1))?;
    generations::resubmit(tx, &fence, &trouble(), at(60), at(1))?;
    if from == GenerationState::Queued {
        return Ok(());
    }
    let fence = claim_only(tx, n, at(1))?;
    if from == GenerationState::Running { generations::accept(tx, &fence, "ref", at(1)) } else { Ok(()) }
}

/// What makes the event happen. A new row of the table has to be added here.
fn happen(tx: &mut Tx, n: u64, from: GenerationState, event: Event) -> crate::Result<()> {
    let fence = Fence { id: id(n), epoch: 1, attempt: 1, from };
    let parent = Fence { id: id(n - 1), ..moved(&fence, GenerationState::Storing) };
    let fail =
        |tx: &mut Tx, attempt| generations::fail(tx, &failure(&fence, n, event, attempt), at(2)).map(drop);
    use AttemptState as A;
    use GenerationState::{Queued, Running, Storing, Submitting};
    match (from, event) {
        (Queued, Event::Claim) => {
            generations::settle(tx, &settlement(&parent, n), at(2))?;
            claim_only(tx, n, at(2)).map(drop)
        }
        (Queued, Event::Adopt) => {
            let ghost = found(tx, n, 1, at(2))?;
            generations::adopt_known(tx, &ghost, &id(9), at(2)).map(|fence| assert!(fence.is_some()))
        }
        (Submitting | Running, Event::Adopt) => {
            let ghost = found(tx, n, 1, at(2))?;
            generations::overtake(tx, &ghost, &id(9), at(2)).map(drop)
        }
        (Queued, Event::Cancel) => generations::cancel(tx, &id(n), at(2)).map(drop),
        (Queued, Event::Fail) => {
            let fill = Fill { child: id(n), to: Err(ErrorCode::EmptyPrompt) };
            let told = generations::Settlement { fills: vec![fill], ..settlement(&parent, n) };
            generations::settle(tx, &told, at(2)).map(drop)
        }
        (Submitting, Event::Accept) => generations::accept(tx, &fence, "ref", at(2)),
        (Submitting, Event::Answer) => generations::answer(tx, &fence, Some("{}"), at(2)),
        (Submitting, Event::Retry) => generations::refuse(tx, &fence, &trouble(), at(9), at(2)).map(drop),
        (Submitting, Event::Resubmit) => {
            generations::resubmit(tx, &fence, &trouble(), at(60), at(2)).map(drop)
        }
        (Submitting | Storing, Event::Restart) => generations::restart(tx, &fence, at(2)).map(drop),
        (Submitting, Event::Fail) => fail(tx, A::Refused),
        (Submitting, Event::Cancel) => fail(tx, A::Unknown),
        (Running, Event::Finish) => generations::finish(tx, &fence, "{}", at(2)),
        (Running, Event::Fail) => fail(tx, A::Failed),
        (Running, Event::Cancel) => fail(tx, A::Cancelled),
        (Running, Event::TimeOut) => fail(tx, A::Abandoned),
        (Storing, Event::Settle) => generations::settle(tx, &settlement(&fence, n), at(2)).map(drop),
        (Storing, Event::Reject) => generations::reject(tx, &fence, &trouble(), None, at(2)).map(drop),
        (Storing, Event::Fail) => fail(tx, A::Failed),
        (from, event) => panic!("({from}, {event}) has no test"),
    }
}

/// Slots it still has, and how its last attempt stands.
fn expected(from: GenerationState, event: Event) -> (i64, Option<AttemptState>) {
    use AttemptState as A;
    match (from, event) {
        (_, Event::Claim) => (1, Some(A::Submitting)),
        (GenerationState::Queued, Event::Adopt) => (1, Some(A::Accepted)),
        // The one that was found, and the one that followed.
        (_, Event::Adopt) => (2, Some(A::Abandoned)),
        (GenerationState::Queued, _) => (0, None),
        (_, Event::Accept | Event::Answer | Event::Finish) => (1, Some(A::Accepted)),
        (_, Event::Retry) | (GenerationState::Submitting, Event::Fail) => (0, Some(A::Refused)),
        (_, Event::Restart) => (0, Some(A::Vanished)),
        // Ghosts.
        (_, Event::Resubmit) | (GenerationState::Submitting, Event::Cancel) => (1, Some(A::Unknown)),
        (_, Event::TimeOut) => (1, Some(A::Abandoned)),
        (_, Event::Settle) => (0, Some(A::Succeeded)),
        (_, Event::Cancel) => (0, Some(A::Cancelled)),
        (_, Event::Fail | Event::Reject) => (0, Some(A::Failed)),
    }
}

async fn traces(fresh: &Fresh, n: u64) -> (i64, Option<String>) {
    let row = fresh.store.read(move |tx| {
        tx.query_one(
            "select (select count(*) from slot where generation_id = $1),
                    (select state from attempt where generation_id = $1 order by n desc limit 1)",
            p![id::<GenerationId>(n).as_str()],
        )
    });
    let row = row.await.unwrap();
    (row.get(0).unwrap(), row.get(1).unwrap())
}

/// Nothing under way is left for the next row of the table.
fn clean_up(tx: &mut Tx) -> crate::Result<()> {
    tx.execute("update slot set generation_id = null, kept_until = null", p![])?;
    tx.execute(
        "update generation set state = 'queued' where state in ('submitting', 'running', 'storing')",
        p![],
    )?;
    for row in tx.query("select id from generation where state = 'queued' order by id", p![])? {
        generations::cancel(tx, &row.get(0)?, at(3))?;
    }
    Ok(())
}

async fn what_the_table_has_not_is_refused(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    let fence = commit(&fresh, |tx| claim_only(tx, 1, at(1))).await;
    for from in GenerationState::ALL {
        for event in Event::ALL {
            let failure = failure(&moved(&fence, *from), 1, *event, AttemptState::Failed);
            let allowed = *from == GenerationState::Submitting && from.advance(*event).is_ok();
            if !allowed {
                let answer = fresh.store.write(move |tx| generations::fail(tx, &failure, at(2))).await;
                assert!(answer.is_err(), "{from}, {event}");
            }
        }
    }
    assert_eq!(standing(&fresh, 1).await, (GenerationState::Submitting, 1, "pending".to_owned()));
}
