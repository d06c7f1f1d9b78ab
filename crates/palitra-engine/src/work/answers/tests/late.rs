//! Answers that were written down and that nobody waits for: what was paid for is not lost, what is of no use does not stay.

use super::super::*;
use crate::{
    Engine, KeyPart, MarketPart, UnknownPolicy, claims,
    town::{Town, order, service},
    work,
};
use futures_util::stream;
use palitra_domain::{
    BoxFuture,
    market::{CancelAnswer, Capabilities, OutputFile, Outputs},
    objects::ByteStream,
    state::GenerationState,
};
use palitra_store::p;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";

/// Every call breaks off; what was answered all the same comes to light later.
struct Deaf;

impl Market for Deaf {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        assert!(request.spool.is_some());
        Box::pin(async { Submitted::Unknown(MarketError::new(ErrorClass::Timeout, "no answer")) })
    }

    fn answered(&self, request: &Request, body: &[u8]) -> Submitted {
        assert!(request.attempt > 0 && request.input["prompt"].is_string());
        if body.is_empty() {
            return Submitted::Unknown(MarketError::new(ErrorClass::Protocol, "half an answer"));
        }
        let file = OutputFile::Bytes(bytes::Bytes::copy_from_slice(body));
        Submitted::Done(Outputs { files: vec![file], ..Outputs::default() })
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        panic!("it has nothing that could be asked for")
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async { CancelAnswer::Unsupported })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::result::Result<ByteStream, MarketError>> {
        panic!("its results come in the answer")
    }
}

struct Stage {
    town: Town,
    engine: Engine,
    machine: Machine,
    id: GenerationId,
}

impl Stage {
    /// One submission whose outcome is unknown.
    async fn set(policy: UnknownPolicy) -> Stage {
        let town = Town::new();
        let keys = vec![KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
        let part = MarketPart { name: "fal".to_owned(), adapter: Arc::new(Deaf), keys };
        let mut engine = town.with(part).await;
        Arc::get_mut(&mut engine.0).unwrap().settings.unknown = policy;
        let machine = service(&engine);
        let id = order(&engine, "a cat").await;
        for (ticket, claimed) in claims::claim(&machine, "fal").await.unwrap().claimed {
            work::submit(machine.clone(), ticket, claimed).await;
        }
        Stage { town, engine, machine, id }
    }

    async fn write(&self, attempt: i64, body: &'static [u8]) {
        let body = Box::pin(stream::iter([Ok(bytes::Bytes::from_static(body))]));
        self.engine.objects.put(&key(&self.id, attempt), body).await.unwrap();
    }

    async fn is_kept(&self, attempt: i64) -> bool {
        self.engine.objects.exists(&key(&self.id, attempt)).await.unwrap()
    }

    /// What the chore finds is looked at until its answer is gone.
    async fn swept(&self) {
        sweep(self.machine.clone()).await.unwrap();
        work::look_at_ghosts(&self.machine).await.unwrap();
        while self.is_kept(1).await {
            if let Ok(waiting) = self.engine.waits.take_due(self.engine.now()) {
                work::look(self.machine.clone(), waiting).await;
            }
            self.town.clock.turn(1);
            tokio::task::yield_now().await;
        }
    }

    async fn end(&self) -> (GenerationState, Vec<AttemptState>, usize) {
        let attempts = self.engine.attempts(&self.id).await.unwrap();
        let attempts = attempts.into_iter().map(|attempt| attempt.state).collect();
        let assets = self.engine.assets(&self.id).await.unwrap().len();
        (self.engine.generation(&self.id).await.unwrap().state, attempts, assets)
    }

    async fn text(&self, sql: &'static str) -> String {
        self.engine.store.read(move |tx| tx.query_one(sql, p![])?.get(0)).await.unwrap()
    }
}

const HOLD: &str = "select state from transfer where kind = 'hold'";

#[tokio::test]
async fn invariant_03_an_answer_that_came_after_the_end_is_a_gift() {
    let stage = Stage::set(UnknownPolicy::Fail).await;
    assert_eq!(stage.end().await, (GenerationState::Failed, vec![AttemptState::Unknown], 0));
    stage.write(1, PICTURE).await;
    stage.swept().await;
    assert_eq!(stage.end().await, (GenerationState::Failed, vec![AttemptState::Succeeded], 1));
    assert_eq!(stage.text(HOLD).await, "voided", "nothing is charged for it");
    assert_eq!(stage.text("select paid_by from attempt").await, "house");
    assert_eq!(stage.text("select kind from outbox where kind = 'late'").await, "late", "and it is told");
}

#[tokio::test]
async fn invariant_02_an_answer_that_comes_to_light_before_the_second_call_saves_that_call() {
    let stage = Stage::set(UnknownPolicy::ResubmitOnce).await;
    assert_eq!(stage.end().await, (GenerationState::Queued, vec![AttemptState::Unknown], 0));
    stage.write(1, PICTURE).await;
    stage.swept().await;
    assert_eq!(stage.end().await, (GenerationState::Succeeded, vec![AttemptState::Succeeded], 1));
    assert_eq!(stage.text(HOLD).await, "posted", "charged once");
}

#[tokio::test]
async fn half_an_answer_ends_its_attempt_and_goes() {
    let stage = Stage::set(UnknownPolicy::Fail).await;
    stage.write(1, b"").await;
    stage.swept().await;
    assert_eq!(stage.end().await, (GenerationState::Failed, vec![AttemptState::Failed], 0));
}

#[tokio::test]
async fn what_is_of_no_use_goes_and_what_is_at_work_stays() {
    let stage = Stage::set(UnknownPolicy::Fail).await;
    // Of an attempt that nobody knows, and a file that is no answer.
    stage.write(7, PICTURE).await;
    let other = Box::pin(stream::iter([Ok(bytes::Bytes::from_static(b"x"))]));
    stage.engine.objects.put("answers/readme.txt", other).await.unwrap();
    // The answer of a call that has not ended.
    let busy = order(&stage.engine, "a dog").await;
    let taken = claims::claim(&stage.machine, "fal").await.unwrap().claimed;
    let body = Box::pin(stream::iter([Ok(bytes::Bytes::from_static(PICTURE))]));
    stage.engine.objects.put(&key(&busy, 1), body).await.unwrap();
    sweep(stage.machine.clone()).await.unwrap();
    assert!(!stage.is_kept(7).await);
    assert!(stage.engine.objects.exists("answers/readme.txt").await.unwrap(), "not ours to judge");
    assert!(stage.engine.objects.exists(&key(&busy, 1)).await.unwrap());
    drop(taken);
}
