//! Processes that die between two steps: every event gets there at least once, under one id, and is one row.

use super::*;
use palitra_domain::webhook::SCHEDULE;
use palitra_store::webhooks;

async fn rows(stage: &Stage) -> (i64, i64) {
    (
        stage.number("select count(*) from webhook_delivery").await,
        stage.number("select count(*) from outbox where kind = 'generation' and state = 'new'").await,
    )
}

#[tokio::test]
async fn killed_before_the_commit_nothing_is_told_and_nothing_is_closed() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let first = stage(&town).await;
    let (webhook, _) = first.endpoint(&receiver).await;
    first.ended().await;
    let now = first.engine.now();
    let broken = first.engine.store.write(move |tx| {
        assert_eq!(webhooks::close_and_tell(tx, outbox::GENERATION, 10, now)?.told, 1);
        Err::<(), _>(palitra_store::Error::Closed)
    });
    broken.await.unwrap_err();
    assert_eq!(rows(&first).await, (0, 1));
    // Killed after the commit, before anything was sent.
    first.tell().await;
    assert_eq!(rows(&first).await, (1, 0));
    drop(first);
    let mut second = stage(&town).await;
    second.tell().await;
    second.send().await;
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(second.deliveries(&webhook.id).await.len(), 1);
}

#[tokio::test]
async fn an_event_that_is_told_twice_is_one_delivery() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    stage.endpoint(&receiver).await;
    stage.ended().await;
    stage.tell().await;
    let again = "update outbox set state = 'new', closed_at = null where kind = 'generation'";
    stage.engine.store.write(move |tx| tx.must(1, again, p![])).await.unwrap();
    stage.tell().await;
    stage.send().await;
    assert_eq!((rows(&stage).await, receiver.got().len()), ((1, 0), 1));
}

#[tokio::test]
async fn killed_between_taking_and_sending_it_is_sent_by_the_next_process() {
    let (town, receiver) = (Town::new(), Receiver::open(&[Answer::Hang]).await);
    let mut first = stage(&town).await;
    let (webhook, secret) = first.endpoint(&receiver).await;
    first.ended().await;
    first.tell().await;
    assert_eq!(first.round.start_some().await.unwrap(), 1);
    // The receiver has it, nothing is recorded: the process is gone.
    until(|| receiver.got().len() == 1).await;
    drop(first);
    let mut second = stage(&town).await;
    super::super::start(&second.machine).await.unwrap();
    second.send().await;
    until(|| receiver.got().len() == 2).await;
    second.idle().await;
    let (got, log) = (receiver.got(), second.deliveries(&webhook.id).await);
    assert_eq!((log.len(), log[0].state, log[0].attempts), (1, DeliveryState::Delivered, 2));
    assert_eq!(receiver.ids(), vec![log[0].id.to_string(); 2]);
    assert_eq!(got[0].body, got[1].body);
    assert!(got.iter().all(|got| got.is_signed_with(secret.reveal())));
}

#[tokio::test]
async fn what_kills_its_process_is_not_sent_for_ever() {
    let (town, receiver) = (Town::new(), Receiver::open(&[]).await);
    let mut stage = stage(&town).await;
    let (webhook, _) = stage.endpoint(&receiver).await;
    stage.engine.test_webhook(stage.owner(), &webhook.id).await.unwrap();
    // As many processes as there are tries have taken it and died.
    let taken = i64::try_from(SCHEDULE.len()).unwrap();
    let died = move |tx: &mut Tx<'_>| tx.must(1, "update webhook_delivery set attempts = $1", p![taken]);
    stage.engine.store.write(died).await.unwrap();
    assert_eq!(stage.send().await, 1);
    let log = stage.deliveries(&webhook.id).await;
    assert_eq!((log[0].state, receiver.got().len()), (DeliveryState::Failed, 0));
    assert_eq!(log[0].error.as_deref(), Some("nothing has come of its tries"));
}

#[tokio::test]
async fn where_others_may_live_what_was_taken_is_free_after_its_time() {
    let (town, receiver) = (Town::new(), Receiver::open(&[Answer::Hang]).await);
    let first_engine = town.process().await;
    let mut first = staged(first_engine, sending(true));
    crate::lease::join(&first.machine).await.unwrap();
    let (webhook, _) = first.endpoint(&receiver).await;
    first.engine.test_webhook(first.owner(), &webhook.id).await.unwrap();
    assert_eq!(first.round.start_some().await.unwrap(), 1);
    until(|| receiver.got().len() == 1).await;
    let mut second = staged(town.process().await, sending(true));
    crate::lease::join(&second.machine).await.unwrap();
    assert_eq!(second.round.start_some().await.unwrap(), 0);
    // Too late to record anything: somebody else has it by then.
    let stale = "update webhook_delivery set next_at = 0 where owner is not null";
    second.engine.store.write(move |tx| tx.must(1, stale, p![])).await.unwrap();
    assert_eq!(second.round.start_some().await.unwrap(), 1);
    until(|| receiver.got().len() == 2).await;
    second.idle().await;
    // The first one gives up waiting, and what it would record does not count.
    town.clock.turn(15);
    first.round.all_ended().await;
    let log = second.deliveries(&webhook.id).await;
    assert_eq!((log[0].state, log[0].attempts, log[0].status), (DeliveryState::Delivered, 2, Some(204)));
    assert_eq!(receiver.ids()[0], receiver.ids()[1]);
}
