//! `resultJson`: a JSON text with links or an object, in the shapes that the families of models have (KIE documentation, *get task
//! details*; S3-34).

use super::wire::Record;
use palitra_domain::market::OutputFile;
use serde_json::Value;

/// What a task that succeeded made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) files: Vec<OutputFile>,
    pub(super) text: Option<String>,
}

/// Why there is no result in a record that says `success`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing there yet: the next look may find it.
    Nothing,
    /// A result of no known shape, with the reason: it will be the same next time.
    OtherShape(String),
    /// A result with nothing in it.
    Empty,
}

/// Texts inside texts are opened so often.
const LAYERS_MAX: usize = 3;

pub(super) fn read(record: &Record) -> Result<Made, Missing> {
    let other = |why: String| Missing::OtherShape(why);
    let result = match opened(&record.result_json).map_err(|error| other(error.to_string()))? {
        Some(result) => result,
        // Newer answers have it once more, and parsed.
        None => opened(&record.response).ok().flatten().ok_or(Missing::Nothing)?,
    };
    let Value::Object(fields) = &result else { return Err(other("the result is no object".to_owned())) };
    let files = match fields.get("resultUrls") {
        Some(links) => {
            links_of(links).ok_or_else(|| other("`resultUrls` is not a list of links".to_owned()))?
        }
        // Songs.
        None => fields.get("data").map(tracks).unwrap_or_default(),
    };
    let text = fields.get("resultObject").and_then(text_of);
    let known = ["resultUrls", "resultObject", "data"].iter().any(|name| fields.contains_key(*name));
    match (files.is_empty() && text.is_none(), known) {
        (false, _) => Ok(Made { files, text }),
        (true, true) => Err(Missing::Empty),
        (true, false) => Err(other("the result holds neither links nor an object".to_owned())),
    }
}

/// The value inside a JSON text; `None` when there is nothing.
fn opened(value: &Value) -> Result<Option<Value>, serde_json::Error> {
    let mut value = value.clone();
    for _ in 0..LAYERS_MAX {
        value = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => serde_json::from_str(&text)?,
            other => return Ok(Some(other)),
        };
    }
    Ok(Some(value))
}

/// Links, each a text or an object with `url`. Frames of a video (`firstFrameUrl`, `lastFrameUrl`) beside them are no results.
fn links_of(links: &Value) -> Option<Vec<OutputFile>> {
    let link = |entry: &Value| {
        let text = entry.as_str().or_else(|| entry.get("url")?.as_str())?.trim();
        Some(OutputFile::Link(text.to_owned()))
    };
    match links {
        Value::Null => Some(Vec::new()),
        Value::String(_) => Some(vec![link(links)?]),
        Value::Array(entries) => {
            entries.iter().filter(|entry| **entry != Value::String(String::new())).map(link).collect()
        }
        _ => None,
    }
}

fn tracks(data: &Value) -> Vec<OutputFile> {
    let link = |track: &Value| track.get("audio_url")?.as_str().map(|link| OutputFile::Link(link.to_owned()));
    data.as_array().into_iter().flatten().filter_map(link).collect()
}

/// Texts as they are, other objects (masks, boxes) as JSON.
fn text_of(object: &Value) -> Option<String> {
    match object {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        other => match other.get("text").and_then(Value::as_str) {
            Some(text) => Some(text.to_owned()),
            None => Some(other.to_string()),
        },
    }
}
