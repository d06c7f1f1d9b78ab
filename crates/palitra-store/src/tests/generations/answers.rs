//! A text that came in the market's answer is recorded, stored and charged in one commit; what it leaves behind is what two would.

use crate::{
    MIGRATIONS, Value,
    generations::{self, Facts, Settlement},
    p,
    tests::{
        deck::{slides, start},
        harness::{Fresh, on_every_database},
        shop::{
            CASH, PRICE, anna, at, balance, child, claim, commit, create, fence, id, make, open, settlement,
            wanted,
        },
    },
};
use palitra_domain::{
    Livemode,
    market::Outputs,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    an_answer_in_one_commit_leaves_what_two_commits_leave,
    a_claim_tells_what_never_changes,
);

fn told(fence: &generations::Fence) -> Settlement {
    let text = Outputs { text: Some("a cat".to_owned()), ..Outputs::default() }.text;
    Settlement { assets: Vec::new(), output: text, ..settlement(fence, 1) }
}

async fn an_answer_in_one_commit_leaves_what_two_commits_leave(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    commit(&fresh, |tx| {
        let fence = make(tx, 1, at(1))?;
        generations::settle(tx, &told(&fence), at(1))
    })
    .await;
    commit(&fresh, |tx| {
        let claimed = claim(tx, 1, at(1))?.pop().expect("one is queued");
        let fence = fence(&claimed, GenerationState::Submitting);
        generations::settle_answer(tx, &told(&fence), &claimed.facts, at(1))
    })
    .await;
    let tables = [
        "select state, epoch, owner, output, updated_at, started_at, finished_at from generation where id = $1",
        "select state, reason, paid_by, opened_at, accepted_at, closed_at from attempt where generation_id = $1",
        "select state, charged_cash, charged_bonus, closed_at from transfer where generation_id = $1",
        "select e.book, e.amount from entry e join transfer t on t.id = e.transfer_id where t.generation_id = $1 order by e.book",
        "select kind, account_id, payload, state, next_at, created_at from outbox where generation_id = $1",
        "select scope from slot where generation_id = $1",
    ];
    for table in tables {
        let [two, one] = [1, 2].map(|n| {
            let generation: palitra_domain::GenerationId = id(n);
            fresh.store.read(move |tx| tx.query(table, p![generation.as_str()]))
        });
        let values =
            |rows: Vec<crate::Row>| rows.iter().map(|row| row.values().to_vec()).collect::<Vec<Vec<Value>>>();
        assert_eq!(values(one.await.unwrap()), values(two.await.unwrap()), "{table}");
    }
    assert_eq!(balance(&fresh, anna()).await.cash, CASH - 2 * PRICE);
}

async fn a_claim_tells_what_never_changes(fresh: Fresh) {
    open(&fresh, 20).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), child(2, &[1])])?;
        start(tx, &slides(1, 1)).map(drop)
    })
    .await;
    let claimed = commit(&fresh, |tx| claim(tx, 20, at(1))).await;
    let alone =
        Facts { account: anna(), livemode: Livemode::Live, price: PRICE, step: None, is_parent: true };
    let of = |n| claimed.iter().find(|claimed| claimed.id == id(n)).map(|claimed| claimed.facts.clone());
    assert_eq!(of(1), Some(alone));
    let prompt = claimed.iter().find(|claimed| claimed.facts.step.is_some()).expect("a step is claimed");
    assert_eq!(prompt.facts.step, Some((id(1), StepKind::Prompt)));
    assert!(prompt.facts.is_parent);
}
