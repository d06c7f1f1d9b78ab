//! `palitra slides DECK -o DIR`: a deck in, pictures, contact sheet, illustrated deck and report out.

mod files;
mod presentation;

pub(super) use files::{check_stays, check_writable, copy_object, end_waiting, part_of, write};

use super::{
    Session, Stop,
    batch::{self, Followed, Names, Studio},
    market_failure, said,
};
use crate::{
    args::Slides,
    failure::{Failure, Phrase},
};
use palitra_api::batches::{BatchRequest, Kind, SlideRequest};
use palitra_decks::Deck;
use palitra_domain::{
    ErrorCode,
    format::Format,
    i18n::Arg,
    prompt,
    state::{BatchState, StepKind},
};
use palitra_engine::batches::Report;
use std::path::{Path, PathBuf};

pub(super) async fn run(session: &Session, args: Slides) -> Result<(), Stop> {
    let format = args.format.as_deref().map_or(Ok(Format::SLIDE), Format::parse);
    let format =
        format.map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))?;
    let (source, deck) = files::read_deck(&args.deck)?;
    let studio = Studio::open(session).await?;
    let request = request(session, &studio, &args, &deck, format).await?;
    let planned = batch::plan(session, &studio, &request, args.spend.plan).await?;
    if !args.spend.plan {
        // Before any money moves, and after everything else that may be refused: a refusal leaves no folder behind.
        check_writable(&args.out)?;
        check_stays(&args.deck, &args.out.join(files::REPORT))?;
    }
    batch::show_plan(session, &planned);
    if args.spend.plan {
        session.console.document(&batch::plan_document(&planned));
        return Ok(());
    }
    let names = SlideNames { settings: &session.config().slides, out: &args.out };
    let (report, followed) = batch::carry_out(session, &studio, &planned, &args.spend, &names).await?;
    let report = files::Output {
        files: studio.files(),
        deck: &deck,
        source: &source,
        deck_path: &args.deck,
        out: &args.out,
        console: session.console,
    }
    .write(report)
    .await?;
    studio.close().await;
    finish(session, &report, &followed, (&args, &deck))
}

/// Blank slides keep their number and get no picture; so does what was dropped after a look at the drafts (D9).
fn slides(deck: &Deck, args: &Slides) -> Result<Vec<SlideRequest>, Failure> {
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
        .map(|slide| SlideRequest {
            number: Some(slide.number),
            title: slide.title.clone(),
            content: slide.content.clone(),
            prompt: slide.prompt.clone(),
        })
        .collect())
}

async fn request(
    session: &Session,
    studio: &Studio,
    args: &Slides,
    deck: &Deck,
    format: Format,
) -> Result<BatchRequest, Failure> {
    let settings = &session.config().slides;
    let source =
        std::fs::canonicalize(&args.deck).unwrap_or_else(|_| args.deck.clone()).display().to_string();
    let slides = slides(deck, args)?;
    let references = studio.upload(session, &args.reference).await?;
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
    Ok(BatchRequest {
        kind: Kind::Slides,
        // A draft replaces drafts only.
        source: if args.draft { format!("{source}#draft") } else { source },
        title: deck.title.chars().take(batch::TITLE_CHARS_MAX).collect(),
        slides,
        image_model: Some(if args.draft { &settings.draft_model } else { &settings.model }.clone()),
        prompt_model: Some(settings.prompt_model.clone()),
        format: Some(if args.draft { drafted(format) } else { format }.to_string()),
        seed: args.seed,
        style: words,
        references: references.into_iter().map(|file| file.id).collect(),
        vary_seed: args.vary_seed,
        image_workers: Some(settings.image_workers),
        prompt_delay_ms: batch::millis(settings.prompt_delay()),
        image_delay_ms: batch::millis(settings.image_delay()),
        gate_percent: Some(settings.gate_percent),
        sequential: args.sequential,
        redo: args.redo.to_vec(),
        only_failed: args.redo_failed,
        ..BatchRequest::default()
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
    report: &Report,
    followed: &Followed,
    (args, deck): (&Slides, &Deck),
) -> Result<(), Stop> {
    session.console.document(report);
    let totals = &report.totals;
    let numbers = |names: &[(&'static str, usize)]| {
        names.iter().map(|(name, value)| (*name, Arg::from(*value))).collect::<Vec<_>>()
    };
    let counted = numbers(&[("ok", totals.succeeded), ("total", totals.items)]);
    if let Some(stop) = batch::stopped(session, followed, &counted) {
        return Err(stop);
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
            let failure = failure(session, report, code);
            let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            Err(said(
                session,
                failure.with("ok", number(totals.succeeded)).with("total", number(totals.items)),
            ))
        }
    }
}

/// The gate's percentage, or the market that failed.
fn failure(session: &Session, report: &Report, code: ErrorCode) -> Failure {
    if code == ErrorCode::GateFailed {
        return Failure::new(code).with("value", session.config().slides.gate_percent.to_string());
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
