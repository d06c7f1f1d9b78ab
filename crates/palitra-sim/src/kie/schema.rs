//! How an input is checked against the fields of its model, and refused in words like KIE's.
//!
//! Stricter than KIE in one point: a field that is not in the schema is refused, so that an adapter sends only what exists.

use super::models::Model;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Characters, at most.
    Text(usize),
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
    /// A public http(s) address; KIE takes no data URIs.
    Link,
    Links {
        min: usize,
        max: usize,
    },
    /// Any list of so many entries at most.
    List(usize),
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

impl Model {
    /// The first thing that is wrong with an input.
    pub(super) fn refuse(&self, input: &Value) -> Option<String> {
        let Value::Object(given) = input else { return Some("input must be an object".to_owned()) };
        for field in self.fields {
            let wrong = match given.get(field.name) {
                None | Some(Value::Null) if field.required => Some("is required".to_owned()),
                None | Some(Value::Null) => None,
                Some(value) => field.kind.refuse(value),
            };
            if let Some(wrong) = wrong {
                return Some(format!("{} {wrong}", field.name));
            }
        }
        let known = |name: &String| self.fields.iter().any(|field| field.name == name);
        given.keys().find(|name| !known(name)).map(|name| format!("{name} is not a field of {}", self.id))
    }
}

impl Kind {
    fn refuse(&self, value: &Value) -> Option<String> {
        let (good, wrong) = match self {
            Kind::Text(max) => {
                let length = value.as_str().map(|text| text.chars().count());
                (
                    length.is_some_and(|length| (1..=*max).contains(&length)),
                    format!("must have 1 to {max} characters"),
                )
            }
            Kind::Bool => (value.is_boolean(), "must be true or false".to_owned()),
            Kind::Int { min, max } => {
                let good = value.as_i64().is_some_and(|number| (*min..=*max).contains(&number));
                (good, format!("must be a whole number from {min} to {max}"))
            }
            Kind::Number { min, max } => {
                let good = value.as_f64().is_some_and(|number| (*min..=*max).contains(&number));
                (good, format!("must be a number from {min} to {max}"))
            }
            Kind::OneOf(words) => {
                let good = value.as_str().is_some_and(|word| words.contains(&word));
                (good, format!("is not within the range of allowed options {words:?}"))
            }
            Kind::Link => (is_link(value), "must be a public URL".to_owned()),
            Kind::Links { min, max } => {
                let links = value.as_array();
                let good = links
                    .is_some_and(|links| (*min..=*max).contains(&links.len()) && links.iter().all(is_link));
                (good, format!("must hold {min} to {max} public URLs"))
            }
            Kind::List(max) => {
                let good = value.as_array().is_some_and(|entries| entries.len() <= *max);
                (good, format!("must hold at most {max} entries"))
            }
        };
        (!good).then_some(wrong)
    }
}

fn is_link(value: &Value) -> bool {
    value.as_str().is_some_and(|link| link.starts_with("https://") || link.starts_with("http://"))
}

/// The size of the pictures that an accepted input asks for: a ratio or a preset, with a long side by the resolution.
pub(super) fn size_of(input: &Value) -> (u32, u32) {
    let word = |name: &str| input.get(name).and_then(Value::as_str);
    let long = match word("resolution").or_else(|| word("image_resolution")).or_else(|| word("quality")) {
        Some("2K" | "high") => 2048,
        Some("4K") => 4096,
        _ => 1024,
    };
    let ratio = word("aspect_ratio").or_else(|| word("ratio")).and_then(|text| text.split_once(':'));
    let preset = word("image_size").and_then(|preset| match preset.split_once('_') {
        Some(("landscape", ratio)) => ratio.split_once('_'),
        Some(("portrait", ratio)) => ratio.split_once('_').map(|(across, down)| (down, across)),
        _ => None,
    });
    let side = |part: &str| part.parse::<u32>().ok().filter(|side| (1..=100).contains(side));
    match ratio.or(preset).and_then(|(across, down)| Some((side(across)?, side(down)?))) {
        Some((across, down)) if across >= down => (long, (long * down / across).max(1)),
        Some((across, down)) => ((long * across / down).max(1), long),
        None => (long, long),
    }
}
