//! Typed ids: 128 bits, time-ordered, text with a kind (`gen_…`), one text column in both databases.
//!
//! The upper 56 bits are microseconds UTC, the lower 72 are random, written in 26 lower-case letters of Crockford's base 32,
//! so ids sort by bytes in the order of their making. Clock and randomness are arguments: nothing is made here.

use crate::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;
/// A kind of three letters, `_`, and the number.
const BYTES: usize = 4 + LENGTH;
const RANDOM_BITS: u32 = 72;

/// Why a text is not the id that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("`{text}` is not {wanted} id: it starts with `{found}_`")]
    Kind { text: String, wanted: &'static str, found: String },
    #[error("`{text}` is not {wanted} id")]
    Form { text: String, wanted: &'static str },
}

fn encode(prefix: &[u8; 3], bits: u128) -> [u8; BYTES] {
    let mut text = [b'_'; BYTES];
    text[..3].copy_from_slice(prefix);
    for (place, letter) in (0..LENGTH).rev().zip(&mut text[4..]) {
        let index = usize::try_from((bits >> (5 * place)) & 31).expect("five bits fit");
        *letter = ALPHABET[index];
    }
    text
}

/// The same number with another kind.
fn renamed(mut text: [u8; BYTES], prefix: &[u8; 3]) -> [u8; BYTES] {
    text[..3].copy_from_slice(prefix);
    text
}

fn check(text: &str, prefix: &str, wanted: &'static str) -> Result<[u8; BYTES], IdError> {
    let form = || IdError::Form { text: text.chars().take(60).collect(), wanted };
    let (found, body) = text.split_once('_').ok_or_else(form)?;
    if found != prefix {
        return Err(IdError::Kind {
            text: text.chars().take(60).collect(),
            wanted,
            found: found.chars().take(20).collect(),
        });
    }
    // 26 × 5 = 130 bits: the first letter carries only three of them.
    let fits = body.len() == LENGTH
        && body.bytes().all(|byte| ALPHABET.contains(&byte))
        && body.as_bytes()[0] <= b'7';
    text.as_bytes().try_into().ok().filter(|_| fits).ok_or_else(form)
}

/// One id kind: a newtype over its text, which needs no memory of its own.
macro_rules! define_id {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $wanted:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; BYTES]);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
            const KIND: &'static [u8; 3] = $prefix.as_bytes().first_chunk().expect("kinds have three letters");
            /// Every one is as long as the others.
            pub const BYTES: usize = BYTES;

            /// A new id; `random` comes from the operating system, never from a seed that others can guess.
            pub fn new(now: Timestamp, random: u128) -> Self {
                let micros = u128::from(now.micros().unsigned_abs()) << RANDOM_BITS;
                Self(encode(Self::KIND, micros | (random & ((1 << RANDOM_BITS) - 1))))
            }

            pub fn parse(text: &str) -> Result<Self, IdError> {
                check(text, $prefix, $wanted).map(Self)
            }

            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("ids are ASCII")
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    )+ };
}

define_id! {
    /// One priced run of a mode.
    GenerationId = "gen", "a generation";
    /// A manifest being carried out.
    BatchId = "bat", "a batch";
    /// One line of a manifest: a slide, a word.
    ItemId = "itm", "an item";
    /// A stored file.
    AssetId = "ast", "an asset";
    /// Owner of money and media.
    AccountId = "acc", "an account";
    /// A binding price.
    QuoteId = "quo", "a quote";
    /// A style.
    TemplateId = "tpl", "a template";
    /// A person's avatar.
    AvatarId = "ava", "an avatar";
    /// An API key, or a market key.
    KeyId = "key", "a key";
    /// One row of the outbox.
    DeliveryId = "dlv", "a delivery";
    /// One movement of money between two books.
    TransferId = "trf", "a transfer";
    /// One process that owns work.
    WorkerId = "wrk", "a worker";
    /// A code that gives money.
    VoucherId = "vch", "a voucher";
    /// An address of an account that hears of events.
    WebhookId = "whk", "a webhook";
    /// Something that was done and written down.
    AuditId = "aud", "an entry of the audit";
}

impl TransferId {
    /// The hold of a generation. There is one of each, so its id is the generation's in other words.
    pub fn of_generation(id: &GenerationId) -> TransferId {
        TransferId(renamed(id.0, Self::KIND))
    }

    /// The welcome of an account. There is one of each, so its id is the account's in other words.
    pub fn of_welcome(id: &AccountId) -> TransferId {
        TransferId(renamed(id.0, Self::KIND))
    }

    /// A movement that follows from another one in the same transaction, by what it is: once each.
    pub fn following(cause: &TransferId, what: &str, now: Timestamp) -> TransferId {
        TransferId::new(now, bits_of(&format!("{what} {cause}")))
    }
}

/// The first 128 bits of the text's SHA-256.
fn bits_of(text: &str) -> u128 {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

impl DeliveryId {
    /// The delivery of a generation's end. There is one of each, so its id is the generation's in other words.
    pub fn of_generation(id: &GenerationId) -> DeliveryId {
        DeliveryId(renamed(id.0, Self::KIND))
    }

    /// The delivery of something that has an id of its own, such as an asset, and is delivered once.
    pub fn of_text(kind: &str, made_at: Timestamp, what: &str) -> DeliveryId {
        DeliveryId::new(made_at, bits_of(&format!("{kind} {what}")))
    }
}

#[cfg(test)]
mod tests;
