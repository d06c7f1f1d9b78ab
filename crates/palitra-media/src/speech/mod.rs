//! Speaking a text on this machine (S1-35): speakers, one level of loudness, checks, files. No market's voices, no prices,
//! and no cache: the recipe of a generation (`palitra_domain::recipe`) is text, voice and parameters, and a batch reuses its
//! account's results by it.

#![expect(clippy::float_arithmetic, reason = "levels and durations of sound")]

mod encode;
mod espeak;
mod language;
mod level;
mod piper;
mod process;
mod rhvoice;
#[cfg(test)]
mod tests;
mod text;
mod voices;

pub use encode::{Format, encode};
pub use language::{Language, Run, main_language, runs};
pub use piper::PiperVoices;
pub use process::Program;
pub use rhvoice::{Paths as RhVoicePaths, RhVoice};
pub use voices::{Found, Licence, Place, voices};

use std::path::PathBuf;

/// Characters of one text at most.
pub const CHARACTERS_MAX: usize = 5_000;
/// Seconds of one recording at most: 5,000 characters at half the usual speed last about 12 minutes.
pub const SECONDS_MAX: u32 = 1_200;
/// Bounds of speed and pitch, in per cent of the speaker's own.
pub const PERCENT: std::ops::RangeInclusive<u16> = 50..=200;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// espeak-ng as a process: small, quick, a robot.
    EspeakNg,
    /// RHVoice's library where the operator installed it: natural Russian.
    RhVoice,
    /// A voice file of Piper that the operator brought: natural, in the one language of the file.
    Piper,
}

/// A speaker's voice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Voice {
    pub engine: Engine,
    /// The engine's own name, such as `anna`; none takes the engine's voice for the language. For Piper the file's name, with
    /// the name or number of a speaker after a colon where it has several (`kk_KZ-issai-high:3`); it is needed there.
    pub name: Option<String>,
}

/// What to say and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub text: String,
    pub voice: Voice,
    /// None finds the language of every part of the text.
    pub language: Option<Language>,
    /// Per cent of the usual speed, [`PERCENT`].
    pub speed: u16,
    /// Per cent of the usual pitch, [`PERCENT`].
    pub pitch: u16,
}

/// One recording: mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    pub samples: Vec<i16>,
    /// Samples per second.
    pub rate: u32,
}

impl Spoken {
    pub fn seconds(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a duration for people and checks")]
        let (samples, rate) = (self.samples.len() as f32, self.rate.max(1) as f32);
        samples / rate
    }
}

/// The programs, libraries and voices of this machine.
#[derive(Debug, Clone)]
pub struct Speakers {
    /// `espeak-ng`, or its path.
    pub espeak_ng: PathBuf,
    /// RHVoice's library, voices and settings; none where it must not be looked for.
    pub rhvoice: Option<rhvoice::Paths>,
    /// Allows RHVoice's voices that are not freely licensed (CC BY-NC-ND and the like).
    pub unfree_voices: bool,
    pub piper: PiperVoices,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is nothing to say")]
    NothingToSay,
    #[error("{characters} characters are more than {CHARACTERS_MAX}")]
    TooLong { characters: usize },
    #[error("{what} {percent} % is not within 50 to 200")]
    OutOfBounds { what: &'static str, percent: u16 },
    /// [`voices`] says what brings it.
    #[error("{what} is not installed (Debian's package is `{package}`)")]
    Missing { what: String, package: String },
    #[error("there is no voice `{name}`")]
    UnknownVoice { name: String },
    #[error("the licence of the voice `{name}` does not allow every use")]
    UnfreeVoice { name: String },
    #[error("{program} failed: {why}")]
    Failed { program: String, why: String },
    #[error("{program} took more than {seconds} seconds")]
    TimedOut { program: String, seconds: u64 },
    #[error("the recording is longer than {SECONDS_MAX} seconds")]
    TooMuchSound,
    #[error("the voice `{name}` cannot be used: {why}")]
    BadVoice { name: String, why: String },
    #[error("voices of Piper have one pitch each")]
    OnePitch,
    #[error("the recording is silent")]
    Silent,
    #[error("the recording is clipped")]
    Clipped,
    #[error("{milliseconds} ms are too short for {letters} letters")]
    TooShort { milliseconds: u64, letters: usize },
    #[error("cancelled")]
    Cancelled,
}

/// Says the text: checked, at −16 LUFS with peaks of −1 dBTP at most.
///
/// Blocks; `cancelled` is asked between the parts of a text, each of which is bounded in time.
pub fn speak(request: &Request, speakers: &Speakers, cancelled: &dyn Fn() -> bool) -> Result<Spoken, Error> {
    for (what, percent) in [("speed", request.speed), ("pitch", request.pitch)] {
        if !PERCENT.contains(&percent) {
            return Err(Error::OutOfBounds { what, percent });
        }
    }
    let text = text::plain(&request.text);
    let characters = text.chars().count();
    if characters > CHARACTERS_MAX {
        return Err(Error::TooLong { characters });
    }
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    if letters == 0 {
        return Err(Error::NothingToSay);
    }
    let spoken = match request.voice.engine {
        Engine::EspeakNg => espeak::speak(request, &text, speakers, cancelled),
        Engine::RhVoice => rhvoice::speak(request, &text, speakers, cancelled),
        Engine::Piper => piper::speak(request, &text, speakers, cancelled),
    }?;
    level::check(&spoken, letters, request.speed)?;
    Ok(level::normalise(spoken))
}
