//! Bodies: `{type, timestamp, data}`, where `data` is what the API shows of the generation or batch.

use super::{Event, Sending, Subject};
use crate::{Engine, Error, Result};
use palitra_domain::{
    ErrorCode, Timestamp,
    webhook::{BODY_BYTES_MAX, EventType, Form},
};
use palitra_store::webhooks::Letter;
use serde_json::{Map, Value, json};

/// Plain texts that stay when a document is cut down.
const KEPT_CHARS_MAX: usize = 1_000;

/// The event that a letter tells of; `None`: of none, as a test.
pub(super) fn event_of(letter: &Letter) -> Option<Event> {
    Some(Event {
        id: letter.id.clone(),
        account: letter.account.clone(),
        livemode: letter.livemode,
        what: letter.event,
        subject: Subject::parse(letter.subject.as_deref()?)?,
        at: letter.created_at,
    })
}

/// The body of a letter that has none yet; `None` when what it tells of is not there any more.
pub(super) async fn make(engine: &Engine, sending: &Sending, letter: &Letter) -> Result<Option<String>> {
    let Some(event) = event_of(letter) else { return Ok(None) };
    match letter.form {
        Form::Standard => {
            let document = sending.documents.document(engine, &event.subject).await?;
            Ok(document.map(|document| standard(event.what, event.at, document)))
        }
        Form::Fal => {
            let writer = sending.fal.as_ref();
            let writer = writer.ok_or_else(|| {
                Error::new(ErrorCode::Internal).with("why", "nobody writes letters of this form")
            })?;
            Ok(writer.body(engine, &event).await?.filter(|body| body.len() <= BODY_BYTES_MAX))
        }
    }
}

/// A body by the specification. A document that is too long is cut down to its plain fields, with `"truncated": true`: what is missing
/// can be had from the API.
pub(super) fn standard(what: EventType, at: Timestamp, data: Value) -> String {
    let body = |data: Value| json!({ "type": what, "timestamp": at.rfc3339(), "data": data }).to_string();
    let whole = body(data.clone());
    if whole.len() <= BODY_BYTES_MAX { whole } else { body(cut_down(data)) }
}

fn cut_down(document: Value) -> Value {
    let fields = if let Value::Object(fields) = document { fields } else { Map::new() };
    let is_plain = |value: &Value| match value {
        Value::String(text) => text.chars().count() <= KEPT_CHARS_MAX,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) | Value::Object(_) => false,
    };
    let mut kept: Map<String, Value> =
        fields.into_iter().filter(|(_, value)| is_plain(value)).take(100).collect();
    kept.insert("truncated".to_owned(), Value::Bool(true));
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_too_long_keeps_its_plain_fields_and_says_so() {
        let at = Timestamp::from_micros(0);
        let document = json!({ "id": "bat_1", "status": "completed", "items": vec!["x".repeat(1_000); 300] });
        let body = standard(EventType::BatchCompleted, at, document);
        assert!(body.len() < 1_000);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"], json!({ "id": "bat_1", "status": "completed", "truncated": true }));
        let short = standard(EventType::BatchCompleted, at, json!({ "items": [1] }));
        let told =
            r#"{"type":"batch.completed","timestamp":"1970-01-01T00:00:00.000Z","data":{"items":[1]}}"#;
        assert_eq!(short, told);
    }
}
