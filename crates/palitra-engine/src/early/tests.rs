//! Who sees what, how much is kept, and that nothing remains.

use super::*;
use crate::{
    KeyPart, MarketPart, claims,
    generations::Wish,
    town::{Town, service, wish},
    work,
};
use bytes::Bytes;
use futures_util::FutureExt;
use palitra_domain::{
    BoxFuture, Timestamp,
    market::{
        CancelAnswer, Capabilities, ErrorClass, Market, MarketError, OutputFile, Outputs, Polled, RemoteRef,
        Request, Submitted,
    },
    objects::ByteStream,
    state::GenerationState,
};

fn id(n: u128) -> GenerationId {
    GenerationId::new(Timestamp::from_micros(0), n)
}

/// A picture of so many bytes.
fn picture(index: u64, bytes: usize) -> EarlyPicture {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes, 0);
    EarlyPicture::of(index, Bytes::from(picture)).expect("a picture")
}

fn follow(early: &Arc<EarlyPictures>, id: &GenerationId) -> Early {
    Early { shown: early.of(id), seen: 0 }
}

fn left(early: &Arc<EarlyPictures>) -> (usize, usize) {
    let all = early.all();
    (all.of.len(), all.bytes)
}

#[test]
fn whoever_comes_before_or_during_the_work_sees_all_of_it_in_order() {
    let early = Arc::new(EarlyPictures::default());
    let mut before = follow(&early, &id(1));
    assert!(before.next().now_or_never().is_none());
    let shown = early.of(&id(1));
    let sink = shown.sink();
    sink.show(picture(0, 10));
    assert_eq!(before.next().now_or_never(), Some(picture(0, 10)));
    assert!(before.next().now_or_never().is_none());
    sink.show(picture(1, 10));
    let mut during = follow(&early, &id(1));
    assert_eq!((during.next().now_or_never(), during.rest()), (Some(picture(0, 10)), vec![picture(1, 10)]));
    assert_eq!((before.rest(), before.rest()), (vec![picture(1, 10)], Vec::new()));
    assert_eq!(follow(&early, &id(2)).rest(), Vec::new(), "of another generation");
}

#[tokio::test]
async fn who_waits_is_woken() {
    let early = Arc::new(EarlyPictures::default());
    let mut waits = follow(&early, &id(1));
    let sink = early.of(&id(1)).sink();
    let (seen, ()) = tokio::join!(waits.next(), async { sink.show(picture(0, 10)) });
    assert_eq!(seen, picture(0, 10));
}

#[test]
fn of_one_generation_three_are_kept_and_of_all_together_so_many_bytes() {
    let early = Arc::new(EarlyPictures::default());
    let (one, two) = (early.of(&id(1)), early.of(&id(2)));
    (0..5).for_each(|index| one.sink().show(picture(index, 10)));
    assert_eq!((follow(&early, &id(1)).rest().len(), left(&early)), (3, (2, 30)));
    two.sink().show(picture(0, BYTES_MAX - 29));
    assert_eq!(left(&early), (2, 30), "no room");
    two.sink().show(picture(0, BYTES_MAX - 30));
    assert_eq!(left(&early), (2, BYTES_MAX));
    drop(one);
    assert_eq!(left(&early), (1, BYTES_MAX - 30), "room again");
}

#[test]
fn nothing_remains_when_nobody_works_or_looks_on_any_more() {
    let early = Arc::new(EarlyPictures::default());
    let shown = early.of(&id(1));
    shown.sink().show(picture(0, 10));
    let mut follower = follow(&early, &id(1));
    drop(shown);
    assert_eq!(follower.rest(), [picture(0, 10)], "who looks on sees it after the end");
    drop(follower);
    assert_eq!(left(&early), (0, 0));
    assert_eq!(follow(&early, &id(1)).rest(), Vec::new());
    assert_eq!(left(&early), (0, 0));
}

/// Shows two early pictures where somebody takes them, then the picture or a refusal.
struct Painter {
    refuses: bool,
}

impl Market for Painter {
    fn capabilities(&self) -> Capabilities {
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true }
    }

    fn submit<'a>(&'a self, _: &'a str, request: &'a Request) -> BoxFuture<'a, Submitted> {
        for index in 0..2 {
            if let Some(early) = &request.early {
                early.show(picture(index, 10));
            }
        }
        let files = vec![OutputFile::Bytes(picture(0, 64).bytes)];
        Box::pin(std::future::ready(match self.refuses {
            true => Submitted::Refused(MarketError::new(ErrorClass::ContentRejected, "no")),
            false => Submitted::Done(Outputs { files, ..Outputs::default() }),
        }))
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, Polled> {
        Box::pin(std::future::ready(Polled::NotFound))
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a RemoteRef) -> BoxFuture<'a, CancelAnswer> {
        Box::pin(std::future::ready(CancelAnswer::Unsupported))
    }

    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<ByteStream, MarketError>> {
        Box::pin(std::future::ready(Err(MarketError::new(ErrorClass::ResultExpired, "nothing"))))
    }
}

#[tokio::test]
async fn a_generation_shows_what_it_asked_for_and_its_end_leaves_nothing_however_it_ends() {
    for (asked, refuses) in [(2, false), (2, true), (0, false)] {
        let part = MarketPart {
            name: "openai".to_owned(),
            adapter: Arc::new(Painter { refuses }),
            keys: vec![KeyPart { label: "main".to_owned(), slots: 4, rate: None }],
        };
        let town = Town::new();
        let engine = town.with(part).await;
        let machine = service(&engine);
        let input = serde_json::json!({ "prompt": "a cat", "partial_images": asked });
        let wish = Wish { model: "openai:gpt-image-1".to_owned(), input, ..wish(&engine, "a cat") };
        let id = engine.create(wish, None).await.unwrap();
        let mut follower = engine.early(&id);
        for (ticket, claimed) in claims::claim(&machine, "openai").await.unwrap().claimed {
            work::submit(machine.clone(), ticket, claimed).await;
        }
        let state = if refuses { GenerationState::Failed } else { GenerationState::Succeeded };
        assert_eq!(engine.generation(&id).await.unwrap().state, state);
        assert_eq!(follower.rest().len(), asked);
        drop(follower);
        assert_eq!(left(&engine.early), (0, 0));
    }
}
