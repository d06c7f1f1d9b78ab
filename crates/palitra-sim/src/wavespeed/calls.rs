//! The calls that are not submissions: result, price, balance, secret, models, uploads, deletion (`providers.md` §3). Statuses
//! and bodies are WaveSpeedAI's.

use super::{
    Inner, Market,
    envelope::{data, error},
    fault::{Call, Fault},
    key_tag, ledger, output,
    route::{Asked, Route},
    schema, uploads,
};
use crate::market::{answer::Answer, script::About};
use axum::{body::Body, http::Response, http::StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers one call.
pub(super) async fn answer(market: &Arc<Market>, asked: Asked) -> Response<Body> {
    let call = match &asked.route {
        Route::Submit { model } => return super::submit::answer(market, model, &asked).await,
        Route::Result { .. } => Some(Call::Result),
        Route::Price => Some(Call::Price),
        Route::Balance => Some(Call::Balance),
        Route::Secret => Some(Call::Secret),
        Route::Upload => Some(Call::Upload),
        Route::Models => Some(Call::Models),
        Route::Delete => None,
        Route::Unknown => return not_found().send(None, &market.clock),
    };
    let plan = {
        let mut inner = market.lock();
        match call {
            Some(Call::Result) => inner.journal.look(),
            Some(Call::Price) => inner.journal.price(),
            Some(Call::Secret) => inner.journal.secret(),
            _ => {}
        }
        let (model, prompt) = inner.about(&asked);
        call.map(|call| inner.faults.plan(call, About::of(&model, &prompt))).unwrap_or_default()
    };
    market.clock.sleep(plan.delay_before).await;
    let answer = called(market, &asked, plan.fault.as_ref());
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

/// The faults that come before the key is looked at.
pub(super) fn refused_by(fault: Option<&Fault>) -> Option<Answer> {
    let answer = match fault? {
        Fault::RateLimited { retry_after } => {
            let answer = too_many();
            match retry_after {
                Some(after) => answer.with("retry-after", after),
                None => answer,
            }
        }
        Fault::Error { status } => failing(*status),
        Fault::ErrorInside { code } => {
            let mut answer = failing(*code);
            answer.status = StatusCode::OK;
            answer
        }
        Fault::Drop {} => Answer::hang_up(),
        Fault::NoCredits { status } => no_credits(*status),
        Fault::WrongKey {} => unauthorized(),
        Fault::Redirect { location } => error(StatusCode::FOUND, "Found").with("location", location),
        _ => return None,
    };
    Some(answer)
}

/// An error that says no more than its status.
pub(super) fn failing(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error(status, status.canonical_reason().unwrap_or("Error"))
}

pub(super) fn unauthorized() -> Answer {
    error(StatusCode::UNAUTHORIZED, "Invalid API key")
}

pub(super) fn too_many() -> Answer {
    error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded")
}

pub(super) fn no_credits(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    error(status, "Insufficient credits. Please top up.")
}

pub(super) fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "Not found")
}

pub(super) fn bad(message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, message)
}

fn called(market: &Market, asked: &Asked, fault: Option<&Fault>) -> Answer {
    if let Some(answer) = refused_by(fault) {
        return answer;
    }
    let now = market.clock.now();
    let mut inner = market.lock();
    let Some(key) = market.key_of(&inner, &asked.headers) else { return unauthorized() };
    let concurrency = inner.script.concurrency();
    inner.state.world.advance(now, concurrency);
    match &asked.route {
        Route::Result { id } => result(&inner, market, &key, id, fault),
        Route::Price => price(&inner, asked),
        Route::Balance => {
            let left = inner.state.ledger.balance_micros(&key_tag(&key), &inner.script);
            data(&json!({"balance": ledger::dollars(left)}))
        }
        Route::Secret => data(&json!({"secret": inner.state.secrets.of(&key_tag(&key))})),
        Route::Models => {
            let entries = schema::MODELS.iter().map(schema::Model::listed).collect();
            data(&inner.script.listing.apply("model_id", entries).into())
        }
        Route::Upload => uploads::plan(&mut inner, market, &key, asked, fault),
        Route::Delete => delete(&mut inner, &key, asked),
        Route::Submit { .. } | Route::Unknown => not_found(),
    }
}

fn result(inner: &Inner, market: &Market, key: &str, id: &str, fault: Option<&Fault>) -> Answer {
    let Some((work, state)) = inner.work(key, id).zip(inner.state.world.state(id)) else {
        return not_found();
    };
    let base = match fault {
        Some(Fault::ForeignUrls { base }) => base.clone(),
        _ => market.root(),
    };
    let mut record = output::record(work, state, market, id, &base);
    if let Some(Fault::UnknownStatus { word }) = fault {
        record["status"] = json!(word);
    }
    data(&record)
}

/// `{"model_id", "inputs"}` and nothing else.
fn price(inner: &Inner, asked: &Asked) -> Answer {
    let Ok(Value::Object(question)) = serde_json::from_slice(&asked.body) else {
        return bad("the body is not an object");
    };
    if let Some(extra) = question.keys().find(|name| !["model_id", "inputs"].contains(&name.as_str())) {
        return bad(&format!("property {extra} is not in the schema"));
    }
    let id = question.get("model_id").and_then(Value::as_str).unwrap_or_default();
    let Some(model) = schema::find(id) else { return not_found() };
    let inputs = question.get("inputs").cloned().unwrap_or_default();
    if let Some(wrong) = model.refuse(&inputs) {
        return bad(&wrong);
    }
    let price = model.price_micros(&inputs);
    data(&json!({
        "model_id": model.id,
        "price": ledger::dollars(price),
        "discounted_price": ledger::dollars(inner.discounted(price)),
        "discount_rate": inner.script.discount_percent,
        "currency": "USD",
    }))
}

/// `{"ids": […]}`: the records go, the work does not stop.
fn delete(inner: &mut Inner, key: &str, asked: &Asked) -> Answer {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let Some(ids) = body["ids"].as_array() else { return bad("property ids must be an array") };
    let ids: Vec<&str> =
        ids.iter().filter_map(Value::as_str).filter(|id| inner.work(key, id).is_some()).collect();
    for id in &ids {
        inner.state.world.delete(id);
        inner.journal.deleted(id);
    }
    data(&json!({"deleted_count": ids.len()}))
}

impl Inner {
    /// Model and prompt of the work that a call is about.
    fn about(&self, asked: &Asked) -> (String, String) {
        match &asked.route {
            Route::Result { id } => {
                let work = self.state.world.find(id).map(|work| &work.new);
                work.map(|new| (new.model.id.to_owned(), new.prompt.clone())).unwrap_or_default()
            }
            Route::Price => {
                let question: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&question["model_id"]), text(&question["inputs"]["prompt"]))
            }
            _ => Default::default(),
        }
    }
}
