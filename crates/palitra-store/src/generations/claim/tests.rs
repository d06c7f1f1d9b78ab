//! How SQLite finds what the claim asks for: by indexes, in order, however long the queue is. (That a queue
//! does not slow the claim is a plan here, never a time.)

use super::{queue, slots};
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
        (plan(&fresh, queue::UNSCOPED, 3).await, "SEARCH generation USING INDEX generation_queue (market=?)"),
        (
            plan(&fresh, queue::SCOPED, 4).await,
            "SEARCH generation USING INDEX generation_scoped (scope=? AND market=?)",
        ),
        (
            plan(&fresh, queue::WAKE, 1).await.split_off(2),
            "SEARCH generation USING INDEX generation_later (next_at<?)",
        ),
        (plan(&fresh, queue::NEXT_DELAYED, 2).await, "SEARCH generation USING INDEX generation_later"),
        (plan(&fresh, queue::SCOPES, 2).await, scopes),
        (plan(&fresh, queue::NEXT_RESTING, 2).await, scopes),
        (plan(&fresh, slots::KEYS, 3).await, "SEARCH slot USING INDEX slot_free (market=?)"),
        (plan(&fresh, slots::FREE, 3).await, "SEARCH slot USING INDEX sqlite_autoindex_slot_1 (scope=?)"),
        (plan(&fresh, slots::EXCESS, 0).await, "SCAN slot USING INDEX slot_retiring"),
    ];
    for (plan, wanted) in cases {
        assert_eq!(plan[0], wanted, "{plan:#?}");
        // Slots are few and may be sorted; generations come in order.
        let sorts = plan.iter().any(|line| line.contains("B-TREE"));
        assert!(!sorts || wanted.contains("slot"), "{plan:#?}");
    }
}
