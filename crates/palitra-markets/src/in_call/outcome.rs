//! What an answer means for a submission, where the answer is the result.
//!
//! Refused is what was clearly refused, and work that the market has ended without a result: nothing is left that could still come.
//! Everything that leaves open whether the market works, or whether a result was paid for and lost, is unknown.

use super::{InCall, Said};
use crate::http::{NoReply, Reply, Unreadable};
use bytes::Bytes;
use palitra_domain::market::{ErrorClass, MarketError, Request, Submitted};

/// How the body of a success disappoints.
#[derive(Debug)]
pub(crate) enum Shape {
    /// The market has ended the work and shows nothing, for this reason.
    Nothing(ErrorClass, String),
    /// An error under a status of success.
    Error,
    /// The same as one of its events: what the event says, and whether the work had been seen to begin.
    ErrorEvent {
        data: Bytes,
        has_begun: bool,
    },
    Unreadable(Unreadable),
}

impl From<Unreadable> for Shape {
    fn from(unreadable: Unreadable) -> Shape {
        Shape::Unreadable(unreadable)
    }
}

impl Shape {
    /// Whole, well-formed, and not what was asked for.
    pub(crate) fn other(why: &str) -> Shape {
        Shape::Unreadable(Unreadable::OtherShape(why.to_owned()))
    }
}

impl InCall {
    /// The answer to a submission.
    pub(crate) fn submitted(&self, request: &Request, reply: Result<Reply, NoReply>) -> Submitted {
        let reply = match reply {
            Ok(reply) => reply,
            Err(NoReply::NotSent(error)) => return Submitted::Refused(error),
            Err(NoReply::NoAnswer(error)) => return Submitted::Unknown(error),
        };
        if !reply.is_success() {
            return self.no(&reply);
        }
        let read = match &reply.body {
            Ok(_) => self.manner.read(request, &reply, &self.base),
            Err(error) => Err(Shape::Unreadable(Unreadable::NotJson(error.to_string()))),
        };
        match read {
            Ok(outputs) => Submitted::Done(outputs),
            Err(Shape::Nothing(class, message)) => Submitted::Refused(self.describe(class, &message, &reply)),
            Err(Shape::Error) => self.no(&reply),
            Err(Shape::ErrorEvent { data, has_begun }) => {
                match self.no(&Reply { body: Ok(data), ..reply }) {
                    // What was begun may be billed: it is not simply asked for again.
                    Submitted::Refused(error) if has_begun && error.class.is_retried() => {
                        Submitted::Unknown(error)
                    }
                    other => other,
                }
            }
            Err(Shape::Unreadable(unreadable)) => {
                let message = unreadable.message(&self.name);
                Submitted::Unknown(self.describe(ErrorClass::Protocol, &message, &reply))
            }
        }
    }

    /// An answer that says no.
    fn no(&self, reply: &Reply) -> Submitted {
        let said = Said::of(reply);
        let status = if reply.is_success() { said.status.unwrap_or(reply.status) } else { reply.status };
        let class = self.manner.class(status, &said);
        let what = said.message.as_deref().unwrap_or("no reason given");
        let error = self.describe(class, &format!("{} answered {status}: {what}", self.name), reply);
        let certain = is_clean_refusal(status, class) || self.manner.is_surely_refused(status, &said);
        if certain { Submitted::Refused(error) } else { Submitted::Unknown(error) }
    }

    fn describe(&self, class: ErrorClass, message: &str, reply: &Reply) -> MarketError {
        reply.describe(class, message, &self.mask)
    }
}

/// A 4xx, or an error under 200 that names its cause. A server that gave up waiting (408), or lost us (499), may have passed the call on.
fn is_clean_refusal(status: u16, class: ErrorClass) -> bool {
    match status {
        408 | 499 => false,
        400..500 => true,
        200..300 => !matches!(class, ErrorClass::Protocol | ErrorClass::Unavailable),
        _ => false,
    }
}
