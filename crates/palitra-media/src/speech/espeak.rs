//! espeak-ng as a process per part of the text (GPL-3, so never linked). The text goes in by standard input.

use super::{Error, Language, Program, Request, Run, SECONDS_MAX, Speakers, Spoken, runs, text};
use std::time::Duration;

/// Samples per second of all its voices.
const RATE: u32 = 22_050;
/// A part of 500 characters takes some 20 ms of a core.
const LIMIT: Duration = Duration::from_secs(20);
/// Words per minute and pitch (0 to 99) at 100 %: its own defaults.
const SPEED: u32 = 175;
const PITCH: u32 = 50;

pub(super) fn speak(
    request: &Request,
    text: &str,
    speakers: &Speakers,
    cancelled: &dyn Fn() -> bool,
) -> Result<Spoken, Error> {
    let runs = match request.language {
        Some(language) => vec![Run { language, text: text.to_owned() }],
        None => runs(text),
    };
    let speed = (SPEED * u32::from(request.speed) / 100).to_string();
    let pitch = (PITCH * u32::from(request.pitch) / 100).min(99).to_string();
    let mut samples = Vec::new();
    for Run { language, text } in runs {
        let voice = voice(request, language)?;
        for part in text::parts(&text) {
            if cancelled() {
                return Err(Error::Cancelled);
            }
            let program = Program {
                path: &speakers.espeak_ng,
                arguments: &["--stdin", "--stdout", "-b", "1", "-v", &voice, "-s", &speed, "-p", &pitch],
                limit: LIMIT,
                bytes_max: u64::from(2 * RATE * SECONDS_MAX),
            };
            let wav = program.filter(part.into_bytes())?;
            samples.extend(pcm(&wav).ok_or_else(|| Error::Failed {
                program: "espeak-ng".into(),
                why: "its answer is no sound".into(),
            })?);
            if samples.len() > (RATE * SECONDS_MAX) as usize {
                return Err(Error::TooMuchSound);
            }
        }
    }
    Ok(Spoken { samples, rate: RATE })
}

/// The argument of `-v`: the language with the wished variant (`f2`, `m3`, …).
fn voice(request: &Request, language: Language) -> Result<String, Error> {
    match &request.voice.name {
        None => Ok(language.code().to_owned()),
        Some(name) if name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Ok(format!("{}+{name}", language.code()))
        }
        Some(name) => Err(Error::UnknownVoice { name: name.clone() }),
    }
}

/// The samples of its WAV, whose sizes in the header are unknown when it is written to a pipe.
fn pcm(wav: &[u8]) -> Option<impl Iterator<Item = i16>> {
    let (header, samples) = wav.split_at_checked(44)?;
    let is_known = header.starts_with(b"RIFF")
        && header[22..28] == [&1_u16.to_le_bytes()[..], &RATE.to_le_bytes()].concat()[..]
        && header[36..].starts_with(b"data");
    is_known.then(|| samples.as_chunks().0.iter().map(|sample| i16::from_le_bytes(*sample)))
}
