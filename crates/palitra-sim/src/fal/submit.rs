//! Taking a request in: key, endpoint and input are checked, the log is written, then the answer is sent, or not.

use super::{
    Inner, Market,
    calls::{failing, refused_by, unauthorized},
    endpoints, key_tag,
    route::Asked,
    schema,
    script::{Call, Fault},
    size, uploads,
    world::{Ending, NewWork},
};
use crate::market::{
    answer::Answer,
    callback::deliver,
    log::Submission,
    script::{About, Faulty},
    sim::Simulated,
};
use axum::{body::Body, http::Response, http::StatusCode};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

pub(super) async fn answer(market: &Arc<Market>, endpoint: &str, asked: &Asked) -> Response<Body> {
    let input: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let words = ["prompt", "text"].iter().find_map(|name| input.get(*name).and_then(Value::as_str));
    let prompt = words.unwrap_or_default().to_owned();
    let plan = market.lock().faults.plan(Call::Submit, About::of(endpoint, &prompt));
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let mut inner = market.lock();
        let now = market.clock.now();
        let key = market.of.sent_key(&asked.headers);
        let webhook = asked.query("fal_webhook").map(str::to_owned);
        let entry = Submission { webhook, ..Submission::asked(key, endpoint, &prompt, input) };
        match check(market, &inner, asked, &entry, plan.fault.as_ref()) {
            Err(refusal) => refuse(&mut inner, now, entry, refusal),
            Ok(known) => accept(&mut inner, market, asked, known, entry, plan.work, plan.fault.as_ref()),
        }
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

struct Refusal {
    answer: Answer,
    reason: String,
}

fn refusal(answer: Answer, reason: impl Into<String>) -> Refusal {
    Refusal { answer, reason: reason.into() }
}

fn check(
    market: &Market,
    inner: &Inner,
    asked: &Asked,
    entry: &Submission,
    fault: Option<&Fault>,
) -> Result<&'static schema::Endpoint, Refusal> {
    if let Some(answer) = refused_by(fault) {
        return Err(refusal(answer, "the script says so"));
    }
    let Some(key) = market.key_of(inner, &asked.headers) else {
        return Err(refusal(unauthorized(), "wrong key"));
    };
    let Some(endpoint) = endpoints::find(&entry.endpoint) else {
        let detail = format!("Application '{}' not found", entry.endpoint);
        return Err(refusal(Answer::detail(StatusCode::NOT_FOUND, &detail), "unknown endpoint"));
    };
    let details = endpoint.refuse(&entry.input);
    if let Some(first) = details.first() {
        let reason = format!("{} {}", first["loc"], first["msg"]);
        let answer = Answer::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({"detail": details}));
        return Err(refusal(answer, reason));
    }
    let longest = asked.query("fal_max_queue_length").and_then(|length| length.parse::<usize>().ok());
    if longest.is_some_and(|longest| inner.state.world.waiting(&key_tag(&key)) >= longest) {
        let answer = Answer::detail(StatusCode::TOO_MANY_REQUESTS, "Queue is full");
        return Err(refusal(answer, "the queue is full"));
    }
    Ok(endpoint)
}

fn refuse(inner: &mut Inner, now: Timestamp, mut entry: Submission, refusal: Refusal) -> Answer {
    entry.status = refusal.answer.seen_status();
    entry.answered = entry.status.is_some_and(|status| status < 500);
    entry.reason = Some(refusal.reason);
    inner.journal.submission(now, entry);
    refusal.answer
}

fn accept(
    inner: &mut Inner,
    market: &Arc<Market>,
    asked: &Asked,
    endpoint: &'static schema::Endpoint,
    mut entry: Submission,
    work: Option<Duration>,
    fault: Option<&Fault>,
) -> Answer {
    let id = super::request_id();
    let scripted =
        inner.script.endpoints.get(endpoint.id).map_or(inner.script.latency_ms, |own| own.latency_ms);
    let given = uploads::read(inner, market, &endpoint.links(&entry.input));
    let new = NewWork {
        key: entry.key.clone(),
        endpoint,
        input: entry.input.clone(),
        prompt: entry.prompt.clone(),
        size: size::of(endpoint, &entry.input, given.ok().flatten()),
        takes: work.unwrap_or(Duration::from_millis(scripted)),
        start_within: asked.start_within(),
        ending: if given.is_err() { Ending::Failed("image_load_error".into()) } else { ending(fault) },
    };
    let position = inner.state.world.waiting(&entry.key);
    let now = market.clock.now();
    let concurrency = inner.script.concurrency;
    entry.overlap = inner.state.world.accept(&id, new, now, concurrency);
    let app = schema::app(endpoint.id);
    let mut body = match fault {
        Some(Fault::ForeignUrls { base }) => super::links(base, &app, &id),
        _ => market.links(&app, &id),
    };
    body["queue_position"] = json!(position);
    body["status"] = json!("IN_QUEUE");
    let answer = match fault {
        Some(Fault::ErrorAfter { status }) => failing(*status),
        Some(Fault::DropAfter {}) => Answer::hang_up(),
        _ => Answer::json(StatusCode::OK, &body).with("x-fal-request-id", &id),
    };
    entry.accepted = true;
    entry.answered = !fault.is_some_and(Fault::hides_the_work);
    entry.status = answer.seen_status();
    deliver(inner, market, Call::Webhook, &id, &entry);
    entry.request_id = Some(id);
    // Before the answer: a checker must find the submission even if nobody lives to see the answer.
    inner.journal.submission(now, entry);
    answer
}

fn ending(fault: Option<&Fault>) -> Ending {
    match fault {
        Some(Fault::Fail { error_type }) => Ending::Failed(error_type.clone()),
        Some(Fault::Nsfw {}) => Ending::Nsfw,
        Some(Fault::OutputError { message }) => Ending::OutputError(message.clone()),
        Some(Fault::Says { text }) => Ending::Says(text.clone()),
        Some(Fault::Inline {}) => Ending::Inline,
        _ => Ending::Good,
    }
}
