//! Links that carry their own permission: whoever has one may read this file until its time is over, without a key.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use palitra_domain::{AssetId, Timestamp};
use ring::hmac;
use std::time::Duration;

/// How long a link of the API lives (design §2).
pub(crate) const LINK_LIFE: Duration = Duration::from_secs(3_600);

/// The same in a letter of a webhook: every try sends what the first one sent, and with the longest pauses that a receiver may ask for the
/// last one comes three days after it.
pub(crate) const LETTER_LINK_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// Links made within so much time are the same, so that caches know them again.
const STEP_S: i64 = 600;

/// When links are over, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until(i64);

/// Of links that are made now.
pub(crate) fn until(now: Timestamp, life: Duration) -> Until {
    let until = now.plus(life).micros() / 1_000_000;
    Until(until - until % STEP_S + STEP_S)
}

/// `expires=…&signature=…` for one form of an asset (`content`, or a side of its small copies).
pub(crate) fn sign(secret: &[u8; 32], asset: &AssetId, form: &str, Until(until): Until) -> String {
    format!(
        "expires={until}&signature={}",
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key(secret), &words(asset, form, until)))
    )
}

/// Whether the signature is ours and its time is not over. In constant time.
pub(crate) fn is_valid(
    secret: &[u8; 32],
    (asset, form): (&AssetId, &str),
    (expires, signature): (i64, &str),
    now: Timestamp,
) -> bool {
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else { return false };
    let is_ours = hmac::verify(&key(secret), &words(asset, form, expires), &signature).is_ok();
    is_ours && expires > now.micros() / 1_000_000
}

/// Seals words of ours for a purpose, so that they come back unchanged.
pub(crate) fn seal(secret: &[u8; 32], purpose: &str, words: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key(secret), format!("{purpose}\n{words}").as_bytes()))
}

/// In constant time.
pub(crate) fn is_sealed(secret: &[u8; 32], purpose: &str, words: &str, seal: &str) -> bool {
    let seal = BASE64_URL_SAFE_NO_PAD.decode(seal);
    seal.is_ok_and(|seal| hmac::verify(&key(secret), format!("{purpose}\n{words}").as_bytes(), &seal).is_ok())
}

fn key(secret: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

fn words(asset: &AssetId, form: &str, expires: i64) -> Vec<u8> {
    format!("link\n{}\n{form}\n{expires}", asset.as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_one_file_one_form_and_its_time() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (asset, other) = (AssetId::new(at(1), 1), AssetId::new(at(1), 2));
        let link = sign(&[1; 32], &asset, "content", until(at(1_000), LINK_LIFE));
        let (expires, signature) = link.strip_prefix("expires=").unwrap().split_once("&signature=").unwrap();
        let expires: i64 = expires.parse().unwrap();
        assert!((4_600..5_300).contains(&expires));
        let is_good = |secret: u8, asset, form, expires, now| {
            is_valid(&[secret; 32], (asset, form), (expires, signature), at(now))
        };
        assert!(is_good(1, &asset, "content", expires, 1_000));
        assert!(is_good(1, &asset, "content", expires, expires - 1));
        assert!(!is_good(1, &asset, "content", expires, expires));
        assert!(!is_good(1, &asset, "content", expires + 1, 1_000));
        assert!(!is_good(1, &asset, "256", expires, 1_000));
        assert!(!is_good(1, &other, "content", expires, 1_000));
        assert!(!is_good(2, &asset, "content", expires, 1_000));
    }
}
