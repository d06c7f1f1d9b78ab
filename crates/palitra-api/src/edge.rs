//! The edge of every door: the id of a request, its line in the log, and failures put into the reader's language and the door's shape.

use crate::{
    door::Door,
    problem::{self, Failed},
};
use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use palitra_domain::{ErrorCode, i18n::Lang};
use palitra_engine::failure::Failure;
use serde_json::Value;
use std::sync::Arc;
use tracing::Instrument;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a request that a client may choose.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// What a door makes of a failure.
pub(crate) type Shape = fn(&Told<'_>) -> Shaped;

/// A failure as its clients read it.
pub(crate) struct Shaped {
    pub(crate) status: StatusCode,
    /// What kind of JSON the body is.
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
    /// Headers that only this door has.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Shaped {
    /// With the status of the failure's code.
    pub(crate) fn json(told: &Told<'_>, body: Value) -> Shaped {
        Shaped { status: problem::status(told.failure), kind: "application/json", body, headers: Vec::new() }
    }
}

/// A failure with what its rendering depends on.
pub(crate) struct Told<'a> {
    pub(crate) failure: &'a Failure,
    pub(crate) lang: Lang,
    pub(crate) request_id: &'a str,
}

/// Of the native door.
pub(crate) fn native(told: &Told<'_>) -> Shaped {
    let body = problem::document(told.failure, told.lang, told.request_id);
    Shaped { kind: "application/problem+json", ..Shaped::json(told, body) }
}

/// How an edge is set.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) shape: Shape,
    /// Reads failures of the service as they are.
    pub(crate) is_operator: bool,
}

pub(crate) async fn edge(at: Edge, State(door): State<Door>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| format!("{:032x}", door.engine.dice()).into());
    let lang = language(request.headers());
    let span = tracing::debug_span!("request", request.id = %id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Some(Failed(failure)) = response.extensions_mut().remove::<Failed>() {
        response = told(&at, &failure, response, (lang, &id));
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && !response.headers().contains_key(CONTENT_TYPE)
    {
        let allowed = response.headers().get(ALLOW).cloned();
        let failure = Failure::new(ErrorCode::MethodNotAllowed).with("value", "this method");
        response = told(&at, &failure, response, (lang, &id));
        if let Some(allowed) = allowed {
            response.headers_mut().insert(ALLOW, allowed);
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.entry("x-content-type-options").or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The failure in the door's shape, with what headers say of it.
fn told(at: &Edge, failure: &Failure, mut before: Response, (lang, request_id): (Lang, &str)) -> Response {
    let status = problem::status(failure);
    if status.is_server_error() {
        tracing::warn!(request.id = request_id, code = %failure.code(), error = %failure, "a request failed");
    }
    let plain = if at.is_operator { None } else { problem::plain(failure) };
    let told = Told { failure: plain.as_ref().unwrap_or(failure), lang, request_id };
    let Shaped { status, kind, body, headers: own } = (at.shape)(&told);
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    // What limits said stays, whatever was refused.
    headers.extend(std::mem::take(before.headers_mut()));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in own {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers.remove(axum::http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.as_str()));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(after) = failure.when_to_retry() {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    } else if failure.code().is_retryable() && status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(1));
    }
    response
}

/// The client's own, where it is one that a log can hold.
fn request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (!id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(is_plain)).then(|| id.into())
}

/// The first language of `Accept-Language` that we speak, by its weight; English where none is.
pub(crate) fn language(headers: &HeaderMap) -> Lang {
    let Some(wanted) = headers.get("accept-language").and_then(|value| value.to_str().ok()) else {
        return Lang::En;
    };
    let mut best = (0u32, Lang::En);
    for range in wanted.split(',').take(20) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
        let Some(lang) = Lang::parse(tag.trim()) else { continue };
        // `q=0.8`: three digits at most, read as thousandths.
        let weight = weight.trim().strip_prefix("q=").map_or(1_000, thousandths);
        if weight > best.0 {
            best = (weight, lang);
        }
    }
    best.1
}

fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    number(whole).min(1).saturating_mul(1_000).saturating_add(number(&part)).min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_most_weight_that_we_speak_is_taken() {
        for (header, lang) in [
            ("ru", Lang::Ru),
            ("ru-RU,ru;q=0.9,en;q=0.8", Lang::Ru),
            ("de, ru;q=0.5, en;q=0.7", Lang::En),
            ("fr", Lang::En),
            ("*", Lang::En),
            ("en;q=0, ru;q=0.001", Lang::Ru),
        ] {
            let headers = HeaderMap::from_iter([(
                axum::http::header::ACCEPT_LANGUAGE,
                HeaderValue::from_static(header),
            )]);
            assert_eq!(language(&headers), lang, "{header}");
        }
        assert_eq!(language(&HeaderMap::new()), Lang::En);
    }

    #[test]
    fn only_plain_request_ids_are_taken_over() {
        for (id, taken) in [("abc-1.2_3", true), ("", false), ("a b", false), ("a\"", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_static(id));
            assert_eq!(request_id(&headers).is_some(), taken, "{id}");
        }
    }
}
