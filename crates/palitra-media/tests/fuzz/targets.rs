//! What is fuzzed: plain functions of bytes that somebody else may have made. Whatever they answer is right, as long as they answer, do not
//! panic, and keep the promises that are asserted here. The suite, `cargo xtask fuzz` and any other fuzzer call the same ones.

use palitra_domain::media_type::FileFormat;
use palitra_media::{clean, decode, probe, recipe, text::wish, video};

/// A name, and what it does with any bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

pub(crate) const TARGETS: &[Target] =
    &[("probe", probe_), ("clean", clean_), ("recipe", recipe_), ("video", video_), ("wish", wish_)];

/// Header and facts; a picture that is decoded has the size that its header told.
fn probe_(file: &[u8]) {
    let facts = probe::probe(file);
    drop(decode::header(file));
    if let (Ok(facts), Ok(picture)) = (facts, decode::decode(file)) {
        assert_eq!(facts.size, Some((picture.pixels.width(), picture.pixels.height())));
    }
}

/// A cleaned file is clean.
fn clean_(file: &[u8]) {
    let Ok(cleaned) = clean::clean(file) else { return };
    // A JPEG may be damaged behind its header, where nobody has looked.
    if let (Ok(again), true) = (clean::clean(&cleaned.bytes), cleaned.format != FileFormat::Jpeg) {
        assert_eq!(again.bytes, cleaned.bytes);
    }
}

/// What is written can be read, and what is stripped has nothing left.
fn recipe_(file: &[u8]) {
    drop(recipe::read(file));
    drop(recipe::Recipe::parse(&String::from_utf8_lossy(file)));
    if let Ok(stripped) = recipe::strip(file) {
        assert_eq!(recipe::strip(&stripped).ok().as_ref(), Some(&stripped));
        assert!(matches!(recipe::read(&stripped), Ok(None) | Err(_)));
    }
}

/// A film that starts fast is still one.
fn video_(file: &[u8]) {
    drop(video::check(file));
    if let Ok(started) = video::fast_start(file) {
        assert!(video::check(&started).is_ok());
    }
}

/// A wish never asks for what the bounds of a style forbid.
fn wish_(words: &[u8]) {
    let parsed = wish::parse(&String::from_utf8_lossy(words));
    assert_eq!(parsed.style.check(), Ok(()));
    drop(parsed.changes());
}
