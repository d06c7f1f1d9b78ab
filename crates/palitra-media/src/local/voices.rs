//! Speech (S1-35): a text by one of the voices of this machine.

use super::{Work, input::Input, refused};
use crate::speech::{
    self, Engine, Error, Format, Found, Language, PiperVoices, Request, RhVoicePaths, Speakers, Voice, voices,
};
use palitra_domain::market::{ErrorClass, MarketError};
use std::path::{Path, PathBuf};

/// A voice of a few megabytes, the recording, and its file.
const MIB: u32 = 64;

/// What Debian calls the program that writes MP3.
const LAME: &str = "lame";

/// The programs and libraries of this machine, where Debian puts them, and the voices of Piper in `folder`.
pub fn speakers(folder: PathBuf) -> Speakers {
    Speakers {
        espeak_ng: PathBuf::from("espeak-ng"),
        rhvoice: Some(RhVoicePaths::default()),
        unfree_voices: false,
        piper: PiperVoices::new(folder),
    }
}

/// `text` by `voice` (`espeak`, or the name of a voice of Piper or RHVoice; nothing: the best that is installed for the language), at
/// `speed` and `pitch` in per cent, as `output_format` (`wav`, `mp3`, `ogg`).
pub(super) fn speak(input: &Input<'_>, speakers: &Speakers) -> Result<Work, MarketError> {
    let percent = |name: &str| {
        let number = input.number(name).unwrap_or(100);
        u16::try_from(number).map_err(|_| refused(format!("`{name}` must be 50 to 200")))
    };
    let (speed, pitch) = (percent("speed")?, percent("pitch")?);
    let text = input.word("text").to_owned();
    let format = match input.word("output_format") {
        "mp3" => Format::Mp3,
        "ogg" => Format::Ogg,
        _ => Format::Wav,
    };
    let (name, speakers) = (input.word("voice").to_owned(), speakers.clone());
    let mib = MIB + speakers.piper.mib(name.strip_prefix("piper:").unwrap_or(&name), speed);
    let run = move || {
        let voice = chosen(&name, &text, pitch, &speakers);
        let request = Request { text, voice, language: None, speed, pitch };
        let spoken = speech::speak(&request, &speakers, &|| false).map_err(|error| failed(&error))?;
        speech::encode(&spoken, format, Path::new(LAME)).map_err(|error| failed(&error))
    };
    Ok(Work { mib, run: Box::new(run) })
}

/// The voice of that name. Without one, for the language of most of the text: what the operator brought, then RHVoice for Russian, then
/// espeak-ng, which speaks everything.
fn chosen(name: &str, text: &str, pitch: u16, speakers: &Speakers) -> Voice {
    let by_name = |engine, name: &str| Voice { engine, name: Some(name.to_owned()) };
    let espeak = Voice { engine: Engine::EspeakNg, name: None };
    match name.split_once(':') {
        Some(("piper", name)) => return by_name(Engine::Piper, name),
        Some(("rhvoice", name)) => return by_name(Engine::RhVoice, name),
        _ if ["espeak", "espeak-ng"].iter().any(|own| name.eq_ignore_ascii_case(own)) => return espeak,
        _ if speakers.piper.has(name) => return by_name(Engine::Piper, name),
        _ if !name.is_empty() => return by_name(Engine::RhVoice, name),
        _ => {}
    }
    let language = speech::main_language(text);
    let found = voices(speakers);
    let ready = |engine| {
        let speaks = |found: &&Found| found.engine == engine && found.languages.contains(&language);
        found.iter().filter(speaks).find(|found| found.is_ready())
    };
    // A voice of Piper cannot change its pitch.
    let piper = ready(Engine::Piper).filter(|_| pitch == 100);
    let rhvoice = ready(Engine::RhVoice).filter(|_| language == Language::Russian);
    piper.or(rhvoice).map_or(espeak, |found| by_name(found.engine, &found.name))
}

/// What breaks off may go well another time. Everything else is refused in words that reach who asked: also a program that is missing and
/// a voice file that is bad, which the operator has to mend.
fn failed(error: &Error) -> MarketError {
    let class = match error {
        Error::Failed { .. } | Error::TimedOut { .. } => ErrorClass::GenerationFailed,
        _ => ErrorClass::InvalidInput,
    };
    MarketError::new(class, error.to_string())
}
