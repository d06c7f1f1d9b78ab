//! Whatever order steps end in, and however: the counters are the sum of the ends, and the batch closes
//! exactly once (S0-18).

use crate::{
    MIGRATIONS, Tx,
    batches::{self, NewBatch},
    generations::{self, Fill, Finished},
    p,
    tests::{
        deck::{fail, found, slides, stages, start, succeed},
        harness::{Fresh, on_every_database},
        property,
        shop::{anna, at, balance, claim_only, commit, failure, id, make, open, settlement},
    },
};
use palitra_domain::{
    ErrorCode, GenerationId,
    state::{AttemptState, BatchState, Event, GenerationState},
};

on_every_database!(MIGRATIONS => s0_18_counters_are_the_sum_of_what_ended);

/// How a step ends, if it can still start.
#[derive(Debug, Clone, Copy)]
enum How {
    Succeed,
    Fail,
    Critical,
    /// The prompt is fine, and there is no picture to be made of it.
    EmptyForChild,
    CancelOne,
    TimeOut,
    CancelBatch,
}

const HOWS: [(u32, How); 7] = [
    (12, How::Succeed),
    (5, How::Fail),
    (1, How::Critical),
    (2, How::EmptyForChild),
    (2, How::CancelOne),
    (2, How::TimeOut),
    (1, How::CancelBatch),
];

async fn s0_18_counters_are_the_sum_of_what_ended(fresh: Fresh) {
    use proptest::prelude::*;
    let how = proptest::sample::select(
        HOWS.iter()
            .flat_map(|(weight, how)| vec![*how; usize::try_from(*weight).unwrap()])
            .collect::<Vec<_>>(),
    );
    let steps = proptest::collection::vec((any::<proptest::sample::Index>(), how), 1..40);
    let cases = (1u64..7, prop_oneof![Just(0u32), Just(50), Just(80), Just(100)], any::<bool>(), steps);
    property::check(&fresh, 24, cases, async |(items, gate_percent, barrier, steps)| {
        open(&fresh, 20).await;
        commit(&fresh, move |tx| start(tx, &NewBatch { gate_percent, barrier, ..slides(1, items) })).await;
        let mut closed = 0;
        for (which, how) in steps {
            let queued = claimable(&fresh).await;
            if queued.is_empty() {
                break;
            }
            let n = *which.get(&queued);
            let finished = commit(&fresh, move |tx| happen(tx, n, how)).await;
            closed += usize::from(finished.batch_finished);
            counters_are_right(&fresh, items, gate_percent).await;
        }
        // What is left goes well.
        while let Some(n) = claimable(&fresh).await.first().copied() {
            closed += usize::from(commit(&fresh, move |tx| succeed(tx, n, 9)).await.batch_finished);
            counters_are_right(&fresh, items, gate_percent).await;
        }
        assert_ne!(found(&fresh, 1).await.state, BatchState::Processing);
        assert!(closed <= 1, "closed {closed} times");
        assert_eq!(balance(&fresh, anna()).await.held, 0);
    });
}

async fn claimable(fresh: &Fresh) -> Vec<u64> {
    let sql = "select id from generation where state = 'queued' and ready = 1 order by id";
    let rows = fresh.store.read(move |tx| tx.query(sql, p![])).await.unwrap();
    let number = |of: GenerationId| (100..300).find(|n| id::<GenerationId>(*n) == of).unwrap();
    rows.iter().map(|row| number(row.get(0).unwrap())).collect()
}

fn happen(tx: &mut Tx, n: u64, how: How) -> crate::Result<Finished> {
    let quiet = Finished::default();
    match how {
        How::Succeed => succeed(tx, n, 1),
        How::Fail => fail(tx, n, 1),
        How::Critical => {
            let fence = claim_only(tx, n, at(1))?;
            let mut failure = failure(&fence, n, Event::Fail, AttemptState::Refused);
            (failure.critical, failure.code) = (true, ErrorCode::MarketAuth);
            generations::fail(tx, &failure, at(1))
        }
        How::EmptyForChild => {
            let fence = make(tx, n, at(1))?;
            let children = generations::children(tx, &id(n))?.into_iter();
            let fills =
                children.map(|child| Fill { child: child.id, to: Err(ErrorCode::EmptyPrompt) }).collect();
            generations::settle(tx, &generations::Settlement { fills, ..settlement(&fence, n) }, at(1))
        }
        How::CancelOne => generations::cancel(tx, &id(n), at(1)).map(|_| quiet),
        How::TimeOut => {
            let fence = claim_only(tx, n, at(1))?;
            generations::accept(tx, &fence, "ref", at(1))?;
            let running = crate::tests::shop::moved(&fence, GenerationState::Running);
            let failed =
                generations::fail(tx, &failure(&running, n, Event::TimeOut, AttemptState::Abandoned), at(1));
            // Enough of time for the ghosts: slots are not what is looked at here.
            generations::expire_ghosts(tx, at(1_000)).and(failed)
        }
        How::CancelBatch => batches::cancel(tx, &id(1), at(1)).map(|_| quiet),
    }
}

/// Counts the ends themselves, and asks whether the batch stands where they put it.
async fn counters_are_right(fresh: &Fresh, items: u64, gate_percent: u32) {
    let sql = "select count(case when state = 'succeeded' then 1 end), count(case when state in ('failed', 'timed_out') then 1 end),
                      count(case when state = 'cancelled' then 1 end), count(case when state = 'queued' then 1 end)
               from generation where step = $1";
    let total = i64::try_from(items).unwrap();
    let mut wanted = Vec::new();
    let (mut queued, mut reached) = (0, true);
    for step in ["prompt", "picture"] {
        let row = fresh.store.read(move |tx| tx.query_one(sql, p![step])).await.unwrap();
        let [succeeded, failed, cancelled, open] = [0, 1, 2, 3].map(|column| row.get::<i64>(column).unwrap());
        wanted.push([total, succeeded, failed, cancelled]);
        queued += open;
        reached &= succeeded * 100 >= i64::from(gate_percent) * total;
    }
    assert_eq!(stages(fresh, 1).await, wanted);
    let batch = found(fresh, 1).await;
    let state = match batch.stop {
        _ if queued > 0 => BatchState::Processing,
        Some(ErrorCode::Cancelled) => BatchState::Cancelled,
        None if reached => BatchState::Completed,
        _ => BatchState::Failed,
    };
    assert_eq!((batch.state, batch.finished_at.is_some()), (state, queued == 0));
    assert!(batch.stop.is_none() || queued == 0, "a stopped batch has nothing queued");
}
