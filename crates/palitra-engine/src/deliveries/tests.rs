//! What becomes of deliveries: with a receiver that writes down what it is given, and fails, hangs or panics as it is told.

use super::*;
use crate::{
    town::{Hand, Town, order, until},
    webhooks::LOOK_FOR_EVENTS,
};
use palitra_domain::{BoxFuture, DeliveryId, deliver::NewDelivery};
use palitra_store::{Tx, p};
use std::collections::VecDeque;

/// What the receiver does next.
#[derive(Debug, Clone)]
enum Next {
    Done,
    Again(Option<Duration>),
    Never,
    Hang,
    Panic,
}

/// Writes down what it gets.
struct Recorder {
    in_order: bool,
    next: Mutex<VecDeque<Next>>,
    got: Mutex<Vec<Delivery>>,
}

impl Recorder {
    fn new(in_order: bool, next: &[Next]) -> Arc<Recorder> {
        let next = Mutex::new(next.iter().cloned().collect());
        Arc::new(Recorder { in_order, next, got: Mutex::default() })
    }

    /// Payload and number of each try so far.
    fn got(&self) -> Vec<(String, i64)> {
        self.got.lock().unwrap().iter().map(|it| (it.payload.clone(), it.attempt)).collect()
    }

    fn ids(&self) -> Vec<DeliveryId> {
        self.got.lock().unwrap().iter().map(|it| it.id.clone()).collect()
    }
}

impl Deliver for Recorder {
    fn kind(&self) -> &'static str {
        "letter"
    }

    fn in_order(&self) -> bool {
        self.in_order
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Delivered> {
        self.got.lock().unwrap().push(delivery.clone());
        let next = self.next.lock().unwrap().pop_front().unwrap_or(Next::Done);
        Box::pin(async move {
            match next {
                Next::Done => Delivered::Done,
                Next::Again(after) => Delivered::Again { why: "closed".to_owned(), after },
                Next::Never => Delivered::Never { why: "nobody lives here".to_owned() },
                Next::Hang => std::future::pending().await,
                Next::Panic => panic!("a poisoned letter"),
            }
        })
    }
}

async fn post(engine: &Engine, payload: &'static str) -> DeliveryId {
    let now = engine.now();
    let id = DeliveryId::new(now, engine.random());
    let new = NewDelivery {
        id: id.clone(),
        kind: "letter".to_owned(),
        account: engine.house.id.clone(),
        generation: None,
        batch: None,
        payload: payload.to_owned(),
    };
    assert!(engine.store.write(move |tx| outbox::insert(tx, &new, now)).await.unwrap());
    id
}

/// State, tries and error of what stands in the outbox, oldest first.
async fn rows(engine: &Engine, kind: &'static str) -> Vec<(String, i64, Option<String>)> {
    let read = move |tx: &mut Tx<'_>| {
        let sql = "select state, attempts, error from outbox where kind = $1 order by id";
        tx.query(sql, p![kind])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
    };
    engine.store.read(read).await.unwrap()
}

fn row(state: &str, tries: i64, error: Option<&str>) -> (String, i64, Option<String>) {
    (state.to_owned(), tries, error.map(str::to_owned))
}

/// Lets time pass until something has happened.
async fn wait(clock: &Hand, happened: impl Fn() -> bool) {
    while !happened() {
        if clock.asleep_for(LOOK) > 0 {
            clock.turn(1);
        }
        tokio::task::yield_now().await;
    }
}

/// Until a row of the outbox is as wanted.
async fn settles(engine: &Engine, kind: &'static str, wanted: &[(String, i64, Option<String>)]) {
    while rows(engine, kind).await != wanted {
        tokio::task::yield_now().await;
    }
}

async fn opened(town: &Town, recorder: &Arc<Recorder>) -> (Engine, Machine) {
    let engine = town.alone().await;
    engine.deliver_to(recorder.clone());
    let machine = crate::town::service(&engine);
    (engine, machine)
}

#[tokio::test]
async fn what_is_posted_gets_there_once() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &[]));
    let (engine, _machine) = opened(&town, &recorder).await;
    let running = engine.start(None).await.unwrap();
    let id = post(&engine, "hello").await;
    wait(&town.clock, || !recorder.ids().is_empty()).await;
    settles(&engine, "letter", &[row("done", 1, None)]).await;
    town.clock.turn(3_600);
    running.abort().await;
    assert_eq!(recorder.ids(), [id]);
}

#[tokio::test]
async fn killed_between_delivery_and_record_it_comes_again_under_the_same_id() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &[Next::Hang]));
    let (engine, _machine) = opened(&town, &recorder).await;
    let running = engine.start(None).await.unwrap();
    let id = post(&engine, "hello").await;
    wait(&town.clock, || !recorder.ids().is_empty()).await;
    // The receiver has it, nothing is recorded: the process is gone.
    running.abort().await;
    drop(engine);
    let (engine, _machine) = opened(&town, &recorder).await;
    let running = engine.start(None).await.unwrap();
    wait(&town.clock, || recorder.ids().len() == 2).await;
    settles(&engine, "letter", &[row("done", 2, None)]).await;
    running.abort().await;
    assert_eq!(recorder.ids(), [id.clone(), id]);
}

#[tokio::test]
async fn a_failing_receiver_is_tried_later_and_not_before_its_own_time() {
    let hour = Duration::from_secs(3_600);
    let (town, recorder) = (Town::new(), Recorder::new(false, &[Next::Again(None), Next::Again(Some(hour))]));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    post(&engine, "hello").await;
    for (seconds, tries) in [(0, 1), (4, 1), (4, 2), (3_599, 2), (1, 3)] {
        town.clock.turn(seconds);
        deliver_some(&machine, &receiver).await.unwrap();
        assert_eq!(recorder.got().len(), tries);
    }
    assert_eq!(rows(&engine, "letter").await, [row("done", 3, None)]);
}

#[tokio::test]
async fn what_never_gets_there_is_given_up_and_the_operator_is_told_once() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &vec![Next::Again(None); 100]));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    post(&engine, "hello").await;
    for _ in 0..40 {
        deliver_some(&machine, &receiver).await.unwrap();
        town.clock.turn(6_000);
    }
    assert_eq!(recorder.got().last().map(|(_, attempt)| *attempt), Some(TRIES));
    assert_eq!(rows(&engine, "letter").await, [row("dead", TRIES, Some("closed"))]);
    let alerts: Arc<dyn Deliver> = Arc::new(Alerts);
    deliver_some(&machine, &alerts).await.unwrap();
    assert_eq!(rows(&engine, ALERT).await, [row("done", 1, None)]);
}

#[tokio::test]
async fn what_kills_its_process_does_not_come_for_ever() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &[]));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    post(&engine, "poison").await;
    // As many processes as there are tries have taken it and died.
    let died =
        |tx: &mut Tx<'_>| tx.must(1, "update outbox set attempts = $1 where kind = 'letter'", p![TRIES]);
    engine.store.write(died).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    deliver_some(&machine, &receiver).await.unwrap();
    assert_eq!(recorder.got(), []);
    let dead = row("dead", TRIES + 1, Some("nothing has come of its tries"));
    assert_eq!(rows(&engine, "letter").await, [dead]);
    assert_eq!(rows(&engine, ALERT).await, [row("new", 0, None)]);
}

#[tokio::test]
async fn poison_hurts_nobody_else_and_is_given_up() {
    let poison = [Next::Panic, Next::Never, Next::Done, Next::Never];
    let (town, recorder) = (Town::new(), Recorder::new(false, &poison));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    for letter in ["poison", "bad", "good"] {
        town.clock.turn(1);
        post(&engine, letter).await;
    }
    deliver_some(&machine, &receiver).await.unwrap();
    let after = [
        row("new", 1, Some("the receiver panicked")),
        row("dead", 1, Some("nobody lives here")),
        row("done", 1, None),
    ];
    assert_eq!(rows(&engine, "letter").await, after);
    // An alert that is none ends without another alert.
    engine
        .store
        .write(|tx| tx.must(1, "update outbox set payload = 'nonsense' where kind = 'alert'", p![]))
        .await
        .unwrap();
    let alerts: Arc<dyn Deliver> = Arc::new(Alerts);
    deliver_some(&machine, &alerts).await.unwrap();
    assert_eq!(rows(&engine, ALERT).await, [row("dead", 1, Some("this is no alert"))]);
}

#[tokio::test]
async fn a_receiver_that_hangs_is_broken_off_and_its_neighbours_get_theirs() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &[Next::Hang]));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    post(&engine, "slow").await;
    town.clock.turn(1);
    post(&engine, "quick").await;
    let delivering = {
        let machine = machine.clone();
        tokio::spawn(async move { deliver_some(&machine, &receiver).await })
    };
    until(|| town.clock.asleep_for(TRY_TIME) == 1 && recorder.got().len() == 2).await;
    settles(&engine, "letter", &[row("new", 1, None), row("done", 1, None)]).await;
    town.clock.turn(30);
    delivering.await.unwrap().unwrap();
    assert_eq!(rows(&engine, "letter").await[0], row("new", 1, Some("no answer in time")));
}

#[tokio::test]
async fn in_order_means_that_one_that_fails_holds_up_those_behind_it() {
    let (town, recorder) = (Town::new(), Recorder::new(true, &[Next::Again(None)]));
    let (engine, machine) = opened(&town, &recorder).await;
    begin(&machine).await.unwrap();
    let receiver: Arc<dyn Deliver> = recorder.clone();
    for letter in ["one", "two", "three"] {
        post(&engine, letter).await;
        town.clock.turn(1);
    }
    deliver_some(&machine, &receiver).await.unwrap();
    deliver_some(&machine, &receiver).await.unwrap();
    assert_eq!(recorder.got(), [("one".to_owned(), 1)]);
    town.clock.turn(10);
    deliver_some(&machine, &receiver).await.unwrap();
    let got = recorder.got();
    assert_eq!(got[1..], [("one".to_owned(), 2), ("two".to_owned(), 1), ("three".to_owned(), 1)]);
}

#[tokio::test]
async fn a_process_without_a_lease_delivers_nothing() {
    let (town, recorder) = (Town::new(), Recorder::new(false, &[]));
    let engine = town.process().await;
    engine.deliver_to(recorder.clone());
    let machine = crate::town::service(&engine);
    let receiver: Arc<dyn Deliver> = recorder.clone();
    post(&engine, "hello").await;
    assert_eq!(deliver_some(&machine, &receiver).await.unwrap(), 0);
    crate::lease::join(&machine).await.unwrap();
    assert_eq!(deliver_some(&machine, &receiver).await.unwrap(), 1);
}

#[tokio::test]
async fn events_that_nobody_asked_for_are_closed() {
    let town = Town::new();
    let engine = town.alone().await;
    let id = order(&engine, "a cat").await;
    engine.cancel(&id).await.unwrap();
    let running = engine.start(Some("gen_none".to_owned())).await.unwrap();
    until(|| town.clock.asleep_for(LOOK_FOR_EVENTS) == 1).await;
    town.clock.turn(3);
    settles(&engine, outbox::GENERATION, &[row("done", 0, None)]).await;
    running.abort().await;
}

#[test]
fn pauses_grow_and_are_bounded() {
    let total: Duration = (1..TRIES).map(|attempt| pause(attempt, 0)).sum();
    assert!(total > Duration::from_secs(6 * 3_600) && total < Duration::from_secs(10 * 3_600), "{total:?}");
    for attempt in 1..40 {
        let (least, most) = (pause(attempt, 0), pause(attempt, u128::MAX));
        assert!(least <= most && most <= Duration::from_secs(5_400), "{least:?} {most:?}");
    }
}
