//! Lists in JSON: `["cat", {"word": "dog", "translation": "собака"}]`, or `{"words": […]}` as S1 sends it.
//!
//! Programs write JSON, so its form is strict: a misspelt or mistyped field is refused with its path, and nothing is read. A word
//! that is blank or too large is a bad row, as in any other list.

use super::{Candidate, Format, Gather, Place, WordList, WordsError};
use serde_json::{Map, Value};

const FIELDS: [&str; 9] = [
    "word",
    "translation",
    "example",
    "language",
    "prompt",
    "image",
    "audio",
    "generate_image",
    "generate_audio",
];

pub(crate) fn read(text: &str) -> Result<WordList, WordsError> {
    let value: Value = serde_json::from_str(text).map_err(|error| WordsError::BadJson {
        line: error.line(),
        column: error.column(),
        reason: reason(&error),
    })?;
    let (words, prefix) = match value {
        Value::Array(words) => (words, ""),
        Value::Object(mut list) => {
            if let Some(key) = list.keys().find(|key| *key != "words") {
                return Err(bad(key.clone(), "is no field of a list of words"));
            }
            match list.remove("words") {
                Some(Value::Array(words)) => (words, "words"),
                _ => return Err(bad("words".to_owned(), "must be an array of words")),
            }
        }
        _ => return Err(bad("$".to_owned(), "must be an array of words or an object with `words`")),
    };
    let mut gather = Gather::new(Format::Json);
    for (at, value) in words.into_iter().enumerate() {
        let path = format!("{prefix}[{at}]");
        let candidate = match value {
            Value::String(word) => Candidate { word, ..Candidate::default() },
            Value::Object(word) => candidate(&word, &path)?,
            _ => return Err(bad(path, "must be a text or an object")),
        };
        gather.add(candidate, Place::Path(path))?;
    }
    Ok(gather.list())
}

fn candidate(word: &Map<String, Value>, path: &str) -> Result<Candidate, WordsError> {
    if let Some(key) = word.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(bad(format!("{path}.{key}"), "is no field of a word"));
    }
    if !word.contains_key("word") {
        return Err(bad(format!("{path}.word"), "is missing"));
    }
    let text = |name: &str| match word.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(bad(format!("{path}.{name}"), "must be a text")),
    };
    let flag = |short: &str, long: &str| {
        if word.contains_key(short) && word.contains_key(long) {
            return Err(bad(format!("{path}.{short}"), "is said twice: in short and as `generate_…`"));
        }
        let (name, value) = match word.get(short) {
            Some(value) => (short, Some(value)),
            None => (long, word.get(long)),
        };
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(bad(format!("{path}.{name}"), "must be true or false")),
        }
    };
    Ok(Candidate {
        word: text("word")?,
        translation: text("translation")?,
        example: text("example")?,
        language: text("language")?,
        prompt: text("prompt")?,
        image: flag("image", "generate_image")?,
        audio: flag("audio", "generate_audio")?,
        ..Candidate::default()
    })
}

fn bad(path: String, reason: &'static str) -> WordsError {
    WordsError::BadField { place: Place::Path(path), reason }
}

/// The parser's message without the place it appends, which the error carries itself.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}
