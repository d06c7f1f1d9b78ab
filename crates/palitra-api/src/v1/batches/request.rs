//! What a batch is asked to make: the words of a request, which a command of this machine says as well. What they come to is [`super::manifest`].

use crate::{documents::money::MoneyDocument, input, problem::Problem};
use palitra_domain::Money;
use palitra_engine::{batches::ITEMS_MAX, failure::Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Many things at once. Which fields count depends on `kind`: `items` for `run`, `words` for `words`, `slides` for `slides`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest {
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(max_length = 500)]
    pub title: String,
    /// Of `run`: any generations, each by itself.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub items: Vec<ItemRequest>,
    /// Of `run`: an item that cannot be made is left out, and named in the plan, instead of refusing all of them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub each_alone: bool,
    /// Of `words`: a picture and a sound for each.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub words: Vec<WordRequest>,
    /// Of `slides`: a prompt and a picture for each.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub slides: Vec<SlideRequest>,
    /// Of pictures.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub image_model: Option<String>,
    /// Of speech.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub speech_model: Option<String>,
    /// Of prompts for slides.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub prompt_model: Option<String>,
    /// Of speech, by language: `{"en": "…"}`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub voices: BTreeMap<String, String>,
    /// Of speech, in per cent of the usual.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub speed: Option<u32>,
    /// Of speech, where the model can choose.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub audio_format: Option<AudioFormat>,
    /// Of pictures, such as `1024x1024`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub format: Option<String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub seed: Option<u32>,
    /// Of slides: each its own seed, counted up from the first.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub vary_seed: bool,
    /// English words behind every prompt of a slide: a technique, a palette.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub style: String,
    /// Pictures whose style the slides take up: ids of uploads and results, for models that look at pictures.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(max_items = 16)]
    pub references: Vec<String>,
    /// Of words: what a picture is asked for. `{word}`, `{translation}` and `{example}` are put in; a part in `[…]` stays when all of it is known.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub template: Option<String>,
    /// At least so much of each stage has to succeed, in per cent; 0: each item stands alone.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 100)]
    pub gate_percent: Option<u32>,
    /// So many at once; 0: as many as the markets take.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 500)]
    pub workers: u32,
    /// The same of pictures alone.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 500)]
    pub image_workers: Option<u32>,
    /// The same of sounds alone.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 500)]
    pub audio_workers: Option<u32>,
    /// Of slides: from the start of a prompt to the start of the next, at least.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 3600000)]
    pub prompt_delay_ms: u64,
    /// Of slides: the same of pictures, for each worker.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(maximum = 3600000)]
    pub image_delay_ms: u64,
    /// Of slides: one call at a time, every prompt before the first picture.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub sequential: bool,
    /// Where it comes from: a changed batch from there replaces what is left of the earlier one, and words that have changed are told.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(max_length = 5000)]
    pub source: String,
    /// It is not started at more than this (`over_max_cost`): the price of a plan that was agreed to.
    #[serde(default, skip_serializing_if = "is_usual")]
    #[schema(value_type = Option<MoneyDocument>)]
    pub max_price: Option<Money>,
    /// Numbers of the only items that are made.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub keep: Vec<u32>,
    /// Numbers of items that are left out.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub drop: Vec<u32>,
    /// Numbers of items that are made anew, whatever is there.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub redo: Vec<u32>,
    /// Only what failed the last time from this source, beside what is there already.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub only_failed: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchKind)]
pub enum Kind {
    #[default]
    Run,
    Words,
    Slides,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AudioFormat {
    Mp3,
    Ogg,
    Wav,
}

impl AudioFormat {
    const ALL: [(AudioFormat, &str); 3] =
        [(AudioFormat::Mp3, "mp3"), (AudioFormat::Ogg, "ogg"), (AudioFormat::Wav, "wav")];

    pub fn parse(text: &str) -> Option<AudioFormat> {
        AudioFormat::ALL.into_iter().find_map(|(format, name)| (name == text).then_some(format))
    }

    pub(super) fn name(self) -> Option<String> {
        AudioFormat::ALL.into_iter().find_map(|(format, name)| (format == self).then(|| name.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemRequest {
    /// Its place in the list, from 1, when it is not given.
    #[serde(skip_serializing_if = "is_usual")]
    #[schema(minimum = 1)]
    pub number: Option<u32>,
    pub model: String,
    #[serde(skip_serializing_if = "is_usual")]
    pub mode: Option<String>,
    #[schema(value_type = Object)]
    pub input: Map<String, Value>,
}

/// With neither flag it gets both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordRequest {
    /// Its place in the list, from 1, when it is not given.
    #[serde(skip_serializing_if = "is_usual")]
    #[schema(minimum = 1)]
    pub number: Option<u32>,
    pub word: String,
    #[serde(skip_serializing_if = "is_usual")]
    pub translation: Option<String>,
    #[serde(skip_serializing_if = "is_usual")]
    pub example: Option<String>,
    /// `ru`, `en`, `kk`; found by its letters where it is not given.
    #[serde(skip_serializing_if = "is_usual")]
    pub language: Option<String>,
    /// Of its picture, instead of one made from the word.
    #[serde(skip_serializing_if = "is_usual")]
    pub prompt: Option<String>,
    #[serde(skip_serializing_if = "is_usual")]
    pub image: Option<bool>,
    #[serde(skip_serializing_if = "is_usual")]
    pub audio: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlideRequest {
    /// Its place in the list, from 1, when it is not given.
    #[serde(skip_serializing_if = "is_usual")]
    #[schema(minimum = 1)]
    pub number: Option<u32>,
    pub title: String,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub content: String,
    /// Skips the writer.
    #[serde(skip_serializing_if = "is_usual")]
    pub prompt: Option<String>,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The longest text of an item, in characters.
const TEXT_CHARS_MAX: usize = 20_000;

/// The longest time between two starts, in milliseconds.
const DELAY_MS_MAX: u64 = 3_600_000;

/// Pictures that a style is taken from.
const REFERENCES_MAX: usize = 16;

/// The longest name, in characters: of a model, a voice, a language, a format.
const NAME_CHARS_MAX: usize = 200;

/// The longest id or address of a file.
const LINK_CHARS_MAX: usize = 2_000;

/// Languages that have a voice.
const VOICES_MAX: usize = 100;

/// What stands once in a request and comes to stand in each of its items, all together, in bytes.
const SPREAD_BYTES_MAX: usize = 32 * 1024 * 1024;

impl BatchRequest {
    /// What a stranger may ask for: every field within its bound, and items of one kind.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let counts = [self.items.len(), self.words.len(), self.slides.len()];
        let (mine, name) = match self.kind {
            Kind::Run => (counts[0], "items"),
            Kind::Words => (counts[1], "words"),
            Kind::Slides => (counts[2], "slides"),
        };
        let workers = [Some(self.workers), self.image_workers, self.audio_workers];
        let long = |text: &str, most: usize| text.chars().count() > most;
        let is_long = |text: &String| long(text, TEXT_CHARS_MAX);
        let is_name = |text: &String| long(text, NAME_CHARS_MAX);
        for (is_wrong, path, allowed) in [
            (self.gate_percent.is_some_and(|percent| percent > 100), "gate_percent", "0 to 100"),
            (workers.iter().flatten().any(|workers| *workers > 500), "workers", "0 to 500"),
            (self.prompt_delay_ms.max(self.image_delay_ms) > DELAY_MS_MAX, "prompt_delay_ms", "0 to 3600000"),
            (long(&self.title, 500), "title", "500 characters at most"),
            (long(&self.source, 5_000), "source", "5000 characters at most"),
            (long(&self.style, TEXT_CHARS_MAX), "style", "20000 characters at most"),
            (self.references.len() > REFERENCES_MAX, "references", "16 pictures at most"),
            (self.references.iter().any(|id| long(id, LINK_CHARS_MAX)), "references", "ids of files"),
            (self.template.as_ref().is_some_and(is_long), "template", "20000 characters at most"),
            (self.image_model.as_ref().is_some_and(is_name), "image_model", "200 characters at most"),
            (self.speech_model.as_ref().is_some_and(is_name), "speech_model", "200 characters at most"),
            (self.prompt_model.as_ref().is_some_and(is_name), "prompt_model", "200 characters at most"),
            (self.format.as_ref().is_some_and(is_name), "format", "200 characters at most"),
            (
                self.voices.len() > VOICES_MAX
                    || self.voices.iter().flat_map(|(language, voice)| [language, voice]).any(is_name),
                "voices",
                "100 voices at most, each of 200 characters at most",
            ),
            (self.keep.len() > ITEMS_MAX, "keep", "10000 numbers at most"),
            (self.drop.len() > ITEMS_MAX, "drop", "10000 numbers at most"),
            (self.redo.len() > ITEMS_MAX, "redo", "10000 numbers at most"),
            (
                mine == 0 || mine > ITEMS_MAX || counts.iter().sum::<usize>() != mine,
                name,
                "1 to 10000, and nothing of another kind",
            ),
        ] {
            if is_wrong {
                return Err(input::wrong(path, allowed).into());
            }
        }
        self.check_numbers(name)?;
        for (n, word) in self.words.iter().enumerate() {
            check_word(n, word)?;
        }
        for (n, slide) in self.slides.iter().enumerate() {
            let texts = [
                ("title", Some(&slide.title)),
                ("content", Some(&slide.content)),
                ("prompt", slide.prompt.as_ref()),
            ];
            bounded(n, "slides", &texts)?;
        }
        for (n, item) in self.items.iter().enumerate() {
            for (field, name) in [("model", Some(&item.model)), ("mode", item.mode.as_ref())] {
                if name.is_some_and(is_name) {
                    return Err(input::wrong(&format!("items[{n}].{field}"), "200 characters at most").into());
                }
            }
        }
        Ok(self.check_spread()?)
    }

    /// Short words of which many items are made: a style for ten thousand slides, a template that says a long word a thousand times.
    fn check_spread(&self) -> Result<(), Failure> {
        let references: usize = self.references.iter().map(String::len).sum();
        let of_slides = self.slides.len().saturating_mul(self.style.len() + references);
        let template = self.template.as_deref().unwrap_or_default();
        let (bytes, places) = (template.len(), template.matches('{').count());
        let of_word = |word: &WordRequest| {
            let texts = [Some(&word.word), word.translation.as_ref(), word.example.as_ref()];
            let longest = texts.into_iter().flatten().map(String::len).max().unwrap_or(0);
            bytes.saturating_add(places.saturating_mul(longest))
        };
        let of_words = self.words.iter().map(of_word).fold(0, usize::saturating_add);
        for (bytes, path) in [(of_slides, "style"), (of_words, "template")] {
            if bytes > SPREAD_BYTES_MAX {
                return Err(input::wrong(path, "32 MiB at most in all items together"));
            }
        }
        Ok(())
    }

    fn check_numbers(&self, of: &str) -> Result<(), Failure> {
        let numbers = match self.kind {
            Kind::Run => self.items.iter().map(|item| item.number).collect::<Vec<_>>(),
            Kind::Words => self.words.iter().map(|word| word.number).collect(),
            Kind::Slides => self.slides.iter().map(|slide| slide.number).collect(),
        };
        let mut seen = BTreeSet::new();
        for (n, given) in numbers.into_iter().enumerate() {
            let number = number(n, given);
            if number == 0 || number > u32::MAX / 2 || !seen.insert(number) {
                return Err(input::wrong(&format!("{of}[{n}].number"), "a number from 1 that no other has"));
            }
        }
        Ok(())
    }
}

fn check_word(n: usize, asked: &WordRequest) -> Result<(), Failure> {
    let texts = [
        ("word", Some(&asked.word)),
        ("translation", asked.translation.as_ref()),
        ("example", asked.example.as_ref()),
        ("prompt", asked.prompt.as_ref()),
    ];
    bounded(n, "words", &texts)?;
    if asked.language.as_ref().is_some_and(|language| language.chars().count() > NAME_CHARS_MAX) {
        return Err(input::wrong(&format!("words[{n}].language"), "200 characters at most"));
    }
    if asked.word.trim().is_empty() {
        return Err(input::wrong(&format!("words[{n}].word"), "a word"));
    }
    let is_nothing =
        asked.image.or(asked.audio).is_some() && !asked.has(asked.image) && !asked.has(asked.audio);
    if is_nothing {
        return Err(input::wrong(&format!("words[{n}].image"), "a picture, a sound, or both"));
    }
    Ok(())
}

impl WordRequest {
    /// Whether it gets what this flag says.
    pub(super) fn has(&self, flag: Option<bool>) -> bool {
        flag.unwrap_or(self.image.is_none() && self.audio.is_none())
    }
}

fn bounded(n: usize, of: &str, texts: &[(&str, Option<&String>)]) -> Result<(), Failure> {
    let long = texts.iter().find(|(_, text)| text.is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX));
    match long {
        Some((field, _)) => Err(input::wrong(&format!("{of}[{n}].{field}"), "20000 characters at most")),
        None => Ok(()),
    }
}

/// Items count from 1.
pub(super) fn number(n: usize, given: Option<u32>) -> u32 {
    given.unwrap_or_else(|| u32::try_from(n + 1).unwrap_or(u32::MAX))
}
