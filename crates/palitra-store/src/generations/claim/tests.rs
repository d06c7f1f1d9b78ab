//! How SQLite finds what the claim asks for: by indexes, in order, however long the queue is. (That a queue
//! does not slow the claim is a plan here, never a time.)

use super::{accounts, queue, slots};
use crate::{
    MIGRATIONS,
    generations::tests::plan,
    tests::{
        harness::Fresh,
        shop::{anna, commit, create, open, place, wanted},
    },
};
use palitra_domain::state::StepKind;

#[tokio::test]
async fn a_claim_reads_no_more_than_it_takes() {
    let fresh = Fresh::sqlite(MIGRATIONS).await;
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        let many = |from: u64, step| {
            let batch = move |n| Some(place(1, n, step));
            (from..from + 2_500)
                .map(move |n| crate::generations::NewGeneration { batch: batch(n), ..wanted(n) })
        };
        let new: Vec<_> = many(1, StepKind::Prompt).chain(many(3_001, StepKind::Picture)).collect();
        create(tx, &anna(), &new)?;
        // Batches of the past, and the planner's statistics: it knows how long everything is, and must come
        // to the same.
        for n in 0..2_000 {
            tx.script(&format!("insert into slot(scope, n, kind, market) values('old', {n}, 'closed', '')"))?;
        }
        tx.script("analyze")
    })
    .await;
    let scopes = "SEARCH slot USING INDEX slot_scoped (market=?)";
    let cases = [
        (
            plan(&fresh, queue::UNSCOPED, 5).await,
            "SEARCH generation USING INDEX generation_queue (market=? AND priority>?)",
        ),
        (
            plan(&fresh, queue::SCOPED, 6).await,
            "SEARCH generation USING INDEX generation_scoped (scope=? AND market=? AND priority>?)",
        ),
        (
            plan(&fresh, queue::WAKE, 1).await.split_off(2),
            "SEARCH generation USING INDEX generation_later (next_at<?)",
        ),
        (plan(&fresh, queue::NEXT_DELAYED, 2).await, "SEARCH generation USING INDEX generation_later"),
        (plan(&fresh, queue::SCOPES, 2).await.split_off(2), scopes),
        (
            plan(&fresh, queue::PARKED, 6).await,
            "SEARCH generation USING INDEX generation_parked (market=? AND <expr>=? AND priority>?)",
        ),
        (plan(&fresh, queue::NEXT_RESTING, 2).await, scopes),
        (plan(&fresh, slots::KEYS, 4).await, "SEARCH slot USING INDEX slot_free (market=?)"),
        (plan(&fresh, slots::FREE, 3).await, "SEARCH slot USING INDEX sqlite_autoindex_slot_1 (scope=?)"),
        (plan(&fresh, slots::EXCESS, 0).await, "SCAN slot USING INDEX slot_retiring"),
    ];
    let lots = plan(&fresh, queue::LOTS, 1).await;
    let of_queue: Vec<_> = lots.iter().filter(|line| line.contains("generation")).collect();
    let by_index = |line: &String| line.contains("USING INDEX generation_parked (market=?");
    assert!(of_queue.len() == 2 && of_queue.into_iter().all(by_index), "{lots:#?}");
    assert!(!lots.iter().any(|line| line.contains("B-TREE")), "{lots:#?}");
    for (plan, wanted) in cases {
        assert_eq!(plan[0], wanted, "{plan:#?}");
        // Slots are few and may be sorted; generations come in order.
        let sorts = plan.iter().any(|line| line.contains("B-TREE"));
        assert!(!sorts || wanted.contains("slot"), "{plan:#?}");
    }
}

#[tokio::test]
async fn what_an_account_has_at_work_is_counted_by_its_account() {
    let fresh = Fresh::sqlite(MIGRATIONS).await;
    let room = plan(&fresh, accounts::ROOM, 4).await;
    assert!(room.iter().any(|line| line.contains("generation_running (account_id=?)")), "{room:#?}");
    let park = plan(&fresh, accounts::PARK, 2).await;
    assert!(
        park.iter().any(|line| line.contains("generation_waiting (account_id=? AND ready=?)")),
        "{park:#?}"
    );
}
