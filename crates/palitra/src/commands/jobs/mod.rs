//! `palitra jobs`: generations and batches, to list, look at, follow and cancel.

mod pages;

use super::{Session, Stop, balance};
use crate::{
    api::generations::{self as documents, batch_document, document, shown},
    args::{Jobs, JobsLs},
    control,
    failure::Failure,
    wiring::App,
};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId,
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
    let mut found = Vec::new();
    if let Some(app) = session.look().await? {
        if let Some(name) = &args.account {
            // Who does not exist is told so, with a hint for the command line.
            balance::account(&app, name).await?;
        }
        found = documents::list(&app.engine, args).await?;
    }
    let console = &session.console;
    console.document(&found);
    if console.json {
        return Ok(());
    }
    if found.is_empty() {
        console.note(&console.text("jobs-none", &[]));
    }
    found.iter().for_each(|generation| console.say(&pages::line(generation)));
    if let Some(last) = found.last().filter(|_| found.len() == usize::try_from(args.page()).unwrap_or(0)) {
        let id = last["id"].as_str().unwrap_or_default();
        console.note(&console.text("jobs-more", &[("id", id.into())]));
    }
    Ok(())
}

/// Everything there is about a job, the market's cost included.
async fn show(session: &Session, job: &Job) -> Result<(), Failure> {
    let app = session.look().await?.ok_or_else(|| job.not_found())?;
    let document = match job {
        Job::Generation(id) => shown(&app.engine, id).await?,
        Job::Batch(id) => batch_document(&app.engine, &app.engine.batch(id).await?).await?,
    };
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

/// Prints each change until the job has ended. It only looks: another process does the work.
async fn watch(session: &Session, job: &Job) -> Result<(), Failure> {
    let app = session.look().await?.ok_or_else(|| job.not_found())?;
    let mut last = String::new();
    loop {
        // Asked before the job is: what the worker did last is seen, too.
        let is_idle = !app.is_worked_in().await;
        let (line, document, ended) = match job {
            Job::Generation(id) => {
                let generation = app.engine.generation(id).await?;
                let line = format!("{id}  {}", generation.state);
                (line, document(&app.engine, &generation), generation.state.is_terminal())
            }
            Job::Batch(id) => {
                let batch = app.engine.batch(id).await?;
                let stages = app.engine.stages(id).await?;
                let counts =
                    stages.iter().map(|stage| format!("{} {}/{}", stage.kind, stage.succeeded, stage.total));
                let percent = app.engine.progress(id).await?.percent();
                let line =
                    format!("{id}  {}  {percent} %  {}", batch.state, counts.collect::<Vec<_>>().join("  "));
                let ended = batch.state != BatchState::Processing;
                let is_last = ended || is_idle;
                let document = if is_last { batch_document(&app.engine, &batch).await? } else { Value::Null };
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
            let text = if app.engine.is_shared() { "watch-idle-shared" } else { "watch-idle" };
            session.console.note(&session.console.text(text, &[]));
            return Ok(());
        }
        app.engine.clock.sleep(Duration::from_millis(500)).await;
    }
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
    let opened = session.open().await;
    if matches!(&opened, Err(failure) if failure.code() != ErrorCode::DataInUse) {
        return opened.map(drop);
    }
    if !session.cli.yes && session.console.is_interactive() {
        let question = session.console.text("confirm-cancel", &[("id", (&id).into())]);
        if !session.console.ask(&question) {
            return Err(Failure::new(ErrorCode::Cancelled));
        }
    }
    let (app, in_use) = match opened {
        Ok(app) => (Some(app), None),
        Err(failure) => (None, Some(failure)),
    };
    let path = match job {
        Job::Generation(id) => format!("/v1/generations/{id}/cancel"),
        Job::Batch(id) => format!("/v1/batches/{id}/cancel"),
    };
    let reached = in_use.map_or_else(|| app.as_ref().ok_or_else(|| job.not_found()), Err);
    let mut answer = control::ask(reached, &session.cli.data, &path, &Value::Null).await?;
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
    let status = answer["status"].as_str().unwrap_or_default();
    let is_ended = GenerationState::parse(status).is_some_and(GenerationState::is_terminal)
        || BatchState::parse(status).is_some_and(|state| state != BatchState::Processing);
    let key = match (answer["cancelled"] == true, is_ended) {
        (true, _) => "cancelled",
        (false, true) => "cancel-late",
        (false, false) => "cancel-asked",
    };
    session.console.document(&json!({ "id": id, "cancelled": key == "cancelled", "status": status }));
    if !session.console.json {
        session.console.say(&session.console.text(key, &[("id", (&id).into())]));
    }
    Ok(())
}
