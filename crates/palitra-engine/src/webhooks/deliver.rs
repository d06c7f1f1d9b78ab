//! Deliveries on their way: taken from the queue, written, signed, sent, recorded. Each goes by itself, so none waits for another one's
//! receiver, and every endpoint has few under way at once.

use super::{Sending, body, sign};
use crate::{Result, deliveries::alert, scheduler::Machine};
use futures_util::FutureExt;
use palitra_domain::{
    DeliveryId, Timestamp,
    deliver::NewDelivery,
    webhook::{self, FAILING_MAX, Form, TRY_TIME, pause_after},
};
use palitra_store::{
    outbox,
    webhooks::{self as rows, Letter, Report, Take, Try},
};
use serde_json::json;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Tries of this process under way at once.
const AT_ONCE: usize = 256;

/// Tries of one endpoint under way at once, of all processes; one that is failing has one.
const ENDPOINT_AT_ONCE: u32 = 4;

/// How long what was taken stays ours: for its body, the try, and recording what became of it.
const TAKEN_FOR: Duration = Duration::from_secs(60);

/// How long after one look for deliveries the next one follows when nothing is said.
const LOOK: Duration = Duration::from_millis(850);

/// An error is kept for people, not for ever.
const ERROR_CHARS_MAX: usize = 500;

/// The loop of one process.
pub(super) struct Round {
    machine: Machine,
    permits: Arc<Semaphore>,
    /// A try has ended: there is room for another one.
    ended: Arc<Notify>,
    after: String,
    /// Something is due that there was no room for.
    pub(super) is_held_back: bool,
}

impl Round {
    pub(super) fn new(machine: Machine) -> Round {
        let (permits, ended) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::default());
        Round { machine, permits, ended, after: String::new(), is_held_back: false }
    }

    /// Takes what is due and sends it on its way. Answers how much it was.
    pub(super) async fn start_some(&mut self) -> Result<usize> {
        let (now, free) = (self.machine.now(), self.permits.available_permits());
        self.is_held_back = free == 0;
        if free == 0 || !self.machine.lease.is_held(now) {
            return Ok(0);
        }
        let take = Take {
            owner: self.machine.lease.owner().as_str().to_owned(),
            max: u32::try_from(free).unwrap_or(1),
            lane_max: ENDPOINT_AT_ONCE,
            until: now.plus(TAKEN_FOR),
            after: self.after.clone(),
        };
        let owner = take.owner.clone();
        let taken = self.machine.store.write(move |tx| rows::take(tx, &take, now)).await?;
        self.after = taken.after;
        self.is_held_back = taken.is_held_back;
        let count = taken.letters.len();
        for letter in taken.letters {
            let Ok(permit) = self.permits.clone().try_acquire_owned() else { break };
            self.send(letter, owner.clone(), permit);
        }
        Ok(count)
    }

    /// Until every try is over, and what became of it is recorded.
    #[cfg(test)]
    pub(super) async fn all_ended(&self) {
        drop(self.permits.acquire_many(u32::try_from(AT_ONCE).unwrap()).await);
    }

    fn send(&self, letter: Letter, owner: String, permit: OwnedSemaphorePermit) {
        let (machine, ended) = (self.machine.clone(), self.ended.clone());
        self.machine.spawn(async move {
            let of = Try { id: letter.id.clone(), owner, attempt: letter.attempt };
            one(&machine, letter, of).await;
            drop(permit);
            ended.notify_one();
        });
    }
}

pub(super) async fn deliver_all(machine: Machine) {
    let mut round = Round::new(machine.clone());
    loop {
        match round.start_some().await {
            Ok(taken) if taken > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "cannot send webhooks now"),
        }
        // There are lanes that this look has not come to.
        let pause = if round.after.is_empty() { LOOK } else { LOOK / 10 };
        tokio::select! {
            () = machine.posted.notified() => {}
            () = round.ended.notified(), if round.is_held_back => {}
            () = machine.clock.sleep(pause) => {}
        }
    }
}

/// What one try came to.
enum Outcome {
    Delivered(Report),
    Failed {
        report: Report,
        after: Option<Duration>,
        /// The receiver is to blame, and not this service.
        is_theirs: bool,
    },
    /// It cannot be sent, now or ever.
    Never(&'static str),
    /// Somebody else has it.
    Lost,
}

async fn one(machine: &Machine, letter: Letter, of: Try) {
    let Ok(sending) = machine.sending().cloned() else { return };
    let outcome = AssertUnwindSafe(attempt(machine, &sending, &letter, &of)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| ours("the try panicked".to_owned()));
    record(machine, letter, of, outcome).await;
}

/// A failure of this service's own.
fn ours(why: String) -> Outcome {
    let error = Some(why.chars().take(ERROR_CHARS_MAX).collect());
    Outcome::Failed { report: Report { error, ..Report::default() }, after: None, is_theirs: false }
}

async fn attempt(machine: &Machine, sending: &Sending, letter: &Letter, of: &Try) -> Outcome {
    // A try that nothing was recorded of counts: what kills its process is not sent for ever.
    if pause_after(letter.tries - 1, None).is_none() {
        return Outcome::Never("nothing has come of its tries");
    }
    let body = match &letter.body {
        Some(body) => body.clone(),
        None => match made(machine, sending, letter, of).await {
            Ok(body) => body,
            Err(outcome) => return outcome,
        },
    };
    let sent_at = machine.now();
    let headers = match headers(machine, sending, letter, &body, sent_at).await {
        Ok(headers) => headers,
        Err(why) => return ours(why),
    };
    let post = webhook::Letter { url: letter.url.clone(), headers, body };
    let reply = tokio::select! {
        reply = sending.post.send(&post) => reply,
        () = machine.clock.sleep(TRY_TIME) => Err(format!("no answer within {} s", TRY_TIME.as_secs())),
    };
    let duration_ms = i64::try_from(machine.now().since(sent_at).as_millis()).unwrap_or(i64::MAX);
    match reply {
        Ok(reply) => {
            let report = Report {
                status: Some(reply.status),
                answer: Some(reply.body),
                error: refusal(reply.status),
                duration_ms,
            };
            match report.error {
                None => Outcome::Delivered(report),
                Some(_) => Outcome::Failed { report, after: reply.retry_after, is_theirs: true },
            }
        }
        Err(why) => {
            let error = Some(why.chars().take(ERROR_CHARS_MAX).collect());
            let report = Report { error, duration_ms, ..Report::default() };
            Outcome::Failed { report, after: None, is_theirs: true }
        }
    }
}

/// Why an answer is no success.
fn refusal(status: u16) -> Option<String> {
    match status {
        200..300 => None,
        300..400 => Some(format!("answered {status}: redirects are not followed")),
        _ => Some(format!("answered {status}")),
    }
}

/// The body, kept before it is sent for the first time, so that every try sends the same.
async fn made(
    machine: &Machine,
    sending: &Sending,
    letter: &Letter,
    of: &Try,
) -> std::result::Result<String, Outcome> {
    let made = tokio::select! {
        made = body::make(&machine.engine, sending, letter) => made,
        () = machine.clock.sleep(TRY_TIME) => return Err(ours("its body was not made in time".to_owned())),
    };
    let body = match made {
        Ok(Some(body)) => body,
        Ok(None) => return Err(Outcome::Never("there is nothing to tell of any more")),
        Err(error) => return Err(ours(format!("its body cannot be made: {error}"))),
    };
    let (of, kept) = (of.clone(), body.clone());
    match machine.store.write(move |tx| rows::keep_body(tx, &of, &kept)).await {
        Ok(true) => Ok(body),
        Ok(false) => Err(Outcome::Lost),
        Err(error) => Err(ours(format!("its body cannot be kept: {error}"))),
    }
}

async fn headers(
    machine: &Machine,
    sending: &Sending,
    letter: &Letter,
    body: &str,
    now: Timestamp,
) -> std::result::Result<Vec<(String, String)>, String> {
    match letter.form {
        Form::Standard => {
            let secrets = letter.secrets.as_ref();
            let headers = secrets.and_then(|secrets| sign::headers(&letter.id, body, secrets, now));
            headers.ok_or_else(|| "there is no secret to sign with".to_owned())
        }
        Form::Fal => {
            let parts = sending.fal.as_ref().zip(body::event_of(letter));
            let (writer, event) = parts.ok_or_else(|| "nobody writes letters of this form".to_owned())?;
            let headers = writer.headers(&machine.engine, &event, body, now).await;
            headers.map_err(|error| format!("it cannot be signed: {error}"))
        }
    }
}

/// What cannot be recorded is sent once more, under the same id, when its time is over.
async fn record(machine: &Machine, letter: Letter, of: Try, outcome: Outcome) {
    let now = machine.now();
    let (id, event) = (of.id.clone(), letter.event);
    let webhook = letter.webhook.as_ref().map_or_else(String::new, ToString::to_string);
    let written = match outcome {
        Outcome::Lost => Ok(false),
        Outcome::Never(why) => {
            tracing::warn!(delivery.id = %id, webhook.id = webhook, %event, why, "a webhook is not sent");
            machine.store.post(move |tx| rows::give_up(tx, &of, why, now)).await
        }
        Outcome::Delivered(report) => {
            tracing::debug!(delivery.id = %id, webhook.id = webhook, %event, attempt = of.attempt, "a webhook got there");
            let webhook = letter.webhook;
            let write = move |tx: &mut palitra_store::Tx<'_>| {
                rows::delivered(tx, &of, webhook.as_ref(), &report, now)
            };
            machine.store.post(write).await
        }
        Outcome::Failed { report, after, is_theirs } => {
            let next_at = pause_after(letter.tries, after).map(|pause| now.plus(pause));
            tracing::info!(
                delivery.id = %id, webhook.id = webhook, %event, attempt = of.attempt, why = report.error.as_deref().unwrap_or_default(),
                is_given_up = next_at.is_none(), "a webhook did not get there"
            );
            let endpoint = is_theirs.then(|| endpoint(machine, &letter, report.status, now)).flatten();
            // Whoever is gone does not come back for this one.
            let next_at = next_at.filter(|_| !(is_theirs && report.status == Some(GONE)));
            let write = move |tx: &mut palitra_store::Tx<'_>| {
                rows::failed(tx, &of, &report, next_at, endpoint.as_ref(), now)
            };
            machine.store.post(write).await.map(|(counted, disabled)| {
                if let Some(why) = disabled {
                    tracing::error!(webhook.id = webhook, why = %why, "a webhook is disabled");
                    machine.posted.notify_waiters();
                }
                counted
            })
        }
    };
    match written {
        Ok(true) => {}
        Ok(false) => tracing::warn!(delivery.id = %id, "the try took too long, somebody else has it now"),
        Err(error) => tracing::warn!(delivery.id = %id, %error, "cannot record a webhook, it is sent again"),
    }
}

const GONE: u16 = 410;

/// What a failure may mean for the endpoint, with what is told if it does: to the operator, and to the account.
fn endpoint(
    machine: &Machine,
    letter: &Letter,
    status: Option<u16>,
    now: Timestamp,
) -> Option<rows::Endpoint> {
    let id = letter.webhook.clone()?;
    let is_gone = status == Some(GONE);
    let why = if is_gone { webhook::Disabled::Gone } else { webhook::Disabled::Failing };
    let words = match why {
        webhook::Disabled::Gone => {
            format!("webhook {id} of account {} is disabled: it answered 410", letter.account)
        }
        _ => format!(
            "webhook {id} of account {} is disabled: nothing got there for {} days",
            letter.account,
            FAILING_MAX.as_secs() / 86_400
        ),
    };
    let notice = NewDelivery {
        id: DeliveryId::of_text(outbox::WEBHOOK_DISABLED, now, id.as_str()),
        kind: outbox::WEBHOOK_DISABLED.to_owned(),
        account: letter.account.clone(),
        generation: None,
        batch: None,
        payload: json!({ "webhook": id, "url": letter.url, "why": why }).to_string(),
    };
    let notices = vec![alert(machine, "webhook_disabled", &words, now), notice];
    Some(rows::Endpoint { id, is_gone, failing_before: now.minus(FAILING_MAX), notices })
}
