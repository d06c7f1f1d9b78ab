//! Failures over HTTP: RFC 9457 problems that carry the code of the one table with its values, in the language that was asked for.
//!
//! A route answers with a [`Problem`]; what it looks like is decided at the edge of its door (`edge`), which knows the reader's
//! language, the id of the request, and whose shape the door speaks.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use palitra_domain::{ErrorCode, i18n::Lang};
use palitra_engine::failure::{Failure, Phrase};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// What a route refuses or fails with.
#[derive(Debug)]
pub(crate) struct Problem(pub(crate) Failure);

impl<E: Into<Failure>> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem(error.into())
    }
}

/// On its way to the edge.
#[derive(Clone)]
pub(crate) struct Failed(pub(crate) Arc<Failure>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(Failed(Arc::new(self.0)));
        response
    }
}

pub(crate) fn status(failure: &Failure) -> StatusCode {
    StatusCode::from_u16(failure.code().http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An RFC 9457 problem (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// `urn:palitra:error:<code>`.
    r#type: String,
    /// What happened, in the language of `Accept-Language` (English or Russian).
    title: String,
    status: u16,
    /// Stable; see the table of error codes.
    code: String,
    /// What to do about it.
    hint: Option<String>,
    /// What the texts name.
    values: std::collections::BTreeMap<String, String>,
    /// What is wrong with an input, field by field.
    violations: Option<Vec<ViolationDocument>>,
    /// The same as `X-Request-Id`.
    request_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Violation)]
pub(crate) struct ViolationDocument {
    path: String,
    rule: String,
    allowed: String,
}

/// The body of a problem.
pub(crate) fn document(shown: &Failure, lang: Lang, request_id: &str) -> Value {
    let code = shown.code();
    let values: serde_json::Map<String, Value> =
        shown.texts(lang).into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    let mut body = json!({
        "type": format!("urn:palitra:error:{code}"), "title": shown.message(lang), "status": code.http_status(),
        "code": code, "hint": shown.hint_over_http(lang), "values": values, "request_id": request_id,
    });
    if !shown.violations().is_empty() {
        body["violations"] = json!(shown.violations());
    }
    body
}

/// What an outsider reads instead of a failure of ours (5xx): not where it happened, nor why.
pub(crate) fn plain(failure: &Failure) -> Option<Failure> {
    let is_ours = matches!(
        failure.code(),
        ErrorCode::Internal
            | ErrorCode::StoreUnavailable
            | ErrorCode::StoreBusy
            | ErrorCode::DiskFull
            | ErrorCode::NotWritable
            | ErrorCode::DatabaseLogin
            | ErrorCode::DatabaseUnfit
            | ErrorCode::ForeignDatabase
    );
    is_ours.then(|| {
        let names = ["value", "place", "why"].into_iter();
        names.fold(Failure::new(failure.code()), |plain, name| plain.with(name, Phrase::new("this-service")))
    })
}

/// Names that texts of codes speak of.
const NAMES: &[&str] =
    &["value", "place", "why", "limit", "account", "hint", "ok", "total", "seconds", "mode"];

/// The failure that a problem tells of, for a command that asked.
pub fn failure(problem: &Value) -> Failure {
    let code = problem["code"].as_str().and_then(ErrorCode::parse);
    let Some(code) = code else {
        return Failure::new(ErrorCode::Internal).with("why", "the service answered with something else");
    };
    let given = NAMES.iter().filter_map(|name| Some((*name, problem["values"][*name].as_str()?)));
    given.fold(Failure::new(code), |failure, (name, text)| failure.with(name, text))
}
