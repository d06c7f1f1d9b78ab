//! WaveSpeedAI's envelope `{"code", "message", "data"}` (WaveSpeed documentation, *rest-api*).

use crate::market::answer::Answer;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A success.
pub(super) fn data(data: &Value) -> Answer {
    Answer::json(StatusCode::OK, &json!({"code": 200, "message": "success", "data": data}))
}

/// An error: its code is the HTTP status.
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({"code": status.as_u16(), "message": message}))
}
