//! Batches of any graph: what a step is told by those before it, what is planned again, what is counted.

use super::*;
use crate::{
    Engine, KeyPart, MarketPart, claims,
    generations::Once,
    scheduler::Machine,
    town::{Town, service},
    work,
};
use bytes::Bytes;
use palitra_domain::{
    BatchId, BoxFuture, ErrorCode, Livemode,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
    state::{BatchKind, BatchState, Priority, StepKind, StepStatus},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";
const SOUND: &[u8] = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0";

/// Answers in the call and remembers what it was asked, in order; fails what is asked about "spoilt" things while it is told to.
#[derive(Default)]
struct Studio {
    asked: Mutex<Vec<(String, Value)>>,
    fails: Mutex<bool>,
}

impl Market for Studio {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: true, cancel: false, webhooks: false, answers_in_call: false }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        self.asked.lock().unwrap().push((request.mode.clone(), request.input.clone()));
        let is_spoilt = request.input.to_string().contains("spoilt") && *self.fails.lock().unwrap();
        let file = |bytes| Outputs {
            files: vec![OutputFile::Bytes(Bytes::from_static(bytes))],
            ..Outputs::default()
        };
        let answer = match request.mode.as_str() {
            _ if is_spoilt => Submitted::Refused(MarketError::new(ErrorClass::GenerationFailed, "spoilt")),
            "write" => Submitted::Done(Outputs { text: Some("a red kite".to_owned()), ..Outputs::default() }),
            "speak" => Submitted::Done(file(SOUND)),
            _ => Submitted::Done(file(PICTURE)),
        };
        Box::pin(async { answer })
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

struct Stage {
    town: Town,
    studio: Arc<Studio>,
    engine: Engine,
    machine: Machine,
}

impl Stage {
    async fn new() -> Stage {
        let (town, studio) = (Town::new(), Arc::new(Studio::default()));
        let keys = vec![KeyPart { label: "built-in".to_owned(), slots: 4, rate: None }];
        let market = MarketPart { name: "sandbox".to_owned(), adapter: studio.clone(), keys };
        let engine = town.with(market).await;
        let machine = service(&engine);
        Stage { town, studio, engine, machine }
    }

    fn manifest(&self, items: Vec<ManifestItem>) -> Manifest {
        Manifest {
            account: self.engine.house.id.clone(),
            livemode: Livemode::Live,
            key: None,
            kind: BatchKind::Run,
            source: "here".to_owned(),
            title: "things".to_owned(),
            shown: json!({}),
            gate_percent: 0,
            sequential: false,
            priority: Priority::Standard,
            workers: Vec::new(),
            faces: Vec::new(),
            items,
        }
    }

    /// Plans and carries out; answers what was planned and the batch.
    async fn run(&self, items: Vec<ManifestItem>) -> (Plan, BatchId) {
        let plan = self.engine.plan(self.manifest(items)).await.unwrap();
        let batch = self.engine.start_batch(&plan).await.unwrap().id;
        self.work().await;
        (plan, batch)
    }

    /// Until there is nothing to claim any more.
    async fn work(&self) {
        loop {
            let claimed = claims::claim(&self.machine, "sandbox").await.unwrap().claimed;
            if claimed.is_empty() {
                return;
            }
            for (ticket, claimed) in claimed {
                work::submit(self.machine.clone(), ticket, claimed).await;
            }
        }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.studio.asked.lock().unwrap())
    }
}

fn after(step: StepWish, before: &[usize]) -> StepWish {
    StepWish { after: before.to_vec(), ..step }
}

/// prompt → picture → edit, which waits for the prompt, too; and speech beside them.
fn graph(number: u32, about: &str) -> ManifestItem {
    let artist = "sandbox/artist";
    let steps = vec![
        StepWish::new(StepKind::Prompt, "sandbox/writer", "write", json!({ "prompt": about })),
        after(
            StepWish::new(
                StepKind::Picture,
                artist,
                "create",
                json!({ "width": 64, "height": 64, "seed": 1 }),
            ),
            &[0],
        ),
        after(
            StepWish::new(StepKind::Edit, artist, "edit", json!({ "width": 64, "height": 64, "seed": 1 })),
            &[0, 1],
        ),
        StepWish::new(StepKind::Speech, "sandbox/voice", "speak", json!({ "text": about })),
    ];
    ManifestItem { number, title: about.to_owned(), content: json!({}), steps }
}

fn picture(number: u32, about: &str) -> ManifestItem {
    let input = json!({ "prompt": about, "width": 64, "height": 64, "seed": 1 });
    let step = StepWish::new(StepKind::Run, "sandbox/artist", "create", input);
    ManifestItem { number, title: about.to_owned(), content: json!({}), steps: vec![step] }
}

#[tokio::test]
async fn a_step_is_told_by_all_that_it_waits_for_and_nothing_is_made_twice() {
    let stage = Stage::new().await;
    let (plan, batch) = stage.run(vec![graph(1, "a kite")]).await;
    assert_eq!((plan.unchanged, plan.to_run, plan.refused), (0, 1, 0));
    let asked = stage.asked();
    let of = |mode: &str| asked.iter().find(|(asked, _)| asked == mode).unwrap().1.clone();
    assert_eq!(of("create")["prompt"], "a red kite");
    assert_eq!(of("edit")["prompt"], "a red kite");
    let pictures = of("edit")["images"].as_array().unwrap().clone();
    let report = stage.engine.report(&batch, stage.engine.now()).await.unwrap();
    assert_eq!((report.status, report.items[0].status), (BatchState::Completed, StepStatus::Succeeded));
    let step = |kind: StepKind| {
        report.items[0].steps.iter().find(|step| step.step == kind).unwrap().id.clone().unwrap()
    };
    let drawn = stage.engine.assets(&step(StepKind::Picture)).await.unwrap();
    assert_eq!(pictures, [json!(drawn[0].id)]);

    let (again, _) = stage.run(vec![graph(1, "a kite")]).await;
    assert_eq!((again.unchanged, again.to_run, again.price.amount), (1, 0, 0));
    assert_eq!(stage.asked(), [], "every step is answered by its recipe");
}

#[tokio::test]
async fn d2_what_is_made_anew_answers_for_its_recipe_from_then_on() {
    let stage = Stage::new().await;
    stage.run(vec![picture(1, "a kite"), picture(2, "a boat")]).await;
    stage.asked();
    let mut kite = picture(1, "a kite");
    kite.steps[0].redo = Some(77);
    let (plan, batch) = stage.run(vec![kite, picture(2, "a boat")]).await;
    assert_eq!((plan.unchanged, plan.to_run), (1, 1));
    let asked = stage.asked();
    assert_eq!((asked.len(), &asked[0].1["seed"]), (1, &json!(77)));
    let anew = stage.engine.report(&batch, stage.engine.now()).await.unwrap().items[0].steps[0].id.clone();
    let (_, batch) = stage.run(vec![picture(1, "a kite"), picture(2, "a boat")]).await;
    assert_eq!(stage.asked(), []);
    let kept = stage.engine.report(&batch, stage.engine.now()).await.unwrap();
    assert_eq!(kept.items[0].steps[0].id, anew, "the newer picture, not the first");
}

#[tokio::test]
async fn d2_of_two_equal_items_the_one_that_is_made_anew_changes() {
    let stage = Stage::new().await;
    let ids = async |batch: &BatchId| -> Vec<_> {
        let report = stage.engine.report(batch, stage.engine.now()).await.unwrap();
        report.items.iter().map(|item| item.steps[0].id.clone().unwrap()).collect()
    };
    let twins = || vec![picture(1, "a kite"), picture(2, "a kite")];
    let (_, batch) = stage.run(twins()).await;
    let first = ids(&batch).await;
    assert_ne!(first[0], first[1]);
    let mut redo = twins();
    redo[1].steps[0].redo = Some(77);
    let (plan, batch) = stage.run(redo).await;
    assert_eq!((plan.unchanged, plan.to_run), (1, 1));
    let anew = ids(&batch).await;
    let (_, batch) = stage.run(twins()).await;
    assert_eq!(ids(&batch).await, [first[0].clone(), anew[1].clone()]);
}

#[tokio::test]
async fn d2_only_what_failed_is_tried_again() {
    let stage = Stage::new().await;
    *stage.studio.fails.lock().unwrap() = true;
    let items = || vec![picture(1, "a kite"), picture(2, "a spoilt boat"), picture(3, "a cat")];
    let (_, batch) = stage.run(items()).await;
    let progress = stage.engine.progress(&batch).await.unwrap();
    assert_eq!(progress.done, Done { items: 3, ended: 3, failed: 1 });
    assert_eq!(
        (progress.state, progress.percent()),
        (BatchState::Completed, 100),
        "no gate: each item stands alone"
    );
    *stage.studio.fails.lock().unwrap() = false;
    stage.asked();

    let mut more = items();
    more.push(picture(4, "a new one"));
    let all = stage.engine.plan(stage.manifest(more.clone())).await.unwrap();
    assert_eq!((all.unchanged, all.to_run, all.failed), (2, 2, 1));
    let failed = stage.engine.plan_failed(stage.manifest(more)).await.unwrap();
    assert_eq!((failed.unchanged, failed.to_run, failed.failed), (2, 1, 1), "the new one is left out");
    stage.engine.start_batch(&failed).await.unwrap();
    stage.work().await;
    let asked = stage.asked();
    assert_eq!((asked.len(), asked[0].1["prompt"].as_str()), (1, Some("a spoilt boat")));
}

#[tokio::test]
async fn what_was_not_made_is_started_again_and_what_was_stands_as_it_is() {
    let stage = Stage::new().await;
    *stage.studio.fails.lock().unwrap() = true;
    let mut kite = picture(1, "a kite");
    kite.steps[0].redo = Some(77);
    let (_, batch) = stage.run(vec![kite, picture(2, "a spoilt boat"), graph(3, "a spoilt cat")]).await;
    let failed = stage.engine.report(&batch, stage.engine.now()).await.unwrap();
    let statuses: Vec<StepStatus> = failed.items.iter().map(|item| item.status).collect();
    assert_eq!(statuses, [StepStatus::Succeeded, StepStatus::Failed, StepStatus::Failed]);
    *stage.studio.fails.lock().unwrap() = false;
    stage.asked();

    let once = |key: &str| Some(Once { key: key.to_owned(), fingerprint: [0; 32], repeats: None });
    let again = stage.engine.start_again(&batch, None, once("a")).await.unwrap();
    assert!(again.is_new && again.id != batch);
    // Whoever asks once more meanwhile is told of the same: nothing is held twice.
    for key in ["a", "b"] {
        let joined = stage.engine.start_again(&batch, None, once(key)).await.unwrap();
        assert_eq!((joined.id, joined.is_new), (again.id.clone(), false));
    }
    let open = stage.engine.start_again(&again.id, None, None).await.unwrap();
    assert_eq!((open.id, open.is_new), (again.id.clone(), false), "it is at work");
    stage.work().await;
    let asked = stage.asked();
    let modes: Vec<&str> = asked.iter().map(|(mode, _)| mode.as_str()).collect();
    // The whole of the third item hung on its prompt; the first, made anew with another seed, is not asked for.
    assert_eq!((modes.len(), modes.contains(&"edit")), (5, true), "{asked:?}");
    let edit = &asked.iter().find(|(mode, _)| mode == "edit").unwrap().1;
    assert_eq!(
        (edit["prompt"].as_str(), edit["images"].as_array().map(Vec::len)),
        (Some("a red kite"), Some(1))
    );
    let report = stage.engine.report(&again.id, stage.engine.now()).await.unwrap();
    assert!(report.items.iter().all(|item| item.status == StepStatus::Succeeded), "{:?}", report.items);
    assert_eq!(
        (report.items[0].reused, report.items[0].steps[0].id.clone()),
        (true, failed.items[0].steps[0].id.clone())
    );
    let nothing = stage.engine.start_again(&again.id, None, None).await.unwrap_err();
    assert_eq!(nothing.code, ErrorCode::AlreadyFinished);
}

#[tokio::test]
async fn what_a_follower_has_made_is_not_asked_for_again_by_whoever_starts_the_first_once_more() {
    let stage = Stage::new().await;
    stage.run(vec![picture(1, "a kite")]).await;
    stage.town.clock.turn(1);
    let mut kite = picture(1, "a kite");
    kite.steps[0].redo = Some(77);
    let items = vec![kite, picture(2, "a boat"), graph(3, "a cat")];
    let plan = stage.engine.plan(stage.manifest(items)).await.unwrap();
    let first = stage.engine.start_batch(&plan).await.unwrap().id;
    stage.engine.cancel_batch(&first).await.unwrap();
    stage.asked();
    stage.town.clock.turn(1);

    let again = stage.engine.start_again(&first, None, None).await.unwrap();
    stage.work().await;
    let kites =
        |asked: &[(String, Value)]| asked.iter().filter(|(_, input)| input["seed"] == json!(77)).count();
    assert_eq!(kites(&stage.asked()), 1, "it is made anew, whatever was there before the batch");
    let report = stage.engine.report(&again.id, stage.engine.now()).await.unwrap();
    assert!(report.items.iter().all(|item| item.status == StepStatus::Succeeded), "{:?}", report.items);
    for ended in [&first, &again.id] {
        let nothing = stage.engine.start_again(ended, None, None).await.unwrap_err();
        assert_eq!(nothing.code, ErrorCode::AlreadyFinished);
    }
    assert_eq!(stage.asked(), []);
}

#[tokio::test]
async fn of_two_stopped_batches_of_a_manifest_what_is_left_is_held_once() {
    let stage = Stage::new().await;
    let plan = stage.engine.plan(stage.manifest(vec![picture(1, "a kite")])).await.unwrap();
    let mut ended = Vec::new();
    for _ in 0..2 {
        let id = stage.engine.start_batch(&plan).await.unwrap().id;
        stage.engine.cancel_batch(&id).await.unwrap();
        ended.push(id);
    }
    let (one, other) = tokio::join!(
        stage.engine.start_again(&ended[0], None, None),
        stage.engine.start_again(&ended[1], None, None)
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.id, one.is_new), (other.id, !other.is_new));
}

#[tokio::test]
async fn what_is_left_of_a_batch_replaces_nothing_newer_from_its_source() {
    let stage = Stage::new().await;
    let plan = stage.engine.plan(stage.manifest(vec![picture(1, "a kite")])).await.unwrap();
    let old = stage.engine.start_batch(&plan).await.unwrap().id;
    stage.engine.cancel_batch(&old).await.unwrap();
    let plan = stage.engine.plan(stage.manifest(vec![picture(1, "a boat")])).await.unwrap();
    let newer = stage.engine.start_batch(&plan).await.unwrap().id;
    let again = stage.engine.start_again(&old, None, None).await.unwrap();
    assert_eq!(again.superseded, []);
    assert_eq!(stage.engine.batch(&newer).await.unwrap().stop, None);
}

#[tokio::test]
async fn a_batch_that_is_still_stopping_is_not_started_again_yet() {
    let stage = Stage::new().await;
    let plan = stage.engine.plan(stage.manifest(vec![picture(1, "a kite")])).await.unwrap();
    let batch = stage.engine.start_batch(&plan).await.unwrap().id;
    let claimed = claims::claim(&stage.machine, "sandbox").await.unwrap().claimed;
    stage.engine.cancel_batch(&batch).await.unwrap();
    assert_eq!(stage.engine.batch(&batch).await.unwrap().state, BatchState::Processing);
    let early = stage.engine.start_again(&batch, None, None).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::StillEnding);
    for (ticket, claimed) in claimed {
        work::submit(stage.machine.clone(), ticket, claimed).await;
    }
    assert_ne!(stage.engine.batch(&batch).await.unwrap().state, BatchState::Processing);
}

#[tokio::test]
async fn s1_13_17_progress_counts_items_and_is_never_full_before_the_end() {
    let stage = Stage::new().await;
    let items = (1..=3).map(|number| picture(number, &format!("thing {number}"))).collect();
    let plan = stage.engine.plan(stage.manifest(items)).await.unwrap();
    let batch = stage.engine.start_batch(&plan).await.unwrap().id;
    let mut seen = Vec::new();
    for (ticket, claimed) in claims::claim(&stage.machine, "sandbox").await.unwrap().claimed {
        seen.push(stage.engine.progress(&batch).await.unwrap().percent());
        work::submit(stage.machine.clone(), ticket, claimed).await;
    }
    seen.push(stage.engine.progress(&batch).await.unwrap().percent());
    assert_eq!(seen, [0, 33, 66, 100]);
}

#[tokio::test]
async fn a_graph_that_cannot_be_is_refused_before_anything_is_paid() {
    let stage = Stage::new().await;
    let twice = StepWish::new(StepKind::Run, "sandbox/artist", "create", json!({ "prompt": "a" }));
    for steps in [
        vec![],
        vec![twice.clone(), twice.clone()],
        vec![after(twice.clone(), &[0])],
        vec![after(twice, &[3])],
    ] {
        let item = ManifestItem { number: 1, title: String::new(), content: json!({}), steps };
        let refused = stage.engine.plan(stage.manifest(vec![item])).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidInput);
    }
    let many = (0..=10_000).map(|number| picture(number, "a")).collect();
    assert_eq!(stage.engine.plan(stage.manifest(many)).await.unwrap_err().code, ErrorCode::InvalidInput);
}

#[tokio::test]
async fn s1_12_20_a_task_waits_works_and_ends_and_names_what_failed() {
    let stage = Stage::new().await;
    *stage.studio.fails.lock().unwrap() = true;
    let items = vec![picture(1, "кот"), picture(2, "spoilt"), picture(3, "дом")];
    let plan = stage.engine.plan(stage.manifest(items)).await.unwrap();
    let batch = stage.engine.start_batch(&plan).await.unwrap().id;
    let task = async || stage.engine.task(&batch).await.unwrap();
    let pending = task().await;
    assert_eq!(
        (pending.status, pending.progress, pending.total_words, pending.completed_words),
        ("pending", 0, 3, 0)
    );
    let claimed = claims::claim(&stage.machine, "sandbox").await.unwrap().claimed;
    assert_eq!(task().await.status, "processing");
    for (ticket, claimed) in claimed {
        work::submit(stage.machine.clone(), ticket, claimed).await;
    }
    let done = task().await;
    assert_eq!((done.status, done.partial, done.progress), ("completed", true, 100));
    assert_eq!(
        (done.completed_words, done.succeeded_words, done.failed_words),
        (3, 2, vec!["spoilt".to_owned()])
    );
    assert_eq!(done.stale_words, [0; 0]);

    // S1-27: the list is edited; what was made of the old word is kept and flagged.
    stage.run(vec![picture(1, "кот"), picture(2, "spoilt"), picture(3, "домик")]).await;
    assert_eq!(task().await.stale_words, [3]);

    // S1-20.
    let (_, all) = stage.run(vec![picture(1, "spoilt"), picture(2, "spoilt too")]).await;
    assert_eq!(stage.engine.task(&all).await.unwrap().status, "failed");
}
