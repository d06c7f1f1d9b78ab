//! What is written into a file comes back, and goes without a trace.

use crate::fixture;
use crate::made::{noisy, png_chunk, png_of, transparent};
use palitra_media::decode::decode;
use palitra_media::recipe::{Error, RECIPE_BYTES_MAX, Recipe, read, strip, write};
use palitra_media::{clean, encode};
use proptest::prelude::*;

fn recipe() -> Recipe {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Recipe {
        prompt: "маленькая собака в шляпе, <lora:dog:1> & \"кавычки\"".into(),
        negative: Some("blur".into()),
        settings: vec![
            setting("Steps", "20"),
            setting("Seed", "42"),
            setting("Model", "flux, dev"),
            setting("Size", "1472x2048"),
        ],
    }
}

fn files() -> Vec<Vec<u8>> {
    let opaque = noisy(31, 17, 90, 1);
    vec![
        png_of(opaque.clone()),
        fixture("animated.png"),
        encode::jpeg(&opaque, 85).unwrap(),
        fixture("turned.jpg"),
        encode::webp(&opaque.clone().into(), 80).unwrap(),
        encode::webp_lossless(&opaque.into()).unwrap(),
        encode::webp(&transparent(31, 17, 90).into(), 80).unwrap(),
        encode::webp_lossless(&transparent(31, 17, 90).into()).unwrap(),
        fixture("place.webp"),
        fixture("animated.webp"),
    ]
}

#[test]
fn recipes_are_written_read_and_stripped() {
    for (n, file) in files().iter().enumerate() {
        let written = write(file, Some(&recipe())).unwrap();
        assert_eq!(read(&written).unwrap().unwrap(), recipe(), "file {n}");
        assert_eq!(decode(&written).unwrap().pixels, decode(file).unwrap().pixels, "file {n}");
        assert!(written.windows(23).any(|bytes| bytes == b"trainedAlgorithmicMedia"), "file {n}");
        assert_eq!(strip(&written).unwrap(), *file, "file {n}");
        assert_eq!(strip(file).unwrap(), *file, "file {n}");
        assert_eq!(write(&written, Some(&recipe())).unwrap(), written, "file {n}: twice");
        let marked = write(&written, None).unwrap();
        assert_eq!(read(&marked).unwrap(), None, "file {n}");
        assert!(marked.windows(23).any(|bytes| bytes == b"trainedAlgorithmicMedia"), "file {n}");
        let cleaned = clean::clean(&written).unwrap();
        assert_eq!(read(&cleaned.bytes).unwrap(), None, "file {n}");
    }
}

#[test]
fn recipes_of_other_programs_are_read_and_left() {
    let png = png_of(noisy(5, 5, 9, 1));
    let theirs = png_chunk(b"tEXt", b"parameters\0a dog\nNegative prompt: cat\nSteps: 20, Sampler: Euler a");
    let file = [&png[..33], &theirs, &png[33..]].concat();
    let found = read(&file).unwrap().unwrap();
    assert_eq!((found.prompt.as_str(), found.negative.as_deref()), ("a dog", Some("cat")));
    assert_eq!(
        found.settings,
        [("Steps".to_owned(), "20".to_owned()), ("Sampler".to_owned(), "Euler a".to_owned())]
    );
    assert_eq!(strip(&file).unwrap(), file);
    assert_eq!(read(&png).unwrap(), None);
}

#[test]
fn bounds_are_kept() {
    let long = Recipe { prompt: "я".repeat(RECIPE_BYTES_MAX), ..Recipe::default() };
    assert!(matches!(write(&png_of(noisy(5, 5, 9, 1)), Some(&long)), Err(Error::TooLong { .. })));
    // The longest that is taken fits a JPEG segment when every character is escaped.
    let escaped = Recipe { prompt: "&".repeat(RECIPE_BYTES_MAX), ..Recipe::default() };
    let jpeg = encode::jpeg(&noisy(9, 9, 9, 1), 80).unwrap();
    assert_eq!(read(&write(&jpeg, Some(&escaped)).unwrap()).unwrap(), Some(escaped));
    for file in [fixture("animated.gif"), fixture("film.mp4"), Vec::new()] {
        assert!(matches!(write(&file, None), Err(Error::Format)));
    }
}

proptest! {
    #[test]
    fn every_text_comes_back(
        prompt in "[ -~а-я]{1,60}(\n[ -~а-я]{1,30})?",
        negative in prop::option::of("[ -~а-я]{0,60}"),
        settings in prop::collection::vec(("[A-Z][a-z ]{0,8}[a-z]", "[ -~а-я]{0,20}"), 1..5),
    ) {
        let recipe = Recipe { prompt, negative, settings };
        prop_assert_eq!(Recipe::parse(&recipe.to_text()), recipe.clone());
        for file in [png_of(noisy(3, 3, 9, 1)), encode::jpeg(&noisy(3, 3, 9, 1), 80).unwrap()] {
            let written = write(&file, Some(&recipe)).unwrap();
            prop_assert_eq!(read(&written).unwrap().unwrap(), recipe.clone());
            prop_assert_eq!(strip(&written).unwrap(), file);
        }
    }
}
