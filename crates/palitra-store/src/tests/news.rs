//! What has happened, read in its order.

use super::{
    deck::{deck, run, start},
    harness::{Fresh, on_every_database},
    shop::{anna, at, boris, commit, create, id, make, open, settlement, wanted},
};
use crate::{
    MIGRATIONS, Tx, generations,
    news::{self, News, Page, Position, What},
};
use palitra_domain::{
    GenerationId,
    state::{GenerationState, StepKind},
};

on_every_database!(MIGRATIONS =>
    ends_are_read_in_their_order_from_a_position_on,
    steps_of_a_batch_are_read_as_they_end,
);

async fn read(fresh: &Fresh, position: Position, max: u32) -> Page {
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
    let nothing = |reached: Position| Page { news: vec![], reached, is_full: false };
    assert_eq!(read(&fresh, Position::at(at(0)), 9).await, nothing(Position::at(at(0))));
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
    let all = read(&fresh, Position::at(at(0)), 9).await;
    assert_eq!((ended(&all.news), all.is_full), (vec![id(2), id(1), id(3)], false));
    assert_eq!(all.news.iter().map(|news| &news.account).collect::<Vec<_>>(), [&boris(), &anna(), &anna()]);
    let of_anna = |tx: &mut Tx| news::after_of(tx, &anna(), &Position::at(at(0)), 9);
    assert_eq!(ended(&fresh.store.read(of_anna).await.unwrap().news), [id(1), id(3)]);
    let first = read(&fresh, Position::at(at(0)), 1).await;
    assert_eq!((ended(&first.news), first.is_full), (vec![id(2)], true));
    let rest = read(&fresh, first.reached, 9).await;
    assert_eq!((ended(&rest.news), &rest.reached), (vec![id(1), id(3)], &all.reached));
    assert_eq!(read(&fresh, rest.reached, 9).await, nothing(all.reached.clone()));
    let (first, last) = (Position::at(at(0)), all.reached);
    assert_eq!(fresh.store.read(move |tx| news::between(tx, &first, &last)).await.unwrap(), 2);
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
    let up_to = |position: Position| fresh.store.read(move |tx| news::ended_up_to(tx, &id(1), &position));
    assert_eq!(up_to(Position::at(at(5))).await.unwrap(), 0);
    assert_eq!(up_to(all[0].position.clone()).await.unwrap(), 1);
    assert_eq!(up_to(all[1].position.clone()).await.unwrap(), 2);
}
