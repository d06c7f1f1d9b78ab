//! Uploads as they come, in parts, and those whose process died between the file and its row.

use super::*;
use crate::town::{Town, service};
use std::sync::Arc;

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
        let body = Box::pin(stream::iter([Ok(Bytes::copy_from_slice(bytes))]));
        let kept = engine.upload_as((&house, Livemode::Live), &id, "cat.png", body).await.unwrap();
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

async fn parts_of(engine: &Engine) -> usize {
    engine.objects.list("parts", "", 10).await.unwrap().len()
}

fn part(number: u32, tag: &str) -> Part {
    Part { number, tag: tag.to_owned() }
}

#[tokio::test]
async fn parts_make_a_file_once_in_the_order_of_their_numbers() {
    let town = Town::new();
    let engine = town.alone().await;
    let house = engine.house.id.clone();
    let id = AssetId::new(engine.now(), 7);
    let keep = async |number: u32, bytes: &'static [u8]| {
        engine.keep_part(&house, &id, number, Bytes::from_static(bytes)).await.unwrap()
    };
    let (first, last) = PNG.split_at(10);
    let (one, three) = (keep(1, first).await, keep(3, last).await);
    // One that was sent again, and one that was sent and is not named.
    assert_eq!(keep(3, last).await, three);
    keep(3, b"something else").await;
    let join = async |parts: Vec<Part>| engine.join_parts((&house, Livemode::Live), &id, parts).await;
    for wrong in [
        vec![part(1, &one), part(2, &three)],
        vec![part(1, &one), part(3, &three), part(3, &three)],
        vec![part(1, &one), part(3, "../../../secret")],
    ] {
        assert_eq!(join(wrong).await.unwrap_err().code, ErrorCode::NotFound);
    }
    assert_eq!(join(vec![part(1, &one)]).await.unwrap_err().code, ErrorCode::BadFile, "half a picture");
    for _ in 0..2 {
        join(vec![part(3, &three), part(1, &one)]).await.unwrap();
        assert_eq!(parts_of(&engine).await, 0);
        keep(4, b"late").await;
    }
    join(vec![]).await.unwrap();
    assert_eq!(parts_of(&engine).await, 0, "what came late leaves, too");
    let kept = engine.asset_view(None, &id).await.unwrap();
    assert_eq!(engine.whole(&kept.asset.object_key).await.unwrap(), PNG);
}

/// A client that has waited for too long asks again while the first is being put together.
#[tokio::test]
async fn two_may_put_the_same_together_at_once() {
    let town = Town::new();
    let engine = town.alone().await;
    let (house, id) = (engine.house.id.clone(), AssetId::new(engine.now(), 7));
    let tag = engine.keep_part(&house, &id, 1, Bytes::from_static(PNG)).await.unwrap();
    let join = async || engine.join_parts((&house, Livemode::Live), &id, vec![part(1, &tag)]).await;
    let (first, second) = tokio::join!(join(), join());
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(parts_of(&engine).await, 0);
}

#[tokio::test]
async fn parts_have_a_bound_and_an_end() {
    let town = Town::new();
    let mut engine = town.alone().await;
    Arc::get_mut(&mut engine.0).unwrap().settings.bounds.upload_bytes_max = 20;
    let (ann, house) = (AccountId::new(engine.now(), 1), engine.house.id.clone());
    let ids = [1, 2].map(|n| AssetId::new(engine.now(), n));
    let keep = async |account: &AccountId, id: &AssetId, number: u32, bytes: usize| {
        let kept = engine.keep_part(account, id, number, Bytes::from(vec![0; bytes])).await;
        kept.map(drop).map_err(|error| error.code)
    };
    assert_eq!(keep(&ann, &ids[0], 1, 15).await, Ok(()));
    assert_eq!(keep(&ann, &ids[0], 1, 15).await, Ok(()), "the same again");
    assert_eq!(keep(&ann, &ids[1], 1, 6).await, Err(ErrorCode::UploadsFull), "of all her uploads");
    assert_eq!(keep(&ann, &ids[1], 1, 5).await, Ok(()));
    assert_eq!(keep(&house, &ids[1], 1, 30).await, Ok(()));
    assert_eq!(keep(&house, &ids[1], 0, 1).await, Err(ErrorCode::BadFile));
    let written_at = engine.objects.list("parts", "", 1).await.unwrap()[0].written_at;
    for (later, there) in [(86_000, 3), (1_000, 0)] {
        town.clock.turn(later + written_at.since(engine.now()).as_secs());
        sweep(service(&engine)).await.unwrap();
        assert_eq!(parts_of(&engine).await, there);
    }
}

/// A camera writes a lot before it comes to the size.
#[tokio::test]
async fn a_picture_may_say_its_size_late() {
    let town = Town::new();
    let engine = town.alone().await;
    // With so many times 64 KiB before it.
    let picture = |before: usize| {
        let mut jpeg = b"\xff\xd8".to_vec();
        for _ in 0..before {
            jpeg.extend_from_slice(b"\xff\xe2\xff\xff");
            jpeg.resize(jpeg.len() + 0xffff - 2, 0);
        }
        jpeg.extend_from_slice(
            b"\xff\xc0\x00\x11\x08\x00\x20\x00\x40\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xd9",
        );
        jpeg
    };
    // As a client sends it.
    let upload = async |bytes: &[u8]| {
        let pieces: Vec<_> = bytes.chunks(65_536).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let owner = (&engine.house.id.clone(), Livemode::Live);
        engine.upload_stream(owner, "late.jpg", Box::pin(stream::iter(pieces))).await
    };
    let jpeg = picture(5);
    let kept = upload(&jpeg).await.unwrap();
    assert_eq!((kept.width, kept.height), (Some(64), Some(32)));
    // One that never says it is not kept, nor is one that says it so late that only all of it would tell.
    for bytes in [&jpeg[..300_000], &picture(80)] {
        assert_eq!(upload(bytes).await.unwrap_err().code, ErrorCode::BadFile);
    }
    assert_eq!(engine.objects.list("uploads", "", 10).await.unwrap().len(), 1);
}

/// What comes without end is broken off.
#[tokio::test]
async fn a_file_that_is_too_large_is_not_kept() {
    let town = Town::new();
    let engine = town.alone().await;
    let mib = Bytes::from([PNG, &vec![0; 1024 * 1024 - PNG.len()]].concat());
    let endless = Box::pin(stream::repeat_with(move || Ok(mib.clone())));
    let owner = (&engine.house.id, Livemode::Live);
    let refused = engine.upload_stream(owner, "endless", endless).await.unwrap_err();
    assert_eq!((refused.code, refused.args[1].1.as_str()), (ErrorCode::BadFile, "file-too-large"));
    assert_eq!(engine.objects.list("uploads", "", 10).await.unwrap(), []);
}
