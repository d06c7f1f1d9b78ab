//! Facts, what is looked for, and the gate's bounds.

use crate::made::{Seed, jpeg, png, scene};
use crate::{expected, fixture, photographs};
use palitra_domain::acceptance::{Defect, Examiner, Expected};
use palitra_domain::catalogue::Lane;
use palitra_media::acceptance::{Gate, examine};
use palitra_media::pool::Pool;
use std::task::{Context, Poll, Waker};

#[test]
fn d7_facts_are_taken_even_when_nothing_is_looked_for() {
    let (_, file) = photographs().swap_remove(0);
    let looked = examine(&Expected::default(), &[file.into()]);
    let facts = &looked.facts[0];
    assert_eq!((facts.width, facts.height), (Some(256), Some(170)));
    assert_eq!(facts.blurhash.as_ref().map(String::len), Some(28));
    assert!(facts.dhash.is_some());
    assert_eq!(facts.thumbnails, [], "it is small already");
    let large =
        image::RgbImage::from_fn(1_200, 400, |x, y| image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 90]));
    let file = palitra_media::encode::png(&image::DynamicImage::ImageRgb8(large)).unwrap();
    let looked = examine(&Expected::default(), &[file.into()]);
    let thumbnails = &looked.facts[0].thumbnails;
    assert_eq!(thumbnails.iter().map(|(side, _)| *side).collect::<Vec<_>>(), [256, 1024]);
    assert!(thumbnails.iter().all(|(_, file)| file.starts_with(b"RIFF")));
    assert!(looked.findings.is_empty());
    let sound = examine(&expected(Lane::Audio), &[fixture("opus.ogg").into()]);
    assert!(sound.facts[0].duration_ms.is_some_and(|ms| ms > 0));
    let film = examine(&expected(Lane::Video), &[fixture("film.mp4").into()]);
    assert!(film.facts[0].width.is_some() && film.facts[0].duration_ms.is_some());
    let better = film.facts[0].better.clone().unwrap();
    assert!(palitra_media::video::check(&better).unwrap().is_fast_start);
    assert_eq!(examine(&expected(Lane::Video), &[better]).facts[0].better, None, "it is in order already");
}

#[test]
fn d7_whole_files_are_not_broken_whether_they_are_decoded_or_not() {
    for name in [
        "cmyk.jpg",
        "grey.jpg",
        "progressive.jpg",
        "turned.jpg",
        "place.jpg",
        "photo.avif",
        "photo.heic",
        "picture.tif",
        "animated.gif",
        "animated.webp",
        "animated.png",
    ] {
        let found = examine(&expected(Lane::Image), &[fixture(name).into()]).findings;
        assert!(found.iter().all(|finding| finding.defect != Defect::Broken), "{name}: {found:?}");
    }
}

#[test]
fn d7_only_what_is_looked_for_is_found() {
    let html = bytes::Bytes::from_static(b"<html>");
    let found = |defects: Vec<Defect>| {
        examine(&Expected { defects, ..expected(Lane::Image) }, std::slice::from_ref(&html)).findings.len()
    };
    assert_eq!((found(vec![Defect::WrongKind]), found(vec![Defect::Blank]), found(Vec::new())), (1, 0, 0));
}

#[test]
fn d7_the_gate_finds_what_the_function_finds_within_its_bounds() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    // Less than any of the pictures needs: they are looked at one after the other, and none waits for ever.
    let gate = Gate(Pool::new(2, 1));
    let files: Vec<_> = (0..6).map(|n| jpeg(&scene(&mut Seed(n), 400, 400), 80)).collect();
    let asked = || Expected { size: Some((400, 300)), ..expected(Lane::Image) };
    runtime.block_on(async {
        let looks: Vec<_> = files.iter().map(|file| gate.examine(asked(), vec![file.clone()])).collect();
        for (look, file) in looks.into_iter().zip(&files) {
            assert_eq!(look.await, examine(&asked(), std::slice::from_ref(file)));
        }
    });
}

#[test]
fn d7_who_stops_waiting_takes_no_memory_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let _inside = runtime.enter();
    let gate = Gate(Pool::new(1, 1));
    let file = png(&scene(&mut Seed(1), 300, 300));
    for _ in 0..5 {
        let mut look = gate.examine(expected(Lane::Image), vec![file.clone()]);
        assert!(matches!(look.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        drop(look);
    }
    let looked = runtime.block_on(gate.examine(expected(Lane::Image), vec![file]));
    assert_eq!(looked.facts.len(), 1);
}
