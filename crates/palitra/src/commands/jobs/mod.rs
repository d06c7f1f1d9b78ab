//! `palitra jobs`: generations and batches, to list, look at, follow and cancel.

mod pages;

use super::{Session, Stop, balance};
use crate::{
    args::{Jobs, JobsLs},
    clock::SystemClock,
    control::{self, Service},
    failure::Failure,
    wiring::App,
};
use axum::http::Method;
use palitra_domain::{
    BatchId, Clock, ErrorCode, GenerationId,
    state::{BatchState, GenerationState},
};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) async fn run(session: &Session, args: Jobs) -> Result<(), Stop> {
    match args {
        Jobs::Ls(args) => ls(session, &args).await?,
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

async fn ls(session: &Session, args: &JobsLs) -> Result<(), Failure> {
    let path = format!("/v1/generations{}", control::query(&json!(args)));
    let page =
        control::look(session, &path).await.map_err(|failure| match (&args.account, failure.code()) {
            (Some(name), ErrorCode::NotFound) => balance::unknown(name),
            _ => failure,
        })?;
    let page = page.unwrap_or_else(|| json!({ "data": [], "next": null }));
    let console = &session.console;
    let found = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    console.document(&found);
    if console.json {
        return Ok(());
    }
    if found.is_empty() {
        console.note(&console.text("jobs-none", &[]));
    }
    found.iter().for_each(|generation| console.say(&pages::line(generation)));
    if let Some(id) = page["next"].as_str() {
        console.note(&console.text("jobs-more", &[("id", id.into())]));
    }
    Ok(())
}

/// Everything there is about a job, the market's cost included.
async fn show(session: &Session, job: &Job) -> Result<(), Failure> {
    let document = document(session, job).await?;
    let console = &session.console;
    console.document(&document);
    if !console.json {
        match job {
            Job::Generation(_) => pages::generation(console, &document),
            Job::Batch(_) => pages::batch(console, &document),
        }
    }
    Ok(())
}

/// What the API says of it; of a batch with its report.
async fn document(session: &Session, job: &Job) -> Result<Value, Failure> {
    let get = async |path: String| control::look(session, &path).await?.ok_or_else(|| job.not_found());
    match job {
        Job::Generation(id) => get(format!("/v1/generations/{id}")).await,
        Job::Batch(id) => {
            let mut shown = get(format!("/v1/batches/{id}/report")).await?;
            let batch = get(format!("/v1/batches/{id}")).await?;
            for name in ["kind", "title", "task", "stages", "created_at"] {
                shown[name] = batch[name].clone();
            }
            Ok(shown)
        }
    }
}

/// Prints each change until the job has ended. It only looks: another process does the work.
async fn watch(session: &Session, job: &Job) -> Result<(), Failure> {
    if session.cli.server.is_some() {
        return watch_there(session, job).await;
    }
    let app = session.look().await?.ok_or_else(|| job.not_found())?;
    let mut last = String::new();
    loop {
        // Asked before the job is: what the worker did last is seen, too.
        let is_idle = !app.is_worked_in().await;
        let (line, ended) = match job {
            Job::Generation(id) => {
                let generation = app.engine.generation(id).await?;
                let line = format!("{id}  {}", generation.state);
                (line, generation.state.is_terminal())
            }
            Job::Batch(id) => {
                let batch = app.engine.batch(id).await?;
                let stages = app.engine.stages(id).await?;
                let counts =
                    stages.iter().map(|stage| format!("{} {}/{}", stage.kind, stage.succeeded, stage.total));
                let percent = app.engine.progress(id).await?.percent();
                let line =
                    format!("{id}  {}  {percent} %  {}", batch.state, counts.collect::<Vec<_>>().join("  "));
                (line, batch.state != BatchState::Processing)
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
            session.console.document(&document(session, job).await?);
            return Ok(());
        }
        if is_idle {
            // Nobody works in this directory, so nothing will change while we look.
            session.console.document(&document(session, job).await?);
            let text = if app.engine.is_shared() { "watch-idle-shared" } else { "watch-idle" };
            session.console.note(&session.console.text(text, &[]));
            return Ok(());
        }
        app.engine.clock.sleep(Duration::from_millis(500)).await;
    }
}

/// The same at a service.
async fn watch_there(session: &Session, job: &Job) -> Result<(), Failure> {
    let (mut last, clock) = (String::new(), SystemClock::new(1));
    loop {
        let shown = document(session, job).await?;
        let status = shown["status"].as_str().unwrap_or_default();
        let percent = shown["task"]["progress"].as_i64().or(shown["progress"]["percent"].as_i64());
        let line = format!("{job}  {status}  {} %", percent.unwrap_or(0));
        if line != last {
            if session.console.json {
                session.console.note(&line)
            } else {
                session.console.say(&line)
            }
            last = line;
        }
        if is_over(status) {
            session.console.document(&shown);
            return Ok(());
        }
        clock.sleep(Duration::from_secs(1)).await;
    }
}

fn is_over(status: &str) -> bool {
    GenerationState::parse(status).is_some_and(GenerationState::is_terminal)
        || BatchState::parse(status).is_some_and(|state| state != BatchState::Processing)
}

/// Another process may carry it on: it has seen the wish, and is given as long as a stop may take.
async fn until_ended_elsewhere(app: &App, job: &Job) -> Result<(), Failure> {
    let asked = app.clock.now();
    while app.engine.is_shared() && app.clock.now().since(asked) < app.engine.settings.drain {
        let ended = match job {
            Job::Generation(id) => app.engine.generation(id).await?.state.is_terminal(),
            Job::Batch(id) => app.engine.batch(id).await?.state != BatchState::Processing,
        };
        if ended || !app.is_worked_in().await {
            break;
        }
        app.clock.sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// Asked of the engine here, or of the service that has the data directory.
async fn cancel(session: &Session, job: &Job) -> Result<(), Failure> {
    let id = job.to_string();
    let path = match job {
        Job::Generation(id) => format!("/v1/generations/{id}/cancel"),
        Job::Batch(id) => format!("/v1/batches/{id}/cancel"),
    };
    if let Some(service) = Service::named(session)? {
        agreed(session, &id)?;
        let answer = service.ask(session, "POST", &path, &Value::Null).await?;
        told(session, &id, &answer);
        return Ok(());
    }
    let opened = session.open().await;
    if matches!(&opened, Err(failure) if failure.code() != ErrorCode::DataInUse) {
        return opened.map(drop);
    }
    agreed(session, &id)?;
    let (app, in_use) = match opened {
        Ok(app) => (Some(app), None),
        Err(failure) => (None, Some(failure)),
    };
    let reached = in_use.map_or_else(|| app.as_ref().ok_or_else(|| job.not_found()), Err);
    let mut answer = control::ask(session, reached, Method::POST, &path, &Value::Null).await?;
    if let Some(app) = app.filter(|_| answer["requested"] == true) {
        // It is at a market and nobody else is there: carry the wish there and wait for what the market says, at most as long as a
        // stop may take.
        let running = app.engine.start(Some(id.clone())).await?;
        running.drain().await;
        until_ended_elsewhere(&app, job).await?;
        let status = match job {
            Job::Generation(id) => app.engine.generation(id).await?.state.as_str(),
            Job::Batch(id) => app.engine.batch(id).await?.state.as_str(),
        };
        answer["status"] = Value::from(status);
        answer["cancelled"] = Value::from(status == GenerationState::Cancelled.as_str());
        app.close().await;
    }
    told(session, &id, &answer);
    Ok(())
}

/// A yes on a terminal, or `--yes`; a pipe is not asked.
fn agreed(session: &Session, id: &str) -> Result<(), Failure> {
    if session.cli.yes || !session.console.is_interactive() {
        return Ok(());
    }
    let question = session.console.text("confirm-cancel", &[("id", id.into())]);
    if session.console.ask(&question) { Ok(()) } else { Err(Failure::new(ErrorCode::Cancelled)) }
}

/// What the wish came to.
fn told(session: &Session, id: &str, answer: &Value) {
    let status = answer["status"].as_str().unwrap_or_default();
    let key = match (answer["cancelled"] == true, is_over(status)) {
        (true, _) => "cancelled",
        (false, true) => "cancel-late",
        (false, false) => "cancel-asked",
    };
    session.console.document(&json!({ "id": id, "cancelled": key == "cancelled", "status": status }));
    if !session.console.json {
        session.console.say(&session.console.text(key, &[("id", id.into())]));
    }
}
