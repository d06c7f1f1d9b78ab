//! What followers hear: all of it, once, however much ends at one moment and however late it is committed.

use super::{LAG, LONG_LOOK, LOOK, News, Position, READ_MAX};
use crate::{
    Engine,
    town::{Town, order, until},
};
use palitra_domain::Timestamp;
use palitra_store::p;
use std::sync::Arc;
use tokio::sync::mpsc::Receiver;

/// Events of one generation, numbered, all of one moment.
async fn events(engine: &Engine, numbers: std::ops::Range<u32>, at: Timestamp) {
    let (generation, account) = (order(engine, "a cat").await, engine.house.id.clone());
    let write = engine.store.write(move |tx| {
        for n in numbers.clone() {
            let event = format!("dlv_{n:06}");
            tx.send(
                "insert into outbox(id, kind, account_id, generation_id, payload, state, next_at, created_at)
                 values($1, 'late', $2, $3, '{}', 'done', $4, $4)",
                p![&event, account.as_str(), generation.as_str(), at.micros()],
            )?;
        }
        Ok(())
    });
    write.await.unwrap();
}

fn number(news: &News) -> u32 {
    news.position.id["dlv_".len()..].parse().unwrap()
}

/// All that is told until the reader has slept so often.
async fn heard(town: &Town, line: &mut Receiver<Arc<News>>, looks: u64) -> Vec<u32> {
    let mut heard = Vec::new();
    for _ in 0..looks {
        while town.clock.asleep_for(LOOK) == 0 {
            tokio::task::yield_now().await;
        }
        while let Ok(news) = line.try_recv() {
            heard.push(number(&news));
        }
        town.clock.turn(1);
    }
    until(|| town.clock.asleep_for(LOOK) == 1).await;
    while let Ok(news) = line.try_recv() {
        heard.push(number(&news));
    }
    heard
}

#[tokio::test]
async fn more_than_is_read_at_once_of_one_moment_is_told_whole() {
    let town = Town::new();
    let engine = town.alone().await;
    let mut line = engine.follow_news(None);
    let count = READ_MAX + 10;
    events(&engine, 0..count, engine.now()).await;
    assert_eq!(heard(&town, &mut line, 2).await, (0..count).collect::<Vec<_>>());
    events(&engine, count..count + 1, engine.now()).await;
    assert_eq!(heard(&town, &mut line, 2).await, [count]);
}

#[tokio::test]
async fn what_was_committed_late_is_told_and_nothing_is_told_twice() {
    let town = Town::new();
    let engine = town.alone().await;
    // Over before anybody followed.
    events(&engine, 0..1, engine.now().minus(LAG / 2)).await;
    let mut line = engine.follow_news(None);
    assert_eq!(heard(&town, &mut line, 1).await, [] as [u32; 0]);
    events(&engine, 1..2, engine.now()).await;
    assert_eq!(heard(&town, &mut line, 2).await, [1]);
    // Stamped before the one that was told, and committed after it.
    events(&engine, 2..3, engine.now().minus(LAG / 2)).await;
    assert_eq!(heard(&town, &mut line, LONG_LOOK).await, [2]);
}

#[tokio::test]
async fn who_comes_back_hears_what_came_late_but_not_again_what_he_was_told() {
    let town = Town::new();
    let engine = town.alone().await;
    let mut line = engine.follow_news(None);
    let at = engine.now();
    events(&engine, 1..4, at).await;
    assert_eq!(heard(&town, &mut line, 2).await, [1, 2, 3]);
    drop(line);
    events(&engine, 4..5, at.minus(LAG / 2)).await;
    let since = |n: u32| Position { at, id: format!("dlv_{n:06}") };
    let missed = |engine: Engine, n| async move { engine.missed(None, since(n)).await.unwrap().unwrap() };
    let numbers = |news: Vec<News>| news.iter().map(number).collect::<Vec<_>>();
    assert_eq!(numbers(missed(engine.clone(), 2).await), [4, 3]);
    // Another process does not know what he was told: what is near comes again, but not what he names.
    let other = town.process().await;
    assert_eq!(numbers(missed(other, 2).await), [4, 1, 3]);
}
