//! Input schemas of the simulated endpoints and pydantic's way of refusing (`providers.md` §1.13, §1.6).
//!
//! Stricter than fal in one point: a field that is not in the schema is refused, so that an adapter sends only what exists.

use serde_json::{Value, json};

/// What an endpoint makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    Pictures,
    Text,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) id: &'static str,
    pub(super) makes: Makes,
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
    Int { min: i64, max: i64 },
    Number { min: f64, max: f64 },
    OneOf(&'static [&'static str]),
    ImageSize,
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

const SEED: Field = field("seed", Kind::Int { min: i64::MIN, max: i64::MAX });
const NUM_IMAGES: Field = field("num_images", Kind::Int { min: 1, max: 4 });
const SYNC_MODE: Field = field("sync_mode", Kind::Bool);

/// fal's presets and their sizes.
pub(super) const PRESETS: &[(&str, u32, u32)] = &[
    ("square_hd", 1024, 1024),
    ("square", 512, 512),
    ("portrait_4_3", 768, 1024),
    ("portrait_16_9", 576, 1024),
    ("landscape_4_3", 1024, 768),
    ("landscape_16_9", 1024, 576),
];

/// Sides of a picture; fal allows 14142, the simulator draws less.
const SIDE_MAX: i64 = 4096;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        id: "fal-ai/flux/dev",
        makes: Makes::Pictures,
        fields: &[
            required("prompt", Kind::Text),
            field("image_size", Kind::ImageSize),
            field("num_inference_steps", Kind::Int { min: 1, max: 50 }),
            field("guidance_scale", Kind::Number { min: 1.0, max: 20.0 }),
            NUM_IMAGES,
            SEED,
            field("enable_safety_checker", Kind::Bool),
            field("output_format", Kind::OneOf(&["jpeg", "png"])),
            field("acceleration", Kind::OneOf(&["none", "regular", "high"])),
            SYNC_MODE,
        ],
    },
    Endpoint {
        id: "fal-ai/flux-pro/v1.1-ultra",
        makes: Makes::Pictures,
        fields: &[
            required("prompt", Kind::Text),
            field("aspect_ratio", Kind::Text),
            field("raw", Kind::Bool),
            field("enhance_prompt", Kind::Bool),
            field("image_url", Kind::Text),
            field("image_prompt_strength", Kind::Number { min: 0.0, max: 1.0 }),
            NUM_IMAGES,
            field("output_format", Kind::OneOf(&["jpeg", "png"])),
            field("safety_tolerance", Kind::OneOf(&["1", "2", "3", "4", "5", "6"])),
            SEED,
            SYNC_MODE,
        ],
    },
    Endpoint {
        id: "fal-ai/nano-banana",
        makes: Makes::Pictures,
        fields: &[
            required("prompt", Kind::Text),
            NUM_IMAGES,
            field(
                "aspect_ratio",
                Kind::OneOf(&["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]),
            ),
            field("output_format", Kind::OneOf(&["jpeg", "png", "webp"])),
            field("safety_tolerance", Kind::OneOf(&["1", "2", "3", "4", "5", "6"])),
            field("limit_generations", Kind::Bool),
            SEED,
            SYNC_MODE,
        ],
    },
    Endpoint {
        id: "openrouter/router",
        makes: Makes::Text,
        fields: &[
            required("prompt", Kind::Text),
            required("model", Kind::Text),
            field("system_prompt", Kind::Text),
            field("temperature", Kind::Number { min: 0.0, max: 2.0 }),
            field("max_tokens", Kind::Int { min: 1, max: i64::MAX }),
            field("reasoning", Kind::Bool),
        ],
    },
];

pub(super) fn find(id: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.id == id)
}

/// `owner/alias`, with a namespace before it: what status, result and cancel are asked under (`providers.md` §1.2).
pub(super) fn app(id: &str) -> String {
    let parts = if id.starts_with("workflows/") || id.starts_with("comfy/") { 3 } else { 2 };
    id.split('/').take(parts).collect::<Vec<_>>().join("/")
}

impl Endpoint {
    /// The entries of `detail`; empty when the input is good.
    pub(super) fn refuse(&self, input: &Value) -> Vec<Value> {
        let Value::Object(given) = input else {
            return vec![detail(&[], "Input should be a valid dictionary", "model_attributes_type", input)];
        };
        let mut details = Vec::new();
        for field in self.fields {
            match given.get(field.name) {
                None if field.required => {
                    details.push(detail(&[field.name], "Field required", "missing", input));
                }
                None => {}
                Some(Value::Null) if !field.required => {}
                Some(value) => details.extend(field.kind.refuse(field.name, value)),
            }
        }
        for (name, value) in given {
            if self.fields.iter().all(|field| field.name != name) {
                details.push(detail(&[name], "Extra inputs are not permitted", "extra_forbidden", value));
            }
        }
        details
    }
}

impl Kind {
    fn refuse(&self, name: &str, value: &Value) -> Option<Value> {
        let (message, kind) = match self {
            Kind::Text => match value.as_str() {
                Some("") => ("String should have at least 1 character".to_owned(), "string_too_short"),
                Some(_) => return None,
                None => ("Input should be a valid string".to_owned(), "string_type"),
            },
            Kind::Bool if value.is_boolean() => return None,
            Kind::Bool => ("Input should be a valid boolean".to_owned(), "bool_type"),
            Kind::Int { min, max } => match value.as_i64() {
                Some(number) => return out_of(name, value, number < *min, number > *max, min, max),
                None => ("Input should be a valid integer".to_owned(), "int_type"),
            },
            Kind::Number { min, max } => match value.as_f64() {
                Some(number) => return out_of(name, value, number < *min, number > *max, min, max),
                None => ("Input should be a valid number".to_owned(), "float_type"),
            },
            Kind::OneOf(allowed) if value.as_str().is_some_and(|word| allowed.contains(&word)) => {
                return None;
            }
            Kind::OneOf(allowed) => (format!("Input should be one of {allowed:?}"), "literal_error"),
            Kind::ImageSize => return refuse_size(name, value),
        };
        Some(detail(&[name], &message, kind, value))
    }
}

fn out_of(
    name: &str,
    value: &Value,
    below: bool,
    above: bool,
    min: &impl ToString,
    max: &impl ToString,
) -> Option<Value> {
    let (message, kind) = if below {
        (format!("Input should be greater than or equal to {}", min.to_string()), "greater_than_equal")
    } else if above {
        (format!("Input should be less than or equal to {}", max.to_string()), "less_than_equal")
    } else {
        return None;
    };
    Some(detail(&[name], &message, kind, value))
}

/// A preset's name, or an object of exactly `width` and `height`.
fn refuse_size(name: &str, value: &Value) -> Option<Value> {
    if let Some(word) = value.as_str() {
        let known = PRESETS.iter().any(|(preset, ..)| *preset == word);
        return (!known).then(|| detail(&[name], "Input should be a known preset", "literal_error", value));
    }
    let Some(size) = value.as_object() else {
        return Some(detail(&[name], "Input should be a valid size", "model_attributes_type", value));
    };
    for side in ["width", "height"] {
        let Some(given) = size.get(side) else {
            return Some(detail(&[name, side], "Field required", "missing", value));
        };
        let kind = Kind::Int { min: 1, max: SIDE_MAX };
        if let Some(mut refusal) = kind.refuse(side, given) {
            refusal["loc"] = json!(["body", name, side]);
            return Some(refusal);
        }
    }
    let extra = size.keys().find(|key| !["width", "height"].contains(&key.as_str()))?;
    Some(detail(&[name, extra], "Extra inputs are not permitted", "extra_forbidden", value))
}

fn detail(path: &[&str], message: &str, kind: &str, input: &Value) -> Value {
    let loc: Vec<&str> = std::iter::once("body").chain(path.iter().copied()).collect();
    json!({
        "loc": loc,
        "msg": message,
        "type": kind,
        "url": format!("https://docs.fal.ai/errors#{kind}"),
        "input": input,
    })
}

/// The size of the pictures that an accepted input asks for: presets, sides, or a ratio with a long side of 1024.
pub(super) fn size_of(input: &Value) -> (u32, u32) {
    let side = |value: &Value| value.as_u64().and_then(|side| u32::try_from(side).ok());
    match input.get("image_size") {
        Some(Value::String(word)) => {
            if let Some((_, width, height)) = PRESETS.iter().find(|(preset, ..)| preset == word) {
                return (*width, *height);
            }
        }
        Some(size) => {
            if let (Some(width), Some(height)) =
                (size.get("width").and_then(side), size.get("height").and_then(side))
            {
                return (width, height);
            }
        }
        None => {}
    }
    match input.get("aspect_ratio").and_then(Value::as_str).and_then(ratio) {
        Some((across, down)) if across >= down => (1024, (1024 * down / across).max(1)),
        Some((across, down)) => ((1024 * across / down).max(1), 1024),
        None => (1024, 768),
    }
}

fn ratio(text: &str) -> Option<(u32, u32)> {
    let (across, down) = text.split_once(':')?;
    let number = |part: &str| part.parse().ok().filter(|number| (1..=100).contains(number));
    Some((number(across)?, number(down)?))
}
