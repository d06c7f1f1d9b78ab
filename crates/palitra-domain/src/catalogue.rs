//! The catalogue: models of markets, their modes, what they take and what they cost, as data. It ships as TOML packs
//! (`catalogue/packs`) and grows by what markets are found to have (`sync` of the engine).
//!
//! Market facts live here and nowhere in code. Prices are what a market takes; what an account pays is worked out in `price`.

pub mod fit;
pub mod input;
pub mod listed;
mod wire;

#[cfg(test)]
mod tests;

use crate::{
    format::Format,
    market::ListedPrice,
    money::{Money, Overflow},
    price::{Amounts, PriceRule, PriceSettings, Prices},
    state::words,
};
use input::{Input, Word};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

pub use fit::{Fitted, Notice};

words! {
    /// Kinds of work; a lane can be paused by itself.
    Lane { Image = "image", Video = "video", Audio = "audio", Text = "text", }
}

words! {
    /// What may be done with the results (S2-140).
    Licence { Commercial = "commercial", Research = "research", Yours = "yours", }
}

words! {
    /// Whether a model may be used. That its market has no key is not a property of the model.
    Status {
        Active = "active",
        /// Found at the market, and somebody has to say its price first.
        Draft = "draft",
        /// Its market has changed what it takes, or the operator has paused it.
        Paused = "paused",
        /// Gone from its market.
        Retired = "retired",
    }
}

/// A catalogue entry of a market.
#[derive(Debug, Clone)]
pub struct Model {
    /// Public id: `sandbox/artist`, `fal-ai/flux/dev`.
    pub id: String,
    pub market: String,
    /// The market's own id.
    pub market_id: String,
    pub name: String,
    pub category: String,
    pub status: Status,
    /// Languages that prompts may be in: `en`, `ru`, …
    pub languages: Vec<String>,
    pub licence: Option<Licence>,
    /// What it is good at, in a sentence; empty when nobody has said.
    pub hint: String,
    /// At most this many at once, whatever slots the key has.
    pub parallel: Option<u32>,
    /// Start-to-start, for models that ask for it (S0-12).
    pub start_interval: Duration,
    /// Starts a minute of all its work together, whatever the keys allow.
    pub rate: Option<StartRate>,
    pub modes: Vec<Arc<Mode>>,
}

/// How often work of a model may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartRate {
    pub per_minute: u32,
    /// At once after a pause.
    pub burst: u32,
}

/// One operation of a model.
#[derive(Debug, Clone)]
pub struct Mode {
    /// `create`, `write`, `speak`, …
    pub name: String,
    pub lane: Lane,
    /// Longest run time: after it an attempt is given up and its slot freed.
    pub longest_run: Duration,
    /// Usual run time until history knows better; the cost in virtual-time fairness.
    pub usual_run: Duration,
    pub input: Input,
    pub prices: Prices,
    /// The model that does the same sooner, for more (S3-57).
    pub fast: Option<String>,
}

/// The most that an answer of a text model may have, in tokens, where nothing says less: what a quote of one must cover.
const ANSWER_TOKENS: u64 = 2_000;

impl Mode {
    /// What a run of this input in our words costs at most.
    pub fn price(&self, wish: &Value, settings: &PriceSettings) -> Result<Money, Overflow> {
        let (rule, amounts) = self.rule(wish);
        rule.price(&amounts, settings)
    }

    /// The price, and what the market is expected to take for it, in the wallet's currency, rounded up.
    pub fn price_and_cost(&self, wish: &Value, settings: &PriceSettings) -> Result<(Money, Money), Overflow> {
        let (rule, amounts) = self.rule(wish);
        Ok((rule.price(&amounts, settings)?, rule.cost_here(&amounts, settings)?))
    }

    fn rule(&self, wish: &Value) -> (PriceRule, Amounts) {
        let body = self.input.fit(wish).body;
        (self.prices.rule(&body), self.amounts(wish, &body))
    }

    /// What the price of an input depends on; `body` is the wish in the market's names.
    pub fn amounts(&self, wish: &Value, body: &Value) -> Amounts {
        let of = |word: Word| self.input.from_word(word).map(|field| &body[&field.name]);
        let number = |word: Word| of(word).or_else(|| wish.get(word.as_str())).and_then(leading_number);
        let characters = |word: Word| {
            let text = of(word).or_else(|| wish.get(word.as_str())).and_then(Value::as_str);
            text.map_or(0, |text| u64::try_from(text.chars().count()).unwrap_or(u64::MAX))
        };
        let asked = of(Word::Size).and_then(Format::of_value).or_else(|| Format::of_value(wish));
        let (prompt, system) = (characters(Word::Prompt), characters(Word::System));
        let answer = ["max_tokens", "max_completion_tokens"].iter().find_map(|name| body[*name].as_u64());
        Amounts {
            format: asked,
            count: number(Word::Count).unwrap_or(1),
            characters: match characters(Word::Text) {
                0 => prompt,
                text => text,
            },
            seconds: number(Word::Seconds).unwrap_or(0),
            // No tokenizer makes more tokens of a text than it has characters.
            tokens: prompt.saturating_add(system).saturating_add(answer.unwrap_or(ANSWER_TOKENS)),
        }
    }
}

/// `8`, `"8"`, `"8s"`; a part of a whole one counts as one: `4.2` is 5.
fn leading_number(value: &Value) -> Option<u64> {
    let text = match value {
        Value::String(text) => text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let begun = u64::from(part.bytes().any(|digit| digit != b'0'));
    whole.parse::<u64>().ok()?.checked_add(begun)
}

impl Model {
    pub fn mode(&self, name: &str) -> Option<&Arc<Mode>> {
        self.modes.iter().find(|mode| mode.name == name)
    }

    pub fn speaks(&self, language: &str) -> bool {
        self.languages.iter().any(|known| known == language)
    }

    /// `market:market_id`, always accepted beside the public id.
    pub fn prefixed_id(&self) -> String {
        format!("{}:{}", self.market, self.market_id)
    }
}

/// A public name for what several markets may have: for each mode the models that do it, the best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alias {
    pub modes: BTreeMap<String, Vec<String>>,
    /// What goes along unless something else is said: a preset (S4-06).
    pub input: serde_json::Map<String, Value>,
}

/// Every model this installation knows.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    models: Vec<Arc<Model>>,
    /// Public and prefixed ids, and where their model stands.
    places: HashMap<String, usize>,
    aliases: BTreeMap<String, Alias>,
    /// Names of fields of any mode.
    names: HashSet<String>,
}

/// A pack that does not read: a mistake in the program or in an operator's file.
#[derive(Debug, thiserror::Error)]
#[error("catalogue pack `{pack}` cannot be read")]
pub struct PackError {
    pub pack: String,
    #[source]
    pub source: Box<toml::de::Error>,
}

const PACKS: &[(&str, &str)] = &[
    ("sandbox", include_str!("catalogue/packs/sandbox.toml")),
    ("local", include_str!("catalogue/packs/local.toml")),
    ("fal", include_str!("catalogue/packs/fal.toml")),
    ("kie", include_str!("catalogue/packs/kie.toml")),
    ("wavespeed", include_str!("catalogue/packs/wavespeed.toml")),
    ("openai", include_str!("catalogue/packs/openai.toml")),
    ("anthropic", include_str!("catalogue/packs/anthropic.toml")),
];

const ALIASES: &str = include_str!("catalogue/packs/aliases.toml");

impl Catalogue {
    /// The packs that ship with the program.
    pub fn shipped() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (name, text) in PACKS {
            catalogue.add_pack(name, text).expect("shipped packs read: a test covers each");
        }
        catalogue.aliases = wire::aliases(ALIASES).expect("shipped aliases read: a test covers them");
        catalogue
    }

    pub fn add_pack(&mut self, name: &str, text: &str) -> Result<(), PackError> {
        let models = wire::models(text)
            .map_err(|source| PackError { pack: name.to_owned(), source: Box::new(source) })?;
        models.into_iter().for_each(|model| self.add(model));
        Ok(())
    }

    /// Adds a model, or takes the place of the one with its id.
    pub fn add(&mut self, model: Model) {
        for field in model.modes.iter().flat_map(|mode| &mode.input.fields) {
            self.names.insert(field.name.clone());
        }
        let (id, prefixed) = (model.id.clone(), model.prefixed_id());
        let at = match self.places.get(&id) {
            Some(at) => {
                self.models[*at] = Arc::new(model);
                *at
            }
            None => {
                self.models.push(Arc::new(model));
                self.models.len() - 1
            }
        };
        self.places.insert(prefixed, at);
        self.places.insert(id, at);
    }

    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    pub fn aliases(&self) -> &BTreeMap<String, Alias> {
        &self.aliases
    }

    /// By public id or `market:id`; an alias by its first model, whatever the mode.
    pub fn find(&self, id: &str) -> Option<&Arc<Model>> {
        let first = || self.aliases.get(id)?.modes.values().flatten().find_map(|id| self.at(id));
        self.at(id).or_else(first)
    }

    fn at(&self, id: &str) -> Option<&Arc<Model>> {
        self.places.get(id).map(|at| &self.models[*at])
    }

    /// The model and mode for what somebody asks for. Of an alias the first that can be used, else the first there is.
    pub fn resolve(
        &self,
        id: &str,
        mode: &str,
        is_usable: impl Fn(&Model) -> bool,
    ) -> Option<(&Arc<Model>, &Arc<Mode>)> {
        let with_mode = |model: &'_ Arc<Model>| model.mode(mode).is_some();
        let model = match (self.at(id), self.aliases.get(id)) {
            (Some(model), _) => Some(model),
            (None, Some(alias)) => {
                let mut candidates = alias
                    .modes
                    .get(mode)?
                    .iter()
                    .filter_map(|id| self.at(id))
                    .filter(|model| with_mode(model))
                    .peekable();
                let first = candidates.peek().copied();
                candidates.find(|model| is_usable(model)).or(first)
            }
            (None, None) => None,
        }?;
        Some((model, model.mode(mode)?))
    }

    /// The mode that a row of the queue names.
    pub fn mode_at(&self, market: &str, market_id: &str, mode: &str) -> Option<(&Arc<Model>, &Arc<Mode>)> {
        let model = self.at(&format!("{market}:{market_id}"))?;
        Some((model, model.mode(mode)?))
    }

    /// The model with another status; nothing when there is none.
    pub fn set_status(&mut self, id: &str, status: Status) {
        if let Some(at) = self.places.get(id).copied() {
            Arc::make_mut(&mut self.models[at]).status = status;
        }
    }

    /// The model with one price for all its modes, the operator's.
    pub fn set_price(&mut self, id: &str, price: ListedPrice) {
        let Some(at) = self.places.get(id).copied() else { return };
        let ListedPrice { unit, cost_micros, coin } = price;
        for mode in &mut Arc::make_mut(&mut self.models[at]).modes {
            let base = PriceRule { unit, cost_micros, coin, whole_units: false };
            Arc::make_mut(mode).prices = Prices { base, variants: Vec::new(), extras: Vec::new() };
        }
    }

    /// Whether any mode has a field of this name, or it is one of our words: what is not sent then is no typing mistake.
    pub fn knows(&self, name: &str) -> bool {
        let own = ["image", "num_inference_steps", "guidance_scale", fit::ORIGINAL_PROMPT];
        self.names.contains(name) || Word::parse(name).is_some() || own.contains(&name)
    }

    /// At most three ids that look like what was typed, best first: `did you mean …`.
    pub fn nearest(&self, typed: &str) -> Vec<&str> {
        let ids =
            self.models.iter().map(|model| model.id.as_str()).chain(self.aliases.keys().map(String::as_str));
        let mut ranked: Vec<(usize, &str)> = ids.map(|id| (distance(typed, id), id)).collect();
        ranked.sort_unstable();
        ranked.into_iter().take(3).map(|(_, id)| id).collect()
    }
}

/// Levenshtein distance over bytes, one row at a time.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
