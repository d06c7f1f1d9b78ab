//! Decks in JSON: `[{"title": "…"}]` or `{"title": "…", "slides": […]}`.
//!
//! A slide has `title` (needed) and may have `number`, `content` and `prompt`; a misspelt field must not pass silently, so
//! any other is refused with its path.

use crate::{Deck, DeckError, Format, Place, SLIDES_MAX, Slide, number};
use serde_json::{Map, Value};

/// Low enough that slides counted on from here still have numbers `Slide N:` can say in Markdown.
const NUMBER_MAX: u64 = 9999;

pub(crate) fn read(text: &str) -> Result<Deck, DeckError> {
    let value: Value = serde_json::from_str(text).map_err(|error| DeckError::BadJson {
        line: error.line(),
        column: error.column(),
        reason: reason(&error),
    })?;
    let (title, slides, prefix) = match value {
        Value::Array(slides) => (None, slides, ""),
        Value::Object(mut deck) => {
            refuse_unknown(&deck, &["title", "slides"], "")?;
            let title = text_field(&deck, "title", "")?;
            match deck.remove("slides") {
                Some(Value::Array(slides)) => (title, slides, "slides"),
                _ => return Err(bad("slides".to_owned(), "must be an array of slides")),
            }
        }
        _ => return Err(bad("$".to_owned(), "must be an array of slides or an object with `slides`")),
    };
    if slides.len() > SLIDES_MAX {
        let place = Place::Path(format!("{prefix}[{SLIDES_MAX}]"));
        return Err(DeckError::TooManySlides { count: slides.len(), place });
    }
    let given = slides
        .into_iter()
        .enumerate()
        .map(|(at, value)| slide(value, format!("{prefix}[{at}]")))
        .collect::<Result<Vec<Given>, DeckError>>()?;
    let numbers: Vec<Option<u32>> = given.iter().map(|slide| slide.number).collect();
    let numbers = number::assign(&numbers).map_err(|(first, second)| DeckError::DuplicateNumber {
        number: given[second].number.unwrap_or_default(),
        first: Place::Path(format!("{}.number", given[first].path)),
        second: Place::Path(format!("{}.number", given[second].path)),
    })?;
    let slides: Vec<Slide> = given
        .into_iter()
        .zip(numbers)
        .map(|(given, number)| Slide {
            number,
            title: given.title,
            content: given.content,
            prompt: given.prompt,
            place: Place::Path(given.path),
        })
        .collect();
    let title = title.or_else(|| slides.first().map(|slide| slide.title.clone())).unwrap_or_default();
    Ok(Deck { format: Format::Json, title, slides })
}

struct Given {
    path: String,
    number: Option<u32>,
    title: String,
    content: String,
    prompt: Option<String>,
}

fn slide(value: Value, path: String) -> Result<Given, DeckError> {
    let Value::Object(slide) = value else {
        return Err(bad(path, "must be an object"));
    };
    refuse_unknown(&slide, &["number", "title", "content", "prompt"], &path)?;
    let number = match slide.get("number") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let number = value.as_u64().filter(|number| (1..=NUMBER_MAX).contains(number));
            let number = number.and_then(|number| u32::try_from(number).ok());
            let refused = || bad(field_path(&path, "number"), "must be a whole number from 1 to 9999");
            Some(number.ok_or_else(refused)?)
        }
    };
    let title = text_field(&slide, "title", &path)?
        .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|title| !title.is_empty())
        .ok_or_else(|| bad(field_path(&path, "title"), "must be a text and not empty"))?;
    let content = text_field(&slide, "content", &path)?.unwrap_or_default();
    let prompt = text_field(&slide, "prompt", &path)?.filter(|prompt| !prompt.is_empty());
    Ok(Given { path, number, title, content, prompt })
}

fn refuse_unknown(object: &Map<String, Value>, known: &[&str], path: &str) -> Result<(), DeckError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(bad(field_path(path, key), "is no field of a deck")),
        None => Ok(()),
    }
}

/// A text, trimmed; `null` is as good as nothing.
fn text_field(object: &Map<String, Value>, name: &str, path: &str) -> Result<Option<String>, DeckError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(bad(field_path(path, name), "must be a text")),
    }
}

fn field_path(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn bad(path: String, reason: &'static str) -> DeckError {
    DeckError::BadField { place: Place::Path(path), reason }
}

/// The parser's message without the place it appends, which the error carries itself.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}
