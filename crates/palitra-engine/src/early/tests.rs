//! Who sees what, how much is kept, and that nothing remains.

use super::*;
use bytes::Bytes;
use futures_util::FutureExt;
use palitra_domain::Timestamp;

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
