//! What becomes of a generation, its money and its slots, whatever its market says or does not say.

use crate::{
    Engine, KeyPart, MarketPart, Webhooks, claims,
    generations::CancelOutcome,
    scheduler::Machine,
    town::{Town, order, service, until},
    waits::Waiting,
    work,
};
use palitra_domain::{
    BoxFuture, GenerationId,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Found, Marker, Market, MarketError, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
    state::{AttemptState, GenerationState},
};
use palitra_store::{Tx, generations, p};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Says what it is told to say.
#[derive(Default)]
struct Parrot {
    submits: Mutex<VecDeque<Submitted>>,
    polls: Mutex<VecDeque<Polled>>,
    cancels: Mutex<VecDeque<CancelAnswer>>,
    finds: Mutex<VecDeque<Found>>,
    heard: Mutex<Vec<&'static str>>,
}

impl Parrot {
    fn next<T>(&self, what: &'static str, from: &Mutex<VecDeque<T>>) -> Option<T> {
        self.heard.lock().unwrap().push(what);
        from.lock().unwrap().pop_front()
    }

    fn heard(&self, what: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|heard| **heard == what).count()
    }
}

impl Market for Parrot {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: true, webhooks: false, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _: &'a str, _: &'a Request) -> BoxFuture<'a, Submitted> {
        let said =
            self.next("submit", &self.submits).unwrap_or(Submitted::Accepted(RemoteRef("ref".to_owned())));
        Box::pin(async { said })
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        let said = self.next("poll", &self.polls).unwrap_or(Polled::Pending { position: None });
        Box::pin(async { said })
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        let said = self.next("cancel", &self.cancels).unwrap_or(CancelAnswer::Requested);
        Box::pin(async move { said })
    }

    fn find<'a>(&'a self, _: &'a str, marker: &'a Marker) -> BoxFuture<'a, Found> {
        assert!(marker.attempt > 0 && !marker.model.is_empty());
        let said = self.next("find", &self.finds).unwrap_or(Found::Unsupported);
        Box::pin(async { said })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(async { Err(MarketError::new(ErrorClass::ResultExpired, "nothing")) })
    }
}

struct Stage {
    town: Town,
    parrot: Arc<Parrot>,
    engine: Engine,
    machine: Machine,
    id: GenerationId,
}

impl Stage {
    /// One generation waits in the queue of a market that says what a test wants.
    async fn set() -> Stage {
        let (town, parrot) = (Town::new(), Arc::new(Parrot::default()));
        let part = MarketPart {
            name: "fal".to_owned(),
            adapter: parrot.clone(),
            keys: vec![KeyPart { label: "main".to_owned(), slots: 4, rate: None }],
        };
        let engine = town.with(part).await;
        let machine = service(&engine);
        let id = order(&engine, "a cat").await;
        Stage { town, parrot, engine, machine, id }
    }

    async fn submit(&self) {
        let taken = claims::claim(&self.machine, "fal").await.unwrap().claimed;
        assert_eq!(taken.len(), 1, "it can be claimed");
        for (ticket, claimed) in taken {
            work::submit(self.machine.clone(), ticket, claimed).await;
        }
    }

    fn waiting(&self) -> Option<Waiting> {
        self.engine.waits.take_due(self.engine.now()).ok()
    }

    /// The next look at it, whenever that is due.
    async fn look(&self, says: Polled) {
        self.parrot.polls.lock().unwrap().push_back(says);
        let waiting = loop {
            match self.waiting() {
                Some(waiting) => break waiting,
                None => self.town.clock.turn(1),
            }
        };
        work::look(self.machine.clone(), waiting).await;
    }

    async fn look_at_ghosts(&self, says: Polled) {
        self.parrot.polls.lock().unwrap().push_back(says);
        let before = self.parrot.heard("poll");
        work::look_at_ghosts(&self.machine).await.unwrap();
        until(|| self.parrot.heard("poll") > before).await;
    }

    async fn state(&self) -> GenerationState {
        self.engine.generation(&self.id).await.unwrap().state
    }

    async fn attempts(&self) -> Vec<AttemptState> {
        self.engine.attempts(&self.id).await.unwrap().into_iter().map(|attempt| attempt.state).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.engine.store.read(move |tx: &mut Tx<'_>| tx.query_one(sql, p![])?.get(0)).await.unwrap()
    }

    async fn text(&self, sql: &'static str) -> String {
        self.engine.store.read(move |tx: &mut Tx<'_>| tx.query_one(sql, p![])?.get(0)).await.unwrap()
    }

    async fn held(&self) -> String {
        self.text("select state from transfer where kind = 'hold'").await
    }
}

const TAKEN: &str = "select count(*) from slot where generation_id is not null";
const KEPT: &str = "select count(*) from slot where kept_until is not null";

fn error(class: ErrorClass) -> MarketError {
    MarketError::new(class, class.as_str())
}

/// Every class of failures, refused, unknown and failed: what becomes of the generation, its hold and its slot, and what is recorded.
#[tokio::test]
async fn s3_what_a_failure_means_depends_on_its_class_and_on_whether_it_was_accepted() {
    for class in ErrorClass::ALL.iter().copied() {
        // Provably unbilled: what passes is tried again with its money held and its slot free.
        let stage = Stage::set().await;
        stage.parrot.submits.lock().unwrap().push_back(Submitted::Refused(error(class)));
        stage.submit().await;
        // With one key alone there is no other to move to.
        let passes = matches!(
            class,
            ErrorClass::RateLimited | ErrorClass::ConcurrencyLimited | ErrorClass::Unavailable
        );
        let (wanted, hold) =
            if passes { (GenerationState::Queued, "pending") } else { (GenerationState::Failed, "voided") };
        assert_eq!((stage.state().await, stage.held().await.as_str()), (wanted, hold), "refused: {class:?}");
        assert_eq!(
            (stage.attempts().await, stage.number(TAKEN).await),
            (vec![AttemptState::Refused], 0),
            "{class:?}"
        );
        let code: String = stage.text("select error_code from attempt").await;
        assert_eq!(code, class.code().name());
        // Unknown: never tried again by its class; the policy of this house is to fail, and the slot is kept.
        let stage = Stage::set().await;
        stage.parrot.submits.lock().unwrap().push_back(Submitted::Unknown(error(class)));
        stage.submit().await;
        assert_eq!(
            (stage.state().await, stage.held().await.as_str()),
            (GenerationState::Failed, "voided"),
            "{class:?}"
        );
        assert_eq!(
            (stage.attempts().await, stage.number(KEPT).await),
            (vec![AttemptState::Unknown], 1),
            "{class:?}"
        );
        assert_eq!(stage.text("select error_code from generation").await, "outcome_unknown");
        // Accepted, then failed: the end, whatever the class; nothing is tried again by itself.
        let stage = Stage::set().await;
        stage.submit().await;
        stage.look(Polled::Failed(error(class))).await;
        assert_eq!(
            (stage.state().await, stage.held().await.as_str()),
            (GenerationState::Failed, "voided"),
            "{class:?}"
        );
        assert_eq!(
            (stage.attempts().await, stage.number(TAKEN).await),
            (vec![AttemptState::Failed], 0),
            "{class:?}"
        );
        assert_eq!(stage.text("select error_code from generation").await, class.code().name());
        assert_eq!(stage.parrot.heard("submit"), 1);
    }
}

#[tokio::test]
async fn s3_a_market_that_can_be_asked_is_asked_before_the_policy() {
    // It has it.
    let stage = Stage::set().await;
    stage.parrot.submits.lock().unwrap().push_back(Submitted::Unknown(error(ErrorClass::Timeout)));
    stage.parrot.finds.lock().unwrap().push_back(Found::Work(RemoteRef("found".to_owned())));
    stage.submit().await;
    assert_eq!(
        (stage.state().await, stage.attempts().await),
        (GenerationState::Running, vec![AttemptState::Accepted])
    );
    assert_eq!(stage.text("select reference from attempt").await, "found");
    // It has it not, and would by now: nothing was billed, so it is queued again.
    let stage = Stage::set().await;
    stage.parrot.submits.lock().unwrap().push_back(Submitted::Unknown(error(ErrorClass::Timeout)));
    for _ in 0..200 {
        stage.parrot.finds.lock().unwrap().push_back(Found::Nothing);
    }
    stage
        .engine
        .take_webhooks(Webhooks { public_url: String::new(), unknown_wait: Some(Duration::from_secs(600)) });
    let turning = async {
        while stage.state().await == GenerationState::Submitting || stage.parrot.heard("find") == 0 {
            stage.town.clock.turn(5);
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(stage.submit(), turning);
    assert_eq!(
        (stage.state().await, stage.attempts().await),
        (GenerationState::Queued, vec![AttemptState::Refused])
    );
}

/// At most its longest run, and then the money goes back; its market is asked to stop what nobody waits for.
#[tokio::test]
async fn s3_the_longest_run_ends_in_a_time_out_and_the_market_is_asked_to_stop() {
    let stage = Stage::set().await;
    stage.submit().await;
    stage.town.clock.turn(3_600);
    stage.look(Polled::Pending { position: None }).await;
    assert_eq!((stage.state().await, stage.held().await.as_str()), (GenerationState::TimedOut, "voided"));
    // Its longest run has passed, and so has its slot's time.
    assert_eq!((stage.attempts().await, stage.number(TAKEN).await), (vec![AttemptState::Lost], 0));
    stage.look_at_ghosts(Polled::Pending { position: None }).await;
    until(|| stage.parrot.heard("cancel") == 1).await;
}

/// It still waits for its start when half of its longest run is over: given up, and its slot is kept as long as it may begin after all.
#[tokio::test]
async fn s3_what_a_market_does_not_begin_in_time_is_given_up_and_keeps_its_slot() {
    let stage = Stage::set().await;
    stage.submit().await;
    stage.look(Polled::Pending { position: Some(0) }).await;
    assert_eq!(stage.state().await, GenerationState::Running);
    while stage.state().await == GenerationState::Running {
        stage.look(Polled::Pending { position: Some(0) }).await;
    }
    assert_eq!((stage.state().await, stage.held().await.as_str()), (GenerationState::TimedOut, "voided"));
    assert_eq!((stage.attempts().await, stage.number(KEPT).await), (vec![AttemptState::Abandoned], 1));
    // The market confirms that it has ended: the slot is free at once.
    stage.look_at_ghosts(Polled::Cancelled).await;
    while stage.number(TAKEN).await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(stage.attempts().await, [AttemptState::Cancelled]);
}

/// What has begun may take its whole time.
#[tokio::test]
async fn s3_what_has_begun_may_run_as_long_as_its_mode_may() {
    let stage = Stage::set().await;
    stage.submit().await;
    let longest = stage.engine.catalogue().find("fal-ai/flux/dev").unwrap().modes[0].longest_run.as_secs();
    stage.town.clock.turn(longest - 5);
    stage.look(Polled::Pending { position: None }).await;
    assert_eq!(stage.state().await, GenerationState::Running);
}

#[tokio::test]
async fn s3_a_cancel_is_carried_to_the_market_once_and_its_answer_decides() {
    for (says, state, hold) in [
        (Polled::Cancelled, GenerationState::Cancelled, "voided"),
        (Polled::Failed(error(ErrorClass::ContentRejected)), GenerationState::Failed, "voided"),
        (Polled::NotFound, GenerationState::Running, "pending"),
    ] {
        let stage = Stage::set().await;
        stage.submit().await;
        assert_eq!(stage.engine.cancel(&stage.id).await.unwrap(), CancelOutcome::Requested);
        let owner = stage.machine.lease.owner();
        let wishes =
            stage.engine.store.read(move |tx| generations::cancel_wishes(tx, owner.as_str())).await.unwrap();
        for wish in wishes {
            work::ask_to_cancel(stage.machine.clone(), wish).await;
        }
        assert_eq!(stage.parrot.heard("cancel"), 1);
        // It is looked at now, not when it would have been.
        stage.parrot.polls.lock().unwrap().push_back(says);
        let waiting = stage.waiting().expect("it is due at once");
        work::look(stage.machine.clone(), waiting).await;
        assert_eq!((stage.state().await, stage.held().await.as_str()), (state, hold));
    }
}

/// Whoever has asked to cancel sees that it was cancelled, also when the market never answers.
#[tokio::test]
async fn s3_a_cancel_that_the_market_ignores_ends_with_its_longest_run() {
    let stage = Stage::set().await;
    stage.submit().await;
    stage.engine.cancel(&stage.id).await.unwrap();
    stage.town.clock.turn(3_600);
    stage.look(Polled::Pending { position: None }).await;
    assert_eq!((stage.state().await, stage.held().await.as_str()), (GenerationState::Cancelled, "voided"));
}

/// Nothing is submitted for it any more, and the slot of what may be running is kept.
#[tokio::test]
async fn s3_an_unknown_submission_that_somebody_cancels_is_not_repeated() {
    let stage = Stage::set().await;
    stage.parrot.submits.lock().unwrap().push_back(Submitted::Unknown(error(ErrorClass::Timeout)));
    let taken = claims::claim(&stage.machine, "fal").await.unwrap().claimed;
    assert_eq!(stage.engine.cancel(&stage.id).await.unwrap(), CancelOutcome::Requested);
    for (ticket, claimed) in taken {
        work::submit(stage.machine.clone(), ticket, claimed).await;
    }
    assert!(claims::claim(&stage.machine, "fal").await.unwrap().claimed.is_empty());
    assert_eq!((stage.attempts().await, stage.number(KEPT).await), (vec![AttemptState::Unknown], 1));
    assert_eq!(stage.held().await, "voided");
}
