//! `palitra words LIST -o DIR|FILE.apkg`: a list of words in; pictures, sounds, a table, or an Anki deck out (S1).

mod list;
mod output;

use super::{
    Session, Stop,
    batch::{self, Followed, Names, Studio},
    make::speech_model,
    market_failure, said,
    slides::{check_stays, check_writable},
};
use crate::{
    args::Words,
    failure::{Failure, Phrase},
};
use list::Read;
use palitra_api::batches::{AudioFormat, BatchRequest, Kind, WordRequest};
use palitra_api::given::list as given;
use palitra_decks::words::Word as Listed;
use palitra_domain::{
    ErrorCode, Money,
    format::Format,
    i18n::Arg,
    state::{BatchState, StepKind},
};
use palitra_engine::batches::{ITEMS_MAX, Report};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Of pictures on cards.
const CARD: Format = Format { width: 1024, height: 1024 };

pub(super) async fn run(session: &Session, args: Words) -> Result<(), Stop> {
    let format = args.format.as_deref().map_or(Ok(CARD), Format::parse);
    let format =
        format.map_err(|bad| Failure::new(ErrorCode::BadFormat).with("value", format!("`{}`", bad.0)))?;
    let read = list::read(&args).await?;
    for notice in given::notices(&read.list) {
        session.console.note(&notice.text(session.console.lang));
    }
    let is_package = output::is_package(&args.out);
    if is_package && is_same(&args.list, &args.out) {
        let failure = Failure::new(ErrorCode::BadList).with("place", args.out.display().to_string());
        return Err(failure
            .with("why", Phrase::new("list-overwritten"))
            .with("hint", Phrase::new("list-hint-out"))
            .into());
    }
    let words = wanted(&read, &args)?;
    if words.is_empty() {
        nothing(session, &args, read.list.words.len());
        return Ok(());
    }
    let studio = Studio::open(session).await?;
    let speaks = words.iter().any(|word| word.audio == Some(true));
    let request = BatchRequest { words, ..options(session, &args, format, speaks) };
    let planned = batch::plan(session, &studio, &request, args.spend.plan).await?;
    if !args.spend.plan {
        let folder = if is_package { output::folder_of(&args.out) } else { &args.out };
        check_writable(folder)?;
        for name in if is_package { &[][..] } else { &["words.csv", "report.json"] } {
            check_stays(&args.list, &args.out.join(name))?;
        }
    }
    batch::show_plan(session, &planned);
    if args.spend.plan {
        session.console.document(&batch::plan_document(&planned));
        return Ok(());
    }
    let models = (request.image_model.unwrap_or_default(), request.speech_model.unwrap_or_default());
    let names = WordNames { read: &read, models, out: (!is_package).then_some(&args.out) };
    let (report, followed) = batch::carry_out(session, &studio, &planned, &args.spend, &names).await?;
    let now = studio.clock().now();
    let output = output::Output { files: studio.files(), now, read: &read, args: &args };
    let report = output.write(report).await?;
    studio.close().await;
    finish(session, &report, &followed, &args)
}

/// Every word has what is asked for.
fn nothing(session: &Session, args: &Words, count: usize) {
    let none = Money::new(0, session.config().money.prices().currency);
    session.console.document(&if args.spend.plan {
        json!({ "items": count, "unchanged": count, "to_run": 0, "price": none, "eta_s": 0 })
    } else {
        let totals = json!({
            "items": 0, "succeeded": 0, "failed": 0, "skipped": 0, "cancelled": 0, "paid_calls": 0, "price": none, "makespan_s": 0.0,
        });
        json!({ "items": [], "workers": [], "totals": totals })
    });
    session.console.say(&session.console.text("words-nothing", &[("count", count.into())]));
}

fn is_same(a: &Path, b: &Path) -> bool {
    std::fs::canonicalize(a).is_ok_and(|a| std::fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// What is asked of each word; a word that has everything already is asked for nothing and left out.
fn wanted(read: &Read, args: &Words) -> Result<Vec<WordRequest>, Failure> {
    let (all_images, all_audio) =
        if args.image || args.audio { (args.image, args.audio) } else { (true, true) };
    let of = |listed: &Listed| {
        let number = u32::try_from(listed.number).unwrap_or(u32::MAX);
        let again = args.all || args.redo.contains(&number);
        WordRequest {
            number: Some(number),
            word: listed.word.clone(),
            translation: listed.translation.clone(),
            example: listed.example.clone(),
            language: args.language.clone().or_else(|| listed.language.as_deref().map(given::language_code)),
            prompt: listed.prompt.clone(),
            image: Some(listed.image.unwrap_or(all_images) && (again || !listed.has_image)),
            audio: Some(listed.audio.unwrap_or(all_audio) && (again || !listed.has_audio)),
        }
    };
    if let Some(unknown) = args.redo.iter().find(|number| read.word(**number).is_none()) {
        let failure = Failure::new(ErrorCode::InvalidInput).with("value", unknown.to_string());
        return Err(failure.with("hint", Phrase::new("hint-no-such-word")));
    }
    let is_asked = |word: &WordRequest| word.image == Some(true) || word.audio == Some(true);
    let words: Vec<WordRequest> = read.list.words.iter().map(of).filter(is_asked).collect();
    if words.len() > ITEMS_MAX {
        let hint = Phrase::new("list-hint-split").with("max", i64::try_from(ITEMS_MAX).unwrap_or(i64::MAX));
        return Err(Failure::new(ErrorCode::BadList)
            .with("place", args.list.display().to_string())
            .with(
                "why",
                Phrase::new("list-too-many").with("count", i64::try_from(words.len()).unwrap_or(i64::MAX)),
            )
            .with("hint", hint));
    }
    Ok(words)
}

fn options(session: &Session, args: &Words, format: Format, speaks: bool) -> BatchRequest {
    let settings = &session.config().words;
    let source = std::fs::canonicalize(&args.list).unwrap_or_else(|_| args.list.clone());
    let mut voices: BTreeMap<String, String> = settings.voices.clone();
    voices.extend(args.voice.iter().cloned());
    let speaker = match settings.speech_model.as_str() {
        "" if speaks => speech_model(session),
        "" => "sandbox/voice",
        model => model,
    };
    BatchRequest {
        kind: Kind::Words,
        source: source.display().to_string(),
        title: args.list.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        image_model: Some(settings.model.clone()),
        speech_model: Some(speaker.to_owned()),
        voices,
        speed: args.speed,
        audio_format: args.audio_format.as_deref().and_then(AudioFormat::parse),
        format: Some(format.to_string()),
        seed: args.seed,
        template: Some(args.template.clone().unwrap_or_else(|| settings.template.clone())),
        image_workers: Some(settings.image_workers),
        audio_workers: Some(settings.audio_workers),
        gate_percent: Some(settings.gate_percent),
        redo: args.redo.to_vec(),
        only_failed: args.redo_failed,
        ..BatchRequest::default()
    }
}

struct WordNames<'a> {
    read: &'a Read,
    /// Of pictures, and of sounds.
    models: (String, String),
    /// `None`: everything goes into a package at the end.
    out: Option<&'a PathBuf>,
}

impl Names for WordNames<'_> {
    fn noun(&self) -> &'static str {
        "word"
    }

    fn item(&self, number: u32) -> String {
        self.read.word(number).map_or_else(|| number.to_string(), |word| word.word.clone())
    }

    fn model(&self, kind: StepKind) -> &str {
        if kind == StepKind::Speech { &self.models.1 } else { &self.models.0 }
    }

    fn file(&self, number: u32, kind: StepKind, object_key: &str) -> Option<PathBuf> {
        Some(self.out?.join(output::file_name(self.read.word(number)?, kind, object_key)))
    }
}

/// The last words, and the exit code.
fn finish(session: &Session, report: &Report, followed: &Followed, args: &Words) -> Result<(), Stop> {
    let (console, totals) = (&session.console, &report.totals);
    console.document(report);
    let counted = [("ok", Arg::from(totals.succeeded)), ("total", Arg::from(totals.items))];
    if let Some(stop) = batch::stopped(session, followed, &counted) {
        return Err(stop);
    }
    let (price, seconds) = (totals.price.to_string(), format!("{:.1}", totals.makespan_s));
    let [ok, total] = counted;
    console.say(
        &console.text("done-words", &[ok, total, ("price", (&price).into()), ("seconds", (&seconds).into())]),
    );
    let place = args.out.display().to_string();
    let files = if output::is_package(&args.out) { "done-words-package" } else { "done-words-files" };
    console.say(&console.text(files, &[("place", (&place).into())]));
    let failed = totals.items - totals.succeeded;
    match report.status {
        BatchState::Cancelled => Err(said(session, Failure::new(ErrorCode::Cancelled))),
        BatchState::Failed if report.error.is_some_and(|code| code != ErrorCode::GateFailed) => {
            let code = report.error.unwrap_or(ErrorCode::Internal);
            let failed =
                report.items.iter().find(|item| item.error.as_ref().is_some_and(|error| error.code == code));
            let model = failed.and_then(|item| item.failed_model.as_deref()).unwrap_or_default();
            let message = failed.and_then(|item| Some(item.error.as_ref()?.message.as_str()));
            Err(said(session, market_failure::failure(code, ("", model), message)))
        }
        _ if failed > 0 => {
            Err(said(session, Failure::new(ErrorCode::ItemsFailed).with("value", failed.to_string())))
        }
        _ => Ok(()),
    }
}
