//! Reading what a run is asked for. The schema of the mode has checked it; what does not fit all the same is refused with the field's name.

use super::refused;
use crate::decode::{self, Header, Picture};
use bytes::Bytes;
use palitra_domain::market::{MarketError, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) struct Input<'a> {
    request: &'a Request,
}

/// A picture that was given, not decoded yet.
pub(super) struct Given {
    pub(super) file: Bytes,
    pub(super) header: Header,
}

impl Given {
    /// What working on it takes, in MiB: so many bytes for each pixel, and the file.
    pub(super) fn mib(&self, bytes_per_pixel: u64) -> u32 {
        let pixels = u64::from(self.header.width) * u64::from(self.header.height);
        let bytes = pixels * bytes_per_pixel + u64::try_from(self.file.len()).unwrap_or(u64::MAX);
        u32::try_from(bytes >> 20).unwrap_or(u32::MAX).saturating_add(1)
    }

    pub(super) fn decode(&self) -> Result<Picture, MarketError> {
        decode::decode(&self.file).map_err(|error| unread(&error))
    }
}

fn unread(error: &decode::Error) -> MarketError {
    refused(format!("the picture cannot be read: {error}"))
}

impl<'a> Input<'a> {
    pub(super) fn new(request: &'a Request) -> Input<'a> {
        Input { request }
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        self.request.input.get(name).filter(|value| !value.is_null())
    }

    /// Empty when it is not there.
    pub(super) fn word(&self, name: &str) -> &'a str {
        self.field(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.field(name)?.as_u64().and_then(|number| u32::try_from(number).ok())
    }

    /// Empty when it is not there.
    fn list(&self, name: &str) -> &'a [Value] {
        self.field(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// Text after text, empty where there is something else.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        self.list(name).iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A field with a form of its own; its default when it is not there.
    pub(super) fn form<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, MarketError> {
        let Some(value) = self.field(name) else { return Ok(T::default()) };
        T::deserialize(value).map_err(|error| refused(format!("`{name}`: {error}")))
    }

    /// The one picture that a mode works on; its header is read, its bounds are checked.
    pub(super) fn picture(&self) -> Result<Given, MarketError> {
        let [name] = self.list("images") else { return Err(refused("`images` must name one picture")) };
        self.given(name)
    }

    /// All of them, in their order; of what is wrong with one its number is said, from 1.
    pub(super) fn pictures(&self) -> Result<Vec<Given>, MarketError> {
        let numbered = (1..).zip(self.list("images"));
        let given = numbered.map(|(number, name)| {
            self.given(name).map_err(|error| refused(format!("picture {number}: {}", error.message)))
        });
        given.collect()
    }

    fn given(&self, name: &Value) -> Result<Given, MarketError> {
        let file = self.request.files.iter().find(|file| name.as_str() == Some(&file.id));
        let file =
            file.ok_or_else(|| refused("`images` names a file that did not come along"))?.bytes.clone();
        let header = decode::header(&file).map_err(|error| unread(&error))?;
        Ok(Given { file, header })
    }
}
