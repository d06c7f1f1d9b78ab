//! Our input as the input of each model: only fields that are in its schema, each of the type it has there.
//!
//! Our names are `prompt`, `text`, `width`, `height`, `seed`, `images`, `image`, `video`, `seconds`, `factor`; a field that is
//! given under KIE's own name counts first. What does not fit is refused here, before anything is sent.

use super::models::{Field, Kind, MODELS, Model, Otherwise, Source};
use palitra_domain::market::{ErrorClass, MarketError, Request};
use reqwest::Url;
use serde_json::{Map, Value, json};

/// The body of `createTask`. A callback that is not an absolute http(s) address is left out: the work is looked at all the same.
pub(super) fn body(request: &Request, webhook: Option<&str>) -> Result<Value, MarketError> {
    let model = MODELS.iter().find(|model| model.id == request.model).ok_or_else(|| {
        let message = format!("KIE's `{}` is not known here", request.model);
        MarketError::new(ErrorClass::UnknownModel, message)
    })?;
    let mut body = json!({"model": model.id, "input": fields(model, &request.input)?});
    let webhook = webhook.and_then(|webhook| Url::parse(webhook).ok());
    if let Some(webhook) = webhook.filter(|webhook| matches!(webhook.scheme(), "http" | "https")) {
        body["callBackUrl"] = json!(webhook.as_str());
    }
    Ok(body)
}

fn fields(model: &Model, input: &Value) -> Result<Value, MarketError> {
    let mut fields = Map::new();
    for field in model.fields {
        let given = Some(&input[field.name]).filter(|value| !is_nothing(value)).cloned();
        let value = match given.or_else(|| derived(field, input)) {
            Some(value) => Some(field.kind.fit(&value).map_err(|wrong| refused(field.name, &wrong))?),
            None => match field.otherwise {
                Otherwise::LeftOut => None,
                Otherwise::Refused => return Err(refused(field.name, "is missing")),
                Otherwise::Word(word) => Some(json!(word)),
                Otherwise::No => Some(json!(false)),
                Otherwise::EmptyList => Some(json!([])),
            },
        };
        fields.extend(value.map(|value| (field.name.to_owned(), value)));
    }
    Ok(Value::Object(fields))
}

fn refused(name: &str, wrong: &str) -> MarketError {
    MarketError::new(ErrorClass::InvalidInput, format!("`{name}` {wrong}"))
}

/// Empty texts and lists are as good as none.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    }
}

fn derived(field: &Field, input: &Value) -> Option<Value> {
    let ours = |name: &str| Some(&input[name]).filter(|value| !is_nothing(value)).cloned();
    let words = match field.kind {
        Kind::OneOf(words) => words,
        _ => &[],
    };
    match field.from {
        Source::ItsName => None,
        Source::Text => ours("prompt"),
        Source::Ratio | Source::Preset => nearest(words, sides(input)?),
        Source::Resolution => resolution(words, sides(input)?),
        Source::Images => ours("images").or_else(|| ours("image")),
        Source::Image => ours("image").or_else(|| ours("images")?.get(0).cloned()),
        Source::Video => ours("video"),
        Source::Seconds => ours("seconds"),
        Source::Factor => ours("factor"),
    }
}

fn sides(input: &Value) -> Option<(u64, u64)> {
    let side = |name: &str| input[name].as_u64().filter(|side| (1..=100_000).contains(side));
    Some((side("width")?, side("height")?))
}

/// The word whose ratio is least far from the asked one: by how much one would have to be stretched to become the other.
fn nearest(words: &[&'static str], (width, height): (u64, u64)) -> Option<Value> {
    let stretch = |word: &&&str| {
        let (across, down) = ratio_of(word)?;
        let (a, b) = (width * down, height * across);
        Some(a.max(b) * 1_000_000 / a.min(b))
    };
    words.iter().filter(|word| stretch(word).is_some()).min_by_key(stretch).map(|word| json!(word))
}

/// `16:9`, `landscape_16_9`, `portrait_4_3` (which is upright: 3 across, 4 down), `square_hd`.
fn ratio_of(word: &str) -> Option<(u64, u64)> {
    let pair = |text: &str, by: char| {
        let (across, down) = text.split_once(by)?;
        Some((across.parse().ok()?, down.parse().ok()?))
    };
    if word.starts_with("square") {
        return Some((1, 1));
    }
    if let Some(rest) = word.strip_prefix("landscape_") {
        return pair(rest, '_');
    }
    if let Some(rest) = word.strip_prefix("portrait_") {
        return pair(rest, '_').map(|(long, short)| (short, long));
    }
    pair(word, ':')
}

/// By the longer side; a larger one than the model has becomes its largest. Halves count as whole.
fn resolution(words: &[&'static str], (width, height): (u64, u64)) -> Option<Value> {
    let wanted = match width.max(height) {
        0..=1536 => "1K",
        1537..=3072 => "2K",
        _ => "4K",
    };
    let word = words.iter().find(|word| **word == wanted).or_else(|| words.last());
    word.map(|word| json!(word))
}

impl Kind {
    /// The value in the type that the model wants, or what is wrong with it.
    fn fit(&self, value: &Value) -> Result<Value, String> {
        match self {
            Kind::Text(max) => match value.as_str() {
                Some(text) if text.chars().count() <= *max => Ok(json!(text)),
                Some(_) => Err(format!("is longer than {max} characters")),
                None => Err("is no text".to_owned()),
            },
            Kind::Bool => {
                value.is_boolean().then(|| value.clone()).ok_or_else(|| "is neither true nor false".into())
            }
            Kind::Int { min, max } => {
                let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
                let number = number.filter(|number| (*min..=*max).contains(number));
                number
                    .map(|number| json!(number))
                    .ok_or_else(|| format!("is no whole number from {min} to {max}"))
            }
            Kind::Number { min, max } => {
                let good = value.as_f64().is_some_and(|number| (*min..=*max).contains(&number));
                good.then(|| value.clone()).ok_or_else(|| format!("is no number from {min} to {max}"))
            }
            Kind::OneOf(words) => {
                let number = value.as_u64().map(|number| number.to_string());
                let word = value.as_str().or(number.as_deref());
                let known = word.filter(|word| words.contains(word));
                known.map(|word| json!(word)).ok_or_else(|| format!("is none of {}", words.join(", ")))
            }
            Kind::Link => link(value).map(|link| json!(link)),
            Kind::Links(max) => {
                let single = std::slice::from_ref(value);
                let links = value.as_array().map_or(single, Vec::as_slice);
                if links.len() > *max {
                    return Err(format!("holds more than {max} links"));
                }
                links.iter().map(link).collect::<Result<Vec<_>, _>>().map(|links| json!(links))
            }
            Kind::List => value.is_array().then(|| value.clone()).ok_or_else(|| "is no list".into()),
        }
    }
}

/// KIE fetches inputs itself: a public address, no data URI (KIE documentation, *file upload API*), and no credentials in it.
fn link(value: &Value) -> Result<&str, String> {
    let text = value.as_str().unwrap_or_default();
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let plain =
        url.is_some_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none());
    plain.then_some(text).ok_or_else(|| "is no public http(s) address".to_owned())
}
