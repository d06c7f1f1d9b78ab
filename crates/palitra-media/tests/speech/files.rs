//! Recordings as files, programs within their bounds, and the key of the cache.

use super::request;
use palitra_media::speech::{self, Engine, Error, Format, Language, Program, Request, Spoken, Voice};
use std::{path::Path, time::Duration};

fn tone() -> Spoken {
    let samples = (0..22_050_u16).map(|n| if n / 25 % 2 == 0 { 8_000 } else { -8_000 }).collect();
    Spoken { samples, rate: 22_050 }
}

#[test]
fn s1_35_wav_ogg_and_mp3_begin_as_such() {
    let file = |format| match speech::encode(&tone(), format, Path::new("lame")) {
        Err(Error::Missing { what }) => {
            panic!("{what} is not installed: `cargo xtask test --install` installs it")
        }
        file => file.unwrap(),
    };
    let wav = file(Format::Wav);
    assert_eq!((wav.len(), &wav[..4], &wav[8..16]), (44 + 44_100, &b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(wav[40..44], 44_100_u32.to_le_bytes());
    let ogg = file(Format::Ogg);
    assert!(ogg.starts_with(b"OggS") && ogg[29..35] == *b"vorbis" && ogg.len() < wav.len() / 2);
    assert_eq!(ogg, file(Format::Ogg), "equal recordings are equal files");
    let mp3 = file(Format::Mp3);
    assert!((mp3.starts_with(b"ID3") || mp3[0] == 0xFF) && mp3.len() < wav.len() / 2);
}

#[test]
fn a_program_ends_with_its_time_and_its_bytes() {
    let run = |path, arguments, bytes_max| {
        let limit = Duration::from_millis(200);
        Program { path: Path::new(path), arguments, limit, bytes_max }.filter(b"in".to_vec())
    };
    assert_eq!(run("cat", &[], 10).unwrap(), b"in");
    assert!(matches!(run("sleep", &["60"], 10), Err(Error::TimedOut { program, .. }) if program == "sleep"));
    assert!(matches!(run("cat", &["/dev/zero"], 10), Err(Error::TooMuchSound)));
    assert!(
        matches!(run("sh", &["-c", "echo no >&2; exit 3"], 10), Err(Error::Failed { why, .. }) if why == "no")
    );
    assert!(matches!(run("/nonexistent/program", &[], 10), Err(Error::Missing { .. })));
}

#[test]
fn s1_35_the_cache_key_tells_every_parameter() {
    let usual = request("слово");
    let mut keys = vec![speech::cache_key(&usual, Format::Wav)];
    assert_eq!(keys[0], speech::cache_key(&usual.clone(), Format::Wav));
    assert_eq!(keys[0].len(), 64);
    let voice = |engine, name: Option<&str>| Voice { engine, name: name.map(Into::into) };
    for other in [
        Request { text: "слова".into(), ..usual.clone() },
        Request { speed: 101, ..usual.clone() },
        Request { pitch: 101, ..usual.clone() },
        Request { language: Some(Language::Russian), ..usual.clone() },
        Request { voice: voice(Engine::RhVoice, None), ..usual.clone() },
        Request { voice: voice(Engine::EspeakNg, Some("f2")), ..usual.clone() },
    ] {
        keys.push(speech::cache_key(&other, Format::Wav));
    }
    keys.push(speech::cache_key(&usual, Format::Ogg));
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}
