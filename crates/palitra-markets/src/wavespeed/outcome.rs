//! What WaveSpeedAI's answers mean: whether a submission was accepted, how work ended, what it made.
//!
//! The rule behind every branch: a submission counts as refused only when WaveSpeedAI says so clearly, and accepted work counts
//! as failed only when WaveSpeedAI says so clearly. Everything else is unknown, or looked at again.

use super::{
    calls::Calls,
    envelope,
    errors::{self, Phase, Said},
    remote::Remote,
    wire,
};
use crate::http::{NoReply, Reply, decode_data_uri};
use base64::{Engine, prelude::BASE64_STANDARD};
use palitra_domain::{
    MarketCost,
    market::{ErrorClass, OutputFile, Outputs, Polled, Submitted},
};
use serde_json::Value;

/// The answer to a submission.
pub(super) fn submitted(
    calls: &Calls,
    model: &str,
    cost: Option<MarketCost>,
    reply: Result<Reply, NoReply>,
) -> Submitted {
    let reply = match reply {
        Ok(reply) => reply,
        Err(NoReply::NotSent(error)) => return Submitted::Refused(error),
        Err(NoReply::NoAnswer(error)) => return Submitted::Unknown(error),
    };
    let says_no = || {
        let error = calls.error(Phase::Submit, &reply);
        if is_clean_refusal(&reply) { Submitted::Refused(error) } else { Submitted::Unknown(error) }
    };
    if !(200..300).contains(&reply.status) {
        return says_no();
    }
    let not_understood =
        |message: &str| Submitted::Unknown(calls.describe(ErrorClass::Protocol, message, &reply));
    match envelope::data::<wire::Created>(&reply) {
        // With an id there is work, whatever the code says: 5004 reports a wait that was given up, not the task.
        Ok(created) => match Remote::new(model, &created.id, cost) {
            Some(remote) => Submitted::Accepted(remote.write()),
            None => not_understood("WaveSpeed's answer holds no usable id"),
        },
        Err(_) if Said::of(&reply).code.is_some() => says_no(),
        Err(unreadable) => not_understood(&unreadable.message("WaveSpeed")),
    }
}

/// A 4xx of HTTP and of the envelope, where there is one. A server that gave up waiting (408), or lost us (499), may have
/// passed the request on.
fn is_clean_refusal(reply: &Reply) -> bool {
    let clean = |status: u16| (400..500).contains(&status) && !matches!(status, 408 | 499);
    let code = Said::of(reply).code;
    clean(errors::effective(reply.status, &Said::of(reply))) && code.is_none_or(clean)
}

/// The answer to a question about the result, which is the question about the status too.
pub(super) fn looked(calls: &Calls, remote: &Remote, reply: Result<Reply, NoReply>) -> Polled {
    let reply = match reply {
        Ok(reply) => reply,
        Err(no_reply) => return Polled::Unreachable(no_reply.error()),
    };
    if is_gone(&reply) {
        return Polled::NotFound;
    }
    if !envelope::is_success(&reply) {
        return Polled::Unreachable(calls.error(Phase::Look, &reply));
    }
    let prediction = match envelope::data::<wire::Prediction>(&reply) {
        Ok(prediction) => prediction,
        Err(unreadable) => {
            let error = calls.describe(ErrorClass::Protocol, &unreadable.message("WaveSpeed"), &reply);
            return Polled::Unreachable(error);
        }
    };
    match prediction.status.as_str() {
        // It waits behind somebody; how many are in front of it is not told.
        "created" => Polled::Pending { position: Some(0) },
        "processing" => Polled::Pending { position: None },
        "completed" => outputs(calls, remote, &prediction, &reply),
        // `timeout` is how the client of WaveSpeedAI ends besides `failed`.
        "failed" | "timeout" => failed(calls, &prediction, &reply),
        "cancelled" => Polled::Cancelled,
        other => {
            tracing::warn!(status = %calls.mask.apply(other, 40), "WaveSpeed says a status that is not known here");
            Polled::Pending { position: None }
        }
    }
}

/// WaveSpeedAI does not know it. The page of a server in front of it does not count: accepted work would be given up for it.
fn is_gone(reply: &Reply) -> bool {
    let status = errors::effective(reply.status, &Said::of(reply));
    matches!(status, 404 | 410) && envelope::is_its_own(reply)
}

fn failed(calls: &Calls, prediction: &wire::Prediction, reply: &Reply) -> Polled {
    let failure = prediction.failure().unwrap_or_else(|| "no reason given".into());
    let class = errors::of_failed_work(&prediction.status, &failure);
    Polled::Failed(calls.describe(class, &format!("WaveSpeed failed: {failure}"), reply))
}

/// What was made: links, or bytes in base64. Marked pictures are refused ones.
fn outputs(calls: &Calls, remote: &Remote, prediction: &wire::Prediction, reply: &Reply) -> Polled {
    let end = |class, message: &str| Polled::Failed(calls.describe(class, message, reply));
    let made = match &prediction.outputs {
        Value::Array(made) => made.as_slice(),
        Value::Null => &[],
        _ => return end(ErrorClass::Protocol, "WaveSpeed's outputs are not a list"),
    };
    if made.is_empty() {
        return match prediction.failure() {
            Some(_) => failed(calls, prediction, reply),
            None => end(ErrorClass::GenerationFailed, "the model made nothing"),
        };
    }
    let is_refused = |index: usize| prediction.has_nsfw_contents.get(index) == Some(&Value::Bool(true));
    let shown = made.iter().enumerate().filter(|(index, _)| !is_refused(*index));
    let files: Option<Vec<OutputFile>> = shown.map(|(_, output)| file(output)).collect();
    match files {
        None => end(ErrorClass::Protocol, "WaveSpeed's outputs are neither links nor base64"),
        Some(files) if files.is_empty() => {
            end(ErrorClass::ContentRejected, "the model refused to show what it made")
        }
        Some(files) => Polled::Done(Outputs { files, cost: remote.cost(), ..Outputs::default() }),
    }
}

/// `https://…`, `data:…` or bare base64 (`enable_base64_output`, which is never asked for here).
fn file(output: &Value) -> Option<OutputFile> {
    let output = output.as_str().filter(|output| !output.is_empty())?;
    if output.starts_with("data:") {
        return decode_data_uri(output).map(OutputFile::Bytes);
    }
    if output.contains("://") {
        return Some(OutputFile::Link(output.to_owned()));
    }
    let bytes = BASE64_STANDARD.decode(output).ok()?;
    Some(OutputFile::Bytes(bytes.into()))
}
