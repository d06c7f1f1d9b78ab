//! The TOML shape of a pack; unknown fields are refused.
//!
//! A field of an input is a JSON Schema with `from`, `required`, `send`, `media`, `bytes_max` and `pixels_max` beside it, or the name of
//! one of the pack's shared `[fields]`.

use super::{
    Alias, Lane, Licence, Status,
    input::{FILE_BYTES_MAX, Field, Input, Media, Word},
};
use crate::{
    media_type::Kind,
    money::Millionths,
    price::{Coin, Extra, PriceRule, Prices, Unit, Variant},
};
use serde::{Deserialize, de::Error as _};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, num::NonZero, sync::Arc, time::Duration};

/// The models of a pack.
pub(super) fn models(text: &str) -> Result<Vec<super::Model>, toml::de::Error> {
    let pack: Pack = toml::from_str(text)?;
    pack.model.into_iter().map(|model| model.into_model(&pack.market, &pack.fields)).collect()
}

/// `name = { create = ["id", …], edit = […], input = { … } }`.
pub(super) fn aliases(text: &str) -> Result<BTreeMap<String, Alias>, toml::de::Error> {
    let names: BTreeMap<String, Name> = toml::from_str(text)?;
    Ok(names.into_iter().map(|(name, Name { input, modes })| (name, Alias { modes, input })).collect())
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    input: Map<String, Value>,
    #[serde(flatten)]
    modes: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    market: String,
    #[serde(default)]
    fields: BTreeMap<String, Map<String, Value>>,
    model: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    id: String,
    market_id: String,
    name: String,
    category: String,
    #[serde(default = "active")]
    status: Status,
    languages: Vec<String>,
    licence: Option<Licence>,
    #[serde(default)]
    hint: String,
    parallel: Option<u32>,
    #[serde(default)]
    start_interval_ms: u64,
    rate_per_minute: Option<NonZero<u32>>,
    rate_burst: Option<NonZero<u32>>,
    mode: Vec<Mode>,
}

fn active() -> Status {
    Status::Active
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    name: String,
    lane: Lane,
    longest_run_s: u64,
    usual_run_ms: u64,
    price: Price,
    fast: Option<String>,
    #[serde(default)]
    input: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    unit: Unit,
    /// Decimal text, so that no float stands near money.
    #[serde(deserialize_with = "decimal")]
    cost: Millionths,
    #[serde(deserialize_with = "coin")]
    currency: Coin,
    /// Where the fact comes from and when it was last looked at.
    #[expect(dead_code, reason = "kept for readers of the pack; checked to be there")]
    source: String,
    #[serde(default)]
    whole_units: bool,
    #[serde(default)]
    variants: Vec<PriceVariant>,
    #[serde(default)]
    extras: Vec<PriceExtra>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceVariant {
    when: Map<String, Value>,
    #[serde(deserialize_with = "decimal")]
    cost: Millionths,
}

/// `{ each = "field", cost = "0.004" }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceExtra {
    each: String,
    #[serde(deserialize_with = "decimal")]
    cost: Millionths,
}

type Shared = BTreeMap<String, Map<String, Value>>;

impl Model {
    fn into_model(self, market: &str, shared: &Shared) -> Result<super::Model, toml::de::Error> {
        let id = self.id.clone();
        let modes = self
            .mode
            .into_iter()
            .map(|mode| mode.into_mode(&id, shared).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(super::Model {
            id: self.id,
            market: market.to_owned(),
            market_id: self.market_id,
            name: self.name,
            category: self.category,
            status: self.status,
            languages: self.languages,
            licence: self.licence,
            hint: self.hint,
            parallel: self.parallel,
            start_interval: Duration::from_millis(self.start_interval_ms),
            rate: self.rate_per_minute.map(|per_minute| super::StartRate {
                per_minute: per_minute.get(),
                burst: self.rate_burst.map_or(1, NonZero::get),
            }),
            modes,
        })
    }
}

impl Mode {
    fn into_mode(self, model: &str, shared: &Shared) -> Result<super::Mode, toml::de::Error> {
        let Price { unit, cost, currency, whole_units, variants, extras, .. } = self.price;
        let variants = variants.into_iter();
        let fields = self.input.into_iter().map(|(name, value)| {
            field(name, value, shared)
                .map_err(|why| toml::de::Error::custom(format!("{model}, {}: {why}", self.name)))
        });
        Ok(super::Mode {
            lane: self.lane,
            longest_run: Duration::from_secs(self.longest_run_s),
            usual_run: Duration::from_millis(self.usual_run_ms),
            input: Input { fields: fields.collect::<Result<_, _>>()? },
            prices: Prices {
                base: PriceRule { unit, cost_micros: cost.0, coin: currency, whole_units },
                variants: variants
                    .map(|PriceVariant { when, cost }| Variant {
                        when: when.into_iter().collect(),
                        cost_micros: cost.0,
                    })
                    .collect(),
                extras: extras
                    .into_iter()
                    .map(|PriceExtra { each, cost }| Extra { each, cost_micros: cost.0 })
                    .collect(),
            },
            fast: self.fast,
            name: self.name,
        })
    }
}

fn field(name: String, value: Value, shared: &Shared) -> Result<Field, String> {
    let mut schema = match value {
        Value::Object(schema) => schema,
        Value::String(known) => shared
            .get(&known)
            .cloned()
            .ok_or_else(|| format!("`{name}` is like `{known}`, which the pack does not have"))?,
        _ => return Err(format!("`{name}` is neither a schema nor the name of one")),
    };
    let from = match schema.remove("from") {
        None => None,
        Some(word) => {
            let known = word.as_str().and_then(Word::parse);
            Some(known.ok_or_else(|| format!("`{name}` comes from {word}, which is none of our words"))?)
        }
    };
    let mut number = |key: &str| schema.remove(key).and_then(|value| value.as_u64());
    let (bytes_max, pixels_max) = (number("bytes_max"), number("pixels_max"));
    let kind = match schema.remove("media") {
        None => from.and_then(Word::media),
        Some(kind) => {
            let known = kind.as_str().and_then(Kind::parse);
            Some(known.ok_or_else(|| format!("`{name}` holds {kind}, which is no kind of media"))?)
        }
    };
    // A list is JSON Schema's own word, of an object's fields.
    let required = schema.get("required").is_some_and(|required| required == true);
    if schema.get("required").is_some_and(Value::is_boolean) {
        schema.remove("required");
    }
    let media = kind.map(|kind| Media { kind, bytes_max: bytes_max.unwrap_or(FILE_BYTES_MAX), pixels_max });
    let by_adapter = schema.remove("by_adapter").is_some_and(|by_adapter| by_adapter == true);
    Ok(Field {
        from,
        required,
        by_adapter,
        send: schema.remove("send"),
        media,
        schema: Value::Object(schema),
        name,
    })
}

/// A text field that one of our own parsers understands.
fn parsed<'de, D: serde::Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is not known here")))
}

fn coin<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Coin, D::Error> {
    parsed(deserializer, Coin::parse)
}

fn decimal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Millionths, D::Error> {
    parsed(deserializer, Millionths::parse)
}
