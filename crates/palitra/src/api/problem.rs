//! Failures over HTTP: RFC 9457 problems that carry the code of the one table with its values, so that whoever asks can say it in the
//! reader's language.

use crate::failure::Failure;
use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use palitra_domain::{ErrorCode, i18n::Lang};
use serde_json::{Value, json};

pub(crate) struct Problem(Failure);

impl<E: Into<Failure>> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Problem(failure) = self;
        let code = failure.code();
        let values: serde_json::Map<String, Value> = failure
            .texts(Lang::En)
            .into_iter()
            .map(|(name, text)| (name.to_owned(), Value::from(text)))
            .collect();
        let body = json!({
            "type": format!("urn:palitra:error:{code}"), "title": failure.message(Lang::En), "status": code.http_status(),
            "code": code, "hint": failure.hint(Lang::En), "values": values,
        });
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, "application/problem+json")], Json(body)).into_response()
    }
}

/// Names that texts of codes speak of.
const NAMES: &[&str] = &["value", "place", "why", "limit", "account", "hint", "ok", "total"];

/// The failure that a problem tells of.
pub(crate) fn failure(problem: &Value) -> Failure {
    let code = problem["code"].as_str().and_then(ErrorCode::parse);
    let Some(code) = code else {
        return Failure::new(ErrorCode::Internal).with("why", "the service answered with something else");
    };
    let given = NAMES.iter().filter_map(|name| Some((*name, problem["values"][*name].as_str()?)));
    given.fold(Failure::new(code), |failure, (name, text)| failure.with(name, text))
}
