//! A voice's description, `NAME.onnx.json` as Piper's training writes it: read whole and checked, before anything uses it.

use super::super::Language;
use serde::Deserialize;
use std::collections::HashMap;

/// How a text becomes phonemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PhonemeType {
    /// IPA of espeak-ng.
    #[default]
    Espeak,
    /// The letters themselves.
    Text,
}

/// The fields that speaking needs, by Piper's names; others are skipped.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Description {
    audio: Audio,
    espeak: Espeak,
    #[serde(default)]
    pub(super) inference: Inference,
    #[serde(default)]
    pub(super) phoneme_type: PhonemeType,
    num_symbols: i32,
    #[serde(default)]
    num_speakers: i32,
    #[serde(default)]
    default_speaker_id: i32,
    #[serde(default)]
    speaker_id_map: HashMap<String, i32>,
    pub(super) phoneme_id_map: HashMap<String, Vec<i32>>,
    /// Vowels that are one phoneme together.
    #[serde(default)]
    pub(super) vowel_clusters: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Audio {
    sample_rate: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Espeak {
    voice: String,
}

/// What the net is given beside the phonemes; Piper's own defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Inference {
    pub(super) noise_scale: f32,
    pub(super) length_scale: f32,
    pub(super) noise_w: f32,
}

impl Default for Inference {
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

/// The phonemes that every sentence has: its begin, its end, and what stands between any two others.
pub(super) const BEGIN: &str = "^";
pub(super) const END: &str = "$";
pub(super) const PAD: &str = "_";

impl Description {
    /// Errors say in words what is wrong with the file.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let description: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        description.check()?;
        Ok(description)
    }

    fn check(&self) -> Result<(), String> {
        let Inference { noise_scale, length_scale, noise_w } = self.inference;
        let voice = &self.espeak.voice;
        let is_voice = voice.starts_with(|c: char| c.is_ascii_alphanumeric())
            && voice.len() <= 40
            && voice.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte));
        let (symbols, speakers) = (0..self.num_symbols, 0..self.num_speakers.max(1));
        let mut ids = self.phoneme_id_map.values().flatten();
        let mut speaker_ids = self.speaker_id_map.values().chain([&self.default_speaker_id]);
        let has = |phoneme: &str| self.phoneme_id_map.get(phoneme).is_some_and(|ids| !ids.is_empty());
        let demands = [
            ((8_000..=96_000).contains(&self.audio.sample_rate), "`audio.sample_rate` must be 8000 to 96000"),
            (is_voice, "`espeak.voice` must be the name of a voice"),
            ((0.0..=2.0).contains(&noise_scale), "`inference.noise_scale` must be 0 to 2"),
            ((0.2..=5.0).contains(&length_scale), "`inference.length_scale` must be 0.2 to 5"),
            ((0.0..=2.0).contains(&noise_w), "`inference.noise_w` must be 0 to 2"),
            (ids.all(|id| symbols.contains(id)), "every id in `phoneme_id_map` must be below `num_symbols`"),
            ([BEGIN, END, PAD].into_iter().all(has), "`phoneme_id_map` must have `^`, `$` and `_`"),
            (
                speaker_ids.all(|id| speakers.contains(id)),
                "every id of a speaker must be below `num_speakers`",
            ),
        ];
        demands.into_iter().find(|(is_met, _)| !is_met).map_or(Ok(()), |(_, demand)| Err(demand.to_owned()))
    }

    /// Samples per second.
    pub(super) fn rate(&self) -> u32 {
        self.audio.sample_rate
    }

    /// The argument of espeak-ng's `-v`.
    pub(super) fn espeak_voice(&self) -> &str {
        &self.espeak.voice
    }

    /// None for a language that no text is found to be in; such a voice speaks when it is named.
    pub(super) fn language(&self) -> Option<Language> {
        let code = self.espeak.voice.split(['-', '_', '+']).next()?;
        Language::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The id of a speaker by name or number; no name is the usual one. None: there is no such speaker.
    pub(super) fn speaker(&self, name: Option<&str>) -> Option<i32> {
        let Some(name) = name else { return Some(self.default_speaker_id) };
        let number = || name.parse().ok().filter(|id| (0..self.num_speakers.max(1)).contains(id));
        self.speaker_id_map.get(name).copied().or_else(number)
    }
}
