//! From the words of a request to a manifest and its plan.

use super::{
    links::{self, Links},
    request::{AudioFormat, BatchRequest, ItemRequest, Kind, SlideRequest, WordRequest, number},
};
use crate::{door::Door, input, problem::Problem, v1::QuoteRequest};
use palitra_domain::{AssetId, ErrorCode, Money, format::Format, state::Priority};
use palitra_engine::{
    Caller,
    batches::{
        Line, LinesOptions, Manifest, ManifestItem, Plan, Slide, SlidesOptions, StartedBatch, Style, Word,
        WordsOptions,
    },
    failure::Failure,
    generations::{Once, Wish},
};
use std::{collections::BTreeSet, time::Duration};

/// What would be done.
#[derive(Debug)]
pub struct Planned {
    pub plan: Plan,
    /// Of `each_alone`: items that cannot be made, by their numbers.
    pub left_out: Vec<(u32, Failure)>,
}

/// What would be done about a request of this machine: its files are here already.
pub async fn plan(door: &Door, caller: &Caller, request: BatchRequest) -> Result<Planned, Failure> {
    request.planned(door, caller, Links::Keep).await.map_err(|Problem(failure)| failure)
}

impl BatchRequest {
    /// Plans it, holds its money and queues it; with what was left out of it.
    pub(crate) async fn start(
        self,
        door: &Door,
        caller: &Caller,
        once: Option<Once>,
    ) -> Result<(StartedBatch, Vec<(u32, Failure)>), Problem> {
        // What is there already needs nothing that was good then.
        let made = door.engine.batch_made_once((&caller.account, caller.livemode), once.as_ref()).await?;
        if let Some(id) = made {
            return Ok((StartedBatch { id, superseded: Vec::new(), is_new: false }, Vec::new()));
        }
        let most = self.max_price;
        let Planned { plan, mut left_out } = self.checked(door, caller, Links::Bring).await?;
        if plan.items().is_empty() && !left_out.is_empty() {
            return Err(left_out.swap_remove(0).1.into());
        }
        if let Some(most) = most {
            agreed(plan.price, most)?;
        }
        Ok((door.engine.start_batch_once(&plan, once).await?, left_out))
    }

    /// What would be done about it, within the bounds of requests.
    pub(super) async fn checked(
        self,
        door: &Door,
        caller: &Caller,
        links: Links,
    ) -> Result<Planned, Problem> {
        self.check()?;
        self.planned(door, caller, links).await
    }

    async fn planned(mut self, door: &Door, caller: &Caller, links: Links) -> Result<Planned, Problem> {
        let only_failed = self.only_failed;
        let keep: BTreeSet<u32> = std::mem::take(&mut self.keep).into_iter().collect();
        let dropped: BTreeSet<u32> = std::mem::take(&mut self.drop).into_iter().collect();
        let mut left_out = Vec::new();
        let mut manifest = match self.kind {
            Kind::Run => self.run(door, caller, links, &mut left_out).await?,
            Kind::Words => self.words(door, caller).await?,
            Kind::Slides => self.slides(door, caller).await?,
        };
        manifest.items.retain(|item| {
            (keep.is_empty() || keep.contains(&item.number)) && !dropped.contains(&item.number)
        });
        let manifest = Manifest { key: caller.key.clone(), ..manifest };
        let engine = &door.engine;
        let plan =
            if only_failed { engine.plan_failed(manifest).await? } else { engine.plan(manifest).await? };
        Ok(Planned { plan, left_out })
    }

    async fn run(
        self,
        door: &Door,
        caller: &Caller,
        links: Links,
        left_out: &mut Vec<(u32, Failure)>,
    ) -> Result<Manifest, Problem> {
        let options = LinesOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            workers: self.workers,
            priority: Priority::Standard,
        };
        let mut wishes = Vec::with_capacity(self.items.len());
        for (n, ItemRequest { number: given, model, mode, input }) in self.items.into_iter().enumerate() {
            let wish = QuoteRequest { model, mode, input }.wish(door, caller);
            wishes.push((n, number(n, given), wish));
        }
        let wishes = links::brought(door, caller, wishes, links).await?;
        let (mut items, mut faces) = (Vec::with_capacity(wishes.len()), Vec::new());
        for (n, number, wish) in wishes {
            match item(door, number, wish, &options, &mut faces).await {
                Ok(item) => items.push(item),
                Err(Problem(failure)) if self.each_alone && is_its_own(&failure) => {
                    left_out.push((number, failure));
                }
                Err(problem) => return Err(at(n, problem)),
            }
        }
        Ok(options.manifest(items, faces))
    }

    async fn words(self, door: &Door, caller: &Caller) -> Result<Manifest, Problem> {
        let defaults = &door.settings.words;
        let mut voices = defaults.voices.clone();
        voices.extend(self.voices);
        let redo: BTreeSet<u32> = self.redo.into_iter().collect();
        let redo = |number: u32| redo.contains(&number).then(|| door.engine.seed());
        let words: Vec<Word> =
            self.words.into_iter().enumerate().map(|(n, asked)| word(n, asked, redo)).collect();
        let options = WordsOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            model: self.image_model.unwrap_or_else(|| defaults.image_model.clone()),
            speech_model: self.speech_model.unwrap_or_else(|| defaults.speech_model.clone()),
            voices,
            speed: self.speed,
            audio_format: self.audio_format.and_then(AudioFormat::name),
            format: format(self.format.as_deref(), "1024x1024")?,
            seed: self.seed.unwrap_or(1),
            template: self.template.unwrap_or_else(|| defaults.template.clone()),
            image_workers: self.image_workers.unwrap_or(self.workers),
            audio_workers: self.audio_workers.unwrap_or(self.workers),
            gate_percent: self.gate_percent.unwrap_or(0),
            priority: Priority::Standard,
        };
        Ok(door.engine.words_manifest(&words, &options).await?)
    }

    async fn slides(self, door: &Door, caller: &Caller) -> Result<Manifest, Problem> {
        let redo: BTreeSet<u32> = self.redo.into_iter().collect();
        let slide = |(n, asked): (usize, SlideRequest)| {
            let SlideRequest { number: given, title, content, prompt } = asked;
            let number = number(n, given);
            let redo = redo.contains(&number).then(|| door.engine.seed());
            Slide { number, title, content, prompt, redo }
        };
        let slides: Vec<Slide> = self.slides.into_iter().enumerate().map(slide).collect();
        let options = SlidesOptions {
            account: caller.account.clone(),
            livemode: caller.livemode,
            source: self.source,
            title: self.title,
            model: self.image_model.unwrap_or_else(|| door.settings.words.image_model.clone()),
            prompt_model: self.prompt_model.unwrap_or_else(|| "sandbox/writer".to_owned()),
            format: format(self.format.as_deref(), "1792x1008")?,
            seed: self.seed.unwrap_or(1),
            style: Style { words: self.style, references: self.references, vary_seed: self.vary_seed },
            image_workers: self.image_workers.unwrap_or(self.workers),
            prompt_delay: Duration::from_millis(self.prompt_delay_ms),
            image_delay: Duration::from_millis(self.image_delay_ms),
            gate_percent: self.gate_percent.unwrap_or(80),
            sequential: self.sequential,
            priority: Priority::Standard,
        };
        Ok(door.engine.slides_manifest(&slides, &options).await?)
    }
}

/// A failure that the item would have again: not one of this service, which it may well be made after.
fn is_its_own(failure: &Failure) -> bool {
    let code = failure.code();
    let is_lasting = (400..500).contains(&code.http_status()) && !code.is_retryable();
    is_lasting || matches!(code, ErrorCode::ModelPaused | ErrorCode::NoKey)
}

/// Never more than was agreed to, whatever has become dearer since.
fn agreed(price: Money, most: Money) -> Result<(), Failure> {
    if price.currency != most.currency {
        return Err(input::wrong("max_price.currency", price.currency.as_str()));
    }
    if price.amount > most.amount {
        let failure = Failure::new(ErrorCode::OverMaxCost).with("value", price.to_string());
        return Err(failure.with("limit", most.to_string()));
    }
    Ok(())
}

/// An item after every check that its wish is put to. A face that somebody brings is kept for less time.
async fn item(
    door: &Door,
    number: u32,
    wish: Result<Wish, Problem>,
    options: &LinesOptions,
    faces: &mut Vec<AssetId>,
) -> Result<ManifestItem, Problem> {
    let wish = wish?;
    let face = wish.input["face_image"].as_str().and_then(|id| AssetId::parse(id).ok());
    let line = Line { number, model: wish.model, mode: Some(wish.mode), input: wish.input };
    let item = door.engine.line_item(&line, options).await?;
    faces.extend(face);
    Ok(item)
}

fn word(n: usize, asked: WordRequest, redo: impl Fn(u32) -> Option<u32>) -> Word {
    let (image, audio) = (asked.has(asked.image), asked.has(asked.audio));
    let number = number(n, asked.number);
    let WordRequest { word, translation, example, language, prompt, .. } = asked;
    Word {
        number,
        word: word.trim().to_owned(),
        translation,
        example,
        language,
        prompt,
        image,
        audio,
        redo: redo(number),
    }
}

fn format(asked: Option<&str>, usual: &str) -> Result<Format, Failure> {
    Format::parse(asked.unwrap_or(usual))
        .map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))
}

/// The same refusal, with the place in the list.
pub(super) fn at(n: usize, Problem(failure): Problem) -> Problem {
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
