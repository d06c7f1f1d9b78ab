//! An account asks for all of itself, and leaves.

use super::*;
use crate::{
    Budgets, KeyOwner, KeyWish,
    generations::Wish,
    town::{Town, service, wish},
};
use bytes::Bytes;
use palitra_domain::{Currency, Livemode, Money};

fn operator(engine: &Engine) -> Caller {
    Caller::operator(engine.house.id.clone())
}

/// An account with money, a key, an upload, and a generation in the queue.
async fn ann(engine: &Engine) -> (AccountId, Caller) {
    let credit = Some(Money::new(100_000, Currency::RUB));
    let budgets = Budgets { total: Some(50_000), ..Budgets::default() };
    let key =
        KeyWish { credit, budgets, ..KeyWish::usual(KeyOwner::Named("ann".to_owned()), Livemode::Live) };
    let issued = engine.create_key(key, &operator(engine), None).await.unwrap().fresh().unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    engine.upload(&issued.account, Livemode::Live, "cat.png", Bytes::from_static(PNG)).await.unwrap();
    let wanted = Wish {
        account: issued.account.clone(),
        key: caller.key.clone(),
        ..wish(engine, "Anna \"at\" the sea")
    };
    engine.create(wanted, None).await.unwrap();
    (issued.account, caller)
}

/// As much of a picture as is looked at.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";

async fn exported(engine: &Engine, account: &AccountId) -> Value {
    let mut export = engine.export_account(account).await.unwrap();
    let mut text = String::new();
    while let Some(piece) = export.next().await.unwrap() {
        text.push_str(&piece);
    }
    assert_eq!(export.next().await.unwrap(), None);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn s1_10_an_account_is_handed_out_as_one_document() {
    let town = Town::new();
    let engine = town.process().await;
    let (account, _) = ann(&engine).await;
    engine.create(wish(&engine, "a secret of the house"), None).await.unwrap();
    let document = exported(&engine, &account).await;
    assert_eq!(
        (&document["format"], &document["account"]["name"]),
        (&json!("palitra-account/1"), &json!("ann"))
    );
    let count = |list: &str| document[list].as_array().unwrap().len();
    let lists =
        ["keys", "balances", "movements", "generations", "past_generations", "batches", "items", "files"];
    // A hold beside the credit.
    assert_eq!(lists.map(count), [1, 2, 2, 1, 0, 0, 0, 1]);
    assert!(
        document.to_string().contains("the sea") && !document.to_string().contains("secret of the house")
    );
    assert!(!document.to_string().contains("sk_live_0"), "a key is not in it");
    assert_eq!(document["files"][0]["is_face"], json!(false));
    assert!(document["generations"][0]["input"].is_object());
    let audited = engine.audited(crate::AuditFilter { limit: 1, ..Default::default() }).await.unwrap();
    assert_eq!((audited[0].action, audited[0].subject.as_str()), (Action::AccountExport, account.as_str()));
}

#[tokio::test]
async fn s1_10_a_document_longer_than_a_page_is_whole() {
    let town = Town::new();
    let engine = town.process().await;
    let (account, caller) = ann(&engine).await;
    for n in 0..PAGE * 2 {
        let wanted = Wish { account: account.clone(), ..wish(&engine, &format!("lake {n}")) };
        engine.create(wanted, None).await.unwrap();
    }
    let document = exported(&engine, &account).await;
    assert_eq!(document["generations"].as_array().unwrap().len(), 1 + 2 * PAGE as usize);
    assert!(caller.key.is_some());
    let stream = engine.export_account(&account).await.unwrap().pieces();
    let pieces: Vec<_> = futures_util::StreamExt::collect(stream).await;
    let longest = pieces.iter().map(|piece| piece.as_ref().unwrap().len()).max().unwrap();
    assert!(pieces.len() > SECTIONS.len() + 4 && longest < 100_000, "{} pieces", pieces.len());
}

#[tokio::test]
async fn s1_10_a_deleted_account_is_gone_at_once_and_everywhere() {
    let town = Town::new();
    let engine = town.process().await;
    let (account, caller) = ann(&engine).await;
    let holdings = engine.holdings(&account).await.unwrap();
    assert_eq!((holdings.files, holdings.waiting, holdings.keys), (1, 1, 1));
    engine.delete_account(&account, &operator(&engine)).await.unwrap();
    let not_found = |code| code == Some(ErrorCode::NotFound);
    assert!(not_found(engine.account("ann").await.err().map(|it| it.code)));
    assert!(not_found(engine.export_account(&account).await.err().map(|it| it.code)));
    assert!(not_found(engine.delete_account(&account, &operator(&engine)).await.err().map(|it| it.code)));
    let wanted = Wish { account: account.clone(), key: caller.key, ..wish(&engine, "too late") };
    assert!(not_found(engine.create(wanted, None).await.err().map(|it| it.code)));
    let late = engine.upload(&account, Livemode::Live, "cat.png", Bytes::from_static(PNG)).await;
    assert!(not_found(late.err().map(|it| it.code)));
    // The chore does the rest; the money that was held is back in the books, and nobody's.
    go_on(service(&engine)).await.unwrap();
    let left = engine.holdings(&account).await.unwrap();
    assert_eq!(left, Holdings { cash: 100_000, ..Holdings::default() });
    assert_eq!(engine.all_problems().await.unwrap(), [] as [String; 0]);
    let begun = engine.store.read(|tx| erase::begun(tx, 9)).await.unwrap();
    assert_eq!(begun, []);
    let audited = engine.audited(crate::AuditFilter { limit: 1, ..Default::default() }).await.unwrap();
    assert_eq!((audited[0].action, audited[0].subject.as_str()), (Action::AccountDelete, account.as_str()));
}

#[tokio::test]
async fn s1_10_a_command_deletes_the_files_itself() {
    let town = Town::new();
    let engine = town.alone().await;
    let (account, _) = ann(&engine).await;
    let waiting = async || {
        let sql = "select count(*) from outbox where kind = 'erase' and state = 'new'";
        engine.store.read(move |tx| tx.query_one(sql, palitra_store::p![])?.get::<i64>(0)).await.unwrap()
    };
    let key = engine
        .store
        .read(|tx| tx.query_one("select object_key from asset", palitra_store::p![])?.get::<String>(0));
    let key = key.await.unwrap();
    engine.delete_account(&account, &operator(&engine)).await.unwrap();
    assert!(engine.objects.exists(&key).await.unwrap());
    assert!(engine.go_on_deleting(&account).await.unwrap());
    assert!(!engine.objects.exists(&key).await.unwrap());
    assert_eq!(waiting().await, 0);
}

#[tokio::test]
async fn a_deletion_that_cannot_go_on_holds_up_no_other() {
    let town = Town::new();
    let engine = town.process().await;
    let (ann, _) = ann(&engine).await;
    let bob = engine.issue_key("bob", Livemode::Live, None).await.unwrap().account;
    engine.delete_account(&ann, &operator(&engine)).await.unwrap();
    engine.delete_account(&bob, &operator(&engine)).await.unwrap();
    let stuck = format!(
        "create trigger stuck before delete on api_key when old.account_id = '{ann}' begin select raise(abort, 'stuck'); end"
    );
    engine.store.write(move |tx| tx.send(&stuck, palitra_store::p![])).await.unwrap();
    assert!(go_on(service(&engine)).await.is_err(), "it is told");
    let begun = engine.store.read(|tx| erase::begun(tx, 9)).await.unwrap();
    assert_eq!(begun, [ann]);
}

#[tokio::test]
async fn a_test_key_deletes_no_account() {
    let town = Town::new();
    let engine = town.process().await;
    let issued = engine.issue_key("ann", Livemode::Test, None).await.unwrap();
    let caller = engine.caller(&issued.key).await.unwrap();
    let error = engine.delete_account(&issued.account, &caller).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Forbidden);
    assert!(engine.account("ann").await.is_ok());
}

#[tokio::test]
async fn the_house_is_not_deleted() {
    let town = Town::new();
    let engine = town.process().await;
    let error = engine.delete_account(&engine.house.id, &operator(&engine)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    assert!(engine.account("local").await.is_ok());
}
