//! Uploads whose process died between the file and its row.

use super::*;
use crate::town::{Town, service};

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
    put(&orphan).await;
    let there = async |key: &str| engine.objects.exists(key).await.unwrap();
    town.clock.turn(86_000);
    sweep(service(&engine)).await.unwrap();
    assert!(there(&orphan).await, "its row may still come");
    town.clock.turn(1_000);
    sweep(service(&engine)).await.unwrap();
    assert!(there(&kept).await);
    assert!(!there(&orphan).await);
}
