//! An address that came with one generation, in our form and in another one.

use super::super::{Event, Writer};
use super::*;
use crate::{Error, generations::Wish, town::wish};
use palitra_domain::{
    ErrorCode, Timestamp,
    webhook::{Callback, Form},
};

fn with(engine: &Engine, url: String, form: Form) -> Wish {
    Wish { webhook: Some(Callback { url, form }), ..wish(engine, "a cat") }
}

#[tokio::test]
async fn the_end_of_a_generation_is_told_once_to_the_address_it_came_with() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let id = stage.engine.create(with(&stage.engine, receiver.url(), Form::Standard), None).await.unwrap();
    stage.ended().await;
    stage.tell().await;
    assert_eq!(stage.send().await, 0, "it has not ended");
    stage.engine.cancel(&id).await.unwrap();
    stage.tell().await;
    stage.send().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert!(got[0].body.contains(id.as_str()));
    let secret = stage.engine.callback_secret(stage.owner()).await.unwrap();
    assert!(got[0].is_signed_with(secret.reveal()));
    let page = Page { limit: 10, ..Page::default() };
    let log = stage.engine.webhook_deliveries(stage.owner(), page).await.unwrap();
    assert_eq!((log.len(), log[0].url.as_deref()), (1, Some(receiver.url().as_str())));
    assert_eq!(log[0].subject.as_deref(), Some(id.as_str()));
    assert_eq!(stage.number("select count(*) from callback").await, 0);
    // A day with both secrets, as anywhere.
    let new = stage.engine.rotate_callback_secret(stage.owner()).await.unwrap();
    stage.engine.replay_delivery(stage.owner(), &log[0].id).await.unwrap();
    stage.send().await;
    let got = receiver.got();
    assert!(got[1].is_signed_with(secret.reveal()) && got[1].is_signed_with(new.reveal()));
}

#[tokio::test]
async fn an_address_that_may_not_be_called_creates_nothing() {
    let town = Town::new();
    let engine = town.alone().await;
    engine.send_webhooks(sending(false));
    for (url, form, code) in [
        ("http://192.168.1.1/", Form::Standard, ErrorCode::WebhookUrl),
        ("https://1.1.1.1/", Form::Fal, ErrorCode::Internal),
    ] {
        let refused = engine.create(with(&engine, url.to_owned(), form), None).await.unwrap_err();
        assert_eq!(refused.code, code, "{url}");
    }
    let read = |tx: &mut Tx<'_>| tx.query_one("select count(*) from generation", p![])?.get::<i64>(0);
    assert_eq!(engine.store.read(read).await.unwrap(), 0);
}

/// Writes and signs as it likes.
struct Other;

impl Writer for Other {
    fn body<'a>(&'a self, _: &'a Engine, event: &'a Event) -> BoxFuture<'a, Result<Option<String>>> {
        let Subject::Generation(id) = &event.subject else { return Box::pin(async { Ok(None) }) };
        let body = json!({ "request_id": id, "status": "ERROR" }).to_string();
        Box::pin(async { Ok(Some(body)) })
    }

    fn headers<'a>(
        &'a self,
        _: &'a Engine,
        event: &'a Event,
        body: &'a str,
        sent_at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>>> {
        let seal = format!("{} {} {}", event.id, sent_at.micros(), body.len());
        Box::pin(async { Ok::<_, Error>(vec![("x-fal-webhook-signature".to_owned(), seal)]) })
    }
}

#[tokio::test]
async fn another_form_is_written_and_signed_by_its_door() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let other = Sending { fal: Some(Arc::new(Other)), ..sending(true) };
    let mut stage = staged(town.alone().await, other);
    let id = stage.engine.create(with(&stage.engine, receiver.url(), Form::Fal), None).await.unwrap();
    stage.engine.cancel(&id).await.unwrap();
    stage.tell().await;
    stage.send().await;
    let got = receiver.got().remove(0);
    assert_eq!(got.body, json!({ "request_id": id, "status": "ERROR" }).to_string());
    assert!(got.header("x-fal-webhook-signature").ends_with(&format!(" {}", got.body.len())));
}
