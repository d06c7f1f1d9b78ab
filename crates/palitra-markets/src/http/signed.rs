//! The headers of a signed webhook: each there once, the time near.

use palitra_domain::Timestamp;
use std::time::Duration;

/// How far from now, to either side, a webhook may have been signed.
pub(crate) const DRIFT_MAX: Duration = Duration::from_secs(300);

/// The one value of a header. A line break inside a value would move the borders of what was signed.
pub(crate) fn the_header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (Some((_, value)), None) if !value.is_empty() && !value.contains(char::is_control) => Some(value),
        _ => None,
    }
}

/// Whole seconds since 1970: digits and nothing else.
pub(crate) fn unix_seconds(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    seconds.checked_mul(1_000_000).map(Timestamp::from_micros)
}

/// Was it signed within [`DRIFT_MAX`] of now?
pub(crate) fn is_near(signed_at: Timestamp, now: Timestamp) -> bool {
    now.since(signed_at).max(signed_at.since(now)) <= DRIFT_MAX
}
