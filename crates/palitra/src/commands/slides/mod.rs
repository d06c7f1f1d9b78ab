//! `palitra slides DECK -o DIR`: a deck in, pictures, contact sheet, illustrated deck and report out.

mod deck_error;
mod files;
mod progress;

pub(super) use files::{check_writable, copy_object, write};

use super::{Session, Stop, market_failure, markets, money, said};
use crate::{args::Slides, failure::Failure, wiring::App};
use palitra_decks::Deck;
use palitra_domain::{
    BatchId, ErrorCode,
    format::Format,
    i18n::Arg,
    state::{BatchState, Priority},
};
use palitra_engine::batches::{ManifestItem, Plan, Report, SlidesOptions};
use serde_json::json;
use std::path::Path;

pub(super) async fn run(session: &Session, args: Slides) -> Result<(), Stop> {
    let format = args.format.as_deref().map_or(Ok(Format::SLIDE), Format::parse);
    let format =
        format.map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))?;
    let (source, deck) = files::read_deck(&args.deck)?;
    let app = session.open().await?;
    let mut plan =
        app.engine.plan_slides(manifest(&deck), options(session, &app, &args, &deck, format)).await?;
    if !args.spend.plan {
        // Before any money moves, and after everything else that may be refused: a refusal leaves no folder behind.
        check_writable(&args.out)?;
        files::check_deck_stays(&args.deck, &args.out)?;
    }
    // What an earlier run left at a market, and this one does not continue, is paid for: it is waited for and used.
    if !args.spend.plan
        && app.engine.interrupted(&plan).await?.is_none()
        && app.engine.is_under_way(&plan).await?
    {
        session.console.note(&session.console.text("waiting-leftover", &[]));
        app.engine.finish_under_way(&plan).await?;
        plan = app.engine.plan_slides(manifest(&deck), options(session, &app, &args, &deck, format)).await?;
    }
    show_plan(session, &plan);
    if args.spend.plan {
        session.console.document(&json!({
            "items": plan.unchanged + plan.to_run + plan.refused, "unchanged": plan.unchanged, "to_run": plan.to_run,
            "price": plan.price, "eta_s": money::whole_seconds(plan.eta),
        }));
        return Ok(());
    }
    let since = app.clock.now();
    let batch = start(session, &app, &plan, &args).await?;
    let run = progress::Run { session, app: &app, batch: &batch, out: &args.out };
    let followed = run.follow().await?;
    let report = app.engine.report(&batch, since).await?;
    let report = files::Output {
        app: &app,
        deck: &deck,
        source: &source,
        deck_path: &args.deck,
        out: &args.out,
        lang: session.console.lang,
    }
    .write(report)
    .await?;
    app.close().await;
    finish(session, &plan, &report, followed, &args.out, &args.deck)
}

/// Blank slides keep their number and get no picture.
fn manifest(deck: &Deck) -> Vec<ManifestItem> {
    let drawable = deck.slides.iter().filter(|slide| !slide.is_blank());
    drawable
        .map(|slide| ManifestItem {
            number: slide.number,
            title: slide.title.clone(),
            content: slide.content.clone(),
            prompt: slide.prompt.clone(),
        })
        .collect()
}

fn options(session: &Session, app: &App, args: &Slides, deck: &Deck, format: Format) -> SlidesOptions {
    let settings = &session.config().slides;
    SlidesOptions {
        account: app.engine.house.id.clone(),
        livemode: session.livemode(),
        source: std::fs::canonicalize(&args.deck).unwrap_or_else(|_| args.deck.clone()).display().to_string(),
        title: deck.title.clone(),
        model: settings.model.clone(),
        prompt_model: settings.prompt_model.clone(),
        format,
        seed: args.seed.unwrap_or(1),
        image_workers: settings.image_workers,
        prompt_delay: settings.prompt_delay(),
        image_delay: settings.image_delay(),
        gate_percent: settings.gate_percent,
        sequential: args.sequential,
        priority: Priority::Standard,
    }
}

fn show_plan(session: &Session, plan: &Plan) {
    let price = plan.price.to_string();
    let unchanged = ("unchanged", Arg::from(plan.unchanged));
    let line = if plan.to_run == 0 && plan.refused == 0 {
        session.console.text("plan-nothing", &[unchanged])
    } else {
        let seconds = money::whole_seconds(plan.eta);
        let args =
            [unchanged, ("run", plan.to_run.into()), ("price", (&price).into()), ("seconds", seconds.into())];
        session.console.text("plan-line", &args)
    };
    session.console.say(&line);
}

/// Continues the interrupted run of the same deck, or starts a new one after the price was agreed.
async fn start(session: &Session, app: &App, plan: &Plan, args: &Slides) -> Result<BatchId, Failure> {
    app.engine.retry_keys().await?;
    let settings = &session.config().slides;
    let models = [(settings.model.as_str(), "create"), (settings.prompt_model.as_str(), "write")];
    markets::note_pauses(session, app, &models).await?;
    if let Some(open) = app.engine.interrupted(plan).await? {
        session.console.note(&session.console.text("resumed", &[("batch", open.id.as_str().into())]));
        app.engine.resume_slides(plan, &open.id).await?;
        return Ok(open.id);
    }
    money::agree(
        session,
        &args.spend,
        (plan.price, plan.cost),
        models.iter().any(|(model, mode)| app.engine.is_real_market(model, mode)),
    )?;
    let started = app.engine.start_slides(plan).await?;
    for batch in &started.superseded {
        session.console.note(&session.console.text("superseded", &[("batch", batch.as_str().into())]));
    }
    Ok(started.id)
}

/// The last words, and the exit code.
fn finish(
    session: &Session,
    plan: &Plan,
    report: &Report,
    followed: Followed,
    out: &Path,
    deck: &Path,
) -> Result<(), Stop> {
    session.console.document(report);
    let totals = &report.totals;
    let args = |names: &[(&'static str, usize)]| {
        names.iter().map(|(name, value)| (*name, Arg::from(*value))).collect::<Vec<_>>()
    };
    let counted = args(&[("ok", totals.succeeded), ("total", totals.items)]);
    if let Followed::Interrupted = followed {
        session.console.note(&session.console.text("stopped", &counted));
        return Err(Stop::Said(ErrorCode::Interrupted));
    }
    let price = totals.price.to_string();
    let seconds = format!("{:.1}", totals.makespan_s);
    let mut done = counted;
    done.extend([("price", Arg::from(&price)), ("seconds", Arg::from(&seconds))]);
    session.console.say(&session.console.text("done-slides", &done));
    let (folder, name) = (out.display().to_string(), files::illustrated_name(deck));
    session
        .console
        .say(&session.console.text("done-files", &[("folder", (&folder).into()), ("deck", (&name).into())]));
    match report.status {
        BatchState::Completed | BatchState::Processing => Ok(()),
        BatchState::Cancelled => Err(said(session, Failure::new(ErrorCode::Cancelled))),
        BatchState::Failed => {
            let code = report.error.unwrap_or(ErrorCode::GateFailed);
            let failure = failure(plan, report, code);
            let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            Err(said(
                session,
                failure.with("ok", number(totals.succeeded)).with("total", number(totals.items)),
            ))
        }
    }
}

/// The gate's percentage, or the market that failed.
fn failure(plan: &Plan, report: &Report, code: ErrorCode) -> Failure {
    if code == ErrorCode::GateFailed {
        return Failure::new(code).with("value", plan.gate_percent().to_string());
    }
    let failed =
        report.slides.iter().find(|slide| slide.error.as_ref().is_some_and(|error| error.code == code));
    let model = failed.and_then(|slide| slide.failed_model.as_deref()).unwrap_or_default();
    market_failure::failure(
        code,
        ("", model),
        failed.and_then(|slide| Some(slide.error.as_ref()?.message.as_str())),
    )
}

/// How the run ended for the one who watched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Followed {
    Done,
    Interrupted,
}
