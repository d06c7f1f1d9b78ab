//! Many at once: endpoints do not hold each other up, and none is overrun.

use super::*;
use std::time::Duration;

#[tokio::test]
async fn a_slow_endpoint_holds_up_nobody_and_has_four_tries_under_way_and_one_when_it_fails() {
    let town = Town::new();
    let mut stage = stage(&town).await;
    let (slow, quick) = (Receiver::open(&vec![Answer::Hang; 100]).await, Receiver::open(&[]).await);
    let (slow_hook, _) = stage.endpoint(&slow).await;
    stage.endpoint(&quick).await;
    for _ in 0..10 {
        stage.ended().await;
    }
    stage.tell().await;
    while quick.got().len() < 10 {
        stage.round.start_some().await.unwrap();
        tokio::task::yield_now().await;
    }
    until(|| slow.got().len() == 4 && town.clock.asleep_for(TRY_TIME) == 4).await;
    town.clock.turn(15);
    stage.idle().await;
    // It is failing: one at a time.
    stage.round.start_some().await.unwrap();
    until(|| slow.got().len() == 5 && town.clock.asleep_for(TRY_TIME) == 1).await;
    assert_eq!(stage.round.start_some().await.unwrap(), 0);
    town.clock.turn(15);
    stage.idle().await;
    slow.next(&[]);
    while stage.number("select count(*) from webhook_delivery where state = 'waiting'").await > 0 {
        town.clock.turn(5);
        stage.send().await;
    }
    let log = stage.deliveries(&slow_hook.id).await;
    assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Delivered));
    assert_eq!((log.len(), quick.got().len()), (10, 10));
}

/// The end of a try is a reason to look again only where something waits for it.
#[tokio::test]
async fn what_has_no_room_is_held_back_until_a_try_has_ended() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    stage.endpoint(&receiver).await;
    for _ in 0..6 {
        stage.ended().await;
    }
    stage.tell().await;
    assert_eq!((stage.send().await, stage.round.is_held_back), (4, true));
    assert_eq!((stage.send().await, stage.round.is_held_back), (2, false));
    assert_eq!(receiver.got().len(), 6);
}

#[tokio::test]
async fn what_is_told_of_has_left_nothing_is_sent() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, _) = stage.endpoint(&receiver).await;
    stage.ended().await;
    stage.tell().await;
    let gone = |tx: &mut Tx<'_>| tx.must(1, "update webhook_delivery set subject = 'gen_0'", p![]);
    stage.engine.store.write(gone).await.unwrap();
    stage.send().await;
    let log = stage.deliveries(&webhook.id).await;
    assert_eq!(log[0].error.as_deref(), Some("there is nothing to tell of any more"));
    assert_eq!((log[0].state, receiver.got().len()), (DeliveryState::Failed, 0));
}

/// A door that takes these events in for itself.
struct Door;

impl palitra_domain::deliver::Deliver for Door {
    fn kind(&self) -> &'static str {
        outbox::GENERATION
    }

    fn deliver<'a>(
        &'a self,
        _: &'a palitra_domain::deliver::Delivery,
    ) -> BoxFuture<'a, palitra_domain::deliver::Delivered> {
        Box::pin(async { palitra_domain::deliver::Delivered::Again { why: "busy".to_owned(), after: None } })
    }
}

#[tokio::test]
async fn a_receiver_of_the_same_events_takes_nothing_away_from_endpoints() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let stage = stage(&town).await;
    stage.endpoint(&receiver).await;
    stage.engine.deliver_to(Arc::new(Door));
    stage.ended().await;
    let running = stage.engine.start(None).await.unwrap();
    heard(&town, &receiver).await;
    running.abort().await;
    assert_eq!(stage.number("select count(*) from webhook_delivery").await, 1);
}

#[tokio::test]
async fn the_log_is_kept_as_long_as_events_are() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, _) = stage.endpoint(&receiver).await;
    stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    stage.send().await;
    stage.engine.delete_webhook(stage.owner(), &webhook.id).await.unwrap();
    let count = "select (select count(*) from webhook_delivery) * 10 + (select count(*) from webhook)";
    for (hours, left) in [(23, 11), (2, 0)] {
        town.clock.turn(hours * 3_600);
        let (clock, machine) = (town.clock.clone(), stage.machine.clone());
        let letting_go = tokio::spawn(crate::retention::let_go(machine));
        while !letting_go.is_finished() {
            if clock.asleep_for(Duration::from_millis(20)) > 0 {
                clock.turn(1);
            }
            tokio::task::yield_now().await;
        }
        letting_go.await.unwrap().unwrap();
        assert_eq!(stage.number(count).await, left, "after {hours} h");
    }
}
