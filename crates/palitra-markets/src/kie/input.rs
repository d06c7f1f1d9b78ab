//! The body of `createTask` around an input, which is KIE's own already.

use reqwest::Url;
use serde_json::{Value, json};

/// A callback that is not an absolute http(s) address is left out: the work is looked at all the same.
pub(super) fn body(model: &str, input: Value, webhook: Option<&str>) -> Value {
    let mut body = json!({"model": model, "input": input});
    let webhook = webhook.and_then(|webhook| Url::parse(webhook).ok());
    if let Some(webhook) = webhook.filter(|webhook| matches!(webhook.scheme(), "http" | "https")) {
        body["callBackUrl"] = json!(webhook.as_str());
    }
    body
}
