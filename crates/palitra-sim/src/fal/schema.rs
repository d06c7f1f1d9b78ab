//! How inputs are checked, and pydantic's way of refusing (`providers.md` §1.6). Which fields an endpoint has: [`super::endpoints`].
//!
//! Stricter than fal in one point: a field that is not in the schema is refused, so that an adapter sends only what exists.

use super::size::{PRESETS, SIDE_MAX};
use serde_json::{Value, json};

/// What an endpoint makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    /// `images`.
    Pictures,
    /// `image`: one, of the size of the given one.
    Picture,
    /// `image`, twice as large as the given one.
    LargerPicture,
    Video,
    Speech,
    Text,
}

#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) id: &'static str,
    pub(super) makes: Makes,
    pub(super) fields: &'static [Field],
    /// As fal's platform lists it.
    pub(super) price: Price,
}

/// Unit and millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Price {
    pub(super) unit: &'static str,
    pub(super) micros: i64,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
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
    /// An absolute http(s) link, or a data URI.
    Link,
    Links {
        max: usize,
    },
    /// A preset's name, or sides whose area is within the bounds.
    ImageSize {
        presets: &'static [&'static str],
        area_min: u64,
    },
    /// An object of exactly these fields.
    Fields(&'static [Field]),
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

/// `owner/alias`, with a namespace before it: what status, result and cancel are asked under (`providers.md` §1.2).
pub(super) fn app(id: &str) -> String {
    let parts = if id.starts_with("workflows/") || id.starts_with("comfy/") { 3 } else { 2 };
    id.split('/').take(parts).collect::<Vec<_>>().join("/")
}

impl Endpoint {
    /// The entries of `detail`; empty when the input is good.
    pub(super) fn refuse(&self, input: &Value) -> Vec<Value> {
        refuse_fields(self.fields, &[], input)
    }

    /// The links of its input.
    pub(super) fn links<'a>(&self, input: &'a Value) -> Vec<&'a str> {
        let links = self.fields.iter().filter(|field| matches!(field.kind, Kind::Link | Kind::Links { .. }));
        links
            .filter_map(|field| input.get(field.name))
            .flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice))
            .filter_map(Value::as_str)
            .collect()
    }
}

fn refuse_fields(fields: &[Field], path: &[&str], input: &Value) -> Vec<Value> {
    let Value::Object(given) = input else {
        return vec![detail(path, "Input should be a valid dictionary", "model_attributes_type", input)];
    };
    let at = |name| [path, &[name]].concat();
    let mut details = Vec::new();
    for field in fields {
        match given.get(field.name) {
            None if field.required => {
                details.push(detail(&at(field.name), "Field required", "missing", input));
            }
            None => {}
            Some(Value::Null) if !field.required => {}
            Some(value) => details.extend(field.kind.refuse(&at(field.name), value)),
        }
    }
    for (name, value) in given {
        if fields.iter().all(|field| field.name != name) {
            details.push(detail(&at(name), "Extra inputs are not permitted", "extra_forbidden", value));
        }
    }
    details
}

impl Kind {
    fn refuse(&self, path: &[&str], value: &Value) -> Vec<Value> {
        let (message, kind) = match self {
            Kind::Text => match value.as_str() {
                Some("") => ("String should have at least 1 character".to_owned(), "string_too_short"),
                Some(_) => return Vec::new(),
                None => ("Input should be a valid string".to_owned(), "string_type"),
            },
            Kind::Bool if value.is_boolean() => return Vec::new(),
            Kind::Bool => ("Input should be a valid boolean".to_owned(), "bool_type"),
            Kind::Int { min, max } => match value.as_i64() {
                Some(number) => return out_of(path, value, number < *min, number > *max, min, max),
                None => ("Input should be a valid integer".to_owned(), "int_type"),
            },
            Kind::Number { min, max } => match value.as_f64() {
                Some(number) => return out_of(path, value, number < *min, number > *max, min, max),
                None => ("Input should be a valid number".to_owned(), "float_type"),
            },
            Kind::OneOf(allowed) if value.as_str().is_some_and(|word| allowed.contains(&word)) => {
                return Vec::new();
            }
            Kind::OneOf(allowed) => (format!("Input should be one of {allowed:?}"), "literal_error"),
            Kind::Link if is_link(value) => return Vec::new(),
            Kind::Link => ("Input should be a valid URL".to_owned(), "url_parsing"),
            Kind::Links { max } => match value.as_array() {
                Some(links) if links.is_empty() => {
                    ("List should have at least 1 item".to_owned(), "too_short")
                }
                Some(links) if links.len() > *max => {
                    (format!("List should have at most {max} items"), "too_long")
                }
                Some(links) if links.iter().all(is_link) => return Vec::new(),
                Some(_) => ("Input should be a valid URL".to_owned(), "url_parsing"),
                None => ("Input should be a valid list".to_owned(), "list_type"),
            },
            Kind::ImageSize { presets, area_min } => return refuse_size(path, value, presets, *area_min),
            Kind::Fields(fields) => return refuse_fields(fields, path, value),
        };
        vec![detail(path, &message, kind, value)]
    }

    /// Its JSON Schema, as the platform shows it.
    pub(super) fn schema(&self) -> Value {
        match self {
            Kind::Text | Kind::Link => json!({"type": "string"}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Int { min: i64::MIN, .. } => json!({"type": "integer"}),
            Kind::Int { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
            Kind::OneOf(words) => json!({"type": "string", "enum": words}),
            Kind::Links { max } => json!({"type": "array", "items": {"type": "string"}, "maxItems": max}),
            Kind::ImageSize { presets, .. } => {
                json!({"anyOf": [{"$ref": "#/components/schemas/ImageSize"}, {"type": "string", "enum": presets}]})
            }
            Kind::Fields(_) => json!({"type": "object"}),
        }
    }
}

fn is_link(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|link| ["https://", "http://", "data:"].iter().any(|head| link.starts_with(head)))
}

fn out_of(
    path: &[&str],
    value: &Value,
    below: bool,
    above: bool,
    min: &impl ToString,
    max: &impl ToString,
) -> Vec<Value> {
    let (message, kind) = if below {
        (format!("Input should be greater than or equal to {}", min.to_string()), "greater_than_equal")
    } else if above {
        (format!("Input should be less than or equal to {}", max.to_string()), "less_than_equal")
    } else {
        return Vec::new();
    };
    vec![detail(path, &message, kind, value)]
}

fn refuse_size(path: &[&str], value: &Value, presets: &[&str], area_min: u64) -> Vec<Value> {
    if let Some(word) = value.as_str() {
        let known = presets.contains(&word) || PRESETS.iter().any(|(preset, ..)| *preset == word);
        return match known {
            true => Vec::new(),
            false => vec![detail(path, "Input should be a known preset", "literal_error", value)],
        };
    }
    const SIDE: Kind = Kind::Int { min: 1, max: SIDE_MAX };
    let wrong = refuse_fields(&[required("width", SIDE), required("height", SIDE)], path, value);
    let area =
        value["width"].as_u64().zip(value["height"].as_u64()).map_or(0, |(width, height)| width * height);
    if wrong.is_empty() && area < area_min {
        let message = format!("Image size should have at least {area_min} pixels");
        return vec![detail(path, &message, "value_error", value)];
    }
    wrong
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
