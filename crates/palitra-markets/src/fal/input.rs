//! The body of a submission: the input, which is fal's own already.

use serde_json::{Value, json};

/// Runs any text model; which one is the operator's setting unless the input says it.
pub(super) const ROUTER: &str = "openrouter/router";

pub(super) fn body(endpoint: &str, mut input: Value, writer_model: &str) -> Value {
    if endpoint == ROUTER && input.is_object() && input["model"].is_null() {
        input["model"] = json!(writer_model);
    }
    input
}
