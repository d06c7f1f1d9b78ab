//! Short answers are held until their record is there: they are written down when the record does not say all of them, when it fails and
//! when it takes its time (invariant 3).

use super::super::*;
use crate::{
    Engine, KeyPart, MarketPart, claims,
    town::{Town, order, service},
    work,
};
use bytes::Bytes;
use palitra_domain::{
    BoxFuture,
    market::{CancelAnswer, Capabilities, OutputFile, Outputs},
    objects::ByteStream,
    state::GenerationState,
};
use palitra_store::{Store, p};
use std::sync::{
    Mutex, OnceLock,
    mpsc::{Receiver, Sender, channel},
};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0";

/// What happens to the database while the call is out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// Another process takes the generation over.
    TakenOver,
    /// A long commit stands before ours.
    Busy,
}

/// Answers briefly, with a link or with the picture itself.
struct Brief {
    answers: &'static str,
    meanwhile: Meanwhile,
    store: OnceLock<Store>,
    spool: OnceLock<Spool>,
    /// Ends the long commit when it goes.
    busy: Mutex<Option<Sender<()>>>,
    fetched: Mutex<Vec<bool>>,
}

impl Brief {
    async fn happen(&self) {
        let store = self.store.get().unwrap();
        match self.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::TakenOver => {
                let sql = "update generation set epoch = epoch + 1";
                store.write(move |tx| tx.send(sql, p![])).await.unwrap();
            }
            Meanwhile::Busy => {
                let (end, ended): (_, Receiver<()>) = channel();
                *self.busy.lock().unwrap() = Some(end);
                let ended = Mutex::new(ended);
                drop(store.post(move |_| {
                    ended.lock().unwrap().recv().ok();
                    Ok(())
                }));
            }
        }
    }

    fn read(body: &[u8]) -> Submitted {
        let file = match body {
            b"link" => OutputFile::Link("https://market/picture.png".to_owned()),
            other => OutputFile::Bytes(Bytes::copy_from_slice(other)),
        };
        Submitted::Done(Outputs { files: vec![file], ..Outputs::default() })
    }
}

impl Market for Brief {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        Box::pin(async {
            self.happen().await;
            let spool = request.spool.clone().unwrap();
            let body = if self.answers == "link" { b"link" } else { PICTURE };
            spool.hold(Bytes::from_static(body));
            self.spool.set(spool).ok().unwrap();
            Brief::read(body)
        })
    }

    fn answered(&self, _: &Request, body: &[u8]) -> Submitted {
        Brief::read(body)
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        panic!("it has nothing that could be asked for")
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(async { CancelAnswer::Unsupported })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::result::Result<ByteStream, MarketError>> {
        self.fetched.lock().unwrap().push(self.spool.get().unwrap().is_written());
        Box::pin(async { Ok(Box::pin(stream::iter([Ok(Bytes::from_static(PICTURE))])) as ByteStream) })
    }
}

struct Stage {
    town: Town,
    market: Arc<Brief>,
    engine: Engine,
    machine: Machine,
    id: GenerationId,
}

impl Stage {
    async fn set(answers: &'static str, meanwhile: Meanwhile) -> Stage {
        let market = Arc::new(Brief {
            answers,
            meanwhile,
            store: OnceLock::new(),
            spool: OnceLock::new(),
            busy: Mutex::default(),
            fetched: Mutex::default(),
        });
        let town = Town::new();
        let keys = vec![KeyPart { label: "main".to_owned(), slots: 4, rate: None }];
        let part = MarketPart { name: "fal".to_owned(), adapter: market.clone(), keys };
        let engine = town.with(part).await;
        market.store.set(engine.store.clone()).ok().unwrap();
        let machine = service(&engine);
        let id = order(&engine, "a cat").await;
        Stage { town, market, engine, machine, id }
    }

    async fn submit(&self) {
        for (ticket, claimed) in claims::claim(&self.machine, "fal").await.unwrap().claimed {
            work::submit(self.machine.clone(), ticket, claimed).await;
        }
    }

    async fn is_kept(&self) -> bool {
        self.engine.objects.exists(&key(&self.id, 1)).await.unwrap()
    }

    fn was_written(&self) -> bool {
        self.market.spool.get().unwrap().is_written()
    }

    async fn state(&self) -> GenerationState {
        self.engine.generation(&self.id).await.unwrap().state
    }
}

#[tokio::test]
async fn an_answer_that_its_record_says_is_not_written() {
    let stage = Stage::set("link", Meanwhile::Nothing).await;
    stage.submit().await;
    assert_eq!(stage.state().await, GenerationState::Succeeded);
    assert!(!stage.was_written() && !stage.is_kept().await);
    assert_eq!(*stage.market.fetched.lock().unwrap(), [false], "not for the download either");
}

#[tokio::test]
async fn invariant_03_a_short_answer_that_is_the_result_is_written_before_it_is_recorded_and_goes() {
    let stage = Stage::set("picture", Meanwhile::Nothing).await;
    stage.submit().await;
    assert_eq!(stage.state().await, GenerationState::Succeeded);
    assert!(stage.was_written());
    assert!(!stage.is_kept().await, "it is not needed any more");
}

#[tokio::test]
async fn invariant_03_an_answer_whose_record_is_refused_is_written() {
    for answers in ["link", "picture"] {
        let stage = Stage::set(answers, Meanwhile::TakenOver).await;
        stage.submit().await;
        assert_eq!(stage.state().await, GenerationState::Submitting, "somebody else's now");
        assert!(stage.is_kept().await, "{answers}: who took over finds it");
        let kept = read(&stage.machine, stage.machine.market("fal").unwrap(), &stage.id, 1).await.unwrap();
        assert!(matches!(kept, Some(Submitted::Done(_))), "{answers}");
    }
}

#[tokio::test]
async fn invariant_03_an_answer_whose_record_takes_its_time_is_written_meanwhile() {
    let stage = Stage::set("link", Meanwhile::Busy).await;
    let written = async {
        while !stage.is_kept().await {
            stage.town.clock.turn(1);
            tokio::task::yield_now().await;
        }
        assert_ne!(stage.state().await, GenerationState::Succeeded);
        drop(stage.market.busy.lock().unwrap().take());
    };
    tokio::join!(stage.submit(), written);
    assert_eq!(stage.state().await, GenerationState::Succeeded);
    assert!(!stage.is_kept().await, "and goes with the end");
}
