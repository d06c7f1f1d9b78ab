//! Signatures by the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, one for each secret that still signs.
//!
//! With `ring`, which the binary has for TLS anyway. The crate `standardwebhooks` would bring a second base64, a second HMAC and a library
//! of dates for these few lines; our tests verify with it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use palitra_domain::{DeliveryId, Timestamp};
use palitra_store::webhooks::Secrets;
use ring::hmac;

const PREFIX: &str = "whsec_";

/// A secret of 256 bits.
pub(super) fn new_secret(random: impl Fn() -> u128) -> String {
    let bytes = [random().to_be_bytes(), random().to_be_bytes()].concat();
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// `webhook-id`, `webhook-timestamp` and `webhook-signature`. `None` when a secret is none of ours.
pub(super) fn headers(
    id: &DeliveryId,
    body: &str,
    secrets: &Secrets,
    now: Timestamp,
) -> Option<Vec<(String, String)>> {
    let seconds = now.micros().div_euclid(1_000_000);
    let signed = format!("{id}.{seconds}.{body}");
    let old = secrets.old.iter().filter(|(_, until)| *until > now).map(|(old, _)| old);
    let signatures =
        [&secrets.secret].into_iter().chain(old).map(|secret| signature(secret, signed.as_bytes()));
    let signatures: Vec<String> = signatures.collect::<Option<_>>()?;
    Some(vec![
        ("webhook-id".to_owned(), id.to_string()),
        ("webhook-timestamp".to_owned(), seconds.to_string()),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ])
}

fn signature(secret: &str, signed: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok().filter(|key| !key.is_empty())?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed);
    Some(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = format!("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk.1649367553.{body}");
        let signature = signature("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", signed.as_bytes());
        assert_eq!(signature.as_deref(), Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="));
    }

    #[test]
    fn a_secret_has_256_bits_and_its_prefix() {
        let secret = new_secret(|| u128::MAX / 3);
        let bytes = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(bytes, [0x55; 32]);
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for wrong in ["", "whsec_", "whsec_?", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"] {
            assert_eq!(signature(wrong, b"x"), None, "{wrong}");
        }
    }
}
