//! `palitra run FILE.jsonl -o DIR`: any generation per line. The file is read so many lines at a time, each part a batch of its own, so that
//! neither its length nor its results are held in memory; the same command again continues and pays the difference.

mod lines;
mod results;
mod work;

use super::{
    Session, Stop,
    make::upload,
    markets, money, said,
    slides::{check_stays, check_writable},
    stop,
};
use crate::{
    args::RunLines,
    failure::{Failure, Phrase},
    wiring::App,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lines::{Bad, LINES_MAX, Lines, Numbered};
use palitra_domain::{AssetId, ErrorCode, Money, i18n::Arg, state::Priority};
use palitra_engine::batches::{Line, LinesOptions, ManifestItem};
use results::Results;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};
use work::Work;

/// Lines of one batch: as many as may wait for an account, and few enough to be held.
const PART: usize = 1000;

/// How often lines that have ended are written when they are wanted as they come, and how often a pipe is told how far it is.
const TICK: Duration = Duration::from_secs(1);

pub(super) async fn run(session: &Session, args: RunLines) -> Result<(), Stop> {
    let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", args.file.display()));
    if !args.file.is_file() {
        return Err(missing().into());
    }
    let app = session.open().await?;
    let survey = survey(&app, &args).await.map_err(|error| missing().caused_by(error))?;
    let bad = |hint: Phrase| {
        let failure =
            Failure::new(ErrorCode::InvalidInput).with("value", format!("`{}`", args.file.display()));
        Stop::from(failure.with("hint", hint))
    };
    if survey.lines == 0 {
        return Err(bad(Phrase::new("hint-no-lines")));
    }
    if survey.is_cut {
        return Err(bad(Phrase::new("hint-too-many-lines").with("max", LINES_MAX)));
    }
    let command = Command { session, app: &app, args: &args };
    let is_asked_about = survey.models.iter().any(|(model, mode)| app.engine.is_real_market(model, mode));
    let mut agreed = None;
    if args.spend.plan || args.spend.max_cost_minor.is_some() || is_asked_about {
        let total = command.plan_all().await?;
        session.console.say(&total.line(session));
        if args.spend.plan {
            session.console.document(&total.document());
            return Ok(());
        }
        money::agree(session, &args.spend, (total.price, total.cost), is_asked_about)?;
        agreed = Some((total.price, total.cost));
    }
    check_writable(&args.out)?;
    check_stays(&args.file, &args.out.join(results::NAME))?;
    app.engine.retry_keys().await?;
    let models: Vec<(&str, &str)> =
        survey.models.iter().map(|(model, mode)| (model.as_str(), mode.as_str())).collect();
    markets::note_pauses(session, &app, &models).await?;
    let since = app.clock.now();
    let events = app.engine.events();
    let running = app.engine.start(Some("run".to_owned())).await?;
    let mut work = Work {
        command: &command,
        focus: running.focus(),
        stopper: running.stopper(),
        events,
        lines_left: survey.lines,
        agreed,
        files: HashMap::new(),
        results: Results::create(&args.out, session.console.json)?,
        workers: BTreeMap::new(),
        bar: bar(survey.lines),
        told_at: since,
    };
    let told = || session.console.note(&session.console.text("draining", &[]));
    let worked = stop::until_done(running, told, |drained| work.all(drained)).await;
    work.bar.finish_and_clear();
    let makespan = app.clock.now().since(since);
    let currency = app.engine.settings.prices.currency;
    let price = Money::new(work.results.counts.price, currency);
    let workers = json!(work.workers.into_values().collect::<Vec<_>>());
    // What is there is written whatever ended the work.
    let finished = work.results.finish(&workers, price, makespan.as_secs_f64());
    app.close().await;
    let is_interrupted = worked.map_err(|failure| said(session, failure))?;
    let counts = finished?;
    let total = usize::try_from(survey.lines).unwrap_or(usize::MAX);
    let console = &session.console;
    let counted = [("ok", Arg::from(counts.succeeded)), ("total", Arg::from(total))];
    if is_interrupted {
        console.note(&console.text("stopped", &counted));
        return Err(Stop::Said(ErrorCode::Interrupted));
    }
    console.ring();
    let (price, seconds) = (price.to_string(), format!("{:.1}", makespan.as_secs_f64()));
    let [ok, total] = counted;
    console.say(
        &console.text("done-lines", &[ok, total, ("price", (&price).into()), ("seconds", (&seconds).into())]),
    );
    let folder = args.out.display().to_string();
    console.say(&console.text("done-lines-files", &[("folder", (&folder).into())]));
    if counts.failed + counts.skipped + counts.cancelled > 0 {
        return Err(said(
            session,
            Failure::new(ErrorCode::ItemsFailed).with("value", (counts.items - counts.succeeded).to_string()),
        ));
    }
    Ok(())
}

/// What the file asks for, without what it comes to.
struct Survey {
    lines: u32,
    /// There are more than are read.
    is_cut: bool,
    models: BTreeSet<(String, String)>,
}

async fn survey(app: &App, args: &RunLines) -> std::io::Result<Survey> {
    let mut lines = Lines::open(&args.file).await?;
    let mut survey = Survey { lines: 0, is_cut: false, models: BTreeSet::new() };
    loop {
        let some = lines.next(PART).await?;
        if some.is_empty() {
            survey.is_cut = lines.has_more().await?;
            return Ok(survey);
        }
        for line in some {
            survey.lines += 1;
            let Ok(asked) = line.asked else { continue };
            let Some(model) = asked.model.or_else(|| args.model.clone()) else { continue };
            let mode = asked.mode.or_else(|| app.engine.first_mode(&model).ok());
            survey.models.extend(mode.map(|mode| (model, mode)));
        }
    }
}

/// What all of it would cost.
struct Total {
    items: usize,
    unchanged: usize,
    to_run: usize,
    refused: usize,
    price: Money,
    cost: Money,
    eta: Duration,
}

impl Total {
    fn line(&self, session: &Session) -> String {
        let price = self.price.to_string();
        let args = [
            ("unchanged", Arg::from(self.unchanged)),
            ("run", self.to_run.into()),
            ("failed", self.refused.into()),
            ("price", (&price).into()),
            ("seconds", money::whole_seconds(self.eta).into()),
        ];
        session.console.text("plan-batch", &args)
    }

    fn document(&self) -> Value {
        json!({
            "items": self.items, "unchanged": self.unchanged, "to_run": self.to_run, "refused": self.refused,
            "price": self.price, "eta_s": money::whole_seconds(self.eta),
        })
    }
}

struct Command<'a> {
    session: &'a Session,
    app: &'a App,
    args: &'a RunLines,
}

/// A part of the file as it can be carried out, and its lines that cannot.
struct Part {
    items: Vec<ManifestItem>,
    bad: BTreeMap<u32, Bad>,
    ids: BTreeMap<u32, Value>,
    faces: Vec<AssetId>,
}

impl Command<'_> {
    fn options(&self, part: usize) -> LinesOptions {
        let path = std::fs::canonicalize(&self.args.file).unwrap_or_else(|_| self.args.file.clone());
        LinesOptions {
            account: self.app.engine.house.id.clone(),
            livemode: self.session.livemode(),
            source: format!("{}#{part}", path.display()),
            title: self.args.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            workers: self.args.workers.unwrap_or(0),
            priority: Priority::Standard,
        }
    }

    async fn open(&self) -> Result<Lines, Failure> {
        let failed = |error| crate::wiring::io_failure(&self.args.file, error);
        Lines::open(&self.args.file).await.map_err(failed)
    }

    async fn next(&self, lines: &mut Lines) -> Result<Vec<Numbered>, Failure> {
        lines.next(PART).await.map_err(|error| crate::wiring::io_failure(&self.args.file, error))
    }

    async fn plan_all(&self) -> Result<Total, Failure> {
        let currency = self.app.engine.settings.prices.currency;
        let none = Money::new(0, currency);
        let mut total = Total {
            items: 0,
            unchanged: 0,
            to_run: 0,
            refused: 0,
            price: none,
            cost: none,
            eta: Duration::ZERO,
        };
        let mut lines = self.open().await?;
        for number in 1.. {
            let some = self.next(&mut lines).await?;
            if some.is_empty() {
                break;
            }
            total.items += some.len();
            let part = self.part(some, &self.options(number)).await?;
            total.refused += part.bad.len();
            if part.items.is_empty() {
                continue;
            }
            let plan = self.app.engine.plan(self.options(number).manifest(part.items, part.faces)).await?;
            total.unchanged += plan.unchanged;
            total.to_run += plan.to_run;
            total.refused += plan.refused;
            let sum = |a: Money, b: Money| a.plus(b).map_err(palitra_engine::Error::from);
            (total.price, total.cost) = (sum(total.price, plan.price)?, sum(total.cost, plan.cost)?);
            total.eta += plan.eta;
        }
        Ok(total)
    }

    async fn part(&self, lines: Vec<Numbered>, options: &LinesOptions) -> Result<Part, Failure> {
        let mut part = Part {
            items: Vec::with_capacity(lines.len()),
            bad: BTreeMap::new(),
            ids: BTreeMap::new(),
            faces: Vec::new(),
        };
        for Numbered { number, asked } in lines {
            let asked = match asked {
                Ok(asked) => asked,
                Err(bad) => {
                    part.bad.insert(number, bad);
                    continue;
                }
            };
            part.ids.extend(asked.id.map(|id| (number, id)));
            let made = async {
                let Some(model) = asked.model.or_else(|| self.args.model.clone()) else {
                    let message = "it names no `model`, and there is no --model".to_owned();
                    return Err(Bad { code: ErrorCode::InvalidInput, message });
                };
                let mut input = asked.input;
                for (word, paths) in &asked.files {
                    let ids = self.upload(paths).await?;
                    if word == "face_image" {
                        part.faces.extend(ids.iter().cloned());
                    }
                    let list = json!(ids);
                    input[word] = if word == "images" || ids.len() != 1 { list } else { json!(ids[0]) };
                }
                let line = Line { number, model, mode: asked.mode, input };
                self.app
                    .engine
                    .line_item(&line, options)
                    .await
                    .map_err(|error| bad(self.session, error.into()))
            };
            match made.await {
                Ok(item) => part.items.push(item),
                Err(bad) => drop(part.bad.insert(number, bad)),
            }
        }
        Ok(part)
    }

    /// Paths stand beside the list.
    async fn upload(&self, paths: &[PathBuf]) -> Result<Vec<AssetId>, Bad> {
        let beside = self.args.file.parent().unwrap_or(Path::new("."));
        let paths: Vec<PathBuf> = paths.iter().map(|path| beside.join(path)).collect();
        let uploaded = upload(self.app, self.session.livemode(), &paths).await;
        uploaded.map_err(|failure| bad(self.session, failure))
    }
}

/// A failure that is a line's own.
fn bad(session: &Session, failure: Failure) -> Bad {
    Bad { code: failure.code(), message: failure.message(session.console.lang) }
}

fn bar(lines: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(Some(lines.into()), ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{pos}/{len} {bar:30} {elapsed} · {eta}");
    ProgressBar::new(lines.into()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
