//! What becomes of a result, its money and its files when the acceptance gate refuses it, once and twice.

use crate::{
    Engine, KeyPart, MarketPart, claims,
    scheduler::Machine,
    town::{Town, order, service},
    work,
};
use bytes::Bytes;
use palitra_domain::{
    BoxFuture, ErrorCode, GenerationId,
    acceptance::{Defect, Examination, Examiner, Expected, Facts, Finding, Measure},
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
    state::{AttemptState, GenerationState},
};
use palitra_store::p;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";

const BETTER: &[u8] = b"\x89PNG\r\n\x1a\nin a better order";

/// Paints the same picture again and again.
struct Painter;

impl Market for Painter {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true }
    }

    fn submit<'a>(&'a self, _: &'a str, _: &'a Request) -> BoxFuture<'a, Submitted> {
        let file = OutputFile::Bytes(Bytes::from_static(PICTURE));
        Box::pin(async { Submitted::Done(Outputs { files: vec![file], ..Outputs::default() }) })
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(async { Polled::NotFound })
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async { CancelAnswer::Unsupported })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(async { Err(MarketError::new(ErrorClass::ResultExpired, "nothing")) })
    }
}

/// Finds what it is told to find, then nothing.
struct Critic(Mutex<VecDeque<Defect>>);

impl Examiner for Critic {
    fn examine(&self, expected: Expected, files: Vec<Bytes>) -> BoxFuture<'_, Examination> {
        assert_eq!((expected.mode.as_str(), expected.size), ("create", Some((1000, 1000))));
        assert_eq!(expected.defects, [Defect::Blank, Defect::Silent]);
        assert_eq!(files, [Bytes::from_static(PICTURE)]);
        let found = self.0.lock().unwrap().pop_front();
        let findings = found
            .map(|defect| Finding { n: 0, defect, detail: "all of it".to_owned() })
            .into_iter()
            .collect();
        let facts = Facts {
            width: Some(2),
            height: Some(1),
            blurhash: Some("LEHV6n".to_owned()),
            dhash: Some(-7),
            thumbnails: vec![(256, Bytes::from_static(b"small"))],
            better: Some(Bytes::from_static(BETTER)),
            duration_ms: None,
        };
        Box::pin(async { Examination { facts: vec![facts], findings } })
    }
}

struct Stage {
    _town: Town,
    engine: Engine,
    machine: Machine,
    id: GenerationId,
}

impl Stage {
    async fn set(finds: &[Defect]) -> Stage {
        let town = Town::new();
        let keys = vec![KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
        let mut engine =
            town.with(MarketPart { name: "fal".to_owned(), adapter: Arc::new(Painter), keys }).await;
        let context = Arc::get_mut(&mut engine.0).unwrap();
        context.examiner = Some(Arc::new(Critic(Mutex::new(finds.iter().copied().collect()))));
        let measures = [("blank", Measure::Refuse), ("silent", Measure::Warn), ("clipped", Measure::Off)];
        context.settings.acceptance.all = measures.map(|(name, measure)| (name.to_owned(), measure)).into();
        let machine = service(&engine);
        let id = order(&engine, "a cat").await;
        Stage { _town: town, engine, machine, id }
    }

    /// Until there is nothing to claim any more.
    async fn work(&self) {
        loop {
            let claimed = claims::claim(&self.machine, "fal").await.unwrap().claimed;
            if claimed.is_empty() {
                return;
            }
            for (ticket, claimed) in claimed {
                work::submit(self.machine.clone(), ticket, claimed).await;
            }
        }
    }

    async fn attempts(&self) -> Vec<(AttemptState, String)> {
        let attempts = self.engine.attempts(&self.id).await.unwrap();
        attempts.into_iter().map(|attempt| (attempt.state, attempt.paid_by)).collect()
    }

    async fn one<T: palitra_store::FromValue + Send + 'static>(&self, sql: &'static str) -> T {
        self.engine.store.read(move |tx| tx.query_one(sql, p![])?.get(0)).await.unwrap()
    }

    async fn files(&self) -> Vec<String> {
        let listed = self.engine.objects.list("images", "", 99).await.unwrap();
        listed.into_iter().map(|file| file.key.rsplit_once('.').unwrap().1.to_owned()).collect()
    }
}

const HOLD: &str = "select state from transfer where kind = 'hold'";

#[tokio::test]
async fn d7_a_result_that_is_good_is_kept_with_what_is_known_of_it() {
    let stage = Stage::set(&[Defect::Silent]).await;
    stage.work().await;
    assert_eq!(
        stage.attempts().await,
        [(AttemptState::Succeeded, "account".to_owned())],
        "a warning is no refusal"
    );
    assert_eq!(stage.one::<String>(HOLD).await, "posted");
    assert_eq!(stage.one::<String>("select blurhash from asset").await, "LEHV6n");
    assert_eq!(stage.one::<i64>("select dhash from asset").await, -7);
    assert_eq!(stage.one::<String>("select thumbnails from asset").await, "256");
    assert_eq!(stage.files().await, ["webp", "png"]);
    let assets = stage.engine.assets(&stage.id).await.unwrap();
    let kept = stage.engine.whole(&assets[0].object_key).await.unwrap();
    assert_eq!((kept.as_ref(), assets[0].bytes), (BETTER, BETTER.len().try_into().unwrap()));
}

#[tokio::test]
async fn d7_what_is_refused_once_is_tried_again_at_the_houses_cost() {
    let stage = Stage::set(&[Defect::Blank]).await;
    stage.work().await;
    let expected = [(AttemptState::Failed, "account"), (AttemptState::Succeeded, "house")];
    assert_eq!(stage.attempts().await, expected.map(|(state, who)| (state, who.to_owned())));
    assert_eq!(stage.engine.generation(&stage.id).await.unwrap().state, GenerationState::Succeeded);
    assert_eq!(stage.one::<String>(HOLD).await, "posted", "charged once");
    assert_eq!(stage.files().await, ["webp", "png"]);
}

#[tokio::test]
async fn d7_what_is_refused_twice_costs_nobody_but_the_house() {
    let stage = Stage::set(&[Defect::Blank, Defect::Blank]).await;
    stage.work().await;
    let generation = stage.engine.generation(&stage.id).await.unwrap();
    assert_eq!(
        (generation.state, generation.error_code),
        (GenerationState::Failed, Some(ErrorCode::UnacceptableResult))
    );
    assert_eq!(generation.error_text.as_deref(), Some("blank: all of it"));
    assert_eq!(stage.attempts().await.len(), 2, "and never a third time");
    assert_eq!(stage.one::<String>(HOLD).await, "voided");
    assert_eq!(stage.files().await, [""; 0]);
}
