//! The manifest of a deck: for each slide a prompt, unless it brings its own, and a picture (S0-40).

use super::{
    fill::{STYLE_WORDS, styled},
    manifest::{Manifest, ManifestItem, StepWish, Worked},
};
use crate::{Engine, Result, generations::PROMPT_CHARS_MAX};
use palitra_domain::{
    AccountId, ErrorCode, Livemode,
    format::Format,
    prompt,
    state::{BatchKind, Priority, StepKind},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A slide to be illustrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slide {
    pub number: u32,
    pub title: String,
    pub content: String,
    /// A prompt that the deck brings along: the writer is skipped, the clean-prompt rule is not.
    pub prompt: Option<String>,
    /// Another picture than the one there is, with this seed.
    pub redo: Option<u32>,
}

/// How a deck is illustrated.
#[derive(Debug, Clone)]
pub struct SlidesOptions {
    pub account: AccountId,
    pub livemode: Livemode,
    /// Where the deck lies: a changed deck from there replaces what is left of its earlier run.
    pub source: String,
    pub title: String,
    pub model: String,
    pub prompt_model: String,
    pub format: Format,
    pub seed: u32,
    /// What all pictures have in common: words after each prompt, and pictures that the model looks at.
    pub style: Style,
    /// 0: as many as there are slides.
    pub image_workers: u32,
    /// Start to start. The writer model's own least interval holds in any case.
    pub prompt_delay: Duration,
    /// Start to start, per worker (S0-14).
    pub image_delay: Duration,
    pub gate_percent: u32,
    /// One call at a time, every prompt before the first picture (S0-38).
    pub sequential: bool,
    pub priority: Priority,
}

/// The style lock of a set (D9): what holds its pictures together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// English words, such as a technique and a palette; put after every prompt.
    pub words: String,
    /// Ids of pictures that a model with `images` looks at.
    pub references: Vec<String>,
    /// Each slide its own seed, counted up from the first, instead of one for all.
    pub vary_seed: bool,
}

/// What the writer is told beside the slide.
const WRITER_SYSTEM: &str = "You write prompts for an image model that understands English only. Answer with one English prompt \
    of 40 to 80 words for an illustration of the slide: object, look, surroundings, light, style, in this order. No text in the \
    picture, no technical parameters, no quotes, nothing but the prompt.";

/// How much of a slide the writer reads, in characters: a slide that holds more is no slide any more, and markets bill by length.
const WRITER_CHARS_MAX: usize = 4_000;

impl Engine {
    /// Pictures that a style is taken from have to be there, and what its model takes, before anything is paid.
    pub async fn slides_manifest(&self, slides: &[Slide], options: &SlidesOptions) -> Result<Manifest> {
        let references = &options.style.references;
        if !references.is_empty() {
            let (_, mode) = self.model_for(options.livemode, &options.model, "create")?;
            self.checked_pictures((&options.account, options.livemode), &mode, references).await?;
        }
        Ok(options.manifest(slides))
    }
}

impl SlidesOptions {
    pub fn manifest(&self, slides: &[Slide]) -> Manifest {
        let shown = json!({
            "model": self.model, "prompt_model": self.prompt_model, "format": self.format.to_string(), "seed": self.seed,
            "image_workers": self.image_workers, "sequential": self.sequential, "style": self.style.words,
        });
        let prompts = Worked { kind: StepKind::Prompt, count: 1, interval: self.prompt_delay };
        let pictures =
            Worked { kind: StepKind::Picture, count: self.image_workers, interval: self.image_delay };
        Manifest {
            account: self.account.clone(),
            livemode: self.livemode,
            key: None,
            kind: BatchKind::Slides,
            source: self.source.clone(),
            title: self.title.clone(),
            shown,
            gate_percent: self.gate_percent,
            sequential: self.sequential,
            priority: self.priority,
            workers: vec![prompts, pictures],
            faces: Vec::new(),
            items: slides.iter().map(|slide| self.item(slide)).collect(),
        }
    }

    fn item(&self, slide: &Slide) -> ManifestItem {
        let mut steps = Vec::new();
        let offset = if self.style.vary_seed { slide.number.saturating_sub(1) } else { 0 };
        let mut picture = json!({
            "width": self.format.width, "height": self.format.height, "seed": self.seed.wrapping_add(offset),
        });
        if !self.style.words.is_empty() {
            picture[STYLE_WORDS] = Value::from(self.style.words.as_str());
        }
        if !self.style.references.is_empty() {
            picture["images"] = json!(self.style.references);
        }
        let mut drawn = StepWish::new(StepKind::Picture, &self.model, "create", picture);
        drawn.redo = slide.redo;
        match slide.prompt.as_deref().map(prompt::clean_prompt) {
            None => {
                let input = writer_input(slide, self.seed);
                steps.push(StepWish::new(StepKind::Prompt, &self.prompt_model, "write", input));
                drawn.after = vec![0];
            }
            Some(clean) if clean.trim().is_empty() => drawn.refused = Some(ErrorCode::EmptyPrompt),
            Some(clean) if clean.chars().count() > PROMPT_CHARS_MAX => {
                drawn.refused = Some(ErrorCode::InvalidInput);
            }
            Some(clean) => drawn.input["prompt"] = Value::from(styled(clean, &self.style.words)),
        }
        steps.push(drawn);
        // A ready prompt has no step of its own; it is kept with the content, so that a report can show it.
        let content = json!({ "content": slide.content, "prompt": slide.prompt });
        ManifestItem { number: slide.number, title: slide.title.clone(), content, steps }
    }
}

/// The number is not part of it: a slide that moves is the same slide.
fn writer_input(slide: &Slide, seed: u32) -> Value {
    let clipped = |text: &str| text.chars().take(WRITER_CHARS_MAX).collect::<String>();
    let (title, content) = (clipped(&slide.title), clipped(&slide.content));
    let prompt = format!("{title}\n\n{content}");
    json!({ "system": WRITER_SYSTEM, "prompt": prompt.trim(), "title": title, "content": content, "seed": seed })
}
