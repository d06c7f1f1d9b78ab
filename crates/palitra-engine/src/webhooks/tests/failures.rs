//! What does not get there: the schedule, the bound of a try, redirects, endpoints that are gone or fail for days.

use super::*;
use palitra_domain::webhook::{ANSWER_BYTES_MAX, Disabled, SCHEDULE};

/// One test on its way to an endpoint that answers like this.
async fn posted(town: &Town, answers: &[Answer]) -> (Stage, Receiver, WebhookId, DeliveryId) {
    let (stage, receiver) = (stage(town).await, Receiver::open(answers).await);
    let (webhook, _) = stage.endpoint(&receiver).await;
    let test = stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    (stage, receiver, webhook.id, test.delivery)
}

#[tokio::test]
async fn tries_follow_the_schedule_to_the_second_and_then_it_is_given_up() {
    let town = Town::new();
    let (mut stage, receiver, webhook, id) = posted(&town, &vec![Answer::Status(500); 20]).await;
    for (n, pause) in SCHEDULE.iter().enumerate() {
        if let Some(before) = pause.as_secs().checked_sub(1) {
            town.clock.turn(before);
            assert_eq!(stage.send().await, 0, "try {n} comes too early");
            town.clock.turn(1);
        }
        assert_eq!(stage.send().await, 1, "try {n}");
    }
    let delivery = stage.delivery(&id).await;
    assert_eq!((delivery.state, delivery.attempts, delivery.next_at), (DeliveryState::Failed, 8, None));
    assert_eq!((delivery.status, delivery.error.as_deref()), (Some(500), Some("answered 500")));
    assert_eq!(receiver.ids(), vec![id.to_string(); 8]);
    let bodies: std::collections::BTreeSet<String> = receiver.got().into_iter().map(|got| got.body).collect();
    assert_eq!(bodies.len(), 1, "every try sends the same");
    town.clock.turn(86_400);
    assert_eq!(stage.send().await, 0);
    let found = stage.engine.webhook_of(stage.owner(), &webhook).await.unwrap();
    assert_eq!(found.disabled, None, "27 hours are less than five days");
    assert!(found.failing_since.is_some());
}

#[tokio::test]
async fn a_receiver_has_fifteen_seconds() {
    let town = Town::new();
    let (mut stage, receiver, _, id) = posted(&town, &[Answer::Hang]).await;
    assert_eq!(stage.round.start_some().await.unwrap(), 1);
    until(|| receiver.got().len() == 1 && town.clock.asleep_for(TRY_TIME) == 1).await;
    town.clock.turn(14);
    assert_eq!(stage.delivery(&id).await.tried_at, None);
    town.clock.turn(1);
    stage.idle().await;
    let delivery = stage.delivery(&id).await;
    assert_eq!(delivery.error.as_deref(), Some("no answer within 15 s"));
    assert_eq!(delivery.duration_ms, Some(15_000));
    assert_eq!(delivery.next_at, Some(stage.engine.now().plus(SCHEDULE[1])));
}

#[tokio::test]
async fn a_receiver_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() {
    for (asked, pause) in [("60", 60), ("1", 5), ("100000", 3_600)] {
        let town = Town::new();
        let answer = Answer::With(503, "retry-after", asked.to_owned());
        let (mut stage, _receiver, _, id) = posted(&town, &[answer]).await;
        stage.send().await;
        let next_at = stage.delivery(&id).await.next_at.unwrap();
        assert_eq!(next_at.since(stage.engine.now()).as_secs(), pause, "{asked}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (town, elsewhere) = (Town::new(), Receiver::open(&[]).await);
    let answer = Answer::With(307, "location", elsewhere.url());
    let (mut stage, _receiver, _, id) = posted(&town, &[answer]).await;
    stage.send().await;
    let delivery = stage.delivery(&id).await;
    assert_eq!(delivery.error.as_deref(), Some("answered 307: redirects are not followed"));
    assert_eq!(elsewhere.got().len(), 0);
}

#[tokio::test]
async fn of_an_answer_two_kibibytes_are_kept() {
    let town = Town::new();
    let (mut stage, _receiver, _, id) = posted(&town, &[Answer::Body(200, "я".repeat(100_000))]).await;
    stage.send().await;
    let delivery = stage.delivery(&id).await;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    let answer = delivery.answer.unwrap();
    assert!(answer.len() == ANSWER_BYTES_MAX && answer.starts_with("яя"), "{}", answer.len());
}

#[tokio::test]
async fn an_endpoint_that_answers_410_is_disabled_at_once() {
    let town = Town::new();
    let (mut stage, receiver, webhook, id) = posted(&town, &[Answer::Status(410)]).await;
    stage.send().await;
    // What waits for it is not sent.
    stage.ended().await;
    stage.tell().await;
    assert_eq!(stage.send().await, 0);
    let found = stage.engine.webhook_of(stage.owner(), &webhook).await.unwrap();
    assert_eq!(found.disabled, Some((stage.engine.now(), Disabled::Gone)));
    assert_eq!(stage.delivery(&id).await.state, DeliveryState::Failed);
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(stage.number("select count(*) from outbox where kind = 'alert'").await, 1);
    assert_eq!(stage.number("select count(*) from outbox where kind = 'webhook_disabled'").await, 1);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_disabled_and_everybody_is_told() {
    let town = Town::new();
    let (mut stage, receiver, webhook, _) = posted(&town, &vec![Answer::Status(502); 20]).await;
    stage.send().await;
    town.clock.turn(5 * 86_400 - 1);
    stage.send().await;
    let is_disabled = async |stage: &Stage| {
        stage.engine.webhook_of(stage.owner(), &webhook).await.unwrap().disabled.map(|(_, why)| why)
    };
    assert_eq!(is_disabled(&stage).await, None);
    stage.engine.test_webhook(stage.owner(), &webhook).await.unwrap();
    town.clock.turn(1);
    stage.send().await;
    assert_eq!(is_disabled(&stage).await, Some(Disabled::Failing));
    assert_eq!(stage.number("select count(*) from outbox where kind = 'alert'").await, 1);
    let notice = "select count(*) from outbox where kind = 'webhook_disabled' and payload like '%failing%'";
    assert_eq!(stage.number(notice).await, 1);
    // What still waited is closed, and nothing new is written for it.
    stage.ended().await;
    stage.tell().await;
    let tried = receiver.got().len();
    stage.send().await;
    let log = stage.deliveries(&webhook).await;
    assert_eq!((receiver.got().len(), log.len()), (tried, 2));
    assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Failed), "{log:?}");
    // Enabled again it begins anew.
    receiver.next(&[Answer::Status(500)]);
    let enabled = super::super::Update { is_enabled: Some(true), ..Default::default() };
    stage.engine.update_webhook(stage.owner(), &webhook, enabled).await.unwrap();
    stage.engine.test_webhook(stage.owner(), &webhook).await.unwrap();
    assert_eq!(stage.send().await, 1);
    assert_eq!(is_disabled(&stage).await, None);
}

#[tokio::test]
async fn a_success_ends_the_days_of_failing() {
    let town = Town::new();
    let answers = [Answer::Status(500), Answer::Status(200), Answer::Status(500)];
    let (mut stage, _receiver, webhook, _) = posted(&town, &answers).await;
    stage.send().await;
    town.clock.turn(5);
    stage.send().await;
    assert_eq!(stage.engine.webhook_of(stage.owner(), &webhook).await.unwrap().failing_since, None);
    town.clock.turn(6 * 86_400);
    stage.engine.test_webhook(stage.owner(), &webhook).await.unwrap();
    stage.send().await;
    let found = stage.engine.webhook_of(stage.owner(), &webhook).await.unwrap();
    assert_eq!((found.disabled, found.failing_since), (None, Some(stage.engine.now())));
}

#[tokio::test]
async fn an_address_is_checked_again_at_each_delivery() {
    let town = Town::new();
    let (stage, receiver, webhook, id) = posted(&town, &[]).await;
    drop(stage);
    let mut strict = staged(town.alone().await, sending(false));
    strict.send().await;
    let delivery = strict.delivery(&id).await;
    assert_eq!(delivery.error.as_deref(), Some("the address may not be called: private"));
    assert_eq!((delivery.state, receiver.got().len()), (DeliveryState::Waiting, 0));
    let test = strict.engine.test_webhook(strict.owner(), &webhook).await.unwrap();
    assert_ne!(test.delivery, id);
}
