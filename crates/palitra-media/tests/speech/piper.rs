//! Piper's voices, with espeak-ng itself and with a net that says each phoneme id as a level of its own (`piper/make.py`).

use super::{request, speakers};
use palitra_media::speech::{
    self, Engine, Error, Language, PiperVoices, Place, Request, Speakers, Spoken, Voice,
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;

const ONNX: &[u8] = include_bytes!("piper/tones.onnx");
const JSON: &str = include_str!("piper/tones.onnx.json");
/// Samples that the net says a phoneme with at the usual speed.
const SAMPLES: usize = 1_024;

/// A folder with the voice `en_US-tones-low`.
fn brought() -> (TempDir, Speakers) {
    let folder = tempfile::tempdir().expect("a folder");
    bring(folder.path(), "en_US-tones-low", ONNX, JSON);
    let piper = PiperVoices::new(folder.path().into());
    (folder, Speakers { piper, ..speakers() })
}

fn bring(folder: &Path, name: &str, onnx: &[u8], json: &str) {
    fs::write(folder.join(format!("{name}.onnx")), onnx).expect("a file");
    fs::write(folder.join(format!("{name}.onnx.json")), json).expect("a file");
}

fn said_by(name: &str, text: &str) -> Request {
    let voice = Voice { engine: Engine::Piper, name: Some(name.into()) };
    Request { voice, ..request(text) }
}

fn speak(request: &Request, speakers: &Speakers) -> Result<Spoken, Error> {
    let spoken = speech::speak(request, speakers, &|| false);
    if let Err(Error::Missing { what, .. }) = &spoken {
        panic!("{what} is not installed: `cargo xtask test --install` installs it");
    }
    spoken
}

/// Of each phoneme the mean level of its samples.
fn levels(spoken: &Spoken) -> Vec<u64> {
    let sum = |samples: &[i16]| samples.iter().map(|sample| u64::from(sample.unsigned_abs())).sum::<u64>();
    spoken.samples.chunks(SAMPLES).map(|samples| sum(samples) / SAMPLES as u64).collect()
}

#[test]
fn s1_35_a_voice_file_says_the_phonemes_of_the_text() {
    let (_folder, speakers) = brought();
    let mut quiet: Value = serde_json::from_str(JSON).unwrap();
    quiet["inference"]["noise_scale"] = json!(0);
    bring(speakers.piper.folder(), "quiet", ONNX, &quiet.to_string());
    let spoken = speak(&said_by("quiet", "apple"), &speakers).unwrap();
    // "ˈæpəl" by piper-tts 1.8.0, as in `piper/ids.tsv`.
    let ids = [1, 0, 120, 0, 39, 0, 28, 0, 59, 0, 24, 0, 2];
    assert_eq!((spoken.rate, spoken.samples.len()), (16_000, ids.len() * SAMPLES));
    let levels = levels(&spoken);
    let loudest = levels[2];
    for (level, id) in levels.into_iter().zip(ids) {
        let expected = loudest * id / 120;
        assert!(level.abs_diff(expected) <= 2, "{level} for {id}, not {expected}");
    }
}

#[test]
fn s1_35_speed_changes_the_length_and_equal_requests_sound_equal() {
    let (_folder, speakers) = brought();
    let usual = said_by("en_US-tones-low", "Good evening, everyone. Sit down!");
    let normal = speak(&usual, &speakers).unwrap();
    assert_eq!(speak(&usual, &speakers).unwrap(), normal);
    let fresh = Speakers { piper: PiperVoices::new(speakers.piper.folder().into()), ..speakers.clone() };
    assert_eq!(speak(&usual, &fresh).unwrap(), normal, "another process says it the same way");
    // Two sentences with the pause of a fifth of a second between them.
    let pause = 3_200;
    let without_pause = |spoken: &Spoken| spoken.samples.len() - pause;
    let slow = speak(&Request { speed: 50, ..usual.clone() }, &speakers).unwrap();
    let quick = speak(&Request { speed: 200, ..usual.clone() }, &speakers).unwrap();
    assert_eq!(without_pause(&slow), 2 * without_pause(&normal));
    assert_eq!(2 * without_pause(&quick), without_pause(&normal));
    let other = speak(&said_by("EN_us-Tones-LOW", "Good evening, everyone. Sit up!"), &speakers).unwrap();
    assert_ne!(other, normal);
}

#[test]
fn what_a_voice_cannot_do_is_an_error_before_it_speaks() {
    let (_folder, speakers) = brought();
    let refused = |request: &Request| speak(request, &speakers).unwrap_err();
    assert!(matches!(refused(&said_by("en_US-joe-low", "yes")), Error::UnknownVoice { .. }));
    assert!(matches!(refused(&said_by("../en_US-tones-low", "yes")), Error::UnknownVoice { .. }));
    assert!(matches!(refused(&said_by("en_US-tones-low:7", "yes")), Error::UnknownVoice { .. }));
    let high = Request { pitch: 150, ..said_by("en_US-tones-low", "yes") };
    assert!(matches!(refused(&high), Error::OnePitch));
    let nobody = Speakers { espeak_ng: "/nonexistent/espeak-ng".into(), ..speakers.clone() };
    let missing = speech::speak(&said_by("en_US-tones-low", "yes"), &nobody, &|| false).unwrap_err();
    assert_eq!(missing.to_string(), "espeak-ng is not installed (Debian's package is `espeak-ng`)");
    let cancelled = speech::speak(&said_by("en_US-tones-low", "yes"), &speakers, &|| true);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
}

#[test]
fn a_bad_file_is_named_and_the_other_voices_speak_on() {
    let (folder, speakers) = brought();
    let bad = |onnx: &[u8], json: &str| {
        bring(folder.path(), "bad", onnx, json);
        match speak(&said_by("bad", "yes"), &speakers).unwrap_err() {
            Error::BadVoice { name, why } if name == "bad" => why,
            other => panic!("{other}"),
        }
    };
    for cut in (0..ONNX.len()).step_by(97) {
        bad(&ONNX[..cut], JSON);
    }
    bad(b"<!DOCTYPE html>", JSON);
    assert!(bad(ONNX, "{}").starts_with("bad.onnx.json: missing field"));
    assert!(bad(ONNX, &format!("{JSON}{}", " ".repeat(1 << 20))).contains("larger than 1 MiB"));
    // Nets that are no voices: another input's name, and an operator that no voice has.
    let renamed = |from: &str, to: &str| {
        let mut onnx = ONNX.to_vec();
        let mut at = 0;
        while let Some(found) = onnx[at..].windows(from.len()).position(|found| found == from.as_bytes()) {
            at += found;
            onnx[at..at + from.len()].copy_from_slice(to.as_bytes());
        }
        onnx
    };
    assert_eq!(bad(&renamed("scales", "scalez"), JSON), "it has no input `scales`");
    assert!(bad(&renamed("Expand", "Enlarg"), JSON).contains("Enlarg"));
    fs::remove_file(folder.path().join("bad.onnx.json")).unwrap();
    let why = match speak(&said_by("bad", "yes"), &speakers).unwrap_err() {
        Error::BadVoice { why, .. } => why,
        other => panic!("{other}"),
    };
    assert!(why.starts_with("bad.onnx.json: "), "{why}");
    assert!(speak(&said_by("en_US-tones-low", "yes"), &speakers).is_ok());
    let voices = speech::voices(&speakers);
    let place = |name: &str| &voices.iter().find(|voice| voice.name == name).unwrap().place;
    assert!(matches!(place("bad"), Place::Broken { why } if why.starts_with("bad.onnx.json: ")));
    assert_eq!(place("en_US-tones-low"), &Place::Installed);
}

#[test]
fn a_voice_that_is_replaced_is_read_again() {
    let (folder, speakers) = brought();
    let said = |speakers| speak(&said_by("en_US-tones-low", "yes"), speakers).unwrap();
    assert_eq!(said(&speakers).rate, 16_000);
    bring(folder.path(), "en_US-tones-low", ONNX, &JSON.replace("16000", "22050"));
    assert_eq!(said(&speakers).rate, 22_050);
    // More than stay loaded, in turns.
    for name in ["a", "b", "c", "a", "b", "c"] {
        bring(folder.path(), name, ONNX, JSON);
        assert_eq!(speak(&said_by(name, "yes"), &speakers).unwrap().rate, 16_000);
    }
}

#[test]
fn voices_name_the_files_with_their_languages() {
    let (folder, speakers) = brought();
    bring(folder.path(), "kk_KZ-tones-low", ONNX, &JSON.replace("en-us", "kk"));
    bring(folder.path(), "sw_CD-tones-low", ONNX, &JSON.replace("en-us", "sw"));
    let voices = speech::voices(&speakers);
    let piper: Vec<_> = voices
        .iter()
        .filter(|voice| voice.engine == Engine::Piper)
        .map(|voice| (voice.name.as_str(), &voice.languages[..], voice.is_ready()))
        .collect();
    assert_eq!(
        piper,
        [
            ("en_US-tones-low", &[Language::English][..], true),
            ("kk_KZ-tones-low", &[Language::Kazakh], true),
            ("sw_CD-tones-low", &[], true),
        ]
    );
    // They need espeak-ng; what speaks by letters does not.
    bring(
        folder.path(),
        "letters",
        ONNX,
        &JSON.replace("\"phoneme_type\": \"espeak\"", "\"phoneme_type\": \"text\""),
    );
    let nobody = Speakers { espeak_ng: "/nonexistent/espeak-ng".into(), ..speakers };
    let voices = speech::voices(&nobody);
    let ready: Vec<_> =
        voices.iter().filter(|voice| voice.is_ready()).map(|voice| voice.name.as_str()).collect();
    assert_eq!(ready, ["letters"]);
    assert!(speak(&said_by("letters", "yes"), &nobody).is_ok());
}
