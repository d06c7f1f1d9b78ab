//! Reading what a run is asked for: words, numbers in their bounds, and the files that the input names.
//!
//! A field that is not there and one that is null are the same. Whatever does not fit is refused with the field's name.

use super::refused;
use crate::darkroom::{self, Photo};
use bytes::Bytes;
use palitra_domain::market::{MarketError, Request};
use serde_json::Value;
use std::ops::RangeInclusive;

pub(super) struct Input<'a> {
    request: &'a Request,
}

impl<'a> Input<'a> {
    pub(super) fn new(request: &'a Request) -> Input<'a> {
        Input { request }
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        self.request.input.get(name).filter(|value| !value.is_null())
    }

    /// The first of these fields that is a text; empty without one.
    pub(super) fn word(&self, names: &[&str]) -> String {
        let found = names.iter().find_map(|name| self.field(name)?.as_str());
        found.unwrap_or_default().to_owned()
    }

    /// A text that must say something.
    pub(super) fn needed_word(&self, name: &str) -> Result<String, MarketError> {
        let word = self.word(&[name]);
        if word.trim().is_empty() { Err(refused(format!("`{name}` is needed"))) } else { Ok(word) }
    }

    /// One of a few words, the first when nothing is said.
    pub(super) fn choice(&self, name: &str, from: &[&'static str]) -> Result<&'static str, MarketError> {
        let Some(value) = self.field(name) else { return Ok(from[0]) };
        let found = from.iter().find(|word| value.as_str() == Some(word));
        found.copied().ok_or_else(|| refused(format!("`{name}` must be one of: {}", from.join(", "))))
    }

    /// A whole number in its bounds.
    pub(super) fn number(
        &self,
        name: &str,
        bounds: RangeInclusive<u32>,
        otherwise: u32,
    ) -> Result<u32, MarketError> {
        let Some(value) = self.field(name) else { return Ok(otherwise) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| bounds.contains(number)).ok_or_else(|| {
            refused(format!("`{name}` must be a whole number from {} to {}", bounds.start(), bounds.end()))
        })
    }

    pub(super) fn seed(&self) -> u64 {
        self.field("seed").and_then(Value::as_u64).unwrap_or(0)
    }

    /// A list of texts; empty without one.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.field(name).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }

    /// The pictures of `images`, as many as the bounds allow.
    pub(super) fn pictures(&self, bounds: RangeInclusive<usize>) -> Result<Vec<Picture>, MarketError> {
        let named = match self.field("images") {
            None => Vec::new(),
            Some(Value::Array(values)) => values.iter().collect(),
            Some(_) => return Err(refused("`images` must be a list of files")),
        };
        if !bounds.contains(&named.len()) {
            let (least, most) = bounds.into_inner();
            let count = if least == most { format!("{least}") } else { format!("{least} to {most}") };
            return Err(refused(format!("`images` takes {count}, not {}", named.len())));
        }
        named.into_iter().map(|value| self.file("images", value)).collect()
    }

    /// The picture of a field that names one.
    pub(super) fn picture(&self, name: &str) -> Result<Picture, MarketError> {
        let value = self.field(name).ok_or_else(|| refused(format!("`{name}` is needed")))?;
        self.file(name, value)
    }

    fn file(&self, name: &str, value: &Value) -> Result<Picture, MarketError> {
        let id = value.as_str().ok_or_else(|| refused(format!("`{name}` must name files by their ids")))?;
        let file = self.request.files.iter().find(|file| file.id == id);
        let file = file.ok_or_else(|| refused(format!("`{name}` names `{id}`, which did not come along")))?;
        Ok(Picture { id: file.id.clone(), bytes: file.bytes.clone() })
    }
}

/// A picture that came along, not opened yet.
#[derive(Debug)]
pub(super) struct Picture {
    id: String,
    bytes: Bytes,
}

impl Picture {
    pub(super) fn open(&self) -> Result<Photo, MarketError> {
        darkroom::open(&self.bytes).map_err(|error| refused(format!("`{}` cannot be used: {error}", self.id)))
    }
}
