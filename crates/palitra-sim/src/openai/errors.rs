//! OpenAI's errors: `{"error": {"message", "type", "param", "code"}}` (`providers.md` §4.6, OpenAI's guide *error codes*).

use crate::{
    in_call::{
        Refusal,
        fields::{Why, Wrong},
    },
    market::answer::Answer,
};
use axum::http::StatusCode;
use serde_json::{Value, json};

const REQUEST: &str = "invalid_request_error";

pub(super) fn answer(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::NoKey => error(401, REQUEST, None, None, "You didn't provide an API key."),
        // OpenAI shows the ends of the key, the simulator all of it: whoever keeps the answer has to take it out.
        Refusal::WrongKey(key) => {
            error(401, REQUEST, None, Some("invalid_api_key"), &format!("Incorrect API key provided: {key}."))
        }
        Refusal::UnknownPath(path) => {
            error(404, REQUEST, None, Some("unknown_url"), &format!("Invalid URL ({path})"))
        }
        Refusal::UnknownModel(model) => {
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            error(404, REQUEST, None, Some("model_not_found"), &message)
        }
        Refusal::Input(wrong) => input(wrong),
        Refusal::Request(message) => error(400, REQUEST, None, None, message),
        Refusal::TooLarge => error(413, REQUEST, None, None, "The request is too large."),
        Refusal::TooFast { retry_after } => {
            let message = "Rate limit reached for requests per min (RPM).";
            let answer = error(429, "requests", None, Some("rate_limit_exceeded"), message);
            let answer =
                answer.with("x-ratelimit-remaining-requests", "0").with("x-ratelimit-reset-requests", "6s");
            match retry_after {
                Some(after) => answer.with("retry-after", after),
                None => answer,
            }
        }
        Refusal::NoCredits => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            error(429, "insufficient_quota", None, Some("insufficient_quota"), message)
        }
        Refusal::Scripted { status, code, message } => scripted(*status, code.as_deref(), message.as_deref()),
    }
}

fn scripted(status: u16, code: Option<&str>, message: Option<&str>) -> Answer {
    let kind = match code {
        Some("moderation_blocked") => "image_generation_user_error",
        Some(code) if code.starts_with("insufficient") => code,
        _ if status >= 500 => "server_error",
        _ => REQUEST,
    };
    let said = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    error(status, kind, None, code, message.or(said).unwrap_or("Error"))
}

fn input(wrong: &Wrong) -> Answer {
    let field = &wrong.field;
    let (code, message) = match &wrong.why {
        Why::Missing => ("missing_required_parameter", format!("Missing required parameter: '{field}'.")),
        Why::Unknown => ("unknown_parameter", format!("Unknown parameter: '{field}'.")),
        Why::Is(what) => ("invalid_value", format!("Invalid value for '{field}': it should be {what}.")),
    };
    error(400, REQUEST, Some(field), Some(code), &message)
}

fn error(status: u16, kind: &str, param: Option<&str>, code: Option<&str>, message: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body: Value = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    Answer::json(status, &body)
}
