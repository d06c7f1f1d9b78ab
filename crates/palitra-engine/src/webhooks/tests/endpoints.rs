//! What an account may have and change, and what it never hears of.

use super::*;
use crate::town::wish;
use crate::webhooks::{Update, endpoints::NewEndpoint};
use palitra_domain::{ErrorCode, webhook::Only};

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorCode {
    outcome.unwrap_err().code
}

#[tokio::test]
async fn what_is_no_endpoint_is_refused() {
    let town = Town::new();
    let engine = town.alone().await;
    engine.send_webhooks(sending(false));
    for url in
        ["http://127.0.0.1:9/", "https://localhost/", "ftp://1.1.1.1/", "https://a:b@1.1.1.1/", "hooks"]
    {
        let refused = engine.create_webhook(wanted(&engine, url.to_owned()), None).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::WebhookUrl, "{url}");
        assert!(!refused.to_string().contains("a:b"), "{refused}");
    }
    let good = wanted(&engine, "https://1.1.1.1/hooks".to_owned());
    for events in [vec![], vec!["batch.done".to_owned()]] {
        let refused = engine.create_webhook(NewEndpoint { events, ..good.clone() }, None).await.unwrap_err();
        assert_eq!((refused.code, refused.violations[0].path.as_str()), (ErrorCode::InvalidInput, "events"));
    }
    let long = NewEndpoint { description: "x".repeat(501), ..good.clone() };
    assert_eq!(code(engine.create_webhook(long, None).await), ErrorCode::InvalidInput);
    for _ in 0..20 {
        engine.create_webhook(good.clone(), None).await.unwrap();
    }
    assert_eq!(code(engine.create_webhook(good.clone(), None).await), ErrorCode::TooManyWebhooks);
    let owner = (&engine.house.id, Livemode::Live);
    let first = engine.webhooks(owner).await.unwrap().remove(0);
    let moved = Update { url: Some("http://10.0.0.1/".to_owned()), ..Update::default() };
    assert_eq!(code(engine.update_webhook(owner, &first.id, moved).await), ErrorCode::WebhookUrl);
    engine.delete_webhook(owner, &first.id).await.unwrap();
    engine.create_webhook(good, None).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_is_changed_field_by_field_and_shows_its_secret_when_asked() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let stage = stage(&town).await;
    let (made, secret) = stage.endpoint(&receiver).await;
    assert_eq!(stage.engine.webhook_secret(stage.owner(), &made.id).await.unwrap(), secret);
    let update = Update {
        events: Some(vec!["batch.completed".to_owned()]),
        only: Some(Some(Only::Batches)),
        is_enabled: Some(false),
        ..Update::default()
    };
    let changed = stage.engine.update_webhook(stage.owner(), &made.id, update).await.unwrap();
    assert_eq!((changed.url, changed.events.names()), (made.url, vec!["batch.completed"]));
    assert_eq!((changed.events.only, changed.disabled.is_some()), (Some(Only::Batches), true));
    assert_eq!(code(stage.engine.test_webhook(stage.owner(), &made.id).await), ErrorCode::WebhookDisabled);
    let update = Update { only: Some(None), is_enabled: Some(true), ..Update::default() };
    let changed = stage.engine.update_webhook(stage.owner(), &made.id, update).await.unwrap();
    assert_eq!((changed.events.names(), changed.events.only), (vec!["batch.completed"], None));
    assert_eq!(changed.disabled, None);
}

#[tokio::test]
async fn nobody_hears_of_another_account_and_test_work_is_told_to_test_endpoints_only() {
    let town = Town::new();
    let mut stage = stage(&town).await;
    let (live, test, others) =
        (Receiver::open(&[]).await, Receiver::open(&[]).await, Receiver::open(&[]).await);
    stage.endpoint(&live).await;
    let in_test = |url| NewEndpoint { livemode: Livemode::Test, ..wanted(&stage.engine, url) };
    let (test_hook, _) =
        stage.engine.create_webhook(in_test(test.url()), None).await.unwrap().fresh().unwrap();
    let key = stage.engine.issue_key("somebody", Livemode::Live, None).await.unwrap();
    for livemode in [Livemode::Live, Livemode::Test] {
        let theirs =
            NewEndpoint { account: key.account.clone(), livemode, ..wanted(&stage.engine, others.url()) };
        stage.engine.create_webhook(theirs, None).await.unwrap();
    }
    stage.ended().await;
    let in_test = crate::generations::Wish { livemode: Livemode::Test, ..wish(&stage.engine, "a dog") };
    let id = stage.engine.create(in_test, None).await.unwrap();
    stage.engine.cancel(&id).await.unwrap();
    stage.tell().await;
    stage.send().await;
    assert_eq!((live.got().len(), test.got().len(), others.got().len()), (1, 1, 0));
    assert!(test.got()[0].body.contains(id.as_str()));
    // Nor are they there for each other.
    let theirs = (&key.account, Livemode::Test);
    assert_eq!(code(stage.engine.webhook_of(theirs, &test_hook.id).await), ErrorCode::NotFound);
    assert_eq!(code(stage.engine.webhook_secret(theirs, &test_hook.id).await), ErrorCode::NotFound);
    assert_eq!(code(stage.engine.delete_webhook(theirs, &test_hook.id).await), ErrorCode::NotFound);
    assert_eq!(code(stage.engine.webhook_of(stage.owner(), &test_hook.id).await), ErrorCode::NotFound);
    let delivery: DeliveryId = DeliveryId::parse(&live.ids()[0]).unwrap();
    for owner in [theirs, (&key.account, Livemode::Live), (&stage.engine.house.id, Livemode::Test)] {
        assert_eq!(code(stage.engine.webhook_delivery(owner, &delivery).await), ErrorCode::NotFound);
        assert_eq!(code(stage.engine.replay_delivery(owner, &delivery).await), ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn for_a_day_after_a_rotation_both_secrets_sign() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, old) = stage.endpoint(&receiver).await;
    let new = stage.engine.rotate_webhook_secret(stage.owner(), &webhook.id).await.unwrap();
    assert_ne!(old, new);
    stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    stage.send().await;
    town.clock.turn(86_400);
    stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    stage.send().await;
    let got = receiver.got();
    assert!(got[0].is_signed_with(old.reveal()) && got[0].is_signed_with(new.reveal()));
    assert!(!got[1].is_signed_with(old.reveal()) && got[1].is_signed_with(new.reveal()));
    assert_eq!((got[0].signatures().len(), got[1].signatures().len()), (2, 1));
}

#[tokio::test]
async fn what_was_altered_does_not_verify() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, secret) = stage.endpoint(&receiver).await;
    stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    stage.send().await;
    let mut got = receiver.got().remove(0);
    assert!(got.is_signed_with(secret.reveal()));
    assert_eq!(got.header("content-type"), "application/json");
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["webhook_id"]), (&json!("webhook.test"), &json!(webhook.id)));
    got.body.push(' ');
    assert!(!got.is_signed_with(secret.reveal()));
}
