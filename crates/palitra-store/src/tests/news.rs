//! What has happened, read in its order.

use super::{
    deck::{deck, run, start},
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, commit, create, id, make, open, settlement, wanted},
};
use crate::{
    MIGRATIONS, generations,
    news::{self, News, Position, What},
};
use palitra_domain::{
    GenerationId,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    ends_are_read_in_their_order_from_a_position_on,
    steps_of_a_batch_are_read_as_they_end,
);

async fn read(fresh: &Fresh, position: Position, max: u32) -> (Vec<News>, Position) {
    fresh.store.read(move |tx| news::after(tx, &position, max)).await.unwrap()
}

fn ended(news: &[News]) -> Vec<GenerationId> {
    let generation = |news: &News| match &news.what {
        What::Generation { id, state: GenerationState::Succeeded, in_batch: false } => Some(id.clone()),
        _ => None,
    };
    news.iter().filter_map(generation).collect()
}

async fn ends_are_read_in_their_order_from_a_position_on(fresh: Fresh) {
    open(&fresh, 4).await;
    assert_eq!(read(&fresh, Position::at(at(0)), 9).await, (vec![], Position::at(at(0))));
    commit(&fresh, |tx| {
        create(tx, &anna(), &[wanted(1)])?;
        create(tx, &boris(), &[wanted(2)])?;
        create(tx, &anna(), &[wanted(3)])?;
        // The second ends first.
        for (n, end) in [(2, 5), (1, 6), (3, 7)] {
            let fence = make(tx, n, at(2))?;
            generations::settle(tx, &settlement(&fence, n), at(end))?;
        }
        Ok(())
    })
    .await;
    let (all, last) = read(&fresh, Position::at(at(0)), 9).await;
    assert_eq!(ended(&all), [id(2), id(1), id(3)]);
    assert_eq!(all.iter().map(|news| &news.account).collect::<Vec<_>>(), [&boris(), &anna(), &anna()]);
    let (first, position) = read(&fresh, Position::at(at(0)), 1).await;
    assert_eq!(ended(&first), [id(2)]);
    let (rest, reached) = read(&fresh, position, 9).await;
    assert_eq!((ended(&rest), &reached), (vec![id(1), id(3)], &last));
    assert_eq!(read(&fresh, reached, 9).await, (vec![], last));
}

async fn steps_of_a_batch_are_read_as_they_end(fresh: Fresh) {
    open(&fresh, 4).await;
    commit(&fresh, |tx| {
        start(tx, &deck(1, vec![vec![run(1, StepKind::Picture)], vec![run(2, StepKind::Picture)]]))?;
        for (n, end) in [(2, 5), (1, 6)] {
            let fence = make(tx, n, at(2))?;
            generations::settle(tx, &settlement(&fence, n), at(end))?;
        }
        Ok(())
    })
    .await;
    let after = |position: Position| fresh.store.read(move |tx| news::ended_in(tx, &id(1), &position, 9));
    let all = after(Position::at(at(0))).await.unwrap();
    let shown: Vec<(u32, &str)> = all.iter().map(|step| (step.number, step.step.as_str())).collect();
    assert_eq!(shown, [(2, "picture"), (1, "picture")]);
    let rest = after(all[0].position.clone()).await.unwrap();
    assert_eq!(rest, all[1..]);
}
