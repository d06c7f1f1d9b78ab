//! The catalogue: models of markets, their modes, limits and prices, as data. It ships as TOML packs (`catalogue/packs`).
//!
//! Market facts live here and nowhere in code. Prices are what a market takes; what an account pays is worked out in `price`.

use crate::{money::Millionths, price::PriceRule, state::words};
use std::{collections::BTreeMap, time::Duration};

words! {
    /// Kinds of work; a lane can be paused by itself.
    Lane { Image = "image", Video = "video", Audio = "audio", Text = "text", }
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
    /// Languages that prompts may be in: `en`, `ru`, …
    pub languages: Vec<String>,
    pub licence: Option<String>,
    /// At most this many at once, whatever slots the key has.
    pub parallel: Option<u32>,
    /// Start-to-start, for models that ask for it (S0-12).
    pub start_interval: Duration,
    /// Starts a minute of all its work together, whatever the keys allow.
    pub rate: Option<StartRate>,
    pub modes: Vec<Mode>,
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
    pub price: PriceRule,
}

impl Model {
    pub fn mode(&self, name: &str) -> Option<&Mode> {
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

/// Every model this installation knows.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    models: Vec<Model>,
    aliases: BTreeMap<String, String>,
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
    ("fal", include_str!("catalogue/packs/fal.toml")),
];

impl Catalogue {
    /// The packs that ship with the program.
    pub fn shipped() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (name, text) in PACKS {
            catalogue.add_pack(name, text).expect("shipped packs read: a test covers each");
        }
        catalogue
    }

    pub fn add_pack(&mut self, name: &str, text: &str) -> Result<(), PackError> {
        let pack: wire::Pack = toml::from_str(text)
            .map_err(|source| PackError { pack: name.to_owned(), source: Box::new(source) })?;
        self.aliases.extend(pack.aliases);
        self.models.extend(pack.model.into_iter().map(|model| model.into_model(&pack.market)));
        Ok(())
    }

    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// By public id, `market:id` or alias.
    pub fn find(&self, id: &str) -> Option<&Model> {
        let id = self.aliases.get(id).map_or(id, String::as_str);
        self.models.iter().find(|model| model.id == id || model.prefixed_id() == id)
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

/// The TOML shape of a pack; unknown fields are refused.
mod wire {
    use super::{BTreeMap, Duration, Lane, Millionths, PriceRule};
    use crate::{Currency, price::Unit};
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Pack {
        pub(super) market: String,
        #[serde(default)]
        pub(super) aliases: BTreeMap<String, String>,
        pub(super) model: Vec<Model>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Model {
        id: String,
        market_id: String,
        name: String,
        category: String,
        languages: Vec<String>,
        licence: Option<String>,
        parallel: Option<u32>,
        #[serde(default)]
        start_interval_ms: u64,
        rate_per_minute: Option<std::num::NonZero<u32>>,
        rate_burst: Option<std::num::NonZero<u32>>,
        mode: Vec<Mode>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Mode {
        name: String,
        #[serde(deserialize_with = "lane")]
        lane: Lane,
        longest_run_s: u64,
        usual_run_ms: u64,
        price: Price,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Price {
        #[serde(deserialize_with = "unit")]
        unit: Unit,
        /// Decimal text, so that no float stands near money.
        #[serde(deserialize_with = "decimal")]
        cost: Millionths,
        #[serde(deserialize_with = "currency")]
        currency: Currency,
        /// Where the fact comes from and when it was last looked at.
        #[expect(dead_code, reason = "kept for readers of the pack; checked to be there")]
        source: String,
        #[serde(default)]
        whole_units: bool,
    }

    impl Model {
        pub(super) fn into_model(self, market: &str) -> super::Model {
            super::Model {
                id: self.id,
                market: market.to_owned(),
                market_id: self.market_id,
                name: self.name,
                category: self.category,
                languages: self.languages,
                licence: self.licence,
                parallel: self.parallel,
                start_interval: Duration::from_millis(self.start_interval_ms),
                rate: self.rate_per_minute.map(|per_minute| super::StartRate {
                    per_minute: per_minute.get(),
                    burst: self.rate_burst.map_or(1, std::num::NonZero::get),
                }),
                modes: self.mode.into_iter().map(Mode::into_mode).collect(),
            }
        }
    }

    impl Mode {
        fn into_mode(self) -> super::Mode {
            let Price { unit, cost, currency, whole_units, .. } = self.price;
            super::Mode {
                name: self.name,
                lane: self.lane,
                longest_run: Duration::from_secs(self.longest_run_s),
                usual_run: Duration::from_millis(self.usual_run_ms),
                price: PriceRule { unit, cost_micros: cost.0, currency, whole_units },
            }
        }
    }

    /// A text field that one of our own parsers understands.
    fn parsed<'de, D: serde::Deserializer<'de>, T>(
        deserializer: D,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not known here")))
    }

    fn lane<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Lane, D::Error> {
        parsed(deserializer, Lane::parse)
    }

    fn unit<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Unit, D::Error> {
        parsed(deserializer, Unit::parse)
    }

    fn currency<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        parsed(deserializer, Currency::parse)
    }

    fn decimal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Millionths, D::Error> {
        parsed(deserializer, Millionths::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_packs_read_and_ids_are_unique() {
        let catalogue = Catalogue::shipped();
        for model in catalogue.models() {
            assert_eq!(catalogue.find(&model.id).map(|found| &found.id), Some(&model.id));
            assert_eq!(catalogue.find(&model.prefixed_id()).map(|found| &found.id), Some(&model.id));
            assert!(!model.modes.is_empty() && !model.languages.is_empty(), "{}", model.id);
            assert_eq!(
                catalogue.models().iter().filter(|other| other.id == model.id).count(),
                1,
                "{}",
                model.id
            );
        }
        for target in catalogue.aliases.values() {
            assert!(catalogue.models.iter().any(|model| &model.id == target), "alias to nothing: {target}");
        }
    }

    #[test]
    fn s2_014_an_unknown_model_names_the_nearest() {
        let catalogue = Catalogue::shipped();
        assert!(catalogue.find("fal-ai/flux/dve").is_none());
        assert_eq!(catalogue.nearest("fal-ai/flux/dve")[0], "fal-ai/flux/dev");
        assert_eq!(catalogue.nearest("sandbox/artst")[0], "sandbox/artist");
    }

    #[test]
    fn a_pack_with_an_unknown_field_is_refused() {
        let error =
            Catalogue::default().add_pack("mine", "market = 'm'\ncolour = 'red'\nmodel = []").unwrap_err();
        assert_eq!(error.to_string(), "catalogue pack `mine` cannot be read");
    }
}
