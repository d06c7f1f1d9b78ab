//! `recordInfo` and the balance. Bodies are KIE's (KIE documentation, *get task details*, *get account credits*).

use super::{
    Market,
    envelope::{self, Refusal},
    output,
    script::{Call, Fault},
    world::{Ending, State, Task},
};
use crate::market::{answer::Answer, script::About};
use axum::{
    body::Body,
    extract,
    http::{HeaderMap, Response},
};
use palitra_domain::{Timestamp, money::Millionths};
use serde_json::{Number, Value, json};
use std::sync::Arc;

/// Answers one `recordInfo`.
pub(super) async fn record(
    market: &Arc<Market>,
    headers: &HeaderMap,
    query: &[(String, String)],
) -> Response<Body> {
    let id = query.iter().find(|(name, _)| name == "taskId").map(|(_, id)| id.as_str()).unwrap_or_default();
    let plan = {
        let mut inner = market.lock();
        inner.journal.look();
        let about = inner.state.world.find(id).map(|task| (task.new.model.id, task.new.prompt.clone()));
        let (model, prompt) = about.unwrap_or_default();
        inner.faults.plan(Call::Status, About::of(model, &prompt))
    };
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let plain_http = market.lock().script.plain_http;
        look(market, headers, query, id, plan.fault.as_ref())
            .unwrap_or_else(|refusal| refusal.answer(plain_http))
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn look(
    market: &Market,
    headers: &HeaderMap,
    query: &[(String, String)],
    id: &str,
    fault: Option<&Fault>,
) -> Result<Answer, Refusal> {
    let now = market.clock.now();
    let mut inner = market.lock();
    if let Some(refusal) = Refusal::by(fault, inner.script.plain_http) {
        return Err(refusal);
    }
    let key = market.tag_of(&inner, headers)?;
    if id.is_empty() || query.iter().any(|(name, _)| name != "taskId") {
        return Err(Refusal::new(400, "taskId is required, and nothing else"));
    }
    let max = inner.script.looks_per_s;
    if !inner.state.world.admits_look(id, now, max) {
        return Err(Refusal::code(429));
    }
    let task =
        inner.state.world.find(id).filter(|task| task.new.key == key && fault != Some(&Fault::Invisible {}));
    let task = task.ok_or_else(|| Refusal::new(422, "recordInfo is null"))?;
    let mut data = data(task, task.state(now), market, id, now);
    if let Some(Fault::UnknownStatus { word }) = fault {
        data["state"] = json!(word);
    }
    Ok(envelope::success(&data))
}

/// The record of a task, as `recordInfo` and callbacks show it.
pub(super) fn data(task: &Task, state: State, market: &Market, id: &str, now: Timestamp) -> Value {
    let ms = |at: Timestamp| json!(at.micros() / 1000);
    let new = &task.new;
    let ended = matches!(state, State::Success | State::Fail);
    let mut param = json!({"model": new.model.id, "input": new.input.to_string()});
    if let Some(webhook) = &new.webhook {
        param["callBackUrl"] = json!(webhook);
    }
    let result = (state == State::Success).then(|| output::result(task, market, id));
    let (fail_code, fail_message) = match (&new.ending, state) {
        (Ending::Failed { code, message }, State::Fail) => (json!(code), json!(message)),
        _ => (Value::Null, Value::Null),
    };
    let (credits, flag) = match state {
        State::Success => (credits(new.model.credits(&new.input)), 1),
        State::Fail => (json!(0), 3),
        State::Waiting | State::Queuing | State::Generating => (Value::Null, 0),
    };
    json!({
        "taskId": id,
        "model": new.model.id,
        "state": state.word(),
        "param": param.to_string(),
        "resultJson": result.clone().unwrap_or_default(),
        "failCode": fail_code,
        "failMsg": fail_message,
        "costTime": if ended { json!(new.takes.as_millis()) } else { Value::Null },
        "createTime": ms(task.created),
        "updateTime": ms(now),
        "completeTime": if ended { ms(task.ends) } else { Value::Null },
        "creditsConsumed": credits,
        "successFlag": flag,
        "progress": null,
        "response": result.and_then(|text| serde_json::from_str::<Value>(&text).ok()).filter(Value::is_object),
    })
}

/// Credits as KIE writes them: `4`, `6.5`.
fn credits(credits: Millionths) -> Value {
    let (whole, part) = (credits.0 / 1_000_000, credits.0 % 1_000_000);
    if part == 0 {
        return json!(whole);
    }
    let text = format!("{whole}.{part:06}");
    text.trim_end_matches('0').parse::<Number>().map_or(Value::Null, Value::Number)
}

/// `GET /api/v1/chat/credit`.
pub(super) async fn get_credit(
    extract::State(market): extract::State<Arc<Market>>,
    headers: HeaderMap,
) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Credit, About::default());
    market.clock.sleep(plan.delay_before).await;
    let answer = {
        let inner = market.lock();
        let plain_http = inner.script.plain_http;
        let refusal = Refusal::by(plan.fault.as_ref(), plain_http);
        let key = refusal.map_or_else(|| market.tag_of(&inner, &headers), Err);
        let left = key.map(|key| i64::from(inner.script.credits) * 1_000_000 - inner.state.world.spent(&key));
        match left {
            Ok(left) => envelope::success(&credits(Millionths(left))),
            Err(refusal) => refusal.answer(plain_http),
        }
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}
