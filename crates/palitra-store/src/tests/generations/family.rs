//! Parents and children: released exactly once by the last parent; skipped, unpaid, when a parent ends
//! without a result.

use crate::{
    MIGRATIONS, Result, Tx,
    generations::{self, Fill, Settlement},
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            PRICE, anna, at, balance, child, claim, claim_only, commit, create, failure, id, make, open,
            settlement, standing, wanted,
        },
    },
};
use palitra_domain::{
    ErrorCode,
    state::{AttemptState, Event, GenerationState},
};

on_every_database!(MIGRATIONS =>
    the_last_of_two_parents_releases_the_child,
    a_child_gets_its_input_from_its_own_parent_only,
    a_failed_parent_skips_all_that_waits_for_it,
    a_diamond_ends_each_of_its_corners_once,
    a_child_that_cannot_run_ends_with_its_descendants,
    a_cancelled_child_stays_cancelled,
    a_cancelled_parent_takes_its_children_along,
    what_only_a_cancelled_child_waited_for_goes_too,
);

fn tell(settlement: Settlement, child: u64, input: &str) -> Settlement {
    let fill = Fill {
        child: id(child),
        to: Ok(generations::Told::Whole { input: input.to_owned(), recipe: format!("recipe of {input}") }),
    };
    Settlement { fills: vec![fill], ..settlement }
}

fn claimable(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(claim(tx, 9, at(5))?.into_iter().map(|claimed| claimed.id.to_string()).collect())
}

async fn the_last_of_two_parents_releases_the_child(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2), child(3, &[1, 2])])).await;
    let (one, two) = commit(&fresh, |tx| Ok((make(tx, 1, at(1))?, make(tx, 2, at(1))?))).await;
    assert_eq!(commit(&fresh, claimable).await, Vec::<String>::new(), "both parents are under way");
    commit(&fresh, move |tx| generations::settle(tx, &tell(settlement(&one, 1), 3, "a"), at(2))).await;
    assert_eq!(commit(&fresh, claimable).await, Vec::<String>::new(), "one parent is under way");
    commit(&fresh, move |tx| generations::settle(tx, &tell(settlement(&two, 2), 3, "b"), at(3))).await;
    let claimed = commit(&fresh, |tx| claim(tx, 9, at(5))).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].id, claimed[0].input.as_str()), (&id(3), "b"));
    assert_eq!(commit(&fresh, claimable).await, Vec::<String>::new());
}

async fn a_child_gets_its_input_from_its_own_parent_only(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2), child(3, &[2]), child(4, &[1])])).await;
    let one = commit(&fresh, |tx| make(tx, 1, at(1))).await;
    let children = fresh.store.read(|tx| generations::children(tx, &id(1))).await.unwrap();
    assert_eq!(children.iter().map(|child| child.id.clone()).collect::<Vec<_>>(), [id(4)]);
    // Somebody else's child is told, its own is forgotten: the edges say who waits.
    commit(&fresh, move |tx| generations::settle(tx, &tell(settlement(&one, 1), 3, "a"), at(2))).await;
    let claimed = commit(&fresh, |tx| claim(tx, 9, at(5))).await;
    assert_eq!(claimed.iter().map(|claimed| claimed.id.clone()).collect::<Vec<_>>(), [id(2), id(4)]);
    assert_eq!(fresh.store.read(|tx| generations::find(tx, &id(3))).await.unwrap().unwrap().input, "{}");
}

async fn ended(fresh: &Fresh, n: u64) -> (GenerationState, Option<ErrorCode>) {
    let generation = fresh.store.read(move |tx| generations::find(tx, &id(n))).await.unwrap().unwrap();
    assert_eq!(generation.finished_at.is_some(), generation.state.is_terminal());
    (generation.state, generation.error_code)
}

const SKIPPED: (GenerationState, Option<ErrorCode>) =
    (GenerationState::Cancelled, Some(ErrorCode::StepBeforeFailed));

async fn a_failed_parent_skips_all_that_waits_for_it(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), child(3, &[1, 2]), child(4, &[3]), child(5, &[2])])
    })
    .await;
    let (one, two) = commit(&fresh, |tx| Ok((make(tx, 1, at(1))?, make(tx, 2, at(1))?))).await;
    commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&one, 1, Event::Fail, AttemptState::Failed), at(2))
    })
    .await;
    assert_eq!(ended(&fresh, 3).await, SKIPPED);
    assert_eq!(ended(&fresh, 4).await, SKIPPED);
    assert_eq!(balance(&fresh, anna()).await.held, 2 * PRICE, "the second parent and its own child");
    commit(&fresh, move |tx| generations::settle(tx, &tell(settlement(&two, 2), 3, "late"), at(3))).await;
    assert_eq!(ended(&fresh, 3).await, SKIPPED);
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(5))).await[0].id, id(5));
}

async fn a_diamond_ends_each_of_its_corners_once(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        create(
            tx,
            &anna(),
            &[wanted(1), child(2, &[1]), child(3, &[1, 2]), child(4, &[2, 3]), child(5, &[1, 4])],
        )
    })
    .await;
    let one = commit(&fresh, |tx| make(tx, 1, at(1))).await;
    commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&one, 1, Event::Fail, AttemptState::Failed), at(2))
    })
    .await;
    for n in 2..=5 {
        assert_eq!(ended(&fresh, n).await, SKIPPED);
    }
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

async fn a_child_that_cannot_run_ends_with_its_descendants(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), child(2, &[1]), child(3, &[1, 2]), child(4, &[1])]))
        .await;
    let one = commit(&fresh, |tx| make(tx, 1, at(1))).await;
    commit(&fresh, move |tx| {
        let fails = Fill { child: id(2), to: Err(ErrorCode::EmptyPrompt) };
        let mut settlement = tell(settlement(&one, 1), 4, "go");
        settlement.fills.push(fails);
        generations::settle(tx, &settlement, at(2))
    })
    .await;
    assert_eq!(ended(&fresh, 2).await, (GenerationState::Failed, Some(ErrorCode::EmptyPrompt)));
    assert_eq!(ended(&fresh, 3).await, SKIPPED);
    assert_eq!(standing(&fresh, 1).await.2, "posted");
    assert_eq!(standing(&fresh, 2).await.2, "voided");
    assert_eq!(commit(&fresh, |tx| claim(tx, 9, at(5))).await[0].input, "go");
}

async fn a_cancelled_child_stays_cancelled(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), child(2, &[1]), child(3, &[1])])).await;
    let one = commit(&fresh, |tx| make(tx, 1, at(1))).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(2), at(2))).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(3), at(2))).await;
    commit(&fresh, move |tx| {
        let fails = Fill { child: id(3), to: Err(ErrorCode::EmptyPrompt) };
        let mut settlement = tell(settlement(&one, 1), 2, "late");
        settlement.fills.push(fails);
        generations::settle(tx, &settlement, at(3))
    })
    .await;
    for n in [2, 3] {
        assert_eq!(ended(&fresh, n).await, (GenerationState::Cancelled, Some(ErrorCode::Cancelled)));
    }
    assert_eq!(commit(&fresh, claimable).await, Vec::<String>::new());
}

async fn a_cancelled_parent_takes_its_children_along(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), child(2, &[1]), wanted(3), child(4, &[3])])).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(1), at(1))).await;
    assert_eq!(ended(&fresh, 2).await, SKIPPED);
    let three = commit(&fresh, |tx| claim_only(tx, 3, at(1))).await;
    commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&three, 3, Event::Cancel, AttemptState::Refused), at(2))
    })
    .await;
    assert_eq!(ended(&fresh, 4).await, SKIPPED);
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}

async fn what_only_a_cancelled_child_waited_for_goes_too(fresh: Fresh) {
    open(&fresh, 4).await;
    // 3 waits for 1 and 2, 4 for 2; 6 for 5, which waits for nothing and is at its market.
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), child(2, &[1]), child(3, &[1, 2]), child(4, &[2])])?;
        create(tx, &anna(), &[wanted(5), child(6, &[5])])
    })
    .await;
    let five = commit(&fresh, |tx| claim_only(tx, 5, at(1))).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(3), at(2))).await;
    // 4 still needs 2, and 2 needs 1.
    let one = commit(&fresh, |tx| make(tx, 1, at(3))).await;
    commit(&fresh, move |tx| generations::settle(tx, &tell(settlement(&one, 1), 2, "a"), at(4))).await;
    commit(&fresh, |tx| generations::cancel(tx, &id(4), at(5))).await;
    assert_eq!(
        ended(&fresh, 2).await,
        (GenerationState::Cancelled, Some(ErrorCode::Cancelled)),
        "nobody needs it"
    );
    commit(&fresh, |tx| generations::cancel(tx, &id(6), at(5))).await;
    let unwanted = commit(&fresh, |tx| generations::unwanted(tx, &id(5))).await;
    assert_eq!(unwanted, Some(ErrorCode::Cancelled), "its market is asked to stop it");
    commit(&fresh, move |tx| {
        generations::fail(tx, &failure(&five, 5, Event::Cancel, AttemptState::Refused), at(6))
    })
    .await;
    assert_eq!(balance(&fresh, anna()).await.held, 0);
}
