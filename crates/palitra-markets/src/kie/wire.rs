//! KIE's JSON as it comes: only the fields that are used, and nothing that KIE could add breaks it.
//!
//! Shapes: KIE documentation, *get task details*, *webhook verification*, *file upload API*.

use crate::units;
use palitra_domain::money::Millionths;
use serde::Deserialize;
use serde_json::Value;

/// Every answer. A field of another type than expected is as good as absent: the envelope must be readable whatever is in it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    code: Value,
    #[serde(default)]
    msg: Value,
    /// Of older pages.
    #[serde(default)]
    message: Value,
    #[serde(default)]
    pub(super) data: Value,
}

impl Envelope {
    pub(super) fn code(&self) -> Option<u16> {
        whole(&self.code)
    }

    pub(super) fn message(&self) -> Option<String> {
        text(&self.msg).or_else(|| text(&self.message))
    }
}

/// The `data` of a `createTask` that was accepted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) task_id: String,
}

/// The `data` of `recordInfo`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record {
    task_id: Value,
    state: Value,
    success_flag: Value,
    /// A JSON text, sometimes a text inside a text.
    pub(super) result_json: Value,
    /// The same, parsed, in newer answers.
    pub(super) response: Value,
    fail_code: Value,
    fail_msg: Value,
    credits_consumed: Value,
}

/// Where a task is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not ended, or a word that is not known.
    Pending {
        unknown: Option<String>,
    },
    Success,
    Fail,
}

impl Record {
    pub(super) fn task_id(&self) -> Option<String> {
        text(&self.task_id)
    }

    /// `None` when the record does not say: then it is no record.
    pub(super) fn state(&self) -> Option<State> {
        let pending = || State::Pending { unknown: None };
        match text(&self.state).as_deref() {
            Some("waiting" | "queuing" | "generating") => Some(pending()),
            Some("success") => Some(State::Success),
            Some("fail") => Some(State::Fail),
            Some(other) => Some(State::Pending { unknown: Some(other.to_owned()) }),
            // Newer samples have a flag besides: 0 pending, 1 good, 3 failed.
            None => Some(match whole(&self.success_flag)? {
                1 => State::Success,
                3 => State::Fail,
                _ => pending(),
            }),
        }
    }

    /// `failCode` is a text, as a rule one of KIE's codes.
    pub(super) fn fail_code(&self) -> Option<u16> {
        whole(&self.fail_code)
    }

    pub(super) fn fail_message(&self) -> Option<String> {
        text(&self.fail_msg).or_else(|| text(&self.fail_code))
    }

    pub(super) fn credits(&self) -> Option<Millionths> {
        decimal(&self.credits_consumed)
    }
}

/// The body of a callback. What it says of the result is never looked at: the record is pulled.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    #[serde(default)]
    pub(super) code: Value,
    pub(super) data: Delivered,
}

#[derive(Debug, Deserialize)]
pub(super) struct Delivered {
    #[serde(default, rename = "taskId")]
    pub(super) task_id: Option<String>,
    /// Of the older families.
    #[serde(default, rename = "task_id")]
    pub(super) legacy_task_id: Option<String>,
    #[serde(default)]
    pub(super) state: Value,
}

/// The `data` of an upload. One page of the documentation calls the address `fileUrl`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Uploaded {
    download_url: Value,
    file_url: Value,
}

impl Uploaded {
    pub(super) fn url(&self) -> Option<String> {
        text(&self.download_url).or_else(|| text(&self.file_url))
    }
}

/// An entry of the list of models.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) model: String,
    #[serde(default)]
    pub(super) title: Value,
    #[serde(default)]
    task_type: Value,
}

impl Model {
    /// One word, or a list of them.
    pub(super) fn task_types(&self) -> Vec<String> {
        let list = self.task_type.as_array().map_or(std::slice::from_ref(&self.task_type), Vec::as_slice);
        list.iter().filter_map(text).collect()
    }
}

/// A number, or a number in a text.
pub(super) fn whole(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A decimal number, or one in a text.
pub(super) fn decimal(value: &Value) -> Option<Millionths> {
    match value {
        Value::Number(number) => units::parse(&number.to_string()),
        Value::String(text) => units::parse(text),
        _ => None,
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
