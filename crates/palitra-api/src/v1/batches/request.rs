//! What a batch is asked to make, and its manifest.

use crate::{bring, door::Door, input, problem::Problem, v1::QuoteRequest};
use palitra_domain::{BatchId, ErrorCode, format::Format, state::Priority};
use palitra_engine::{
    Caller,
    batches::{
        ITEMS_MAX, Line, LinesOptions, Manifest, Plan, Slide, SlidesOptions, Style, Word, WordsOptions,
    },
    failure::Failure,
    generations::Once,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// Many things at once. Which fields count depends on `kind`: `items` for `run`, `words` for `words`, `slides` for `slides`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) title: String,
    /// Of `run`: any generations, each by itself.
    #[serde(default)]
    pub(crate) items: Vec<ItemRequest>,
    /// Of `words`: a picture and a sound for each.
    #[serde(default)]
    pub(crate) words: Vec<WordRequest>,
    /// Of `slides`: a prompt and a picture for each.
    #[serde(default)]
    pub(crate) slides: Vec<SlideRequest>,
    /// Of pictures.
    pub(crate) image_model: Option<String>,
    /// Of speech.
    pub(crate) speech_model: Option<String>,
    /// Of prompts for slides.
    pub(crate) prompt_model: Option<String>,
    /// By language: `{"en": "…"}`.
    #[serde(default)]
    pub(crate) voices: BTreeMap<String, String>,
    /// Of speech, in per cent of the usual.
    pub(crate) speed: Option<u32>,
    /// Of pictures, such as `1024x1024`.
    pub(crate) format: Option<String>,
    pub(crate) seed: Option<u32>,
    /// English words behind every prompt of a slide: a technique, a palette.
    #[serde(default)]
    pub(crate) style: String,
    /// At least so much of each stage has to succeed, in per cent; 0: each item stands alone.
    #[schema(maximum = 100)]
    pub(crate) gate_percent: Option<u32>,
    /// So many at once; 0: as many as the markets take.
    #[serde(default)]
    #[schema(maximum = 500)]
    pub(crate) workers: u32,
    /// Where it comes from: a changed batch from there replaces what is left of the earlier one, and words that have changed are told.
    #[serde(default)]
    pub(crate) source: String,
    /// Numbers of items that are made anew, whatever is there.
    #[serde(default)]
    pub(crate) redo: Vec<u32>,
    /// Only what failed the last time from this source, beside what is there already.
    #[serde(default)]
    pub(crate) only_failed: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchKind)]
pub(crate) enum Kind {
    #[default]
    Run,
    Words,
    Slides,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemRequest {
    model: String,
    mode: Option<String>,
    #[schema(value_type = Object)]
    input: Map<String, Value>,
}

/// With neither flag it gets both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordRequest {
    pub(crate) word: String,
    pub(crate) translation: Option<String>,
    pub(crate) example: Option<String>,
    /// `ru`, `en`, `kk`; found by its letters where it is not given.
    pub(crate) language: Option<String>,
    /// Of its picture, instead of one made from the word.
    pub(crate) prompt: Option<String>,
    pub(crate) image: Option<bool>,
    pub(crate) audio: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlideRequest {
    title: String,
    #[serde(default)]
    content: String,
    /// Skips the writer.
    prompt: Option<String>,
}

/// The longest text of an item, in characters.
const TEXT_CHARS_MAX: usize = 20_000;

impl BatchRequest {
    /// Plans it, holds its money and queues it. Answers its id, and whether this request made it or an earlier one under the same key.
    pub(crate) async fn start(
        self,
        door: &Door,
        caller: &Caller,
        once: Option<Once>,
    ) -> Result<(BatchId, bool), Problem> {
        // What is there already needs nothing that was good then.
        let made = door.engine.batch_made_once((&caller.account, caller.livemode), once.as_ref()).await?;
        if let Some(id) = made {
            return Ok((id, false));
        }
        let plan = self.plan(door, caller).await?;
        let started = door.engine.start_batch_once(&plan, once).await?;
        Ok((started.id, started.is_new))
    }

    /// What would be done about it.
    pub(super) async fn plan(self, door: &Door, caller: &Caller) -> Result<Plan, Problem> {
        if self.gate_percent.is_some_and(|percent| percent > 100) {
            return Err(input::wrong("gate_percent", "0 to 100").into());
        }
        if self.workers > 500 {
            return Err(input::wrong("workers", "0 to 500").into());
        }
        if self.title.chars().count() > 500 || self.source.chars().count() > 500 {
            return Err(input::wrong("title", "500 characters at most").into());
        }
        let (only_failed, kind) = (self.only_failed, self.kind);
        let counts = [self.items.len(), self.words.len(), self.slides.len()];
        let (mine, name) = match kind {
            Kind::Run => (counts[0], "items"),
            Kind::Words => (counts[1], "words"),
            Kind::Slides => (counts[2], "slides"),
        };
        if mine == 0 || mine > ITEMS_MAX || counts.iter().sum::<usize>() != mine {
            return Err(input::wrong(name, "1 to 10000, and nothing of another kind").into());
        }
        let manifest = match kind {
            Kind::Run => self.run(door, caller).await?,
            Kind::Words => self.words(door, caller).await?,
            Kind::Slides => self.slides(door, caller)?,
        };
        let manifest = Manifest { key: caller.key.clone(), ..manifest };
        let engine = &door.engine;
        Ok(if only_failed { engine.plan_failed(manifest).await? } else { engine.plan(manifest).await? })
    }

    async fn run(self, door: &Door, caller: &Caller) -> Result<Manifest, Problem> {
        let options = LinesOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            workers: self.workers,
            priority: Priority::Standard,
        };
        let mut items = Vec::with_capacity(self.items.len());
        for (n, ItemRequest { model, mode, input }) in self.items.into_iter().enumerate() {
            let wish =
                QuoteRequest { model, mode, input }.wish(door, caller).map_err(|wrong| at(n, wrong))?;
            let wish = bring::bring(door, caller, wish).await.map_err(|wrong| at(n, wrong))?;
            let line =
                Line { number: number(n), model: wish.model, mode: Some(wish.mode), input: wish.input };
            let item = door.engine.line_item(&line, &options).await;
            items.push(item.map_err(|error| at(n, error.into()))?);
        }
        Ok(options.manifest(items, Vec::new()))
    }

    async fn words(self, door: &Door, caller: &Caller) -> Result<Manifest, Problem> {
        let defaults = &door.settings.words;
        let mut voices = defaults.voices.clone();
        voices.extend(self.voices);
        let mut words = Vec::with_capacity(self.words.len());
        for (n, asked) in self.words.into_iter().enumerate() {
            let redo = self.redo.contains(&number(n)).then(|| door.engine.seed());
            words.push(word(n, asked, redo)?);
        }
        let options = WordsOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            model: self.image_model.unwrap_or_else(|| defaults.image_model.clone()),
            speech_model: self.speech_model.unwrap_or_else(|| defaults.speech_model.clone()),
            voices,
            speed: self.speed,
            audio_format: None,
            format: format(self.format.as_deref(), "1024x1024")?,
            seed: self.seed.unwrap_or(1),
            template: defaults.template.clone(),
            image_workers: self.workers,
            audio_workers: self.workers,
            gate_percent: self.gate_percent.unwrap_or(0),
            priority: Priority::Standard,
        };
        Ok(door.engine.words_manifest(&words, &options).await?)
    }

    fn slides(self, door: &Door, caller: &Caller) -> Result<Manifest, Problem> {
        let mut slides = Vec::with_capacity(self.slides.len());
        for (n, SlideRequest { title, content, prompt }) in self.slides.into_iter().enumerate() {
            bounded(
                n,
                "slides",
                &[("title", Some(&title)), ("content", Some(&content)), ("prompt", prompt.as_ref())],
            )?;
            let redo = self.redo.contains(&number(n)).then(|| door.engine.seed());
            slides.push(Slide { number: number(n), title, content, prompt, redo });
        }
        let options = SlidesOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            model: self.image_model.unwrap_or_else(|| door.settings.words.image_model.clone()),
            prompt_model: self.prompt_model.unwrap_or_else(|| "sandbox/writer".to_owned()),
            format: format(self.format.as_deref(), "1792x1008")?,
            seed: self.seed.unwrap_or(1),
            style: Style { words: self.style, ..Style::default() },
            image_workers: self.workers,
            prompt_delay: Duration::ZERO,
            image_delay: Duration::ZERO,
            gate_percent: self.gate_percent.unwrap_or(80),
            sequential: false,
            priority: Priority::Standard,
        };
        Ok(options.manifest(&slides))
    }
}

fn word(n: usize, asked: WordRequest, redo: Option<u32>) -> Result<Word, Failure> {
    let WordRequest { word, translation, example, language, prompt, image, audio } = asked;
    bounded(
        n,
        "words",
        &[
            ("word", Some(&word)),
            ("translation", translation.as_ref()),
            ("example", example.as_ref()),
            ("prompt", prompt.as_ref()),
        ],
    )?;
    if word.trim().is_empty() {
        return Err(input::wrong(&format!("words[{n}].word"), "a word"));
    }
    let (image, audio) = match (image, audio) {
        (None, None) => (true, true),
        (image, audio) => (image.unwrap_or(false), audio.unwrap_or(false)),
    };
    if !image && !audio {
        return Err(input::wrong(&format!("words[{n}].image"), "a picture, a sound, or both"));
    }
    Ok(Word {
        number: number(n),
        word: word.trim().to_owned(),
        translation,
        example,
        language,
        prompt,
        image,
        audio,
        redo,
    })
}

fn bounded(n: usize, of: &str, texts: &[(&str, Option<&String>)]) -> Result<(), Failure> {
    let long = texts.iter().find(|(_, text)| text.is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX));
    match long {
        Some((field, _)) => Err(input::wrong(&format!("{of}[{n}].{field}"), "20000 characters at most")),
        None => Ok(()),
    }
}

fn format(asked: Option<&str>, usual: &str) -> Result<Format, Failure> {
    Format::parse(asked.unwrap_or(usual))
        .map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))
}

/// Items count from 1.
fn number(n: usize) -> u32 {
    u32::try_from(n + 1).unwrap_or(u32::MAX)
}

/// The same refusal, with the place in the list.
fn at(n: usize, Problem(failure): Problem) -> Problem {
    let mut violations = failure.violations().to_vec();
    if violations.is_empty() {
        return Problem(failure.with("place", format!("`items[{n}]`")));
    }
    for wrong in &mut violations {
        wrong.path = format!("items[{n}].input.{}", wrong.path);
    }
    let failure = Failure::new(failure.code()).with("value", format!("`items[{n}]`"));
    Problem(failure.violating(violations))
}
