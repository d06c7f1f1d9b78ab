//! `palitra slides DECK -o DIR`: a deck in, pictures, contact sheet, illustrated deck and report out.

mod deck_error;
mod files;
mod presentation;

pub(super) use files::{check_stays, check_writable, copy_object, end_waiting, part_of, write};

use super::{
    Session, Stop,
    batch::{self, Followed, Names, Redo},
    make::upload,
    market_failure, said,
};
use crate::{
    args::Slides,
    failure::{Failure, Phrase},
    wiring::App,
};
use palitra_decks::Deck;
use palitra_domain::{
    ErrorCode,
    format::Format,
    i18n::Arg,
    prompt,
    state::{BatchState, Priority, StepKind},
};
use palitra_engine::batches::{Plan, Report, Slide, SlidesOptions, Style};
use std::path::{Path, PathBuf};

pub(super) async fn run(session: &Session, args: Slides) -> Result<(), Stop> {
    let format = args.format.as_deref().map_or(Ok(Format::SLIDE), Format::parse);
    let format =
        format.map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))?;
    let (source, deck) = files::read_deck(&args.deck)?;
    let app = session.open().await?;
    let redo = Redo { items: args.redo.to_vec(), only_failed: args.redo_failed };
    let options = options(session, &app, &args, &deck, format).await?;
    let manifest = options.manifest(&slides(&deck, &args, &redo)?);
    let plan = batch::plan(session, &app, manifest, &redo, args.spend.plan).await?;
    if !args.spend.plan {
        // Before any money moves, and after everything else that may be refused: a refusal leaves no folder behind.
        check_writable(&args.out)?;
        check_stays(&args.deck, &args.out.join(files::REPORT))?;
    }
    batch::show_plan(session, &plan);
    if args.spend.plan {
        session.console.document(&batch::plan_document(&plan));
        return Ok(());
    }
    let names = SlideNames { settings: &session.config().slides, out: &args.out };
    let (report, followed) = batch::carry_out(session, &app, &plan, &args.spend, &names).await?;
    let report = files::Output {
        app: &app,
        deck: &deck,
        source: &source,
        deck_path: &args.deck,
        out: &args.out,
        console: session.console,
    }
    .write(report)
    .await?;
    app.close().await;
    finish(session, &plan, &report, followed, (&args, &deck))
}

/// Blank slides keep their number and get no picture; so does what was dropped after a look at the drafts (D9).
fn slides(deck: &Deck, args: &Slides, redo: &Redo) -> Result<Vec<Slide>, Failure> {
    let drawable = deck.slides.iter().filter(|slide| !slide.is_blank());
    let mut named = args.keep.iter().chain(args.drop.iter()).chain(args.redo.iter()).copied();
    if let Some(unknown) = named.find(|number| !deck.slides.iter().any(|slide| slide.number == *number)) {
        return Err(Failure::new(ErrorCode::InvalidInput)
            .with("value", unknown.to_string())
            .with("hint", Phrase::new("hint-no-such-slide")));
    }
    let is_wanted =
        |number: &u32| (args.keep.is_empty() || args.keep.contains(number)) && !args.drop.contains(number);
    let wanted = drawable.filter(|slide| is_wanted(&slide.number));
    Ok(wanted
        .map(|slide| Slide {
            number: slide.number,
            title: slide.title.clone(),
            content: slide.content.clone(),
            prompt: slide.prompt.clone(),
            redo: redo.seed(slide.number),
        })
        .collect())
}

async fn options(
    session: &Session,
    app: &App,
    args: &Slides,
    deck: &Deck,
    format: Format,
) -> Result<SlidesOptions, Failure> {
    let settings = &session.config().slides;
    let source =
        std::fs::canonicalize(&args.deck).unwrap_or_else(|_| args.deck.clone()).display().to_string();
    let references = upload(app, session.livemode(), &args.reference).await?;
    let references = references.iter().map(ToString::to_string).collect();
    let mut words = args.style.clone().unwrap_or_default();
    if let Some(palette) = &args.palette {
        words = [words.trim_end_matches('.'), &format!("limited colour palette: {}", palette.join(", "))]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(". ");
    }
    // S0-08: what stands behind every prompt is English, too.
    if prompt::has_cyrillic(&words) {
        let hint = Phrase::new("hint-style-english");
        return Err(Failure::new(ErrorCode::InvalidInput)
            .with("value", format!("`{words}`"))
            .with("hint", hint));
    }
    Ok(SlidesOptions {
        account: app.engine.house.id.clone(),
        livemode: session.livemode(),
        // A draft replaces drafts only.
        source: if args.draft { format!("{source}#draft") } else { source },
        title: deck.title.clone(),
        model: if args.draft { settings.draft_model.clone() } else { settings.model.clone() },
        prompt_model: settings.prompt_model.clone(),
        format: if args.draft { drafted(format) } else { format },
        seed: args.seed.unwrap_or(1),
        style: Style { words, references, vary_seed: args.vary_seed },
        image_workers: settings.image_workers,
        prompt_delay: settings.prompt_delay(),
        image_delay: settings.image_delay(),
        gate_percent: settings.gate_percent,
        sequential: args.sequential,
        priority: Priority::Standard,
    })
}

/// A draft is as wide as a thumb on a contact sheet needs.
fn drafted(format: Format) -> Format {
    const LONG_SIDE: u32 = 640;
    let long = format.width.max(format.height);
    if long <= LONG_SIDE {
        return format;
    }
    let side = |side: u32| (side * LONG_SIDE / long).max(64);
    Format { width: side(format.width), height: side(format.height) }
}

/// S0-20…S0-22.
struct SlideNames<'a> {
    settings: &'a crate::config::Slides,
    out: &'a Path,
}

impl Names for SlideNames<'_> {
    fn noun(&self) -> &'static str {
        "slide"
    }

    fn item(&self, number: u32) -> String {
        number.to_string()
    }

    fn model(&self, kind: StepKind) -> &str {
        if kind == StepKind::Prompt { &self.settings.prompt_model } else { &self.settings.model }
    }

    fn file(&self, number: u32, _: StepKind, object_key: &str) -> Option<PathBuf> {
        Some(self.out.join(files::picture_name(number, object_key)))
    }
}

/// The last words, and the exit code.
fn finish(
    session: &Session,
    plan: &Plan,
    report: &Report,
    followed: Followed,
    (args, deck): (&Slides, &Deck),
) -> Result<(), Stop> {
    session.console.document(report);
    let totals = &report.totals;
    let numbers = |names: &[(&'static str, usize)]| {
        names.iter().map(|(name, value)| (*name, Arg::from(*value))).collect::<Vec<_>>()
    };
    let counted = numbers(&[("ok", totals.succeeded), ("total", totals.items)]);
    if let Followed::Interrupted = followed {
        session.console.note(&session.console.text("stopped", &counted));
        return Err(Stop::Said(ErrorCode::Interrupted));
    }
    let price = totals.price.to_string();
    let seconds = format!("{:.1}", totals.makespan_s);
    let mut done = counted;
    done.extend([("price", Arg::from(&price)), ("seconds", Arg::from(&seconds))]);
    session.console.say(&session.console.text("done-slides", &done));
    let (folder, name) = (args.out.display().to_string(), files::illustrated_name(&args.deck, deck));
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
        report.items.iter().find(|slide| slide.error.as_ref().is_some_and(|error| error.code == code));
    let model = failed.and_then(|slide| slide.failed_model.as_deref()).unwrap_or_default();
    market_failure::failure(
        code,
        ("", model),
        failed.and_then(|slide| Some(slide.error.as_ref()?.message.as_str())),
    )
}
