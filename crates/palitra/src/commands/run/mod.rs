//! `palitra run FILE.jsonl -o DIR`: any generation per line. The file is read so many lines at a time, each part a batch of its own, so that
//! neither its length nor its results are held in memory; the same command again continues and pays the difference.

mod lines;
mod results;

use super::{
    Session, Stop, markets, money, said,
    slides::{check_writable, copy_object},
    stop,
};
use crate::{
    args::{Order, RunLines},
    failure::{Failure, Phrase},
    wiring::App,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lines::{Bad, LINES_MAX, Lines, Numbered};
use palitra_domain::{
    AssetId, BatchId, ErrorCode, Money, Timestamp,
    i18n::Arg,
    state::{BatchState, Priority, StepStatus},
};
use palitra_engine::{
    Focus,
    batches::{BatchEvent, ItemReport, Line, LinesOptions, Manifest, ManifestItem, Plan, WorkerReport},
};
use results::Results;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::IsTerminal,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

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
    if args.spend.plan || args.spend.max_cost_minor.is_some() || is_asked_about {
        let total = command.plan_all().await?;
        session.console.say(&total.line(session));
        if args.spend.plan {
            session.console.document(&total.document());
            return Ok(());
        }
        money::agree(session, &args.spend, (total.price, total.cost), is_asked_about)?;
    }
    check_writable(&args.out)?;
    app.engine.retry_keys().await?;
    let models: Vec<(&str, &str)> =
        survey.models.iter().map(|(model, mode)| (model.as_str(), mode.as_str())).collect();
    markets::note_pauses(session, &app, &models).await?;
    let since = app.clock.now();
    let running = app.engine.start(Some("run".to_owned())).await?;
    let mut work = Work {
        command: &command,
        focus: running.focus(),
        results: Results::create(&args.out, session.console.json)?,
        workers: BTreeMap::new(),
        bar: bar(survey.lines),
        told_at: since,
    };
    let told = || session.console.note(&session.console.text("draining", &[]));
    let worked = stop::until_done(running, told, |drained| work.all(drained)).await;
    work.bar.finish_and_clear();
    let is_interrupted = worked?;
    let makespan = app.clock.now().since(since);
    let currency = app.engine.settings.prices.currency;
    let price = Money::new(work.results.counts.price, currency);
    let workers = json!(work.workers.into_values().collect::<Vec<_>>());
    let counts = work.results.finish(&workers, price, makespan.as_secs_f64())?;
    app.close().await;
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
        let mut ids = Vec::with_capacity(paths.len());
        for path in paths {
            let path = beside.join(path);
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let missing = Failure::new(ErrorCode::FileMissing).with("value", format!("`{}`", path.display()));
            let bytes =
                tokio::fs::read(&path).await.map_err(|error| bad(self.session, missing.caused_by(error)))?;
            let engine = &self.app.engine;
            let uploaded =
                engine.upload(&engine.house.id, self.session.livemode(), &name, bytes.into()).await;
            ids.push(uploaded.map_err(|error| bad(self.session, error.into()))?.id);
        }
        Ok(ids)
    }
}

/// A failure that is a line's own.
fn bad(session: &Session, failure: Failure) -> Bad {
    Bad { code: failure.code(), message: failure.message(session.console.lang) }
}

/// The run itself.
struct Work<'a> {
    command: &'a Command<'a>,
    focus: Focus,
    results: Results,
    workers: BTreeMap<String, WorkerReport>,
    bar: ProgressBar,
    told_at: Timestamp,
}

impl Work<'_> {
    /// `true`: a signal came before the end.
    async fn all(&mut self, drained: CancellationToken) -> Result<bool, Failure> {
        let mut lines = self.command.open().await?;
        for number in 1.. {
            let some = self.command.next(&mut lines).await?;
            if some.is_empty() {
                break;
            }
            if self.part(some, number, &drained).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn part(
        &mut self,
        lines: Vec<Numbered>,
        number: usize,
        drained: &CancellationToken,
    ) -> Result<bool, Failure> {
        let options = self.command.options(number);
        let mut part = self.command.part(lines, &options).await?;
        let items = std::mem::take(&mut part.items);
        if items.is_empty() {
            self.write(&part, Vec::new(), &mut HashSet::new())?;
            return Ok(false);
        }
        let engine = &self.command.app.engine;
        let Some(plan) = self.plan(options.manifest(items, part.faces.clone()), drained).await? else {
            return Ok(true);
        };
        let since = self.command.app.clock.now();
        let batch = match engine.interrupted(&plan).await? {
            Some(open) => {
                engine.resume_batch(&plan, &open.id).await?;
                open.id
            }
            None => engine.start_batch(&plan).await?.id,
        };
        self.focus.on(&batch);
        let mut written = HashSet::new();
        let is_interrupted = self.follow(&batch, &part, &mut written, drained).await?;
        let report = engine.report(&batch, since).await?;
        self.results.counts.paid_calls += report.totals.paid_calls;
        for worker in report.workers {
            let known = self.workers.entry(worker.id.clone()).or_insert(WorkerReport {
                items: 0,
                ok: 0,
                failed: 0,
                busy_s: 0.,
                waiting_s: 0.,
                ..worker.clone()
            });
            known.add(&worker);
        }
        let mut items = report.items;
        items.retain(|item| !is_interrupted || item.status != StepStatus::Waiting);
        for item in items.iter_mut().filter(|item| !written.contains(&item.number)) {
            self.leave(item).await?;
        }
        self.write(&part, items, &mut written)?;
        Ok(is_interrupted)
    }

    /// What an earlier run left at a market is waited for: it is paid for.
    async fn plan(&self, manifest: Manifest, drained: &CancellationToken) -> Result<Option<Plan>, Failure> {
        let (engine, console) = (&self.command.app.engine, &self.command.session.console);
        let mut is_told = false;
        loop {
            let plan = engine.plan(manifest.clone()).await?;
            if engine.interrupted(&plan).await?.is_some() || !engine.is_under_way(&plan).await? {
                return Ok(Some(plan));
            }
            if !is_told {
                console.note(&console.text("waiting-leftover", &[]));
                is_told = true;
            }
            tokio::select! {
                () = engine.clock.sleep(TICK) => {}
                () = drained.cancelled() => return Ok(None),
            }
        }
    }

    async fn follow(
        &mut self,
        batch: &BatchId,
        part: &Part,
        written: &mut HashSet<u32>,
        drained: &CancellationToken,
    ) -> Result<bool, Failure> {
        let engine = &self.command.app.engine;
        let mut follower = engine.follow(batch).await?;
        let before = self.bar.position();
        loop {
            let event = tokio::select! {
                event = follower.next() => event?,
                () = drained.cancelled() => break,
            };
            match event {
                None => break,
                Some(BatchEvent::Trouble(code)) => return Err(self.command.session.trouble(code)),
                Some(BatchEvent::Counted(progress)) => {
                    self.bar.set_position(before + u64::try_from(progress.done.ended).unwrap_or(0));
                    let is_due = self.command.app.clock.now().since(self.told_at) >= TICK;
                    if is_due && progress.state == BatchState::Processing {
                        self.told_at = self.command.app.clock.now();
                        self.tell();
                        if self.command.args.order == Order::Done {
                            let report = engine.report(batch, self.told_at).await?;
                            let mut ended = report.items;
                            ended.retain(|item| {
                                item.status != StepStatus::Waiting && !written.contains(&item.number)
                            });
                            for item in &mut ended {
                                self.leave(item).await?;
                            }
                            self.write_ended(part, ended, written)?;
                        }
                    }
                }
                Some(_) => {}
            }
        }
        Ok(engine.batch(batch).await?.state == BatchState::Processing)
    }

    /// One line a second where there is no bar.
    fn tell(&self) {
        if self.bar.is_hidden() {
            let console = &self.command.session.console;
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let number = |count: u64| Arg::from(i64::try_from(count).unwrap_or(i64::MAX));
            console.note(&console.text("counter-run", &[("done", number(done)), ("total", number(total))]));
        }
    }

    /// `00007.png` beside the results.
    async fn leave(&self, item: &mut ItemReport) -> Result<(), Failure> {
        let Some(key) = &item.object_key else { return Ok(()) };
        let extension = key.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let name = format!("{:05}.{extension}", item.number);
        copy_object(&self.command.app.engine, key, &self.command.args.out.join(&name)).await?;
        item.file = Some(name);
        Ok(())
    }

    fn write_ended(
        &mut self,
        part: &Part,
        items: Vec<ItemReport>,
        written: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        for item in items {
            written.insert(item.number);
            let price = item.price.amount;
            let mut result = json!(item);
            result["id"] = part.ids.get(&item.number).cloned().unwrap_or_default();
            self.results.add(&result, price)?;
        }
        Ok(())
    }

    /// What is not written yet, in the order of the lines, with those that could not be tried.
    fn write(
        &mut self,
        part: &Part,
        items: Vec<ItemReport>,
        written: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        let mut left: BTreeMap<u32, Option<ItemReport>> =
            part.bad.keys().map(|number| (*number, None)).collect();
        left.extend(
            items
                .into_iter()
                .filter(|item| !written.contains(&item.number))
                .map(|item| (item.number, Some(item))),
        );
        for (number, item) in left {
            match (item, part.bad.get(&number)) {
                (Some(item), _) => self.write_ended(part, vec![item], written)?,
                (None, Some(bad)) => {
                    let result = json!({
                        "number": number, "id": part.ids.get(&number), "title": "", "status": StepStatus::Failed, "reused": false,
                        "error": { "code": bad.code, "message": bad.message },
                    });
                    self.results.add(&result, 0)?;
                    self.bar.inc(1);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}

fn bar(lines: u32) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(Some(lines.into()), ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{pos}/{len} {bar:30} {elapsed} · {eta}");
    ProgressBar::new(lines.into()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
