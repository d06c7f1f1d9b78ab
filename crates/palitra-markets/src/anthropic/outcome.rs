//! What stands in the body of a success: a text, or why there is none. A pure function of the body, so that one which was kept says the same
//! after a crash.

use super::wire;
use crate::{http::Reply, in_call::Shape};
use palitra_domain::market::{ErrorClass, Outputs};

pub(super) fn read(reply: &Reply) -> Result<Outputs, Shape> {
    let message: wire::Message = reply.parse()?;
    if !message.error.is_null() {
        return Err(Shape::Error);
    }
    let ending = message.stop_reason.as_deref().unwrap_or_default();
    if ending == "refusal" {
        return Err(Shape::Nothing(ErrorClass::ContentRejected, "the model refused".into()));
    }
    if message.content.is_none() {
        return Err(Shape::other("there is no `content`"));
    }
    let text = message.text();
    if text.trim().is_empty() {
        let why = format!("the model wrote nothing (`{ending}`)");
        return Err(Shape::Nothing(ErrorClass::GenerationFailed, why));
    }
    Ok(Outputs { text: Some(text), kilo_tokens: message.units(), ..Outputs::default() })
}
