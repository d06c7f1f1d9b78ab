//! Taking work in: key, model, input, pace and money are checked, the log is written, then the answer is sent, or not.

use super::{
    Inner, Market,
    calls::{bad, failing, no_credits, not_found, refused_by, too_many, unauthorized},
    envelope::data,
    fault::{Call, Fault},
    output,
    route::Asked,
    schema, uploads,
    world::{Ending, NewWork, State},
};
use crate::market::{
    answer::Answer,
    callback::deliver,
    log::Submission,
    script::{About, Faulty},
    sim::Simulated,
};
use axum::{body::Body, http::Response};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

pub(super) async fn answer(market: &Arc<Market>, model: &str, asked: &Asked) -> Response<Body> {
    let input: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let prompt = input.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    let plan = market.lock().faults.plan(Call::Submit, About::of(model, &prompt));
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let mut inner = market.lock();
        let now = market.clock.now();
        let key = market.of.sent_key(&asked.headers);
        let webhook = asked.query("webhook").map(str::to_owned);
        let entry = Submission { webhook, ..Submission::asked(key, model, &prompt, input) };
        match check(market, &mut inner, now, asked, &entry, plan.fault.as_ref()) {
            Err(refusal) => refuse(&mut inner, now, entry, refusal),
            Ok(known) => accept(&mut inner, market, known, entry, plan.work, plan.fault.as_ref()),
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
    inner: &mut Inner,
    now: Timestamp,
    asked: &Asked,
    entry: &Submission,
    fault: Option<&Fault>,
) -> Result<&'static schema::Model, Refusal> {
    if let Some(answer) = refused_by(fault) {
        return Err(refusal(answer, "the script says so"));
    }
    if market.key_of(inner, &asked.headers).is_none() {
        return Err(refusal(unauthorized(), "wrong key"));
    }
    let Some(model) = schema::find(&entry.endpoint) else {
        return Err(refusal(not_found(), "unknown model"));
    };
    if let Some(wrong) = model.refuse(&entry.input) {
        return Err(refusal(bad(&wrong), wrong));
    }
    if !inner.state.ledger.counts(&entry.key, now, &inner.script) {
        return Err(refusal(too_many(), "the minute is full"));
    }
    let price = inner.discounted(model.price_micros(&entry.input));
    if inner.state.ledger.balance_micros(&entry.key, &inner.script) < price {
        return Err(refusal(no_credits(403), "no credits"));
    }
    Ok(model)
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
    model: &'static schema::Model,
    mut entry: Submission,
    work: Option<Duration>,
    fault: Option<&Fault>,
) -> Answer {
    let (id, now) = (super::random_id(), market.clock.now());
    let scripted = inner.script.models.get(model.id).map_or(inner.script.latency_ms, |own| own.latency_ms);
    let given = uploads::read(inner, market, &model.links(&entry.input));
    let new = NewWork {
        key: entry.key.clone(),
        model,
        prompt: entry.prompt.clone(),
        size: schema::size_of(&entry.input, given.as_ref().ok().copied().flatten()),
        takes: work.unwrap_or(Duration::from_millis(scripted)),
        ending: given.map_or_else(unreadable, |_| ending(fault, &entry.input)),
        input: entry.input.clone(),
    };
    // Failed work is refunded.
    if !matches!(new.ending, Ending::Bad { .. }) {
        entry.price_micros = inner.discounted(model.price_micros(&entry.input));
        inner.state.ledger.take(&entry.key, entry.price_micros);
    }
    let concurrency = inner.script.concurrency();
    entry.overlap = inner.state.world.accept(&id, new, now, concurrency);
    let answer = match fault {
        Some(Fault::ErrorAfter { status }) => failing(*status),
        Some(Fault::DropAfter {}) => Answer::hang_up(),
        _ => created(inner, market, &id, &entry.input, fault),
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

/// The record of new work. Sync mode gives the wait up at once, as it does after its time-out: the work goes on.
fn created(inner: &Inner, market: &Market, id: &str, input: &Value, fault: Option<&Fault>) -> Answer {
    let base = match fault {
        Some(Fault::ForeignUrls { base }) => base.clone(),
        _ => market.root(),
    };
    let work = inner.state.world.find(id).expect("what was just taken in");
    let mut record = output::record(work, State::Created, market, id, &base);
    if input["enable_sync_mode"] == true {
        let error =
            format!("Sync mode timed out. Query the result at: {base}/api/v3/predictions/{id}/result");
        (record["status"], record["code"], record["error"]) =
            (json!("processing"), json!(5004), json!(error));
    }
    data(&record)
}

/// A picture of its input that was never put where its link leads.
fn unreadable(link: String) -> Ending {
    Ending::Bad { status: "failed".into(), error: format!("failed to download image: {link}") }
}

fn ending(fault: Option<&Fault>, input: &Value) -> Ending {
    match fault {
        Some(Fault::Fail { status, error }) => Ending::Bad { status: status.clone(), error: error.clone() },
        Some(Fault::Nsfw {}) => Ending::Nsfw,
        Some(Fault::Nothing {}) => Ending::Nothing,
        Some(Fault::Inline {}) => Ending::Inline,
        _ if input["enable_base64_output"] == true => Ending::Inline,
        _ => Ending::Good,
    }
}
