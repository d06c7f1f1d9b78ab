//! `If-None-Match` (RFC 9110, 13.1.2): whether the client has what would be sent.

use axum::http::{HeaderMap, HeaderValue, header::IF_NONE_MATCH};

/// Compared weakly: whether a tag is called weak makes no difference here. `*` is anything that there is.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|tags: &HeaderValue| tags.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).map(str::trim).any(|one| one == "*" || opaque(one) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_weak_or_strong_alone_or_among_others() {
        for (given, known) in [
            (&["\"a\""][..], true),
            (&["W/\"a\""], true),
            (&["\"b\", W/\"a\""], true),
            (&["\"b\"", "\"a\""], true),
            (&["*"], true),
            (&["\"b\""], false),
            (&["a"], false),
            (&[""], false),
            (&[], false),
        ] {
            let headers: HeaderMap =
                given.iter().map(|tags| (IF_NONE_MATCH, HeaderValue::from_static(tags))).collect();
            for tag in ["\"a\"", "W/\"a\""] {
                assert_eq!(is_known(&headers, tag), known, "{given:?}");
            }
        }
    }
}
