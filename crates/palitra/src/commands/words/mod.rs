//! `palitra words LIST -o DIR|FILE.apkg`: a list of words in; pictures, sounds, a table, or an Anki deck out (S1).

mod list;
mod output;
mod told;

use super::{
    Session, Stop,
    batch::{self, Followed, Names, Redo},
    make::speech_model,
    market_failure, said,
    slides::{check_stays, check_writable},
};
use crate::{
    args::Words,
    failure::{Failure, Phrase},
    wiring::App,
};
use list::Read;
use palitra_decks::words::Word as Listed;
use palitra_domain::{
    ErrorCode, Money,
    format::Format,
    i18n::Arg,
    state::{BatchState, Priority, StepKind},
};
use palitra_engine::batches::{ITEMS_MAX, Report, Word, WordsOptions};
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
    told::assumed(session, &read.list);
    let is_package = output::is_package(&args.out);
    if is_package && is_same(&args.list, &args.out) {
        let failure = Failure::new(ErrorCode::BadList).with("place", args.out.display().to_string());
        return Err(failure
            .with("why", Phrase::new("list-overwritten"))
            .with("hint", Phrase::new("list-hint-out"))
            .into());
    }
    let redo = Redo { items: args.redo.to_vec(), only_failed: args.redo_failed };
    let words = wanted(&read, &args, &redo)?;
    let app = session.open().await?;
    let speaks = words.iter().any(|word| word.audio);
    let options = options(session, &app, &args, format, speaks);
    let report = if words.is_empty() {
        None
    } else {
        let manifest = app.engine.words_manifest(&words, &options).await?;
        let plan = batch::plan(session, &app, manifest, &redo, args.spend.plan).await?;
        if !args.spend.plan {
            let folder = if is_package { output::folder_of(&args.out) } else { &args.out };
            check_writable(folder)?;
            for name in if is_package { &[][..] } else { &["words.csv", "report.json"] } {
                check_stays(&args.list, &args.out.join(name))?;
            }
        }
        batch::show_plan(session, &plan);
        if args.spend.plan {
            session.console.document(&batch::plan_document(&plan));
            return Ok(());
        }
        let names = WordNames { read: &read, options: &options, out: (!is_package).then_some(&args.out) };
        Some(batch::carry_out(session, &app, &plan, &args.spend, &names).await?)
    };
    let Some((report, followed)) = report else {
        let none = Money::new(0, app.engine.settings.prices.currency);
        let count = read.list.words.len();
        session.console.document(&if args.spend.plan {
            json!({ "items": count, "unchanged": count, "to_run": 0, "price": none, "eta_s": 0 })
        } else {
            let totals = json!({
                "items": 0, "succeeded": 0, "failed": 0, "skipped": 0, "cancelled": 0, "paid_calls": 0, "price": none, "makespan_s": 0.0,
            });
            json!({ "items": [], "workers": [], "totals": totals })
        });
        session.console.say(&session.console.text("words-nothing", &[("count", count.into())]));
        return Ok(());
    };
    let output = output::Output { app: &app, read: &read, args: &args };
    let report = output.write(report).await?;
    app.close().await;
    finish(session, &report, followed, &args)
}

fn is_same(a: &Path, b: &Path) -> bool {
    std::fs::canonicalize(a).is_ok_and(|a| std::fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// What is asked of each word; a word that has everything already is asked for nothing and left out.
fn wanted(read: &Read, args: &Words, redo: &Redo) -> Result<Vec<Word>, Failure> {
    let (all_images, all_audio) =
        if args.image || args.audio { (args.image, args.audio) } else { (true, true) };
    let of = |listed: &Listed| {
        let number = u32::try_from(listed.number).unwrap_or(u32::MAX);
        let again = args.all || redo.items.contains(&number);
        Word {
            number,
            word: listed.word.clone(),
            translation: listed.translation.clone(),
            example: listed.example.clone(),
            language: args.language.clone().or_else(|| listed.language.as_deref().map(language_code)),
            prompt: listed.prompt.clone(),
            image: listed.image.unwrap_or(all_images) && (again || !listed.has_image),
            audio: listed.audio.unwrap_or(all_audio) && (again || !listed.has_audio),
            redo: redo.seed(number),
        }
    };
    if let Some(unknown) = redo.items.iter().find(|number| read.word(**number).is_none()) {
        let failure = Failure::new(ErrorCode::InvalidInput).with("value", unknown.to_string());
        return Err(failure.with("hint", Phrase::new("hint-no-such-word")));
    }
    let words: Vec<Word> = read.list.words.iter().map(of).filter(|word| word.image || word.audio).collect();
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

/// `English` and `английский` are `en`.
fn language_code(name: &str) -> String {
    let name = name.trim().to_lowercase();
    for (code, begins) in [("en", ["en", "англ"]), ("ru", ["ru", "русс"]), ("kk", ["ka", "каза"])]
    {
        if begins.iter().any(|begin| name.starts_with(begin)) {
            return code.to_owned();
        }
    }
    name
}

fn options(session: &Session, app: &App, args: &Words, format: Format, speaks: bool) -> WordsOptions {
    let settings = &session.config().words;
    let source = std::fs::canonicalize(&args.list).unwrap_or_else(|_| args.list.clone());
    let mut voices: BTreeMap<String, String> = settings.voices.clone();
    voices.extend(args.voice.iter().cloned());
    WordsOptions {
        account: app.engine.house.id.clone(),
        livemode: session.livemode(),
        source: source.display().to_string(),
        title: args.list.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        model: settings.model.clone(),
        speech_model: if settings.speech_model.is_empty() {
            if speaks { speech_model(session) } else { "sandbox/voice" }.to_owned()
        } else {
            settings.speech_model.clone()
        },
        voices,
        speed: args.speed,
        audio_format: args.audio_format.clone(),
        format,
        seed: args.seed.unwrap_or(1),
        template: args.template.clone().unwrap_or_else(|| settings.template.clone()),
        image_workers: settings.image_workers,
        audio_workers: settings.audio_workers,
        gate_percent: settings.gate_percent,
        priority: Priority::Standard,
    }
}

struct WordNames<'a> {
    read: &'a Read,
    options: &'a WordsOptions,
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
        if kind == StepKind::Speech { &self.options.speech_model } else { &self.options.model }
    }

    fn file(&self, number: u32, kind: StepKind, object_key: &str) -> Option<PathBuf> {
        Some(self.out?.join(output::file_name(self.read.word(number)?, kind, object_key)))
    }
}

/// The last words, and the exit code.
fn finish(session: &Session, report: &Report, followed: Followed, args: &Words) -> Result<(), Stop> {
    let (console, totals) = (&session.console, &report.totals);
    console.document(report);
    let counted = [("ok", Arg::from(totals.succeeded)), ("total", Arg::from(totals.items))];
    if followed == Followed::Interrupted {
        console.note(&console.text("stopped", &counted));
        return Err(Stop::Said(ErrorCode::Interrupted));
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
