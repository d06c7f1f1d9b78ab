//! Lines of JSON, each a generation that is asked for: what `POST /v1/generations` takes, and an `id` of its owner's.

use super::Read;
use crate::{
    input,
    v1::{BatchRequest, ItemRequest},
};
use palitra_domain::ErrorCode;
use palitra_engine::{batches::ITEMS_MAX, failure::Failure};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    model: String,
    mode: Option<String>,
    input: Map<String, Value>,
    /// Its owner's name for it: results have the number of the line.
    #[serde(default, rename = "id")]
    _id: Option<Value>,
}

pub(super) fn read(request: &mut BatchRequest, bytes: &[u8]) -> Result<Read, Failure> {
    let mut read = Read::default();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (number, line) in (1u32..).zip(text.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if request.items.len() + read.left_out.len() >= ITEMS_MAX {
            let failure = Failure::new(ErrorCode::InvalidInput).with("value", "`file`");
            return Err(failure.with("limit", i64::try_from(ITEMS_MAX).unwrap_or(i64::MAX)));
        }
        match serde_json::from_slice::<Line>(line.trim_ascii_end()) {
            Ok(Line { model, mode, input, .. }) => {
                request.items.push(ItemRequest { number: Some(number), model, mode, input });
            }
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default();
                let wrong = input::wrong(&format!("file line {number} column {}", error.column()), reason);
                if !request.each_alone {
                    return Err(wrong);
                }
                read.left_out.push((number, wrong));
            }
        }
    }
    Ok(read)
}
