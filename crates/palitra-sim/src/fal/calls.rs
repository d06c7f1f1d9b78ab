//! The queue API of fal: submit, status, result, cancel (`providers.md` §1.2 to §1.6). Statuses and bodies are fal's.

use super::{
    Market, errors, key_tag, output,
    route::{Asked, Route},
    script::{Call, Fault},
    world::{Cancelled, Ending, State, Work},
};
use crate::market::{answer::Answer, log::Cancel, script::About};
use axum::{body::Body, http::Response, http::StatusCode};
use palitra_domain::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers one call.
pub(super) async fn answer(market: &Arc<Market>, asked: Asked) -> Response<Body> {
    let (call, id) = match &asked.route {
        Route::Submit { endpoint } => return super::submit::answer(market, endpoint, &asked).await,
        Route::Status { id, .. } => (Call::Status, id),
        Route::Result { id, .. } => (Call::Result, id),
        Route::Cancel { id, .. } => (Call::Cancel, id),
        Route::Unknown => {
            return Answer::detail(StatusCode::NOT_FOUND, "Not Found").send(None, &market.clock);
        }
    };
    let plan = {
        let mut inner = market.lock();
        if call == Call::Status {
            inner.journal.look();
        }
        let about = inner.state.world.find(id).map(|work| (work.new.endpoint.id, work.new.prompt.clone()));
        let (endpoint, prompt) = about.unwrap_or_default();
        inner.faults.plan(call, About::of(endpoint, &prompt))
    };
    market.clock.sleep(plan.delay_before).await;
    let answer = look(market, &asked, plan.fault.as_ref());
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

/// The faults that come before the key is looked at.
pub(super) fn refused_by(fault: Option<&Fault>) -> Option<Answer> {
    let answer = match fault? {
        Fault::RateLimited { retry_after, error_type } => {
            let mut body = json!({"detail": "Too many requests"});
            if let Some(error_type) = error_type {
                body["error_type"] = json!(error_type);
            }
            let answer = Answer::json(StatusCode::TOO_MANY_REQUESTS, &body).with("x-fal-needs-retry", "1");
            match retry_after {
                Some(after) => answer.with("retry-after", after),
                None => answer,
            }
        }
        Fault::Error { status } => failing(*status),
        Fault::Drop {} => Answer::hang_up(),
        Fault::Locked {} => Answer::detail(
            StatusCode::FORBIDDEN,
            "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
        ),
        Fault::WrongKey {} => unauthorized(),
        Fault::Redirect { location } => Answer::detail(StatusCode::FOUND, "Found").with("location", location),
        _ => return None,
    };
    Some(answer)
}

/// An answer from a server in front of fal.
pub(super) fn failing(status: u16) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer::detail(status, status.canonical_reason().unwrap_or("Error"))
}

pub(super) fn unauthorized() -> Answer {
    Answer::detail(StatusCode::UNAUTHORIZED, "Authentication is required to access this application.")
}

fn look(market: &Market, asked: &Asked, fault: Option<&Fault>) -> Answer {
    if let Some(answer) = refused_by(fault) {
        return answer;
    }
    let now = market.clock.now();
    let mut inner = market.lock();
    let Some(key) = market.key_of(&inner, &asked.headers) else { return unauthorized() };
    let concurrency = inner.script.concurrency;
    inner.state.world.advance(now, concurrency);
    let answer = match &asked.route {
        Route::Status { app, id } => {
            let state = inner.work(&key, app, id).zip(inner.state.world.state(id));
            state.map(|(work, state)| status(work, state, market, app, id, asked.wants_logs(), fault))
        }
        Route::Result { app, id } => {
            let state = inner.work(&key, app, id).zip(inner.state.world.state(id));
            state.map(|(work, state)| result(work, state, market, id))
        }
        Route::Cancel { app, id } => return cancel(&mut inner, now, &key, app, id),
        Route::Submit { .. } | Route::Unknown => None,
    };
    match answer {
        Some((answer, id)) => answer.with("x-fal-request-id", &id),
        None => Answer::json(StatusCode::NOT_FOUND, &json!({"status": "NOT_FOUND"})),
    }
}

fn status(
    work: &Work,
    state: State,
    market: &Market,
    app: &str,
    id: &str,
    wants_logs: bool,
    fault: Option<&Fault>,
) -> (Answer, String) {
    let mut body = market.links(app, id);
    let line = json!([{"message": "working", "level": "INFO", "source": "USER", "timestamp": market.clock.now().rfc3339()}]);
    let logs = if wants_logs { line } else { Value::Null };
    let (word, code) = match state {
        State::InQueue(position) => {
            body["queue_position"] = json!(position);
            ("IN_QUEUE", StatusCode::ACCEPTED)
        }
        State::InProgress => {
            body["logs"] = logs;
            ("IN_PROGRESS", StatusCode::ACCEPTED)
        }
        State::Completed => {
            body["logs"] = logs;
            body["metrics"] = json!({"inference_time": output::seconds(work)});
            if let Ending::Failed(name) = &work.new.ending
                && let Some(error) = errors::find(name)
            {
                body["error"] = json!(error.message);
                body["error_type"] = json!(error.error_type());
            }
            ("COMPLETED", StatusCode::OK)
        }
    };
    body["status"] = match fault {
        Some(Fault::UnknownStatus { word }) => json!(word),
        _ => json!(word),
    };
    (Answer::json(code, &body), id.to_owned())
}

pub(super) fn result(work: &Work, state: State, market: &Market, id: &str) -> (Answer, String) {
    let answer = match (&work.new.ending, state) {
        (_, State::InQueue(_) | State::InProgress) => {
            Answer::detail(StatusCode::BAD_REQUEST, "Request is still in progress")
        }
        (Ending::Failed(name), State::Completed) => {
            errors::find(name).map_or_else(|| failing(500), Answer::error)
        }
        (_, State::Completed) => output::answer(work, market, id),
    };
    (answer, id.to_owned())
}

fn cancel(inner: &mut super::Inner, now: Timestamp, key: &str, app: &str, id: &str) -> Answer {
    let concurrency = inner.script.concurrency;
    let outcome = match inner.work(key, app, id) {
        Some(_) => inner.state.world.cancel(id, now, concurrency),
        None => None,
    };
    let (code, word) = match outcome {
        Some(Cancelled::Requested) => (StatusCode::ACCEPTED, "CANCELLATION_REQUESTED"),
        Some(Cancelled::AlreadyCompleted) => (StatusCode::BAD_REQUEST, "ALREADY_COMPLETED"),
        None => (StatusCode::NOT_FOUND, "NOT_FOUND"),
    };
    let entry =
        Cancel { order: 0, at_us: 0, key: key_tag(key), request_id: id.to_owned(), outcome: word.to_owned() };
    inner.journal.cancel(now, entry);
    Answer::json(code, &json!({"status": word}))
}
