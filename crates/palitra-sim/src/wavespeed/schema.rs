//! Models of the simulated market: their inputs, what they refuse, what they cost (WaveSpeedAI documentation, page of each model,
//! read 2026-11).
//!
//! Stricter than WaveSpeedAI in one point: a field that is not in the schema is refused, so that an adapter sends only what exists.

use serde_json::{Map, Value, json};

#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
    /// Millionths of a dollar for one picture.
    price_micros: i64,
    fields: &'static [Field],
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

#[derive(Debug)]
enum Kind {
    Text,
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    OneOf(&'static [&'static str]),
    /// An absolute http(s) link.
    Link,
    /// So many of them.
    Links {
        max: usize,
    },
    /// `W*H`, each side within the bounds.
    Size {
        min: u32,
        max: u32,
    },
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

const BASE64: Field = field("enable_base64_output", Kind::Bool);
const SYNC: Field = field("enable_sync_mode", Kind::Bool);
const FORMAT: Field = field("output_format", Kind::OneOf(&["jpeg", "png", "webp"]));

pub(super) const MODELS: &[Model] = &[
    Model {
        id: "wavespeed-ai/flux-dev",
        kind: "text-to-image",
        price_micros: 12_000,
        fields: &[
            required("prompt", Kind::Text),
            field("image", Kind::Link),
            field("mask_image", Kind::Link),
            field("strength", Kind::Number { min: 0.0, max: 1.0 }),
            field("size", Kind::Size { min: 256, max: 1536 }),
            field("num_inference_steps", Kind::Int { min: 1, max: 50 }),
            field("seed", Kind::Int { min: -1, max: 2_147_483_647 }),
            field("guidance_scale", Kind::Number { min: 0.0, max: 20.0 }),
            field("num_images", Kind::Int { min: 1, max: 4 }),
            field("output_format", Kind::OneOf(&["jpeg", "png"])),
            field("enable_safety_checker", Kind::Bool),
            BASE64,
            SYNC,
        ],
    },
    Model {
        id: "google/nano-banana/edit",
        kind: "image-to-image",
        price_micros: 38_000,
        fields: &[
            required("prompt", Kind::Text),
            required("images", Kind::Links { max: 10 }),
            field(
                "aspect_ratio",
                Kind::OneOf(&["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]),
            ),
            field("output_format", Kind::OneOf(&["jpeg", "png"])),
            BASE64,
            SYNC,
        ],
    },
    Model {
        id: "wavespeed-ai/image-upscaler",
        kind: "upscaler",
        price_micros: 10_000,
        fields: &[
            required("image", Kind::Link),
            field("creativity", Kind::Number { min: -2.0, max: 2.0 }),
            field("target_resolution", Kind::OneOf(&["2k", "4k", "8k"])),
            FORMAT,
            BASE64,
            SYNC,
        ],
    },
    Model {
        id: "wavespeed-ai/image-face-swap",
        kind: "image-to-image",
        price_micros: 10_000,
        fields: &[
            required("image", Kind::Link),
            required("face_image", Kind::Link),
            field("target_index", Kind::Int { min: 0, max: 10 }),
            field("target_gender", Kind::OneOf(&["all", "male", "female"])),
            FORMAT,
            BASE64,
            SYNC,
        ],
    },
];

pub(super) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

impl Model {
    /// What is wrong with an input, if anything is; the first thing found.
    pub(super) fn refuse(&self, input: &Value) -> Option<String> {
        let Value::Object(given) = input else { return Some("the body is not an object".into()) };
        for field in self.fields {
            let wrong = match given.get(field.name) {
                None if field.required => Some("is required".to_owned()),
                None => None,
                Some(value) => field.kind.refuse(value),
            };
            if let Some(wrong) = wrong {
                return Some(format!("property {} {wrong}", field.name));
            }
        }
        let extra = given.keys().find(|name| self.fields.iter().all(|field| field.name != *name))?;
        Some(format!("property {extra} is not in the schema"))
    }

    /// What a run costs: the model's price for each picture.
    pub(super) fn price_micros(&self, input: &Value) -> i64 {
        self.price_micros * i64::from(count(input))
    }

    /// The links of its input, in no order that matters.
    pub(super) fn links<'a>(&self, input: &'a Value) -> Vec<&'a str> {
        let links = self.fields.iter().filter(|field| matches!(field.kind, Kind::Link | Kind::Links { .. }));
        links
            .filter_map(|field| input.get(field.name))
            .flat_map(|value| match value {
                Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
                value => value.as_str().into_iter().collect::<Vec<_>>(),
            })
            .collect()
    }

    /// Its entry in the list of models.
    pub(super) fn listed(&self) -> Value {
        let properties: Map<String, Value> =
            self.fields.iter().map(|field| (field.name.to_owned(), field.kind.schema())).collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let schema = json!({"type": "object", "properties": properties, "required": required});
        json!({
            "model_id": self.id,
            "name": self.id,
            "description": "simulated",
            "type": self.kind,
            "base_price": super::ledger::dollars(self.price_micros),
            "formula": "",
            "api_schema": {"api_schemas": [{"type": "model_run", "request_schema": schema}]},
        })
    }
}

impl Kind {
    fn refuse(&self, value: &Value) -> Option<String> {
        let text = value.as_str();
        match self {
            Kind::Text => match text {
                Some(text) if !text.is_empty() => None,
                Some(_) => Some("must not be empty".into()),
                None => Some("must be a string".into()),
            },
            Kind::Bool => (!value.is_boolean()).then(|| "must be a boolean".into()),
            Kind::Int { min, max } => match value.as_i64() {
                Some(number) if (*min..=*max).contains(&number) => None,
                Some(_) => Some(format!("must be between {min} and {max}")),
                None => Some("must be an integer".into()),
            },
            Kind::Number { min, max } => match value.as_f64() {
                Some(number) if (*min..=*max).contains(&number) => None,
                Some(_) => Some(format!("must be between {min} and {max}")),
                None => Some("must be a number".into()),
            },
            Kind::OneOf(words) => {
                let known = text.is_some_and(|text| words.contains(&text));
                (!known).then(|| format!("must be one of {}", words.join(", ")))
            }
            Kind::Link => (!text.is_some_and(is_link)).then(|| "must be a link".into()),
            Kind::Links { max } => {
                let links = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let good = (1..=*max).contains(&links.len())
                    && links.iter().all(|link| link.as_str().is_some_and(is_link));
                (!good).then(|| format!("must be 1 to {max} links"))
            }
            Kind::Size { min, max } => {
                let sides = text.and_then(sides).filter(|(width, height)| {
                    (*min..=*max).contains(width) && (*min..=*max).contains(height)
                });
                sides.is_none().then(|| format!("must be W*H with sides between {min} and {max}"))
            }
        }
    }

    /// Its JSON Schema, as the list shows it.
    fn schema(&self) -> Value {
        match self {
            Kind::Text | Kind::Link | Kind::Size { .. } => json!({"type": "string"}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Int { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
            Kind::OneOf(words) => json!({"type": "string", "enum": words}),
            Kind::Links { max } => json!({"type": "array", "items": {"type": "string"}, "maxItems": max}),
        }
    }
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace))
}

fn sides(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('*')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// How many pictures an accepted input asks for.
pub(super) fn count(input: &Value) -> u32 {
    let count = input.get("num_images").and_then(Value::as_u64).unwrap_or(1);
    u32::try_from(count).unwrap_or(1)
}

/// The size of the pictures that an accepted input asks for; `given` is the size of its first picture, where that is known.
/// WaveSpeedAI goes up to 8k, the simulator draws at most 4k.
pub(super) fn size_of(input: &Value, given: Option<(u32, u32)>) -> (u32, u32) {
    if let Some(sides) = input.get("size").and_then(Value::as_str).and_then(sides) {
        return sides;
    }
    let (width, height) = given.unwrap_or((1024, 1024));
    let long = match input.get("target_resolution").and_then(Value::as_str) {
        Some("2k") => 2048,
        Some(_) => 4096,
        None => return (width, height),
    };
    let scaled = |side: u32| {
        let side = u64::from(side) * long / u64::from(width.max(height)).max(1);
        u32::try_from(side.max(1)).unwrap_or(1)
    };
    (scaled(width), scaled(height))
}
