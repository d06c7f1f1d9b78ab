//! One call: faults, key, fields and pace are checked, the log is written, the work is done and answered, or not.

use super::{
    Asked, Kept, Market,
    fault::{Call, Fault},
    fields::Wrong,
};
use crate::market::{
    answer::Answer,
    log::Submission,
    picture::Painter,
    script::{About, Faulty, Plan},
    sim::random_id,
};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode},
};
use palitra_domain::Timestamp;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Why a call is refused; the market finds the words.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    NoKey,
    /// The key that came.
    WrongKey(String),
    UnknownPath(String),
    UnknownModel(String),
    Input(Wrong),
    /// A header that is missing or wrong, a body that cannot be read.
    Request(&'static str),
    TooLarge,
    TooFast {
        retry_after: Option<String>,
    },
    NoCredits,
    Scripted {
        status: u16,
        code: Option<String>,
        message: Option<String>,
    },
}

/// How the work ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    #[default]
    Good,
    Refused,
    Nothing,
    Says(String),
    /// Its links begin with this.
    Elsewhere(String),
}

/// What work is done with.
pub(crate) struct Tools {
    /// Of the work: 32 hex digits.
    pub(crate) id: String,
    pub(crate) now: Timestamp,
    /// What links begin with.
    pub(crate) root: String,
    pub(crate) painter: Option<Painter>,
}

/// An answer, and the files behind its links by name.
pub(crate) struct Made {
    pub(crate) answer: Answer,
    pub(crate) files: Vec<(String, Bytes)>,
}

impl From<Answer> for Made {
    fn from(answer: Answer) -> Made {
        Made { answer, files: Vec::new() }
    }
}

pub(super) async fn answer(market: &Arc<Market>, asked: Asked) -> Response<Body> {
    let (model, prompt) = (asked.text("model").to_owned(), asked.prompt());
    let about = About { path: &asked.path, model: &model, prompt: &prompt };
    let plan = market.lock().faults.plan(Call::Submit, about);
    market.clock.sleep(plan.delay_before).await;
    let answer = match take_in(market, &asked, &prompt, &plan) {
        Err(answer) => answer,
        Ok(work) => {
            market.clock.sleep(work.takes).await;
            work.finished(asked, &plan).await
        }
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

/// A call that was taken in. It counts as running until it is dropped, also when its client goes away.
struct Work {
    market: Arc<Market>,
    id: String,
    key: String,
    takes: Duration,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.market.lock().state.running.ends(&self.key);
    }
}

/// Checks the call and writes the log: a checker must find it even if nobody lives to see the answer.
fn take_in(market: &Arc<Market>, asked: &Asked, prompt: &str, plan: &Plan<Fault>) -> Result<Work, Answer> {
    let now = market.clock.now();
    let key = market.of.0.sent_key(&asked.headers).unwrap_or_default();
    let mut entry = Submission::asked(Some(key), &asked.path, prompt, asked.logged());
    let mut inner = market.lock();
    let per_minute = inner.script.requests_per_minute;
    let refused =
        scripted(market, plan.fault.as_ref(), key).map(|answer| (answer, "the script says so".into()));
    let refused = refused.or_else(|| {
        let known = inner.script.keys.is_empty() || inner.script.keys.iter().any(|known| known == key);
        let refusal = if key.is_empty() {
            Refusal::NoKey
        } else if !known {
            Refusal::WrongKey(key.to_owned())
        } else if let Err(refusal) = market.of.0.check(asked) {
            refusal
        } else if !inner.state.running.has_room(&entry.key, now, per_minute) {
            Refusal::TooFast { retry_after: None }
        } else {
            return None;
        };
        Some((market.of.0.refuse(&refusal), format!("{refusal:?}")))
    });
    if let Some((answer, reason)) = refused {
        entry.status = answer.seen_status();
        entry.answered = entry.status.is_some_and(|status| (200..500).contains(&status));
        entry.reason = Some(if key.is_empty() { reason } else { reason.replace(key, "[key]") });
        inner.journal.submission(now, entry);
        return Err(answer);
    }
    let scripted = Duration::from_millis(inner.script.latency_ms(asked.text("model")));
    let (id, key) = (random_id(), entry.key.clone());
    entry.request_id = Some(id.clone());
    entry.accepted = true;
    entry.answered = !plan.fault.as_ref().is_some_and(Fault::hides_the_work);
    entry.status = match plan.fault {
        Some(Fault::ErrorAfter { status }) => Some(status),
        Some(Fault::DropAfter {}) => None,
        _ => Some(200),
    };
    entry.overlap = inner.state.running.begins(&key);
    inner.journal.submission(now, entry);
    Ok(Work { market: Arc::clone(market), id, key, takes: plan.work.unwrap_or(scripted) })
}

/// What the script refuses before anything is looked at.
fn scripted(market: &Market, fault: Option<&Fault>, key: &str) -> Option<Answer> {
    let inside = |code: &Option<String>, message: &Option<String>| {
        let mut answer = market.of.0.refuse(&Refusal::Scripted {
            status: 500,
            code: code.clone(),
            message: message.clone(),
        });
        answer.status = StatusCode::OK;
        answer
    };
    let refusal = match fault? {
        Fault::Drop {} => return Some(Answer::hang_up()),
        Fault::ErrorInside { code, message } => return Some(inside(code, message)),
        Fault::Redirect { location } => {
            return Some(Answer::json(StatusCode::FOUND, &Value::Null).with("location", location));
        }
        Fault::RateLimited { retry_after } => Refusal::TooFast { retry_after: retry_after.clone() },
        Fault::NoCredits {} => Refusal::NoCredits,
        Fault::WrongKey {} => Refusal::WrongKey(key.to_owned()),
        Fault::Error { status, code, message } => {
            Refusal::Scripted { status: *status, code: code.clone(), message: message.clone() }
        }
        _ => return None,
    };
    Some(market.of.0.refuse(&refusal))
}

impl Work {
    /// Does it, away from the threads of the server: pictures are drawn.
    async fn finished(self, asked: Asked, plan: &Plan<Fault>) -> Answer {
        let market = Arc::clone(&self.market);
        match plan.fault {
            Some(Fault::ErrorAfter { status }) => {
                return market.of.0.refuse(&Refusal::Scripted { status, code: None, message: None });
            }
            Some(Fault::DropAfter {}) => return Answer::hang_up(),
            _ => {}
        }
        let ending = match &plan.fault {
            Some(Fault::Refuse {}) => Ending::Refused,
            Some(Fault::Nothing {}) => Ending::Nothing,
            Some(Fault::Says { text }) => Ending::Says(text.clone()),
            Some(Fault::ForeignLinks { base }) => Ending::Elsewhere(base.clone()),
            _ => Ending::Good,
        };
        let tools = Tools {
            id: self.id.clone(),
            now: market.clock.now(),
            root: market.root(),
            painter: market.painter.clone(),
        };
        let (manner, about) = (market.of.0, (asked.text("model").to_owned(), asked.prompt()));
        let made = tokio::task::spawn_blocking(move || manner.make(&asked, &ending, &tools)).await;
        let Ok(made) = made else { return Answer::hang_up() };
        let mut inner = market.lock();
        for (name, bytes) in made.files {
            let (model, prompt) = about.clone();
            inner.state.files.insert(name, Kept { model, prompt, bytes });
        }
        made.answer
    }
}

/// `GET /files/{name}`: public; credentials are refused like a signed storage link refuses them.
pub(super) async fn file(market: &Market, name: &str, has_credentials: bool) -> Response<Body> {
    let (kept, plan) = {
        let mut inner = market.lock();
        let kept = inner.state.files.get(name).cloned();
        let about =
            kept.as_ref().map(|kept| About { path: "files", model: &kept.model, prompt: &kept.prompt });
        let plan = inner.faults.plan(Call::File, about.unwrap_or_default());
        (kept, plan)
    };
    market.clock.sleep(plan.delay_before).await;
    let refused = |status| {
        let message = Some("the file is not given out".to_owned());
        market.of.0.refuse(&Refusal::Scripted { status, code: None, message })
    };
    let answer = match (scripted(market, plan.fault.as_ref(), ""), kept) {
        (Some(answer), _) => answer,
        _ if has_credentials => refused(400),
        (None, Some(kept)) if plan.fault != Some(Fault::Expired {}) => Answer::bytes("image/png", kept.bytes),
        _ => refused(404),
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}
