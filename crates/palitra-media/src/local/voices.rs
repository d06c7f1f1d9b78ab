//! Speech (S1-35): a text by one of the voices of this machine.

use super::{Work, input::Input, refused};
use crate::speech::{self, Engine, Error, Format, Language, Request, RhVoicePaths, Speakers, Voice, voices};
use palitra_domain::market::{ErrorClass, MarketError};
use std::path::{Path, PathBuf};

/// A voice of a few megabytes, the recording, and its file.
const MIB: u32 = 64;

/// What Debian calls the program that writes MP3.
const LAME: &str = "lame";

/// The programs and libraries of this machine, where Debian puts them.
pub fn speakers() -> Speakers {
    Speakers {
        espeak_ng: PathBuf::from("espeak-ng"),
        rhvoice: Some(RhVoicePaths::default()),
        unfree_voices: false,
    }
}

/// `text` by `voice` (`espeak`, or the name of a voice of RHVoice; nothing: the best that is installed for the language), at `speed`
/// and `pitch` in per cent, as `output_format` (`wav`, `mp3`, `ogg`).
pub(super) fn speak(input: &Input<'_>) -> Result<Work, MarketError> {
    let percent = |name: &str| {
        let number = input.number(name).unwrap_or(100);
        u16::try_from(number).map_err(|_| refused(format!("`{name}` must be 50 to 200")))
    };
    let (speed, pitch) = (percent("speed")?, percent("pitch")?);
    let (text, voice) = (input.word("text").to_owned(), input.word("voice").to_lowercase());
    let format = match input.word("output_format") {
        "mp3" => Format::Mp3,
        "ogg" => Format::Ogg,
        _ => Format::Wav,
    };
    let run = move || {
        let speakers = speakers();
        let voice = chosen(&voice, &text, &speakers);
        let request = Request { text, voice, language: None, speed, pitch };
        let spoken = speech::speak(&request, &speakers, &|| false).map_err(|error| failed(&error))?;
        speech::encode(&spoken, format, Path::new(LAME)).map_err(|error| failed(&error))
    };
    Ok(Work { mib: MIB, run: Box::new(run) })
}

/// A Russian text by RHVoice where it is installed, everything else by espeak-ng.
fn chosen(name: &str, text: &str, speakers: &Speakers) -> Voice {
    let by_name = |engine, name: &str| Voice { engine, name: Some(name.to_owned()) };
    match name {
        "espeak" | "espeak-ng" => return Voice { engine: Engine::EspeakNg, name: None },
        "" => {}
        name => return by_name(Engine::RhVoice, name.strip_prefix("rhvoice:").unwrap_or(name)),
    }
    let is_russian = speech::runs(text).iter().any(|run| run.language == Language::Russian);
    let found = voices(speakers).into_iter().find(|found| {
        found.engine == Engine::RhVoice
            && found.place == speech::Place::Installed
            && is_russian
            && found.languages.contains(&Language::Russian)
    });
    found
        .map_or(Voice { engine: Engine::EspeakNg, name: None }, |found| by_name(Engine::RhVoice, &found.name))
}

/// What is missing on this machine is the operator's to mend, the rest is the text's.
fn failed(error: &Error) -> MarketError {
    let class = match error {
        Error::Missing { .. } | Error::Failed { .. } | Error::TimedOut { .. } => ErrorClass::GenerationFailed,
        _ => ErrorClass::InvalidInput,
    };
    MarketError::new(class, error.to_string())
}
