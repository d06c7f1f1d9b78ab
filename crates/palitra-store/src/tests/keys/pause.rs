//! Pauses of lanes, markets and keys: nothing new starts, what runs ends, what waits keeps its money.

use super::{claims, queue, taken, two_keys};
use crate::{
    MIGRATIONS, Tx,
    generations::{self, NewGeneration},
    markets::{self, Paused},
    tests::{
        deck::{deck, run, start},
        harness::{Fresh, on_every_database},
        shop::{MARKET, anna, at, commit, create, fence, id, number, open, settlement, wanted},
    },
};
use palitra_domain::{
    catalogue::Lane,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    a_paused_key_starts_nothing_and_its_work_ends,
    a_paused_market_keeps_its_queue_and_the_money,
    a_paused_lane_lets_the_others_by,
    pauses_survive_a_new_start,
);

async fn pause_key(fresh: &Fresh, label: &'static str, pause: Option<i64>) -> Paused {
    commit(fresh, move |tx: &mut Tx<'_>| markets::pause_key(tx, MARKET, label, pause.map(at))).await
}

async fn a_paused_key_starts_nothing_and_its_work_ends(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [2, 2]).await;
    queue(&fresh, 1..=9).await;
    let running = claims(&fresh, 1).await;
    assert_eq!(
        (pause_key(&fresh, "one", Some(2)).await, pause_key(&fresh, "one", Some(3)).await),
        (Paused::Changed, Paused::Same)
    );
    assert_eq!(pause_key(&fresh, "none", Some(3)).await, Paused::NotFound);
    commit(&fresh, move |tx| {
        for (n, claimed) in (1..).zip(&running) {
            let fence = fence(claimed, GenerationState::Submitting);
            generations::answer(tx, &fence, None, at(3))?;
            let fence = generations::Fence { from: GenerationState::Storing, ..fence };
            generations::settle(tx, &settlement(&fence, n), at(3))?;
        }
        Ok(())
    })
    .await;
    assert_eq!(taken(&fresh, 4).await, ["two", "two"]);
    assert_eq!(
        (pause_key(&fresh, "one", None).await, pause_key(&fresh, "one", None).await),
        (Paused::Changed, Paused::Same)
    );
    assert_eq!(taken(&fresh, 5).await, ["one", "one"]);
}

async fn a_paused_market_keeps_its_queue_and_the_money(fresh: Fresh) {
    open(&fresh, 4).await;
    queue(&fresh, 1..=3).await;
    let held = "select cash_held from book where account_id = (select id from account where name = 'anna') and livemode = 'live'";
    let before = number(&fresh, held).await;
    commit(&fresh, |tx| markets::pause_market(tx, MARKET, Some(at(1)))).await;
    queue(&fresh, 4..=4).await;
    assert!(claims(&fresh, 2).await.is_empty());
    assert!(number(&fresh, held).await > before, "new work waits, too");
    let shown = commit(&fresh, markets::list).await;
    assert_eq!((shown[0].paused_at, shown[0].queued, shown[0].stopped.clone()), (Some(at(1)), 4, None));
    assert_eq!(commit(&fresh, |tx| markets::pause_market(tx, "nobody", Some(at(1)))).await, Paused::NotFound);
    commit(&fresh, |tx| markets::pause_market(tx, MARKET, None)).await;
    assert_eq!(claims(&fresh, 3).await.len(), 4);
}

async fn a_paused_lane_lets_the_others_by(fresh: Fresh) {
    open(&fresh, 9).await;
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1), NewGeneration { lane: Lane::Video, ..wanted(2) }])?;
        start(tx, &deck(1, vec![vec![run(3, StepKind::Picture)]]))?;
        markets::pause_lane(tx, Lane::Image, Some(at(1)))
    })
    .await;
    let claimed = claims(&fresh, 2).await;
    assert_eq!(claimed.iter().map(|claimed| claimed.id.clone()).collect::<Vec<_>>(), [id(2)]);
    let lanes = commit(&fresh, markets::lanes).await;
    let image = lanes.iter().find(|shown| shown.lane == Lane::Image).unwrap();
    assert_eq!((image.paused_at, image.queued), (Some(at(1)), 2));
    commit(&fresh, |tx| markets::pause_lane(tx, Lane::Image, None)).await;
    assert_eq!(claims(&fresh, 3).await.len(), 2);
}

async fn pauses_survive_a_new_start(fresh: Fresh) {
    open(&fresh, 1).await;
    two_keys(&fresh, [2, 2]).await;
    queue(&fresh, 1..=9).await;
    pause_key(&fresh, "two", Some(1)).await;
    two_keys(&fresh, [2, 2]).await;
    commit(&fresh, |tx| markets::try_again(tx, None, None, at(2))).await;
    assert_eq!(taken(&fresh, 2).await, ["one", "one"]);
}
