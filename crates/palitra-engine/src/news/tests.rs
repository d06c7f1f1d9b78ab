//! What followers hear: all of it, once, however much ends at one moment and however late it is committed.

use super::{LAG, LONG_LOOK, LOOK, MISSED_MAX, News, Position, READ_MAX};
use crate::{
    Engine,
    town::{Town, order, until},
    views::Owner,
};
use palitra_domain::{Livemode, Timestamp};
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
    assert_eq!(numbers(missed(other.clone(), 2).await), [4, 1, 3]);
    // Who has heard nothing for long was told all that was late.
    town.clock.turn(LAG.as_secs());
    assert_eq!(numbers(missed(other, 2).await), [3]);
}

#[tokio::test]
async fn only_what_came_after_him_counts_as_missed() {
    let town = Town::new();
    let (engine, count) = (town.alone().await, MISSED_MAX + 10);
    let at = engine.now();
    events(&engine, 0..count, at).await;
    let missed = async |n: u32| {
        let since = Position { at, id: format!("dlv_{n:06}") };
        engine.missed(None, since).await.unwrap().map(|news| news.len())
    };
    let all_others = usize::try_from(count - 1).unwrap();
    assert_eq!(missed(count - 1).await, Some(all_others));
    assert_eq!(missed(9).await, Some(all_others));
    assert_eq!(missed(8).await, None);
}

#[tokio::test]
async fn the_crowd_of_others_is_not_read_to_find_what_a_quiet_account_has_missed() {
    let town = Town::new();
    let engine = town.alone().await;
    let (at, quiet) = (engine.now(), Owner { account: engine.house.id.clone(), livemode: Livemode::Live });
    events(&engine, 1..3, at).await;
    let crowd = engine.store.write(move |tx| {
        tx.send(
            "with recursive n(n) as (select 1 union all select n + 1 from n where n <= 20 * $2)
             insert into outbox(id, kind, account_id, generation_id, payload, state, next_at, created_at)
             select 'dlv_' || (1000000 + n.n), 'late', 'acc_other', o.generation_id, '{}', 'done', $1, $1 from n join outbox o on o.id = 'dlv_000001'",
            p![at.micros(), READ_MAX],
        )
    });
    crowd.await.unwrap();
    let missed = engine.missed(Some(&quiet), Position { at, id: "dlv_000001".to_owned() }).await.unwrap();
    assert_eq!(missed.unwrap().iter().map(number).collect::<Vec<_>>(), [2]);
}
