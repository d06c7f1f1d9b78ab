//! What fal's answers mean: whether a submission was accepted, how work ended, what it made.
//!
//! The rule behind every branch: a submission counts as refused only when fal says so clearly, and accepted work counts as
//! failed only when fal says so clearly. Everything else is unknown, or looked at again.

use super::{
    calls::Calls,
    errors::{Phase, Said},
    wire,
};
use crate::{
    http::{NoReply, Reply, Unreadable, decode_data_uri},
    units,
};
use palitra_domain::market::{ErrorClass, MarketError, OutputFile, Outputs, Polled, Submitted};

/// The answer to a submission.
pub(super) fn submitted(calls: &Calls, endpoint: &str, reply: Result<Reply, NoReply>) -> Submitted {
    let reply = match reply {
        Ok(reply) => reply,
        Err(NoReply::NotSent(error)) => return Submitted::Refused(error),
        Err(NoReply::NoAnswer(error)) => return Submitted::Unknown(error),
    };
    let not_understood =
        |message: String| Submitted::Unknown(calls.describe(ErrorClass::Protocol, &message, &reply));
    match reply.status {
        200..300 => match reply.parse::<wire::Accepted>() {
            Ok(accepted) => match calls.addresses.accepted(endpoint, accepted) {
                Some(remote) => Submitted::Accepted(remote.write()),
                None => not_understood("fal's answer holds no usable request id".into()),
            },
            Err(unreadable) => not_understood(unreadable.message("fal")),
        },
        // A server that gave up waiting, or lost us, may have passed the request on.
        408 | 499 => Submitted::Unknown(calls.error(Phase::Submit, &reply)),
        400..500 => Submitted::Refused(calls.error(Phase::Submit, &reply)),
        _ => Submitted::Unknown(calls.error(Phase::Submit, &reply)),
    }
}

/// The answer to a question about the status: all that needs no look at the result, or how the status says it ended.
pub(super) enum Looked {
    Settled(Polled),
    Completed(wire::Status),
}

pub(super) fn status(calls: &Calls, reply: Result<Reply, NoReply>) -> Looked {
    let reply = match reply {
        Ok(reply) => reply,
        Err(no_reply) => return Looked::Settled(Polled::Unreachable(no_reply.error())),
    };
    if is_gone(&reply) {
        return Looked::Settled(Polled::NotFound);
    }
    if !reply.is_success() {
        return Looked::Settled(Polled::Unreachable(calls.error(Phase::Run, &reply)));
    }
    match reply.parse::<wire::Status>() {
        Err(unreadable) => {
            let error = calls.describe(ErrorClass::Protocol, &unreadable.message("fal"), &reply);
            Looked::Settled(Polled::Unreachable(error))
        }
        Ok(status) if status.status != "COMPLETED" => {
            if !matches!(status.status.as_str(), "IN_QUEUE" | "IN_PROGRESS") {
                tracing::warn!(status = %calls.mask.apply(&status.status, 40), "fal says a status that is not known here");
            }
            // Whatever else waits, it waits behind somebody.
            let waits = status.status == "IN_QUEUE";
            Looked::Settled(Polled::Pending { position: waits.then(|| status.queue_position.unwrap_or(0)) })
        }
        Ok(status) if status.error_type.as_deref() == Some("client_cancelled") => {
            Looked::Settled(Polled::Cancelled)
        }
        Ok(status) => Looked::Completed(status),
    }
}

/// The answer to a question about the result, after the status said `COMPLETED`.
pub(super) fn result(calls: &Calls, status: &wire::Status, reply: Result<Reply, NoReply>) -> Polled {
    let reply = match reply {
        Ok(reply) => reply,
        Err(no_reply) => return Polled::Unreachable(no_reply.error()),
    };
    if reply.status == 499 {
        return Polled::Cancelled;
    }
    match status.failure() {
        Some(failure) => failed(calls, status, &failure, &reply),
        None if reply.is_success() => outputs(calls, &reply),
        None => no_result(calls, &reply),
    }
}

/// The status says that it failed. The result call knows best why, when it speaks of the work and not of the call.
fn failed(calls: &Calls, status: &wire::Status, failure: &str, reply: &Reply) -> Polled {
    let of_the_work = matches!(reply.status, 400 | 422) || (reply.status >= 500 && Said::of(reply).is_fals());
    if of_the_work {
        return Polled::Failed(calls.error(Phase::Run, reply));
    }
    if stands_in_the_way(reply) && status.error_type.is_none() {
        return Polled::Unreachable(calls.error(Phase::Run, reply));
    }
    Polled::Failed(calls.describe(class_of(status), &format!("fal failed: {failure}"), reply))
}

/// The status knows of no failure, and yet there is no result: clients met failures only here (trap 1).
fn no_result(calls: &Calls, reply: &Reply) -> Polled {
    let error = calls.error(Phase::Run, reply);
    match reply.status {
        404 | 410 if is_gone(reply) => Polled::NotFound,
        400 if is_early(reply) => Polled::Pending { position: None },
        404 | 410 => Polled::Unreachable(error),
        400..500 if !stands_in_the_way(reply) => Polled::Failed(error),
        500.. if Said::of(reply).is_fals() => Polled::Failed(error),
        _ => Polled::Unreachable(error),
    }
}

/// What stands between us and the result now, whatever the result is: the account is locked, the key was changed, calls
/// come too fast. The result is paid for, so it is asked for again.
fn stands_in_the_way(reply: &Reply) -> bool {
    matches!(reply.status, 401 | 403 | 408 | 429)
}

/// fal does not know it. The page of a server in front of it does not count: accepted work would be given up for it.
fn is_gone(reply: &Reply) -> bool {
    matches!(reply.status, 404 | 410) && reply.parse::<serde_json::Value>().is_ok()
}

/// Asked too early, against the status (`providers.md` §1.4: seen as 400).
fn is_early(reply: &Reply) -> bool {
    reply.status == 400 && Said::of(reply).message.is_some_and(|message| message.contains("in progress"))
}

/// The class of a failure of which only the status speaks.
fn class_of(status: &wire::Status) -> ErrorClass {
    let said = Said { types: status.error_type.iter().cloned().collect(), message: status.failure() };
    said.class().unwrap_or(ErrorClass::GenerationFailed)
}

/// The output of a model. `error` inside a 200 is a failure, black pictures are refused ones (`providers.md` §1.13, §10.3).
fn outputs(calls: &Calls, reply: &Reply) -> Polled {
    let output = match reply.parse::<wire::Output>() {
        Ok(output) => output,
        // Broken off or not from fal: the result is paid for and asked for again. Whole and of another shape: it stays so.
        Err(Unreadable::NotJson(why)) => {
            let message = Unreadable::NotJson(why).message("fal");
            return Polled::Unreachable(calls.describe(ErrorClass::Protocol, &message, reply));
        }
        Err(other) => {
            return Polled::Failed(calls.describe(ErrorClass::Protocol, &other.message("fal"), reply));
        }
    };
    let failed = |class, message: &str| Polled::Failed(calls.describe(class, message, reply));
    if let Some(failure) = output.failure() {
        return failed(ErrorClass::GenerationFailed, &format!("the model failed: {failure}"));
    }
    let single = [output.image, output.video, output.audio];
    let promised = output.images.is_some() || single.iter().any(Option::is_some) || output.output.is_some();
    let links: Vec<wire::File> =
        output.images.into_iter().flatten().chain(single.into_iter().flatten()).collect();
    let refused = output.has_nsfw_concepts.unwrap_or_default();
    let made = links.len();
    let shown = links.into_iter().enumerate().filter(|(index, _)| refused.get(*index) != Some(&true));
    let files: Result<Vec<OutputFile>, MarketError> =
        shown.map(|(_, file)| output_file(calls, file, reply)).collect();
    let files = match files {
        Ok(files) => files,
        Err(error) => return Polled::Failed(error),
    };
    let text = output.output.filter(|text| !text.trim().is_empty());
    match (files.is_empty() && text.is_none(), made) {
        (true, 0) if promised => return failed(ErrorClass::GenerationFailed, "the model made nothing"),
        (true, 0) => return failed(ErrorClass::Protocol, "fal's answer holds neither files nor text"),
        (true, _) => return failed(ErrorClass::ContentRejected, "the model refused to show what it made"),
        (false, _) => {}
    }
    let units = reply.headers.get("x-fal-billable-units").and_then(|units| units.to_str().ok());
    Polled::Done(Outputs {
        files,
        text,
        cost: None,
        billable_units: units.and_then(units::parse),
        seed: output.seed.and_then(|seed| seed.as_i64()),
        ..Outputs::default()
    })
}

fn output_file(calls: &Calls, file: wire::File, reply: &Reply) -> Result<OutputFile, MarketError> {
    if !file.url.starts_with("data:") {
        return Ok(OutputFile::Link(file.url));
    }
    let unreadable =
        || calls.describe(ErrorClass::Protocol, "the data in fal's answer cannot be read", reply);
    decode_data_uri(&file.url).map(OutputFile::Bytes).ok_or_else(unreadable)
}
