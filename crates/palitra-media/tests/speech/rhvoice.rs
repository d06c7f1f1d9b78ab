//! RHVoice through a stub of its library.

use super::{request, speakers};
use palitra_media::speech::{self, Engine, Error, Licence, Place, Request, RhVoicePaths, Speakers, Voice};
use std::{fs, process::Command};
use tempfile::TempDir;

/// The stub, built by the C compiler, with one voice's folder.
fn installed() -> (TempDir, Speakers) {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("libRHVoice.so.5");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/speech/rhvoice_stub.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).args([source, "-lm"]).status();
    assert!(built.expect("a C compiler").success());
    fs::create_dir_all(folder.path().join("voices/anna")).expect("a folder");
    let paths = RhVoicePaths { library, data: folder.path().into(), settings: folder.path().into() };
    (folder, Speakers { rhvoice: Some(paths), ..speakers() })
}

fn said_by(name: Option<&str>, text: &str) -> Request {
    let voice = Voice { engine: Engine::RhVoice, name: name.map(Into::into) };
    Request { voice, ..request(text) }
}

#[test]
fn s1_35_the_library_speaks_with_speed_and_pitch() {
    let (_folder, speakers) = installed();
    let speak = |request: &Request| speech::speak(request, &speakers, &|| false).unwrap();
    let usual = said_by(Some("anna"), "яблоко");
    let spoken = speak(&usual);
    assert_eq!((spoken.rate, spoken.samples.len()), (24_000, 12 * 6 * 240));
    assert_eq!(speak(&said_by(None, "яблоко")), spoken);
    assert_eq!(speak(&Request { speed: 200, ..usual.clone() }).samples.len(), 12 * 3 * 240);
    assert_ne!(speak(&Request { pitch: 150, ..usual }).samples, spoken.samples);
}

#[test]
fn only_free_voices_speak_unless_the_operator_allows_more() {
    let (folder, speakers) = installed();
    fs::create_dir_all(folder.path().join("voices/tatiana")).unwrap();
    let speak = |name, speakers| speech::speak(&said_by(Some(name), "да"), speakers, &|| false).unwrap_err();
    assert!(matches!(speak("tatiana", &speakers), Error::UnfreeVoice { name } if name == "tatiana"));
    let open = Speakers { unfree_voices: true, ..speakers.clone() };
    assert!(matches!(speak("tatiana", &open), Error::UnknownVoice { .. }));
    assert!(matches!(speak("nobody", &speakers), Error::UnknownVoice { .. }));
    assert!(matches!(speak("irina", &speakers), Error::UnknownVoice { .. }));
    assert!(matches!(speak("../anna", &open), Error::UnknownVoice { .. }));
}

#[test]
fn a_long_speech_is_stopped_by_cancelling() {
    let (_folder, speakers) = installed();
    let asked = std::cell::Cell::new(0);
    let cancelled = || {
        asked.set(asked.get() + 1);
        asked.get() > 5
    };
    let spoken = speech::speak(&said_by(None, &"слово ".repeat(80)), &speakers, &cancelled);
    assert!(matches!(spoken, Err(Error::Cancelled)));
}

#[test]
fn without_the_library_it_is_missing() {
    let spoken = speech::speak(&said_by(None, "да"), &speakers(), &|| false);
    assert!(matches!(spoken, Err(Error::Missing { what, .. }) if what == "RHVoice"));
    let paths = RhVoicePaths { library: "/nonexistent/libRHVoice.so.5".into(), ..RhVoicePaths::default() };
    let speakers = Speakers { rhvoice: Some(paths), ..speakers() };
    assert!(matches!(speech::speak(&said_by(None, "да"), &speakers, &|| false), Err(Error::Missing { .. })));
}

#[test]
fn voices_name_the_installed_ones() {
    let (folder, speakers) = installed();
    let voices = speech::voices(&speakers);
    let place = |name: &str| voices.iter().find(|voice| voice.name == name).unwrap().place.clone();
    assert_eq!(place("anna"), Place::Installed);
    assert_eq!(
        place("irina"),
        Place::Package { names: &["rhvoice", "rhvoice-russian"], archive: "non-free" }
    );
    // An installed voice whose licence does not allow every use is shown, and does not speak by itself.
    fs::create_dir_all(folder.path().join("voices/tatiana")).unwrap();
    let voices = speech::voices(&speakers);
    let tatiana = voices.iter().find(|voice| voice.name == "tatiana").unwrap();
    assert_eq!(
        (&tatiana.place, tatiana.licence, tatiana.is_ready()),
        (&Place::Installed, Licence::Unfree, false)
    );
}
