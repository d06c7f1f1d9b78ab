//! Anthropic's errors: `{"type": "error", "error": {"type", "message"}, "request_id"}` (Anthropic's documentation, page *errors*).

use crate::{
    in_call::{
        Refusal,
        fields::{Why, Wrong},
    },
    market::answer::Answer,
};
use axum::http::StatusCode;
use serde_json::json;

const REQUEST: &str = "invalid_request_error";

pub(super) fn answer(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::NoKey => error(401, "authentication_error", "x-api-key header is required"),
        // Anthropic repeats no key, the simulator does: whoever keeps the answer has to take it out.
        Refusal::WrongKey(key) => error(401, "authentication_error", &format!("invalid x-api-key: {key}")),
        Refusal::UnknownPath(_) => error(404, "not_found_error", "Not Found"),
        Refusal::UnknownModel(model) => error(404, "not_found_error", &format!("model: {model}")),
        Refusal::Input(wrong) => error(400, REQUEST, &input(wrong)),
        Refusal::Request(message) => error(400, REQUEST, message),
        Refusal::TooLarge => error(413, "request_too_large", "Request exceeds the maximum size"),
        Refusal::TooFast { retry_after } => {
            let message = "This request would exceed your organization's rate limit";
            error(429, "rate_limit_error", message).with("retry-after", retry_after.as_deref().unwrap_or("6"))
        }
        // 400, not 402: a low balance (`providers.md` §5).
        Refusal::NoCredits => error(
            400,
            REQUEST,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        ),
        Refusal::Scripted { status, code, message } => {
            let kind = code.as_deref().unwrap_or_else(|| usual_type(*status));
            error(*status, kind, message.as_deref().unwrap_or(kind))
        }
    }
}

/// The type that comes with a status.
fn usual_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => REQUEST,
    }
}

/// As pydantic says it.
fn input(wrong: &Wrong) -> String {
    let field = &wrong.field;
    match &wrong.why {
        Why::Missing => format!("{field}: Field required"),
        Why::Unknown => format!("{field}: Extra inputs are not permitted"),
        Why::Is(what) => format!("{field}: Input should be {what}"),
    }
}

fn error(status: u16, kind: &str, message: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_sim"});
    Answer::json(status, &body)
}
