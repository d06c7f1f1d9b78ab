//! What KIE's answers mean: whether a submission was accepted, how work ended, what it made, what it took.
//!
//! The rule behind every branch: a submission counts as refused only when KIE says so clearly, and accepted work counts as
//! failed only when KIE says so clearly. Everything else is unknown, or looked at again.

use super::{
    calls::Calls,
    errors::{self, Phase, Said},
    remote::Remote,
    result::{self, Missing},
    wire::{self, Created, Envelope, Record, State},
};
use crate::http::{NoReply, Reply, Unreadable};
use palitra_domain::{
    Currency, MarketCost,
    market::{ErrorClass, MarketError, Outputs, Polled, Submitted},
    money::{Millionths, scale_up},
};

/// The answer to `createTask`.
pub(super) fn submitted(calls: &Calls, model: &str, reply: Result<Reply, NoReply>) -> Submitted {
    let reply = match reply {
        Ok(reply) => reply,
        Err(NoReply::NotSent(error)) => return Submitted::Refused(error),
        Err(NoReply::NoAnswer(error)) => return Submitted::Unknown(error),
    };
    let said = Said::of(&reply);
    let error = || calls.error(Phase::Submit, &reply);
    match (reply.status, said.code()) {
        (200..300, 200..300) => accepted(calls, model, &reply),
        // A server in front of KIE: whatever stands in the body, the call may have been passed on.
        (300..400 | 500.., _) => Submitted::Unknown(error()),
        // A server that gave up waiting, or lost us, may have passed the call on.
        (_, 408 | 499) => Submitted::Unknown(error()),
        // 429 too: KIE rejects, it does not queue.
        (_, 400..500) => Submitted::Refused(error()),
        // A feature that is off runs nothing.
        (_, 505) => Submitted::Refused(error()),
        _ => Submitted::Unknown(error()),
    }
}

fn accepted(calls: &Calls, model: &str, reply: &Reply) -> Submitted {
    let not_understood =
        |message: &str| Submitted::Unknown(calls.describe(ErrorClass::Protocol, message, reply));
    match reply.parse::<Envelope>() {
        Err(unreadable) => not_understood(&unreadable.message("KIE")),
        Ok(envelope) => {
            let created = serde_json::from_value::<Created>(envelope.data).ok();
            match created.and_then(|created| Remote::new(model, &created.task_id)) {
                Some(remote) => Submitted::Accepted(remote.write()),
                None => not_understood("KIE's answer holds no usable task id"),
            }
        }
    }
}

/// The answer to `recordInfo`: one call tells the state and the result.
pub(super) fn polled(
    calls: &Calls,
    remote: &Remote,
    credit_usd: Millionths,
    reply: Result<Reply, NoReply>,
) -> Polled {
    let reply = match reply {
        Ok(reply) => reply,
        Err(no_reply) => return Polled::Unreachable(no_reply.error()),
    };
    let envelope = match reply.parse::<Envelope>() {
        Ok(envelope) => envelope,
        Err(_) if !reply.is_success() => return Polled::Unreachable(look_error(calls, &reply)),
        Err(unreadable) => return Polled::Unreachable(not_understood(calls, &unreadable, &reply)),
    };
    let record = serde_json::from_value::<Record>(envelope.data.clone()).ok();
    let record = record.and_then(|record| record.state().map(|state| (record, state)));
    match record {
        // A task that failed may come under the code of its failure, as in callbacks.
        Some((record, state)) if reply.is_success() => {
            let code = envelope.code().unwrap_or(200);
            if code == 200 || state == State::Fail {
                of_record(calls, remote, credit_usd, &record, &state, &reply)
            } else {
                Polled::Unreachable(look_error(calls, &reply))
            }
        }
        _ => without_record(calls, &envelope, &reply),
    }
}

fn look_error(calls: &Calls, reply: &Reply) -> MarketError {
    calls.error(Phase::Look, reply)
}

/// Soon after `createTask` the record may be invisible; the engine waits for it a while before it believes that it is gone.
fn without_record(calls: &Calls, envelope: &Envelope, reply: &Reply) -> Polled {
    let message = envelope.message().unwrap_or_default().to_lowercase();
    let is_null = envelope.data.is_null();
    match envelope.code() {
        Some(200 | 404) if is_null && reply.status < 500 => Polled::NotFound,
        Some(422) if is_null && message.contains("null") => Polled::NotFound,
        // These speak of the task, never of the call: nobody produced anything, an input could not be loaded, it failed.
        Some(408 | 451 | 501 | 531) if reply.status < 500 => Polled::Failed(look_error(calls, reply)),
        Some(code) if code != 200 => Polled::Unreachable(look_error(calls, reply)),
        _ if !reply.is_success() => Polled::Unreachable(look_error(calls, reply)),
        _ => {
            let message = "KIE's answer holds no record of the task";
            Polled::Unreachable(calls.describe(ErrorClass::Protocol, message, reply))
        }
    }
}

fn of_record(
    calls: &Calls,
    remote: &Remote,
    credit_usd: Millionths,
    record: &Record,
    state: &State,
    reply: &Reply,
) -> Polled {
    let error = |class, message: &str| calls.describe(class, message, reply);
    if record.task_id().is_some_and(|id| id != remote.task_id) {
        return Polled::Unreachable(error(ErrorClass::Protocol, "KIE's answer is about another task"));
    }
    match state {
        State::Pending { unknown } => {
            if let Some(word) = unknown {
                tracing::warn!(status = %calls.mask.apply(word, 40), "KIE says a state that is not known here");
            }
            // No place in line is told, and nothing stops a task that waits: it is waited for like one that runs.
            Polled::Pending { position: None }
        }
        State::Fail => {
            let what = record.fail_message();
            let class = errors::class(Phase::Work, record.fail_code().unwrap_or_default(), what.as_deref());
            let what = what.unwrap_or_else(|| "no reason given".to_owned());
            Polled::Failed(error(class, &format!("KIE failed: {what}")))
        }
        State::Success => match result::read(record) {
            Ok(made) => {
                let credits = record.credits();
                Polled::Done(Outputs {
                    files: made.files,
                    text: made.text,
                    cost: credits.and_then(|credits| cost(credits, credit_usd)),
                    billable_units: credits,
                    ..Outputs::default()
                })
            }
            // Paid for, and not there yet.
            Err(Missing::Nothing) => {
                Polled::Unreachable(error(ErrorClass::Protocol, "KIE's answer holds no result yet"))
            }
            Err(Missing::Empty) => {
                Polled::Failed(error(ErrorClass::GenerationFailed, "the model made nothing"))
            }
            Err(Missing::OtherShape(why)) => {
                Polled::Failed(error(ErrorClass::Protocol, &format!("KIE's result is not understood: {why}")))
            }
        },
    }
}

/// Credits as money, rounded up.
pub(super) fn cost(credits: Millionths, credit_usd: Millionths) -> Option<MarketCost> {
    let micros = scale_up(credits.0, &[credit_usd], 1).ok()?;
    Some(MarketCost { micros, currency: Currency::USD })
}

/// The answer to a question about the balance.
pub(super) fn credits(calls: &Calls, reply: Result<Reply, NoReply>) -> Result<Millionths, MarketError> {
    let reply = reply.map_err(NoReply::error)?;
    let envelope = match reply.parse::<Envelope>() {
        Ok(envelope) if reply.is_success() && envelope.code().is_none_or(|code| code == 200) => envelope,
        Err(unreadable) if reply.is_success() => return Err(not_understood(calls, &unreadable, &reply)),
        _ => return Err(look_error(calls, &reply)),
    };
    let unusable = || calls.describe(ErrorClass::Protocol, "KIE's answer holds no balance", &reply);
    wire::decimal(&envelope.data).ok_or_else(unusable)
}

/// A good status under a body that is not.
pub(super) fn not_understood(calls: &Calls, unreadable: &Unreadable, reply: &Reply) -> MarketError {
    calls.describe(ErrorClass::Protocol, &unreadable.message("KIE"), reply)
}
