//! When a server says to come back (`providers.md` §10.3): `retry-after-ms`, `Retry-After`, `x-ratelimit-reset`, and OpenAI's two limits
//! with their own (`x-ratelimit-reset-requests` and `-tokens`, §4.6).

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Longer waits are not believed.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// The first of the headers that can be read.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    let wait = text("retry-after-ms")
        .and_then(|text| Some(Duration::from_millis(text.parse().ok()?)))
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(seconds))
        .or_else(|| until(text(RETRY_AFTER.as_str())?, text(DATE.as_str())?))
        .or_else(|| text("x-ratelimit-reset").and_then(seconds))
        .or_else(|| ["requests", "tokens"].into_iter().filter_map(|what| used_up(headers, what)).max())?;
    Some(wait.min(WAIT_MAX))
}

/// From one HTTP date to another. Both are the server's, so its clock need not agree with ours.
fn until(then: &str, now: &str) -> Option<Duration> {
    let (then, now) = (httpdate::parse_http_date(then).ok()?, httpdate::parse_http_date(now).ok()?);
    Some(then.duration_since(now).unwrap_or(Duration::ZERO))
}

/// How long a limit that is used up stays so; the other one tells nothing.
fn used_up(headers: &HeaderMap, what: &str) -> Option<Duration> {
    let text = |name: &str| headers.get(format!("x-ratelimit-{name}-{what}"))?.to_str().ok().map(str::trim);
    (text("remaining")? == "0").then(|| span(text("reset")?))?
}

/// `12ms`, `6s`, `1m30s`, `6m0.5s`.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| c.is_ascii_alphabetic())?);
        let unit = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let one = Duration::try_from_secs_f64(number.parse().ok()?).ok()?;
        let part = match unit {
            "h" => one.checked_mul(3600)?,
            "m" => one.checked_mul(60)?,
            "s" => one,
            "ms" => one / 1000,
            _ => return None,
        };
        (sum, rest) = (sum.checked_add(part)?, after);
    }
    (!text.is_empty()).then_some(sum)
}
