//! Which fields a call takes and what they may hold. Stricter than the markets in one point: what is not listed is refused, so that an
//! adapter sends only what exists.

use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Not empty, at most so many characters.
    Text {
        chars_max: usize,
    },
    Int {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    OneOf(&'static [&'static str]),
    Flag,
    /// `WxH`, multiples of `step`, at most so many pixels on the long and the short side; or `auto`.
    Size {
        step: u32,
        long_max: u32,
        short_max: u32,
    },
    /// Looked at elsewhere.
    Anything,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    Missing,
    Unknown,
    /// What it should be.
    Is(String),
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

pub(crate) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

impl Wrong {
    pub(crate) fn is(field: &str, what: impl Into<String>) -> Wrong {
        Wrong { field: field.to_owned(), why: Why::Is(what.into()) }
    }

    pub(crate) fn missing(field: &str) -> Wrong {
        Wrong { field: field.to_owned(), why: Why::Missing }
    }

    pub(crate) fn unknown(field: &str) -> Wrong {
        Wrong { field: field.to_owned(), why: Why::Unknown }
    }
}

/// The first thing that is wrong. Values of a form are texts.
pub(crate) fn check(fields: &[Field], given: &Map<String, Value>, is_form: bool) -> Result<(), Wrong> {
    for field in fields {
        match given.get(field.name) {
            None if field.required => return Err(Wrong::missing(field.name)),
            None => {}
            Some(value) => {
                let value = if is_form { field.kind.of_text(value) } else { value.clone() };
                if let Some(what) = field.kind.refuse(&value) {
                    return Err(Wrong::is(field.name, what));
                }
            }
        }
    }
    match given.keys().find(|name| fields.iter().all(|field| field.name != *name)) {
        Some(extra) => Err(Wrong::unknown(extra)),
        None => Ok(()),
    }
}

impl Kind {
    /// What a text of a form means.
    fn of_text(self, value: &Value) -> Value {
        match self {
            Kind::Int { .. } | Kind::Number { .. } | Kind::Flag => {
                value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
            }
            _ => value.clone(),
        }
    }

    fn refuse(self, value: &Value) -> Option<String> {
        let text = value.as_str();
        let is_good = match self {
            Kind::Text { chars_max } => {
                text.is_some_and(|text| !text.is_empty() && text.chars().count() <= chars_max)
            }
            Kind::Int { min, max } => value.as_i64().is_some_and(|number| (min..=max).contains(&number)),
            Kind::Number { min, max } => value.as_f64().is_some_and(|number| (min..=max).contains(&number)),
            Kind::Flag => value.is_boolean(),
            Kind::OneOf(words) => text.is_some_and(|text| words.contains(&text)),
            Kind::Size { step, long_max, short_max } => {
                text == Some("auto")
                    || text.and_then(sides).is_some_and(|(width, height)| {
                        let good = |side: u32| side > 0 && side.is_multiple_of(step);
                        let (long, short) = (width.max(height), width.min(height));
                        good(width) && good(height) && long <= long_max && short <= short_max
                    })
            }
            Kind::Anything => true,
        };
        (!is_good).then(|| self.wanted())
    }

    fn wanted(self) -> String {
        match self {
            Kind::Text { chars_max } => format!("a text of 1 to {chars_max} characters"),
            Kind::Int { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Number { min, max } => format!("a number from {min} to {max}"),
            Kind::Flag => "true or false".into(),
            Kind::OneOf(words) => format!("one of '{}'", words.join("', '")),
            Kind::Size { step, long_max, short_max } => {
                format!("WxH in multiples of {step}, up to {long_max}x{short_max}")
            }
            Kind::Anything => "anything".into(),
        }
    }
}

/// `1024x768`.
pub(crate) fn sides(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}
