//! `createTask`: key, limit, model, input and credits are checked, the log is written, then the answer is sent, or not.

use super::{
    Inner, Market,
    envelope::{self, Refusal, failing},
    models::{self, Model},
    script::{Call, Fault},
    world::{Ending, NewTask},
};
use crate::market::{
    answer::Answer,
    callback::deliver,
    log::Submission,
    script::{About, Faulty},
    sim::Simulated,
};
use axum::{
    body::Body,
    http::{HeaderMap, Response},
};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The fields of the call itself.
const FIELDS: [&str; 3] = ["model", "input", "callBackUrl"];

pub(super) async fn answer(market: &Arc<Market>, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (model, input) = (text(&body["model"]), body["input"].clone());
    let prompt = [&input["prompt"], &input["text"]].into_iter().find_map(Value::as_str).unwrap_or_default();
    let plan = market.lock().faults.plan(Call::Submit, About::of(&model, prompt));
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let mut inner = market.lock();
        let now = market.clock.now();
        let webhook = body["callBackUrl"].as_str().map(str::to_owned);
        let entry = Submission {
            webhook,
            ..Submission::asked(market.of.sent_key(headers), &model, prompt, input.clone())
        };
        match check(market, &mut inner, headers, &body, now, plan.fault.as_ref()) {
            Err(refusal) => refuse(&mut inner, now, entry, refusal),
            Ok(known) => accept(&mut inner, market, known, entry, plan.work, plan.fault.as_ref()),
        }
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn check(
    market: &Market,
    inner: &mut Inner,
    headers: &HeaderMap,
    body: &Value,
    now: Timestamp,
    fault: Option<&Fault>,
) -> Result<&'static Model, Refusal> {
    if let Some(refusal) = Refusal::by(fault, inner.script.plain_http) {
        return Err(refusal);
    }
    let key = market.tag_of(inner, headers)?;
    let max = inner.script.creates_per_10s;
    if !inner.state.world.admits_create(&key, now, max) {
        return Err(Refusal::code(429));
    }
    let Value::Object(fields) = body else { return Err(Refusal::new(400, "the body is not a JSON object")) };
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Refusal::new(400, format!("{unknown} is not a parameter")));
    }
    let model = body["model"].as_str().and_then(models::find);
    let model = model.ok_or_else(|| Refusal::new(422, "The model name you specified is not supported"))?;
    if let Some(wrong) = model.refuse(&body["input"]) {
        return Err(Refusal::new(422, wrong));
    }
    if let Some(address) = body.get("callBackUrl") {
        let good =
            address.as_str().is_some_and(|url| url.starts_with("http://") || url.starts_with("https://"));
        if !good {
            return Err(Refusal::new(422, "callBackUrl must be a URL"));
        }
    }
    let left = i64::from(inner.script.credits) * 1_000_000 - inner.state.world.spent(&key);
    if left < model.credits(&body["input"]).0 {
        return Err(Refusal::code(402));
    }
    Ok(model)
}

fn refuse(inner: &mut Inner, now: Timestamp, mut entry: Submission, refusal: Refusal) -> Answer {
    entry.answered = refusal.code < 500;
    entry.reason = Some(refusal.message.clone());
    let answer = refusal.answer(inner.script.plain_http);
    entry.status = answer.seen_status();
    inner.journal.submission(now, entry);
    answer
}

fn accept(
    inner: &mut Inner,
    market: &Arc<Market>,
    model: &'static Model,
    mut entry: Submission,
    work: Option<Duration>,
    fault: Option<&Fault>,
) -> Answer {
    let id = super::random_id();
    let scripted = inner.script.models.get(model.id).map_or(inner.script.latency_ms, |own| own.latency_ms);
    let new = NewTask {
        key: entry.key.clone(),
        model,
        input: entry.input.clone(),
        prompt: entry.prompt.clone(),
        webhook: entry.webhook.clone(),
        takes: work.unwrap_or(Duration::from_millis(scripted)),
        ending: ending(fault),
    };
    let now = market.clock.now();
    let concurrency = inner.script.concurrency;
    entry.overlap = inner.state.world.accept(&id, new, now, concurrency);
    let answer = match fault {
        Some(Fault::CodeAfter { code }) => Refusal::code(*code).answer(inner.script.plain_http),
        Some(Fault::ErrorAfter { status }) => failing(*status),
        Some(Fault::DropAfter {}) => Answer::hang_up(),
        _ => envelope::success(&json!({"taskId": id, "recordId": id})),
    };
    entry.accepted = true;
    entry.answered = !fault.is_some_and(hides_the_id);
    entry.status = answer.seen_status();
    deliver(inner, market, Call::Webhook, &id, &entry);
    entry.request_id = Some(id);
    // Before the answer: a checker must find the submission even if nobody lives to see the answer.
    inner.journal.submission(now, entry);
    answer
}

/// With these the client cannot know that its task was taken in.
fn hides_the_id(fault: &Fault) -> bool {
    matches!(fault, Fault::CodeAfter { .. }) || fault.hides_the_work()
}

fn ending(fault: Option<&Fault>) -> Ending {
    match fault {
        Some(Fault::Fail { code, message }) => {
            let known = code.parse().ok().and_then(envelope::text).unwrap_or("the task failed");
            Ending::Failed {
                code: code.clone(),
                message: message.clone().unwrap_or_else(|| known.to_owned()),
            }
        }
        Some(Fault::Result { json }) => Ending::Result(json.clone()),
        Some(Fault::TwiceEncoded {}) => Ending::TwiceEncoded,
        Some(Fault::ForeignLinks { base }) => Ending::Foreign(base.clone()),
        _ => Ending::Good,
    }
}
