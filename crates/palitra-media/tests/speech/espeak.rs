//! espeak-ng as a process.

use super::{request, speakers};
use palitra_media::speech::{
    self, Engine, Error, Language, Licence, Place, Request, Speakers, Spoken, Voice,
};

fn speak(request: &Request) -> Result<Spoken, Error> {
    let spoken = speech::speak(request, &speakers(), &|| false);
    if let Err(Error::Missing { what, .. }) = &spoken {
        panic!("{what} is not installed: `cargo xtask test --install` installs it");
    }
    spoken
}

#[test]
fn s1_35_a_word_is_spoken_aloud_at_one_loudness() {
    for text in ["яблоко", "apple", "Сегодня хорошая погода, и мы идём гулять.", "42"]
    {
        let spoken = speak(&request(text)).unwrap();
        assert_eq!(spoken.rate, 22_050);
        assert!((0.3..6.0).contains(&spoken.seconds()), "{text}: {} s", spoken.seconds());
        let peak = spoken.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        // −1 dBFS is 29,204; a word at −16 LUFS peaks above a tenth of the range.
        assert!((3_000..=29_300).contains(&peak), "{text}: peak {peak}");
    }
}

#[test]
fn s1_35_speed_pitch_voice_and_language_change_the_sound() {
    let usual = request("Молоко и хлеб стоят на столе");
    let normal = speak(&usual).unwrap();
    assert_eq!(speak(&usual).unwrap(), normal, "equal requests sound equal");
    let slow = speak(&Request { speed: 50, ..usual.clone() }).unwrap();
    let quick = speak(&Request { speed: 200, ..usual.clone() }).unwrap();
    assert!(slow.seconds() > 1.4 * normal.seconds() && quick.seconds() < 0.8 * normal.seconds());
    let voice = Voice { engine: Engine::EspeakNg, name: Some("f2".into()) };
    for other in [
        Request { pitch: 150, ..usual.clone() },
        Request { voice, ..usual.clone() },
        Request { language: Some(Language::Ukrainian), ..usual.clone() },
    ] {
        assert_ne!(speak(&other).unwrap().samples, normal.samples, "{other:?}");
    }
}

#[test]
fn a_text_is_never_a_command() {
    for text in
        ["--help", "-v en слово", "[[h@l'oU]] слово", "слово\u{1}200s", "<voice name=\"x\">слово</voice>"]
    {
        assert!(speak(&request(text)).unwrap().seconds() < 10.0, "{text}");
    }
    let name = Some("ru -w /tmp/x".into());
    let voice = Voice { engine: Engine::EspeakNg, name };
    assert!(matches!(speak(&Request { voice, ..request("слово") }), Err(Error::UnknownVoice { .. })));
}

#[test]
fn bounds_are_errors_before_anyone_speaks() {
    let nobody = Speakers { espeak_ng: "/nonexistent/espeak-ng".into(), ..speakers() };
    let speak = |request: &Request| speech::speak(request, &nobody, &|| false).unwrap_err();
    assert!(matches!(speak(&request("")), Error::NothingToSay));
    assert!(matches!(speak(&request(" …\n!? ")), Error::NothingToSay));
    assert!(matches!(speak(&request(&"а".repeat(5_001))), Error::TooLong { characters: 5_001 }));
    let percent = |speed, pitch| speak(&Request { speed, pitch, ..request("да") });
    assert!(matches!(percent(49, 100), Error::OutOfBounds { what: "speed", percent: 49 }));
    assert!(matches!(percent(100, 201), Error::OutOfBounds { what: "pitch", percent: 201 }));
    let missing = speak(&request("да")).to_string();
    assert_eq!(missing, "espeak-ng is not installed (Debian's package is `espeak-ng`)");
    assert!(matches!(speech::speak(&request("да"), &nobody, &|| true), Err(Error::Cancelled)));
}

#[test]
fn a_long_text_is_spoken_whole() {
    let sentence = "Пять тысяч знаков это много. ";
    let spoken = speak(&request(&sentence.repeat(4_900 / 29))).unwrap();
    assert!(spoken.seconds() > 200.0, "{} s", spoken.seconds());
}

#[test]
fn voices_say_what_is_there_and_which_package_brings_more() {
    let there = speech::voices(&speakers());
    assert_eq!((there[0].engine, &there[0].place), (Engine::EspeakNg, &Place::Installed));
    let anna = there.iter().find(|voice| voice.name == "anna").unwrap();
    assert_eq!(anna.licence, Licence::Free("LGPL-2.1-or-later"));
    assert_eq!(anna.place, Place::Package { names: &["rhvoice", "rhvoice-russian"], archive: "non-free" });
    let nobody = Speakers { espeak_ng: "/nonexistent/espeak-ng".into(), ..speakers() };
    assert_eq!(speech::voices(&nobody)[0].place, Place::Package { names: &["espeak-ng"], archive: "main" });
}
