//! What an error answer says, in the shapes that are about: `{"error": {"message", "type", "code"}}` (OpenAI, Anthropic without a code),
//! `{"error": "text"}`, `{"message"}` or `{"detail"}` (compatible servers, `providers.md` §8.3), plain text.

use crate::http::Reply;
use serde_json::Value;

/// The longest text that is taken for a message.
const TEXT_BYTES_MAX: usize = 300;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) message: Option<String>,
    /// Gateways write a status where OpenAI writes a word.
    pub(crate) status: Option<u16>,
}

impl Said {
    pub(crate) fn of(reply: &Reply) -> Said {
        Said::read(reply.body.as_deref().unwrap_or_default())
    }

    pub(crate) fn read(body: &[u8]) -> Said {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Said::plain(body) };
        let error = &body["error"];
        let about = if error.is_object() { error } else { &body };
        let code = &about["code"];
        let message = [error, &about["message"], &body["message"], &body["detail"]];
        Said {
            code: text(code),
            kind: text(&about["type"]),
            message: message.into_iter().find_map(text),
            status: number(code).filter(|status| (400..600).contains(status)),
        }
    }

    /// A page of something in front of the market is no message.
    fn plain(body: &[u8]) -> Said {
        let text = std::str::from_utf8(body).map(str::trim).unwrap_or_default();
        let is_message =
            !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.starts_with(['<', '{', '[']);
        Said { message: is_message.then(|| text.to_owned()), ..Said::default() }
    }

    /// Code or type is one of these words.
    pub(crate) fn is_one_of(&self, words: &[&str]) -> bool {
        [&self.code, &self.kind].into_iter().flatten().any(|said| words.contains(&said.as_str()))
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// `429` and `"429"`.
fn number(value: &Value) -> Option<u16> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64().and_then(|number| u16::try_from(number).ok()),
    }
}
