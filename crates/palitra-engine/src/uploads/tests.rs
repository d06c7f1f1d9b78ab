//! Uploads whose process died between the file and its row.

use super::*;
use crate::town::{Town, service};
use futures_util::TryStreamExt;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";

#[tokio::test]
async fn a_file_without_a_row_goes_when_it_is_a_day_old() {
    let town = Town::new();
    let engine = town.alone().await;
    let put = async |key: &str| {
        engine.objects.put(key, Box::pin(stream::iter([Ok(Bytes::from_static(PNG))]))).await.unwrap();
    };
    // Files have the time of the machine.
    put("probes/1").await;
    let written_at = engine.objects.list("probes", "", 1).await.unwrap()[0].written_at;
    town.clock.turn(written_at.since(engine.now()).as_secs());
    let house = engine.house.id.clone();
    let brought = engine.upload(&house, Livemode::Live, "cat.png", Bytes::from_static(PNG)).await.unwrap();
    let key = |id: &AssetId| object_key(Folder::Uploads, engine.now(), id.as_str(), "png");
    let (kept, orphan) = (key(&brought.id), key(&AssetId::new(engine.now(), 7)));
    // Sent to the id of a file that was there.
    let second = kept.replace(".png", "-7.png");
    put(&orphan).await;
    put(&second).await;
    let there = async |key: &str| engine.objects.exists(key).await.unwrap();
    town.clock.turn(86_000);
    sweep(service(&engine)).await.unwrap();
    assert!(there(&orphan).await, "its row may still come");
    town.clock.turn(1_000);
    sweep(service(&engine)).await.unwrap();
    assert!(there(&kept).await);
    assert!(!there(&orphan).await && !there(&second).await);
}

#[tokio::test]
async fn what_is_sent_twice_to_a_promised_id_is_what_came_first() {
    let town = Town::new();
    let engine = town.alone().await;
    let (house, id) = (engine.house.id.clone(), AssetId::new(engine.now(), 7));
    let other = [PNG, b"another".as_slice()].concat();
    for (turn, bytes) in [(0, PNG), (1, other.as_slice()), (86_400, other.as_slice())] {
        town.clock.turn(turn);
        let bytes = Bytes::copy_from_slice(bytes);
        let kept = engine.upload_as((&house, Livemode::Live), &id, "cat.png", bytes).await.unwrap();
        assert_eq!(kept.id, id);
        let row = engine.store.read({
            let id = id.clone();
            move |tx| assets::find(tx, &id)
        });
        let row = row.await.unwrap().unwrap();
        let file = engine.objects.read(&row.asset.object_key).await.unwrap();
        let file: Vec<Bytes> = file.try_collect().await.unwrap();
        assert_eq!(file.concat(), PNG);
    }
    let all = engine.objects.list("uploads", "", 9).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
}
