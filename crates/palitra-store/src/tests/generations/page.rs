//! Lists by filter and page, and the place of a queued generation in its line.

use crate::{
    MIGRATIONS,
    generations::{self, Filter, NewGeneration, Place},
    p,
    tests::{
        harness::{Fresh, on_every_database},
        shop::{anna, at, boris, child, claim_only, claiming, commit, create, id, open, wanted},
    },
};
use palitra_domain::{GenerationId, Timestamp, catalogue::Lane, state::GenerationState};

on_every_database!(MIGRATIONS =>
    each_filter_leaves_its_own_and_all_hold_together,
    pages_follow_each_other_without_gap_or_double,
    what_was_asked_is_found_letter_by_letter,
    a_place_counts_who_comes_before,
    a_child_and_a_delayed_one_say_what_they_wait_for,
);

/// Made `seconds` after the beginning.
fn made_at(n: u64, seconds: i64) -> NewGeneration {
    NewGeneration { id: GenerationId::new(at(seconds), u128::from(n)), ..wanted(n) }
}

async fn found(fresh: &Fresh, filter: Filter) -> Vec<GenerationId> {
    let filter = Filter { limit: filter.limit.max(1), ..filter };
    let list = fresh.store.read(move |tx| generations::list(tx, &filter)).await.unwrap();
    list.into_iter().map(|generation| generation.id).collect()
}

async fn each_filter_leaves_its_own_and_all_hold_together(fresh: Fresh) {
    open(&fresh, 4).await;
    let voice = |new: NewGeneration| NewGeneration {
        market: "sandbox".to_owned(),
        model: "sandbox/voice".to_owned(),
        lane: Lane::Audio,
        ..new
    };
    let first = GenerationId::new(at(10), 1);
    let running = first.clone();
    commit(&fresh, move |tx| {
        create(tx, &anna(), &[made_at(1, 10), made_at(2, 20), voice(made_at(3, 30))])?;
        create(tx, &boris(), &[voice(made_at(4, 40))])?;
        let claim = generations::Claim { max: 1, focus: Some(running.to_string()), ..claiming() };
        let fence = crate::tests::shop::fence(
            &generations::claim(tx, &claim, at(50))?.claimed[0],
            GenerationState::Submitting,
        );
        generations::accept(tx, &fence, "{}", at(51)).map(drop)
    })
    .await;
    let made = |n: u64| GenerationId::new(at(i64::try_from(n).unwrap() * 10), u128::from(n));
    let all = || Filter { limit: 100, ..Filter::default() };
    let cases = [
        ("all", all(), vec![4, 3, 2, 1]),
        ("market", Filter { market: Some("fal".to_owned()), ..all() }, vec![2, 1]),
        ("model", Filter { model: Some("sandbox/voice".to_owned()), ..all() }, vec![4, 3]),
        ("lane", Filter { lane: Some(Lane::Audio), ..all() }, vec![4, 3]),
        ("since", Filter { since: Some(at(20)), ..all() }, vec![4, 3, 2]),
        ("until", Filter { until: Some(at(20)), ..all() }, vec![1]),
        ("running", Filter { state: Some(GenerationState::Running), ..all() }, vec![1]),
        ("queued", Filter { state: Some(GenerationState::Queued), ..all() }, vec![4, 3, 2]),
        ("account and lane", Filter { account: Some(anna()), lane: Some(Lane::Audio), ..all() }, vec![3]),
        (
            "everything",
            Filter {
                account: Some(anna()),
                state: Some(GenerationState::Running),
                market: Some("fal".to_owned()),
                model: Some("fal-ai/sketch".to_owned()),
                lane: Some(Lane::Image),
                since: Some(at(1)),
                until: Some(Timestamp::from_micros(i64::MAX / 1_000)),
                text: Some("{".to_owned()),
                after: Some(made(2)),
                ..all()
            },
            vec![1],
        ),
        ("a batch that is not there", Filter { batch: Some(id(9)), ..all() }, vec![]),
    ];
    for (what, filter, wanted) in cases {
        let wanted: Vec<GenerationId> = wanted.into_iter().map(made).collect();
        assert_eq!(found(&fresh, filter).await, wanted, "{what}");
    }
}

async fn pages_follow_each_other_without_gap_or_double(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| create(tx, &anna(), &(1..=7).map(|n| made_at(n, 5)).collect::<Vec<_>>())).await;
    let mut after = None;
    let mut pages = Vec::new();
    loop {
        let page = found(&fresh, Filter { after: after.clone(), limit: 3, ..Filter::default() }).await;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        pages.push(page.len());
        // What comes meanwhile is newer and moves nobody.
        let new = 100 + u64::try_from(pages.len()).unwrap();
        commit(&fresh, move |tx| create(tx, &boris(), &[made_at(new, 6)])).await;
    }
    assert_eq!(pages, [3, 3, 1]);
}

async fn what_was_asked_is_found_letter_by_letter(fresh: Fresh) {
    open(&fresh, 1).await;
    let asked = |n: u64, input: &str| NewGeneration { input: input.to_owned(), ..wanted(n) };
    commit(&fresh, move |tx| {
        let inputs = [
            asked(1, r#"{"prompt":"Кот в \"скафандре\""}"#),
            asked(2, r#"{"prompt":"100%_a\\b"}"#),
            asked(3, r#"{"prompt":"line\nbreak"}"#),
        ];
        create(tx, &anna(), &inputs)
    })
    .await;
    for (text, wanted) in [
        ("Кот", vec![1u64]),
        ("кот", vec![]),
        ("\"скафандре\"", vec![1]),
        ("%_", vec![2]),
        ("a\\b", vec![2]),
        ("line\nbreak", vec![3]),
        ("' or 1=1 --", vec![]),
    ] {
        let filter = Filter { text: Some(text.to_owned()), limit: 10, ..Filter::default() };
        assert_eq!(
            found(&fresh, filter).await,
            wanted.into_iter().map(id).collect::<Vec<GenerationId>>(),
            "{text}"
        );
    }
}

async fn place(fresh: &Fresh, n: u64) -> Option<Place> {
    fresh.store.read(move |tx| generations::place(tx, &id(n))).await.unwrap()
}

async fn a_place_counts_who_comes_before(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2), wanted(3), wanted(4)])).await;
    assert_eq!(place(&fresh, 1).await.map(|place| (place.before, place.slots)), Some((0, 2)));
    assert_eq!(place(&fresh, 4).await.map(|place| place.before), Some(3));
    commit(&fresh, |tx| claim_only(tx, 1, at(1)).map(drop)).await;
    assert_eq!(place(&fresh, 4).await.map(|place| place.before), Some(2));
    assert_eq!((place(&fresh, 1).await, place(&fresh, 99).await), (None, None), "under way, and nobody's");
    // Whoever knows the whole line says the same of everybody in it.
    let line = fresh.store.read(|tx| generations::line(tx, "fal")).await.unwrap();
    let ids: Vec<&str> = line.iter().map(|standing| standing.id.as_str()).collect();
    assert_eq!(ids, [2, 3, 4].map(id::<GenerationId>).each_ref().map(|id| id.as_str()));
    // Another market is another line.
    commit(&fresh, |tx| {
        tx.must(1, "update generation set market = 'other' where id = $1", p![id::<GenerationId>(2).as_str()])
    })
    .await;
    assert_eq!(place(&fresh, 4).await.map(|place| place.before), Some(1));
    assert_eq!(place(&fresh, 2).await.map(|place| (place.before, place.slots)), Some((0, 0)));
}

async fn a_child_and_a_delayed_one_say_what_they_wait_for(fresh: Fresh) {
    open(&fresh, 2).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), child(2, &[1])])).await;
    commit(&fresh, |tx| {
        let fence = claim_only(tx, 1, at(1))?;
        generations::refuse(tx, &fence, &crate::tests::shop::trouble(), at(30), at(2)).map(drop)
    })
    .await;
    let delayed = place(&fresh, 1).await.unwrap();
    assert_eq!((delayed.not_before, delayed.parents_left), (Some(at(30)), 0));
    let child = place(&fresh, 2).await.unwrap();
    assert_eq!((child.not_before, child.parents_left), (None, 1));
}
