//! `palitra jobs`: generations and batches, to list, look at, follow and cancel.

use super::{Session, Stop, balance};
use crate::{
    args::{Jobs, JobsLs},
    failure::Failure,
    wiring::{self, App},
};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, Money, Timestamp,
    state::{BatchState, GenerationState},
};
use palitra_engine::{
    batches::Batch,
    generations::{Attempt, CancelOutcome, Filter, Generation},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) async fn run(session: &Session, args: Jobs) -> Result<(), Stop> {
    match args {
        Jobs::Ls(args) => ls(session, args).await?,
        Jobs::Show(job) => show(session, &Job::parse(&job.id)?).await?,
        Jobs::Watch(job) => watch(session, &Job::parse(&job.id)?).await?,
        Jobs::Cancel(job) => cancel(session, &Job::parse(&job.id)?).await?,
    }
    Ok(())
}

enum Job {
    Generation(GenerationId),
    Batch(BatchId),
}

impl Job {
    fn parse(text: &str) -> Result<Job, Failure> {
        if let Ok(batch) = BatchId::parse(text) {
            return Ok(Job::Batch(batch));
        }
        GenerationId::parse(text).map(Job::Generation).map_err(|_| {
            Failure::new(ErrorCode::NotFound)
                .with("value", format!("`{}`", text.chars().take(60).collect::<String>()))
        })
    }

    fn not_found(&self) -> Failure {
        Failure::new(ErrorCode::NotFound).with("value", self.to_string())
    }
}

impl std::fmt::Display for Job {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Job::Generation(id) => write!(out, "{id}"),
            Job::Batch(id) => write!(out, "{id}"),
        }
    }
}

async fn ls(session: &Session, args: JobsLs) -> Result<(), Failure> {
    let mut generations = Vec::new();
    if let Some(app) = session.look().await? {
        let account = match &args.account {
            Some(name) => Some(balance::account(&app, name).await?.id),
            None => None,
        };
        let filter = Filter { account, state: args.status, batch: None, limit: args.limit };
        generations = app.engine.generations(filter).await?;
    }
    let console = &session.console;
    console.document(&generations.iter().map(|generation| document(session, generation)).collect::<Vec<_>>());
    if console.json {
        return Ok(());
    }
    if generations.is_empty() {
        console.note(&console.text("jobs-none", &[]));
    }
    for generation in generations {
        let error = generation.error_code.map(|code| format!("  {code}")).unwrap_or_default();
        console.say(&format!(
            "{}  {:<10} {:<20} {:>9}  {}  {}{error}",
            generation.id,
            generation.state.as_str(),
            generation.model,
            money(session, generation.price).to_string(),
            whole_second(generation.created_at),
            prompt(&generation.input, 40),
        ));
    }
    Ok(())
}

/// `2026-11-20T06:31:52Z`: lists do not need more.
fn whole_second(at: Timestamp) -> String {
    let text = at.rfc3339();
    text.split_once('.').map_or(text.clone(), |(second, _)| format!("{second}Z"))
}

fn money(session: &Session, amount: i64) -> Money {
    Money::new(amount, session.config().money.currency)
}

fn prompt(input: &str, length: usize) -> String {
    let input: Value = serde_json::from_str(input).unwrap_or_default();
    let text = input.get("prompt").or_else(|| input.get("text")).and_then(Value::as_str).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > length {
        format!("{}…", text.chars().take(length).collect::<String>())
    } else {
        text
    }
}

fn document(session: &Session, generation: &Generation) -> Value {
    json!({
        "id": generation.id, "status": generation.state, "mode": generation.mode, "model": generation.model,
        "input": serde_json::from_str::<Value>(&generation.input).unwrap_or_default(), "output": generation.output,
        "price": money(session, generation.price), "batch_id": generation.batch,
        "error": generation.error_code.map(|code| json!({ "code": code, "message": generation.error_text, "charged": money(session, 0) })),
        "created_at": generation.created_at.rfc3339(), "updated_at": generation.updated_at.rfc3339(),
        "started_at": generation.started_at.map(Timestamp::rfc3339), "finished_at": generation.finished_at.map(Timestamp::rfc3339),
    })
}

fn attempt_document(attempt: &Attempt) -> Value {
    let cost = attempt.cost_micros.zip(attempt.cost_currency.as_ref());
    json!({
        "n": attempt.n, "key": attempt.key, "reason": attempt.reason, "paid_by": attempt.paid_by, "state": attempt.state,
        "reference": attempt.reference.as_deref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        "cost": cost.map(|(micros, currency)| json!({ "micros": micros, "currency": currency })),
        "error": attempt.error_code.as_ref().map(|code| json!({ "code": code, "message": attempt.error_text, "body": attempt.error_body })),
        "opened_at": attempt.opened_at.rfc3339(), "closed_at": attempt.closed_at.map(Timestamp::rfc3339),
    })
}

/// Everything there is about a job, the market's cost included.
async fn show(session: &Session, job: &Job) -> Result<(), Failure> {
    let app = session.look().await?.ok_or_else(|| job.not_found())?;
    let shown = match job {
        Job::Generation(id) => {
            let generation = app.engine.generation(id).await?;
            let (attempts, assets) = (app.engine.attempts(id).await?, app.engine.assets(id).await?);
            let mut shown = document(session, &generation);
            shown["attempts"] = attempts.iter().map(attempt_document).collect();
            let asset = |asset: &palitra_engine::generations::Asset| {
                json!({
                    "id": asset.id, "mime": asset.mime, "bytes": asset.bytes, "width": asset.width, "height": asset.height,
                    "object": asset.object_key,
                })
            };
            shown["assets"] = assets.iter().map(asset).collect();
            shown
        }
        Job::Batch(id) => batch_document(&app, &app.engine.batch(id).await?).await?,
    };
    session.console.document(&shown);
    if !session.console.json {
        session.console.say(&serde_json::to_string_pretty(&shown).unwrap_or_default());
    }
    Ok(())
}

async fn batch_document(app: &App, batch: &Batch) -> Result<Value, Failure> {
    let report = app.engine.report(&batch.id, batch.created_at).await?;
    let mut shown = serde_json::to_value(&report).unwrap_or_default();
    shown["title"] = Value::from(batch.title.as_str());
    shown["created_at"] = Value::from(batch.created_at.rfc3339());
    Ok(shown)
}

/// Prints each change until the job has ended. It only looks: another process does the work.
async fn watch(session: &Session, job: &Job) -> Result<(), Failure> {
    let app = session.look().await?.ok_or_else(|| job.not_found())?;
    let mut last = String::new();
    loop {
        // Asked before the job is: what the worker did last is seen, too.
        let is_idle = app.is_owner() || !wiring::is_worked_in(&session.cli.data);
        let (line, document, ended) = match job {
            Job::Generation(id) => {
                let generation = app.engine.generation(id).await?;
                let line = format!("{id}  {}", generation.state);
                (line, document(session, &generation), generation.state.is_terminal())
            }
            Job::Batch(id) => {
                let batch = app.engine.batch(id).await?;
                let stages = app.engine.stages(id).await?;
                let counts =
                    stages.iter().map(|stage| format!("{} {}/{}", stage.kind, stage.succeeded, stage.total));
                let line = format!("{id}  {}  {}", batch.state, counts.collect::<Vec<_>>().join("  "));
                let ended = batch.state != BatchState::Processing;
                let is_last = ended || is_idle;
                let document = if is_last { batch_document(&app, &batch).await? } else { Value::Null };
                (line, document, ended)
            }
        };
        if line != last {
            if session.console.json {
                session.console.note(&line)
            } else {
                session.console.say(&line)
            }
            last = line;
        }
        if ended {
            session.console.document(&document);
            return Ok(());
        }
        if is_idle {
            // Nobody works in this directory, so nothing will change while we look.
            session.console.document(&document);
            session.console.note(&session.console.text("watch-idle", &[]));
            return Ok(());
        }
        app.engine.clock.sleep(Duration::from_millis(500)).await;
    }
}

async fn cancel(session: &Session, job: &Job) -> Result<(), Failure> {
    let id = job.to_string();
    let app = session.open().await?;
    if !session.cli.yes && session.console.is_interactive() {
        let question = session.console.text("confirm-cancel", &[("id", (&id).into())]);
        if !session.console.ask(&question) {
            return Err(Failure::new(ErrorCode::Cancelled));
        }
    }
    let requested = match job {
        Job::Generation(id) => app.engine.cancel(id).await? == CancelOutcome::Requested,
        Job::Batch(id) => {
            app.engine.cancel_batch(id).await?;
            app.engine.batch(id).await?.state == BatchState::Processing
        }
    };
    if requested {
        // It is at a market: carry the wish there and wait for what the market says, at most as long as a stop may take.
        let running = app.engine.start(Some(id.clone())).await?;
        running.drain().await;
    }
    let (status, key) = match job {
        Job::Generation(id) => {
            let state = app.engine.generation(id).await?.state;
            let key = if state == GenerationState::Cancelled {
                "cancelled"
            } else if state.is_terminal() {
                "cancel-late"
            } else {
                "cancel-asked"
            };
            (state.as_str(), key)
        }
        Job::Batch(id) => {
            let state = app.engine.batch(id).await?.state;
            let key = match state {
                BatchState::Cancelled => "cancelled",
                BatchState::Processing => "cancel-asked",
                BatchState::Completed | BatchState::Failed => "cancel-late",
            };
            (state.as_str(), key)
        }
    };
    session.console.document(&json!({ "id": id, "cancelled": key == "cancelled", "status": status }));
    if !session.console.json {
        session.console.say(&session.console.text(key, &[("id", (&id).into())]));
    }
    app.close().await;
    Ok(())
}
