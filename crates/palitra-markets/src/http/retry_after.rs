//! When a server says to come back (`providers.md` §10.3): `retry-after-ms`, `Retry-After`, `x-ratelimit-reset`.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// Longer waits are not believed.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// The first of the three headers that can be read.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    let wait = text("retry-after-ms")
        .and_then(|text| Some(Duration::from_millis(text.parse().ok()?)))
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(seconds))
        .or_else(|| until(text(RETRY_AFTER.as_str())?, text(DATE.as_str())?))
        .or_else(|| text("x-ratelimit-reset").and_then(seconds))?;
    Some(wait.min(WAIT_MAX))
}

/// From one HTTP date to another. Both are the server's, so its clock need not agree with ours.
fn until(then: &str, now: &str) -> Option<Duration> {
    let (then, now) = (httpdate::parse_http_date(then).ok()?, httpdate::parse_http_date(now).ok()?);
    Some(then.duration_since(now).unwrap_or(Duration::ZERO))
}
