//! `palitra run FILE.jsonl -o DIR`: any generation per line. The file is read so many lines at a time, each part a batch of its own, so that
//! neither its length nor its results are held in memory; the same command again continues and pays the difference.

mod lines;
mod results;
mod work;

use super::{
    Session, Stop,
    batch::{self, Bad, Studio},
    markets, money, said,
    slides::{check_stays, check_writable},
    stop,
};
use crate::{
    args::RunLines,
    failure::{Failure, Phrase},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lines::{Asked, LINES_MAX, Lines, Numbered};
use palitra_api::batches::{BatchRequest, ItemRequest, Kind};
use palitra_domain::{Currency, ErrorCode, Money, i18n::Arg};
use results::Results;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};
use work::{Mine, Work};

/// Lines of one batch: as many as may wait for an account, and few enough to be held.
const PART: usize = 1000;

/// How often lines that have ended are written when they are wanted as they come, and how often a pipe is told how far it is.
const TICK: Duration = Duration::from_secs(1);

pub(super) async fn run(session: &Session, args: RunLines) -> Result<(), Stop> {
    let missing = || Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", args.file.display()));
    if !args.file.is_file() {
        return Err(missing().into());
    }
    let studio = Studio::open(session).await?;
    let survey = survey(&studio, &args).await.map_err(|error| missing().caused_by(error))?;
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
    let command = Command { session, studio: &studio, args: &args };
    let mut agreed = None;
    if args.spend.plan || args.spend.max_cost_minor.is_some() || survey.may_cost {
        let total = command.plan_all().await?;
        session.console.say(&total.line(session));
        if args.spend.plan {
            session.console.document(&total.document());
            return Ok(());
        }
        let is_real = match &studio {
            Studio::Here(_) => survey.may_cost,
            Studio::There(_) => total.is_real,
        };
        money::agree(session, &args.spend, (total.price, total.cost), is_real)?;
        agreed = Some((total.price, total.cost));
    }
    check_writable(&args.out)?;
    check_stays(&args.file, &args.out.join(results::NAME))?;
    if let Studio::Here(here) = &studio {
        here.app.engine.retry_keys().await?;
        let models: Vec<(&str, &str)> =
            survey.models.iter().map(|(model, mode)| (model.as_str(), mode.as_str())).collect();
        markets::note_pauses(session, &here.app, &models).await?;
    }
    let since = studio.clock().now();
    let mut work = Work {
        command: &command,
        here: None,
        lines_left: survey.lines,
        currency: agreed.map_or(session.config().money.prices().currency, |(price, _)| price.currency),
        agreed,
        files: HashMap::new(),
        results: Results::create(&args.out, session.console.json)?,
        workers: BTreeMap::new(),
        bar: bar(survey.lines),
        told_at: since,
    };
    let worked = match &studio {
        Studio::Here(here) => {
            let events = here.app.engine.events();
            let running = here.app.engine.start(Some("run".to_owned())).await?;
            work.here = Some(Mine { focus: running.focus(), stopper: running.stopper(), events });
            let told = || session.console.note(&session.console.text("draining", &[]));
            stop::until_done(running, told, |drained| work.all(drained)).await
        }
        Studio::There(_) => stop::until_told(|told| work.all(told)).await,
    };
    work.bar.finish_and_clear();
    let makespan = studio.clock().now().since(since);
    let price = Money::new(work.results.counts.price, work.currency);
    let workers = json!(work.workers.into_values().collect::<Vec<_>>());
    // What is there is written whatever ended the work.
    let finished = work.results.finish(&workers, price, makespan.as_secs_f64());
    studio.close().await;
    let followed = worked.map_err(|failure| said(session, failure))?;
    let counts = finished?;
    let total = usize::try_from(survey.lines).unwrap_or(usize::MAX);
    let console = &session.console;
    let counted = [("ok", Arg::from(counts.succeeded)), ("total", Arg::from(total))];
    if let Some(stop) = batch::stopped(session, &followed, &counted) {
        return Err(stop);
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
    /// As far as this process knows them.
    models: BTreeSet<(String, String)>,
    /// Some of it may cost real money; what a service takes for it, its plan says.
    may_cost: bool,
}

async fn survey(studio: &Studio, args: &RunLines) -> std::io::Result<Survey> {
    let mut lines = Lines::open(&args.file).await?;
    let is_there = matches!(studio, Studio::There(_));
    let mut survey = Survey { lines: 0, is_cut: false, models: BTreeSet::new(), may_cost: is_there };
    loop {
        let some = lines.next(PART).await?;
        if some.is_empty() {
            survey.is_cut = lines.has_more().await?;
            break;
        }
        for line in some {
            survey.lines += 1;
            let (Ok(asked), Studio::Here(here)) = (line.asked, studio) else { continue };
            let Some(model) = asked.model.or_else(|| args.model.clone()) else { continue };
            let mode = asked.mode.or_else(|| here.app.engine.first_mode(&model).ok());
            survey.models.extend(mode.map(|mode| (model, mode)));
        }
    }
    if let Studio::Here(here) = studio {
        survey.may_cost =
            survey.models.iter().any(|(model, mode)| here.app.engine.is_real_market(model, mode));
    }
    Ok(survey)
}

/// What all of it would cost.
struct Total {
    items: usize,
    unchanged: usize,
    to_run: usize,
    refused: usize,
    price: Money,
    cost: Money,
    /// Real money may be spent.
    is_real: bool,
    eta: Duration,
}

impl Total {
    fn none(currency: Currency) -> Total {
        let none = Money::new(0, currency);
        let eta = Duration::ZERO;
        Total { items: 0, unchanged: 0, to_run: 0, refused: 0, price: none, cost: none, is_real: false, eta }
    }

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
    studio: &'a Studio,
    args: &'a RunLines,
}

/// A part of the file as it can be carried out, and its lines that cannot.
struct Part {
    items: Vec<ItemRequest>,
    bad: BTreeMap<u32, Bad>,
    ids: BTreeMap<u32, Value>,
}

impl Command<'_> {
    /// Where the lines lie; their parts are numbered behind it.
    fn file(&self) -> String {
        std::fs::canonicalize(&self.args.file)
            .unwrap_or_else(|_| self.args.file.clone())
            .display()
            .to_string()
    }

    /// Each line stands alone: one that cannot be made fails by itself.
    fn request(&self, part: usize, items: Vec<ItemRequest>) -> BatchRequest {
        BatchRequest {
            kind: Kind::Run,
            source: format!("{}#{part}", self.file()),
            title: self.args.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            items,
            each_alone: true,
            workers: self.args.workers.unwrap_or(0),
            ..BatchRequest::default()
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
        let mut total: Option<Total> = None;
        let (mut items, mut refused) = (0, 0);
        let mut lines = self.open().await?;
        for number in 1.. {
            let some = self.next(&mut lines).await?;
            if some.is_empty() {
                break;
            }
            items += some.len();
            let mut part = self.part(some).await;
            refused += part.bad.len();
            if part.items.is_empty() {
                continue;
            }
            let request = self.request(number, std::mem::take(&mut part.items));
            let planned = self.studio.plan(self.session, &request).await?;
            refused += planned.left_out.len() + planned.refused;
            let total = total.get_or_insert_with(|| Total::none(planned.price.currency));
            total.unchanged += planned.unchanged;
            total.to_run += planned.to_run;
            let sum = |a: Money, b: Money| a.plus(b).map_err(palitra_engine::Error::from);
            (total.price, total.cost) = (sum(total.price, planned.price)?, sum(total.cost, planned.cost)?);
            total.is_real |= planned.is_real;
            total.eta += planned.eta;
        }
        let total = total.unwrap_or_else(|| Total::none(self.session.config().money.prices().currency));
        Ok(Total { items, refused, ..total })
    }

    async fn part(&self, lines: Vec<Numbered>) -> Part {
        let mut part =
            Part { items: Vec::with_capacity(lines.len()), bad: BTreeMap::new(), ids: BTreeMap::new() };
        for Numbered { number, asked } in lines {
            let asked = match asked {
                Ok(asked) => asked,
                Err(bad) => {
                    part.bad.insert(number, bad);
                    continue;
                }
            };
            part.ids.extend(asked.id.clone().map(|id| (number, id)));
            match self.item(number, asked).await {
                Ok(item) => part.items.push(item),
                Err(bad) => drop(part.bad.insert(number, bad)),
            }
        }
        part
    }

    async fn item(&self, number: u32, asked: Asked) -> Result<ItemRequest, Bad> {
        let Some(model) = asked.model.or_else(|| self.args.model.clone()) else {
            let message = self.session.console.text("line-no-model", &[]);
            return Err(Bad { code: ErrorCode::InvalidInput, message });
        };
        let mut input = match asked.input {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        for (word, paths) in &asked.files {
            let ids = self.upload(paths).await?;
            let list = json!(ids);
            input.insert(
                word.clone(),
                if word == "images" || ids.len() != 1 { list } else { list[0].clone() },
            );
        }
        Ok(ItemRequest { number: Some(number), model, mode: asked.mode, input })
    }

    /// Paths stand beside the list.
    async fn upload(&self, paths: &[PathBuf]) -> Result<Vec<String>, Bad> {
        let beside = self.args.file.parent().unwrap_or(Path::new("."));
        let paths: Vec<PathBuf> = paths.iter().map(|path| beside.join(path)).collect();
        let brought = self.studio.upload(self.session, &paths).await;
        let brought = brought.map_err(|failure| bad(self.session, failure))?;
        Ok(brought.into_iter().map(|file| file.id).collect())
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
