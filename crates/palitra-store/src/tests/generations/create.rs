//! Creating: all or none, once for a key; and reading what there is.

use crate::{
    Constraint, Error, MIGRATIONS, Tx,
    generations::{self, Filter, NewGeneration},
    p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{
            anna, at, boris, child, commit, create, id, is_rule, make, open, place, refused, settlement,
            wanted,
        },
    },
};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, Livemode,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    parents_come_before_their_children,
    an_unknown_account_is_not_found,
    assets_are_unique,
    a_list_is_filtered_and_newest_first,
    only_the_accounts_own_results_of_batches_are_reused,
);

/// A parent that has ended would never release its child.
async fn parents_come_before_their_children(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1)])).await;
    let in_batch = |new: NewGeneration| NewGeneration { batch: Some(place(1, 1, StepKind::Picture)), ..new };
    let cases: [Vec<NewGeneration>; 4] = [
        vec![child(2, &[1])],
        vec![child(2, &[3]), wanted(3)],
        vec![child(2, &[2])],
        vec![wanted(2), in_batch(child(3, &[2]))],
    ];
    for new in cases {
        let error = refused(&fresh, move |tx| create(tx, &anna(), &new)).await;
        assert!(is_rule(&error, ErrorCode::InvalidInput), "{error:?}");
    }
}

async fn an_unknown_account_is_not_found(fresh: Fresh) {
    open(&fresh, 1).await;
    let error = refused(&fresh, |tx| create(tx, &id(77), &[wanted(1)])).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error:?}");
}

async fn assets_are_unique(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    let (first, second) = commit(&fresh, |tx| Ok((make(tx, 1, at(1))?, make(tx, 2, at(1))?))).await;
    commit(&fresh, move |tx| generations::settle(tx, &settlement(&first, 5), at(2))).await;
    // The same file for another generation, and the same file twice.
    let mut stored = settlement(&second, 5);
    stored.delivery = id(6);
    let mut twice = settlement(&second, 6);
    twice.assets.push(twice.assets[0].clone());
    for settlement in [stored, twice] {
        let error = refused(&fresh, move |tx| generations::settle(tx, &settlement, at(2))).await;
        assert!(matches!(error, Error::Constraint { kind: Constraint::Unique, .. }), "{error:?}");
    }
    let assets = fresh.store.read(|tx| generations::assets(tx, &id(1))).await.unwrap();
    assert_eq!(assets.len(), 1);
    assert_eq!((assets[0].bytes, assets[0].width, assets[0].height), (5, Some(4), Some(3)));
}

async fn a_list_is_filtered_and_newest_first(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), wanted(2), wanted(3)])?;
        create(
            tx,
            &boris(),
            &[wanted(4), NewGeneration { batch: Some(place(1, 1, StepKind::Picture)), ..wanted(5) }],
        )?;
        let fence = make(tx, 2, at(1))?;
        generations::settle(tx, &settlement(&fence, 2), at(2)).map(drop)
    })
    .await;
    let limit = 10;
    let cases = [
        (Filter { limit, ..Filter::default() }, vec![5u64, 4, 3, 2, 1]),
        (Filter { limit: 2, ..Filter::default() }, vec![5, 4]),
        (Filter { account: Some(anna()), limit, ..Filter::default() }, vec![3, 2, 1]),
        (Filter { account: Some(boris()), limit: 1, ..Filter::default() }, vec![5]),
        (Filter { state: Some(GenerationState::Succeeded), limit, ..Filter::default() }, vec![2]),
        (Filter { batch: Some(id(1)), limit, ..Filter::default() }, vec![5]),
        (
            Filter {
                account: Some(anna()),
                state: Some(GenerationState::Queued),
                limit,
                ..Filter::default()
            },
            vec![3, 1],
        ),
        (Filter { account: Some(anna()), batch: Some(id(1)), limit, ..Filter::default() }, vec![]),
    ];
    for (filter, wanted) in cases {
        let shown = format!("{filter:?}");
        let found = fresh.store.read(move |tx| generations::list(tx, &filter)).await.unwrap();
        let found: Vec<GenerationId> = found.into_iter().map(|generation| generation.id).collect();
        assert_eq!(found, wanted.into_iter().map(id).collect::<Vec<GenerationId>>(), "{shown}");
    }
    assert_eq!(fresh.store.read(|tx| generations::find(tx, &id(99))).await.unwrap().map(|it| it.id), None);
}

async fn only_the_accounts_own_results_of_batches_are_reused(fresh: Fresh) {
    open(&fresh, 2).await;
    let same = |n| NewGeneration { recipe: "same".to_owned(), ..wanted(n) };
    commit(&fresh, move |tx| {
        create(tx, &anna(), &[same(1), same(2), same(3), same(4)])?;
        for n in [1, 2, 4] {
            let fence = make(tx, n, at(1))?;
            generations::settle(tx, &settlement(&fence, n), at(2))?;
        }
        // The last one was asked for by itself.
        for n in [1, 2, 3] {
            let of = id::<GenerationId>(n);
            let batch = id::<BatchId>(1);
            tx.must(1, "update generation set batch_id = $1 where id = $2", p![batch.as_str(), of.as_str()])?;
        }
        Ok(())
    })
    .await;
    let reusable = |account, livemode, recipe: &'static str| {
        let read = move |tx: &mut Tx<'_>| generations::reusable(tx, &account, livemode, &[recipe.to_owned()]);
        let found = fresh.store.read(read);
        async { found.await.unwrap().pop().map(|found| found.id) }
    };
    assert_eq!(
        reusable(anna(), Livemode::Live, "same").await,
        Some(id(2)),
        "the newest of a batch that succeeded"
    );
    assert_eq!(reusable(boris(), Livemode::Live, "same").await, None);
    assert_eq!(reusable(anna(), Livemode::Test, "same").await, None);
    assert_eq!(reusable(anna(), Livemode::Live, "another").await, None);
}
