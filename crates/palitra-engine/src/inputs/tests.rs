//! What is refused before money moves, and which files are taken.

use crate::{Engine, generations::Wish, town::Town};
use bytes::Bytes;
use palitra_domain::{ErrorCode, Livemode, state::Priority};
use palitra_store::p;
use serde_json::{Value, json};

fn wish(engine: &Engine, model: &str, mode: &str, input: Value) -> Wish {
    Wish {
        account: engine.house.id.clone(),
        livemode: Livemode::Live,
        model: model.to_owned(),
        mode: mode.to_owned(),
        input,
        priority: Priority::Standard,
        key: None,
        webhook: None,
        is_own: false,
    }
}

/// What is said about an input of flux/dev: each violation with its path, rule and what would have been right.
async fn said(engine: &Engine, input: Value) -> Vec<String> {
    match engine.quote(&wish(engine, "fal-ai/flux/dev", "create", input)).await {
        Ok(_) => Vec::new(),
        Err(error) => {
            assert_eq!(error.code, ErrorCode::InvalidInput);
            let mut said: Vec<String> = error
                .violations
                .iter()
                .map(|wrong| format!("{} {} {}", wrong.path, wrong.rule, wrong.allowed).trim_end().to_owned())
                .collect();
            said.sort_unstable();
            said
        }
    }
}

#[tokio::test]
async fn s3_21_every_violation_is_named_with_its_path_and_what_is_allowed() {
    let town = Town::new();
    let engine = town.alone().await;
    for (input, expected) in [
        (json!({"prompt": "a cat"}), vec![]),
        (json!({"prompt": "a cat", "width": 1024, "height": 1024, "seed": 7}), vec![]),
        (json!({}), vec!["prompt missing"]),
        (json!({"prompt": "  "}), vec!["prompt missing"]),
        (json!({"prompt": 7}), vec![]),
        (json!({"prompt": "a cat", "seed": -1}), vec!["seed least 0"]),
        (json!({"prompt": "a cat", "seed": "soon"}), vec!["seed type integer"]),
        (json!({"prompt": "a cat", "steps": 51}), vec!["steps most 50"]),
        (json!({"prompt": "a cat", "count": 0}), vec!["count least 1"]),
        (json!({"prompt": "a cat", "output_format": "gif"}), vec!["output_format one-of png, jpeg"]),
        (
            json!({"prompt": "a cat", "width": 10, "height": 9000}),
            vec!["size.height most 4096", "size.width least 64"],
        ),
        (json!({"prompt": "a cat", "image_size": {"width": 512}}), vec!["size.height missing"]),
        (
            json!({"seed": -1, "acceleration": "warp"}),
            vec!["acceleration one-of none, regular, high", "prompt missing", "seed least 0"],
        ),
    ] {
        assert_eq!(said(&engine, input.clone()).await, expected, "{input}");
    }
    let unknown = said(&engine, json!({"prompt": "a cat", "sede": 7})).await;
    assert!(unknown[0].starts_with("sede unknown prompt, size, steps"), "{unknown:?}");
    assert_eq!(engine.balances(Livemode::Live).await.unwrap()[0].1.held, 0, "nothing was held");
}

#[tokio::test]
async fn a_picture_is_taken_by_its_content_and_only_its_account_has_it() {
    let town = Town::new();
    let engine = town.alone().await;
    let house = engine.house.id.clone();
    let upload =
        |name: &'static str, bytes: Vec<u8>| engine.upload(&house, Livemode::Live, name, Bytes::from(bytes));
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x02\0\x08\x02\0\0\0".to_vec();
    let taken = upload("cat.gif", png.clone()).await.unwrap();
    assert_eq!((taken.mime, taken.width, taken.height), ("image/png", Some(256), Some(512)));
    for (name, bytes, why) in [
        ("page.png", b"<html>".to_vec(), "file-unknown-type"),
        ("empty.png", Vec::new(), "file-unknown-type"),
        ("cut.png", png[..12].to_vec(), "file-unreadable"),
    ] {
        let error = upload(name, bytes).await.unwrap_err();
        assert_eq!((error.code, error.args[1].1.as_str()), (ErrorCode::BadFile, why), "{name}");
    }
    // 65,535 × 65,535 in a file of a few bytes.
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    assert_eq!(upload("bomb.png", png).await.unwrap_err().args[1].1, "file-too-many-pixels");
    let others = palitra_domain::AccountId::new(engine.clock.now(), 77);
    let of = |account: palitra_domain::AccountId, livemode: Livemode| {
        let id = taken.id.clone();
        engine.store.read(move |tx| {
            Ok(palitra_store::assets::of_account(tx, &account, livemode, std::slice::from_ref(&id))?.len())
        })
    };
    assert_eq!(of(house.clone(), Livemode::Live).await, Ok(1));
    assert_eq!(of(house.clone(), Livemode::Test).await, Ok(0));
    assert_eq!(of(others, Livemode::Live).await, Ok(0));
}

#[tokio::test]
async fn s2_014_a_model_that_does_something_else_says_what_it_does() {
    let town = Town::new();
    let engine = town.alone().await;
    let refused = |model: &'static str, mode: &'static str| {
        let engine = engine.clone();
        async move {
            let error = engine.quote(&wish(&engine, model, mode, json!({"prompt": "x"}))).await.unwrap_err();
            let hint = error.args.iter().find(|(name, _)| *name == "hint").map(|(_, hint)| hint.clone());
            (error.code, hint.unwrap_or_default())
        }
    };
    assert_eq!(refused("fal-ai/flux/dev", "speak").await, (ErrorCode::UnknownMode, "create".to_owned()));
    let (code, hint) = refused("fal-ai/flux/dve", "create").await;
    assert!(
        code == ErrorCode::UnknownModel
            && hint.starts_with("`fal-ai/flux/dev`")
            && hint.matches('`').count() == 6,
        "{hint}"
    );
}

#[tokio::test]
async fn r_05_what_is_counted_is_what_is_sent() {
    let town = Town::new();
    let engine = town.alone().await;
    let price = |input: Value| {
        let engine = engine.clone();
        async move {
            engine.quote(&wish(&engine, "fal-ai/flux/dev", "create", input)).await.map(|quote| quote.price)
        }
    };
    let one = price(json!({"prompt": "a cat", "width": 1000, "height": 1000})).await.unwrap();
    for four in [json!(4), json!(4.0), json!("4")] {
        let input = json!({"prompt": "a cat", "width": 1000, "height": 1000, "num_images": four});
        assert_eq!(price(input.clone()).await.unwrap(), 4 * one, "{input}");
    }
}

#[tokio::test]
async fn s0_08_what_must_not_be_there_is_said_in_english_or_not_at_all() {
    let town = Town::new();
    let engine = town.alone().await;
    let input = json!({"prompt": "a cat", "negative": "размытие"});
    let offer = engine.offer(&wish(&engine, "fal-ai/flux/dev", "create", input.clone())).await.unwrap();
    let dropped = json!([{"notice": "dropped", "name": "negative"}]);
    assert_eq!(serde_json::to_value(&offer.notices).unwrap(), dropped);
    let id = engine.create(wish(&engine, "fal-ai/flux/dev", "create", input), None).await.unwrap();
    assert!(!palitra_domain::prompt::has_cyrillic(&engine.generation(&id).await.unwrap().input));
}

#[tokio::test]
async fn the_same_file_is_kept_once() {
    let town = Town::new();
    let engine = town.alone().await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x02\0\x08\x02\0\0\0";
    let upload = || engine.upload(&engine.house.id, Livemode::Live, "cat.png", Bytes::from_static(png));
    let (first, second) = (upload().await.unwrap(), upload().await.unwrap());
    assert_eq!(first.id, second.id);
    let test =
        engine.upload(&engine.house.id, Livemode::Test, "cat.png", Bytes::from_static(png)).await.unwrap();
    assert_ne!(first.id, test.id, "test files are not live ones");
    // A recipe that names it answers for the same file days later.
    town.clock.turn(90_000);
    let later = upload().await.unwrap();
    assert_eq!(first.id, later.id);
    let read = engine.store.read(move |tx| {
        tx.query_one("select created_at from asset where id = $1", p![later.id.as_str()])?.get::<i64>(0)
    });
    assert_eq!(read.await.unwrap(), engine.now().micros(), "its time begins anew: nobody lets go of it now");
}
