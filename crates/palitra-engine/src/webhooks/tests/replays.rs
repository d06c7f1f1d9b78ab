//! Sending again what was given up, or delivered: one, or all of a time.

use super::super::Range;
use super::*;

#[tokio::test]
async fn what_was_delivered_is_sent_again_under_its_id_and_with_its_body() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, secret) = stage.endpoint(&receiver).await;
    stage.ended().await;
    stage.tell().await;
    stage.send().await;
    let id = stage.deliveries(&webhook.id).await[0].id.clone();
    town.clock.turn(3_600);
    stage.engine.replay_delivery(stage.owner(), &id).await.unwrap();
    stage.send().await;
    let got = receiver.got();
    assert_eq!(receiver.ids(), vec![id.to_string(); 2]);
    assert_eq!(got[0].body, got[1].body);
    assert_ne!(got[0].header("webhook-timestamp"), got[1].header("webhook-timestamp"));
    assert!(got[1].is_signed_with(secret.reveal()));
    let delivery = stage.delivery(&id).await;
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
}

#[tokio::test]
async fn a_replay_begins_the_schedule_anew() {
    let (town, receiver) = (Town::new(), Receiver::open(&vec![Answer::Status(500); 9]).await);
    let mut stage = stage(&town).await;
    let (webhook, _) = stage.endpoint(&receiver).await;
    let test = stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    for pause in palitra_domain::webhook::SCHEDULE {
        town.clock.turn(pause.as_secs());
        stage.send().await;
    }
    assert_eq!(stage.delivery(&test.delivery).await.state, DeliveryState::Failed);
    stage.engine.replay_delivery(stage.owner(), &test.delivery).await.unwrap();
    assert_eq!(stage.send().await, 1);
    let delivery = stage.delivery(&test.delivery).await;
    assert_eq!(delivery.next_at.unwrap().since(stage.engine.now()).as_secs(), 5);
    town.clock.turn(5);
    stage.send().await;
    assert_eq!(stage.delivery(&test.delivery).await.state, DeliveryState::Delivered);
    assert_eq!(receiver.got().len(), 10);
}

#[tokio::test]
async fn of_a_time_what_failed_is_sent_again_or_all_of_it_in_parts() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, _) = stage.endpoint(&receiver).await;
    let start = stage.engine.now();
    for n in 0..4 {
        receiver.next(&vec![if n == 2 { Answer::Status(410) } else { Answer::Status(200) }; 1]);
        town.clock.turn(10);
        stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
        stage.send().await;
        let enabled = super::super::Update { is_enabled: Some(true), ..Default::default() };
        stage.engine.update_webhook(stage.owner(), &webhook.id, enabled).await.unwrap();
    }
    let ids = receiver.ids();
    let all = Range {
        since: start,
        until: stage.engine.now().plus(std::time::Duration::from_secs(1)),
        is_all: false,
        after: None,
        limit: 2,
    };
    let replay = async |stage: &mut Stage, range: &Range| {
        let part = stage.engine.replay_deliveries(stage.owner(), &webhook.id, range.clone()).await.unwrap();
        stage.send().await;
        (part.count, part.next)
    };
    assert_eq!(replay(&mut stage, &all).await, (1, None));
    assert_eq!(receiver.ids()[4..], ids[2..3]);
    let all = Range { is_all: true, ..all };
    let (count, next) = replay(&mut stage, &all).await;
    assert_eq!((count, next.as_ref().map(ToString::to_string)), (2, Some(ids[1].clone())));
    let (count, next) = replay(&mut stage, &Range { after: next, ..all.clone() }).await;
    assert_eq!((count, next.is_some()), (2, true));
    assert_eq!(replay(&mut stage, &Range { after: next, ..all.clone() }).await, (0, None));
    let later = Range { since: start.plus(std::time::Duration::from_secs(35)), limit: 1_000, ..all };
    assert_eq!(replay(&mut stage, &later).await, (1, None));
}
