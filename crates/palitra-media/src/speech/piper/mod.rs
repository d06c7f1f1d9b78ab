//! Piper's voices: files that the operator brings (`NAME.onnx` with `NAME.onnx.json`), run in this process. Their phonemes
//! come from espeak-ng as a process (GPL-3, so never linked).

mod description;
mod folder;
mod net;
mod phonemes;
#[cfg(test)]
mod tests;

pub use folder::PiperVoices;

use super::{Error, Program, Request, SECONDS_MAX, Speakers, Spoken, text};
use net::Manner;
use std::time::Duration;

/// A clause takes some 10 ms of a core.
const PHONEMES_LIMIT: Duration = Duration::from_secs(20);
/// Bytes of the phonemes of a clause at most.
const PHONEMES_BYTES_MAX: u64 = 64 << 10;
/// Between two sentences, as Piper's own program has it.
const PAUSE_MS: usize = 200;

/// A voice has its own language, whatever the request's is, and one pitch.
pub(super) fn speak(
    request: &Request,
    text: &str,
    speakers: &Speakers,
    cancelled: &dyn Fn() -> bool,
) -> Result<Spoken, Error> {
    if request.pitch != 100 {
        return Err(Error::OnePitch);
    }
    let name = request.voice.name.as_deref().unwrap_or_default();
    let unknown = || Error::UnknownVoice { name: name.to_owned() };
    let (file, speaker) = speakers.piper.find(name).ok_or_else(unknown)?;
    let voice = speakers.piper.load(&file)?;
    let description = &voice.description;
    let manner = Manner {
        noise: description.inference.noise_scale,
        length: description.inference.length_scale * 100.0 / f32::from(request.speed),
        length_noise: description.inference.noise_w,
        speaker: description.speaker(speaker).ok_or_else(unknown)?,
    };
    let mut ipa = |clause: &str| {
        if cancelled() {
            return Err(Error::Cancelled);
        }
        let program = Program {
            path: &speakers.espeak_ng,
            arguments: &["-q", "--ipa", "--stdin", "-b", "1", "-v", description.espeak_voice()],
            limit: PHONEMES_LIMIT,
            bytes_max: PHONEMES_BYTES_MAX,
        };
        Ok(String::from_utf8_lossy(&program.filter(clause.into())?).into_owned())
    };
    let rate = description.rate();
    let pause = rate as usize * PAUSE_MS / 1_000;
    let mut sound: Vec<f32> = Vec::new();
    for part in text::parts(text) {
        for sentence in phonemes::sentences(&part, description, &mut ipa)? {
            if cancelled() {
                return Err(Error::Cancelled);
            }
            if !sound.is_empty() {
                sound.resize(sound.len() + pause, 0.0);
            }
            let ids = phonemes::ids(&sentence, description);
            let said = voice.net.say(ids, manner);
            sound.extend(said.map_err(|why| Error::BadVoice { name: file.clone(), why })?);
            if sound.len() > rate as usize * SECONDS_MAX as usize {
                return Err(Error::TooMuchSound);
            }
        }
    }
    Ok(Spoken { samples: pcm(&sound), rate })
}

/// Quieter where a peak would be cut off.
fn pcm(sound: &[f32]) -> Vec<i16> {
    let peak = sound.iter().fold(1.0_f32, |peak, sample| peak.max(sample.abs()));
    let gain = 32_000.0 / peak;
    #[expect(clippy::cast_possible_truncation, reason = "within ±32,000")]
    sound.iter().map(|sample| (sample * gain).round() as i16).collect()
}
