//! How accepted work is found again: by its id alone. No address that KIE could name is kept.

use palitra_domain::market::RemoteRef;
use serde::{Deserialize, Serialize};

/// The reference as it is stored with an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) model: String,
    pub(super) task_id: String,
}

/// An id longer than this is not one.
const ID_CHARS_MAX: usize = 200;

impl Remote {
    /// `None` when the id is not one.
    pub(super) fn new(model: &str, task_id: &str) -> Option<Remote> {
        let usable = !task_id.trim().is_empty() && task_id.len() <= ID_CHARS_MAX;
        let whole = usable && !task_id.contains(char::is_control);
        whole.then(|| Remote { model: model.to_owned(), task_id: task_id.to_owned() })
    }

    pub(super) fn read(reference: &RemoteRef) -> Option<Remote> {
        serde_json::from_str(&reference.0).ok()
    }

    pub(super) fn write(&self) -> RemoteRef {
        RemoteRef(serde_json::to_string(self).expect("two strings"))
    }
}
