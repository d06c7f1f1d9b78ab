//! Recordings as files, and programs within their bounds.

use palitra_media::speech::{self, Error, Format, Program, Spoken};
use std::{path::Path, time::Duration};

fn tone() -> Spoken {
    let samples = (0..22_050_u16).map(|n| if n / 25 % 2 == 0 { 8_000 } else { -8_000 }).collect();
    Spoken { samples, rate: 22_050 }
}

#[test]
fn s1_35_wav_ogg_and_mp3_begin_as_such() {
    let file = |format| match speech::encode(&tone(), format, Path::new("lame")) {
        Err(Error::Missing { what, .. }) => {
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
