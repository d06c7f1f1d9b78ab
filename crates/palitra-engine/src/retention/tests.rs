//! The file goes, then its row says so to everybody, then the rows go; a crash anywhere between loses none of it.

use super::*;
use crate::Engine;
use crate::town::{Town, order, service};
use futures_util::stream;
use palitra_domain::GenerationId;
use palitra_store::{Tx, p};

const DAY: u64 = 86_400;
const KEY: &str = "images/2023/11/14/ast_1.png";

/// A generation that has ended well by hand, with a file.
async fn drawn(engine: &Engine) -> GenerationId {
    let id = order(engine, "a cat").await;
    engine.objects.put(KEY, Box::pin(stream::iter([Ok("picture".into())]))).await.unwrap();
    let (wanted, now) = (id.clone(), engine.now().micros());
    let write = engine.store.write(move |tx: &mut Tx<'_>| {
        tx.must(
            1,
            "update generation set state = 'succeeded', finished_at = $2 where id = $1",
            p![wanted.as_str(), now],
        )?;
        tx.must(1, "update transfer set state = 'voided', cash = 0, bonus = 0 where kind = 'hold'", p![])?;
        tx.must(1, "update book set cash_held = 0 where cash_held > 0", p![])?;
        tx.must(
            1,
            "insert into asset(id, account_id, livemode, generation_id, n, kind, mime, object_key, bytes, sha256, created_at)
             select 'ast_0000' || substr(id, 9), account_id, livemode, id, 0, 'image', 'image/png', $2, 7, '', $3 from generation
             where id = $1",
            p![wanted.as_str(), KEY, now],
        )
    });
    write.await.unwrap();
    id
}

async fn count(engine: &Engine, sql: &'static str) -> i64 {
    engine.store.read(move |tx| tx.query_one(sql, p![])?.get(0)).await.unwrap()
}

#[tokio::test]
async fn a_result_whose_time_is_over_goes_with_its_file_and_then_with_its_rows() {
    let town = Town::new();
    let engine = town.alone().await;
    let id = drawn(&engine).await;
    let_go(service(&engine)).await.unwrap();
    assert_eq!(engine.assets(&id).await.unwrap().len(), 1, "not yet");
    town.clock.turn(DAY + 1);
    // Killed after the row says so and before the file is deleted.
    let_go(service(&engine)).await.unwrap();
    assert_eq!(engine.assets(&id).await.unwrap().len(), 0);
    assert!(engine.objects.exists(KEY).await.unwrap(), "nobody has delivered it yet");
    drop(engine);
    let engine = town.alone().await;
    let running = engine.start(None).await.unwrap();
    while engine.objects.exists(KEY).await.unwrap() {
        tokio::task::yield_now().await;
    }
    while count(&engine, "select count(*) from outbox where kind = 'erase' and state = 'done'").await == 0 {
        tokio::task::yield_now().await;
    }
    running.abort().await;
    town.clock.turn(3 * DAY);
    let_go(service(&engine)).await.unwrap();
    assert_eq!(count(&engine, "select count(*) from generation").await, 0);
    assert_eq!(count(&engine, "select count(*) from generation_past").await, 1);
    assert_eq!(count(&engine, "select count(*) from outbox where kind = 'erase'").await, 0);
    assert_eq!(count(&engine, "select count(*) from transfer where kind = 'hold'").await, 1);
}

#[tokio::test]
async fn a_command_lets_nothing_go() {
    let town = Town::new();
    let engine = town.alone().await;
    let id = drawn(&engine).await;
    town.clock.turn(9 * DAY);
    let command = Machine::new(&engine, Some(id.to_string()), tokio_util::sync::CancellationToken::new());
    let_go(command).await.unwrap();
    assert_eq!(engine.assets(&id).await.unwrap().len(), 1);
}
