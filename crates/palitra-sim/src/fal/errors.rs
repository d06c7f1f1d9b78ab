//! fal's errors as it sends them: statuses, types and both shapes of bodies (`providers.md` §1.6).

use crate::market::answer::Answer;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// The two families of error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// From the model: `{"detail": [{"loc", "msg", "type", "url"}]}`.
    Model,
    /// From the platform: `{"detail": "…", "error_type": "…"}` and the header `X-Fal-Error-Type`.
    Request,
}

/// One row of fal's tables.
#[derive(Debug)]
pub(super) struct KnownError {
    pub(super) name: &'static str,
    pub(super) status: u16,
    pub(super) family: Family,
    pub(super) message: &'static str,
}

const fn model(name: &'static str, status: u16, message: &'static str) -> KnownError {
    KnownError { name, status, family: Family::Model, message }
}

const fn request(name: &'static str, status: u16, message: &'static str) -> KnownError {
    KnownError { name, status, family: Family::Request, message }
}

pub(super) const ERRORS: &[KnownError] = &[
    model("internal_server_error", 500, "Internal server error"),
    model("generation_timeout", 504, "Generation timeout"),
    model("downstream_service_error", 400, "Downstream service error"),
    model("downstream_service_unavailable", 500, "Downstream service unavailable"),
    model(
        "content_policy_violation",
        422,
        "The content could not be processed because it contained material flagged by a content checker.",
    ),
    model("no_media_generated", 422, "No media was generated"),
    model("image_too_small", 422, "Image dimensions are too small"),
    model("image_too_large", 422, "Image dimensions are too large"),
    model("image_load_error", 422, "Failed to load the image"),
    model("file_download_error", 422, "Failed to download the file"),
    model("face_detection_error", 422, "Could not detect face in the image"),
    model("file_too_large", 422, "File size exceeds the maximum allowed size"),
    model("greater_than", 422, "Input should be greater than 0"),
    model("sequence_too_long", 422, "Sequence is too long"),
    model("one_of", 422, "Input should be one of the allowed values"),
    model("feature_not_supported", 422, "Feature is not supported"),
    model("unsupported_image_format", 422, "Unsupported image format"),
    model("value_error", 422, "Value error"),
    request("request_timeout", 504, "Request timed out"),
    request("startup_timeout", 504, "Runner startup timed out"),
    request("user_timeout", 504, "Request timed out before it was started"),
    request("runner_scheduling_failure", 503, "No runner could be scheduled"),
    request("runner_connection_timeout", 503, "Timed out connecting to the runner"),
    request("runner_disconnected", 503, "Runner disconnected"),
    request("runner_connection_refused", 503, "Runner refused the connection"),
    request("runner_connection_error", 503, "Could not connect to the runner"),
    request("runner_incomplete_response", 502, "Runner sent an incomplete response"),
    request("runner_server_error", 500, "Runner server error"),
    request("internal_error", 500, "Internal error"),
    request("client_disconnected", 499, "Client disconnected"),
    request("client_cancelled", 499, "Client cancelled the request"),
    request("bad_request", 400, "Bad request"),
    request("concurrent_requests_limit", 429, "Too many concurrent requests"),
];

pub(super) fn find(name: &str) -> Option<&'static KnownError> {
    ERRORS.iter().find(|error| error.name == name)
}

impl KnownError {
    /// What fal calls it; its own deadline is a `request_timeout` with a header that says whose it was.
    pub(super) fn error_type(&self) -> &'static str {
        if self.name == "user_timeout" { "request_timeout" } else { self.name }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("the table holds statuses")
    }

    pub(super) fn body(&self) -> Value {
        match self.family {
            Family::Model => json!({"detail": [{
                "loc": ["body"],
                "msg": self.message,
                "type": self.name,
                "url": format!("https://docs.fal.ai/errors#{}", self.name),
            }]}),
            Family::Request => json!({"detail": self.message, "error_type": self.error_type()}),
        }
    }

    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if self.family == Family::Request {
            headers.push(("x-fal-error-type", self.error_type().to_owned()));
        }
        if self.name == "user_timeout" {
            headers.push(("x-fal-request-timeout-type", "user".to_owned()));
        }
        headers
    }
}

impl Answer {
    /// `{"detail": "…"}`, the platform's plain error.
    pub(super) fn detail(status: StatusCode, detail: &str) -> Answer {
        Answer::json(status, &json!({"detail": detail}))
    }

    pub(super) fn error(error: &KnownError) -> Answer {
        let mut answer = Answer::json(error.status(), &error.body());
        for (name, value) in error.headers() {
            answer = answer.with(name, &value);
        }
        answer
    }
}
