//! A run as people watch it: bars on a terminal, plain lines in a pipe, and files in the folder as soon as they exist.

use super::{Feed, Studio};
use crate::{
    commands::{Session, market_failure, stop},
    failure::Failure,
    wiring::App,
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId,
    i18n::{self, Arg},
    state::{BatchState, StepKind},
};
use palitra_engine::{
    Started,
    batches::{BatchEvent, Progress, Stage},
};
use std::{cell::Cell, io::IsTerminal, path::PathBuf, time::Duration};
use tokio_util::sync::CancellationToken;

/// What the items of a batch are called, and where their files go.
pub(in crate::commands) trait Names: Sync {
    /// `slide`, `word`, `line`: the beginning of the texts that speak of one.
    fn noun(&self) -> &'static str;
    /// How people know it: the number of a slide, the word itself.
    fn item(&self, number: u32) -> String;
    /// The model of a step, for what is said when it fails.
    fn model(&self, kind: StepKind) -> &str;
    /// Where the first file of a step goes while the run goes on; `None`: nowhere.
    fn file(&self, number: u32, kind: StepKind, object_key: &str) -> Option<PathBuf>;
}

/// One run of a batch in front of somebody.
pub(in crate::commands) struct Run<'a> {
    pub(in crate::commands) session: &'a Session,
    pub(in crate::commands) studio: &'a Studio,
    pub(in crate::commands) batch: &'a BatchId,
    pub(in crate::commands) names: &'a dyn Names,
}

/// How the run ended for the one who watched it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) enum Followed {
    Done,
    /// It continues when the same command comes again.
    Interrupted,
    /// It goes on at the service.
    Left(BatchId),
}

impl Run<'_> {
    /// Starts the engine on this batch alone and follows it to its end, or to the first signal.
    pub(super) async fn follow_here(&self, app: &App) -> Result<Followed, Failure> {
        let (feed, board) = self.open().await?;
        self.name_workers(app).await?;
        let running = app.engine.start(Some(self.batch.to_string())).await?;
        let told = || {
            board.give_up_bars();
            board.line(&self.session.console.text("draining", &[]));
        };
        let watched = stop::until_done(running, told, |drained| self.watch(feed, &board, drained)).await;
        board.close();
        watched?;
        Ok(if self.is_over().await? { Followed::Done } else { Followed::Interrupted })
    }

    /// Follows what a service does, to its end or until it is left alone.
    pub(super) async fn follow_there(&self, stopped: CancellationToken) -> Result<Followed, Failure> {
        let (feed, board) = self.open().await?;
        let watched = self.watch(feed, &board, stopped.clone()).await;
        if stopped.is_cancelled() {
            board.give_up_bars();
        }
        board.close();
        watched?;
        Ok(if self.is_over().await? { Followed::Done } else { Followed::Left(self.batch.clone()) })
    }

    /// Its events from now on, and the board with what is there.
    async fn open(&self) -> Result<(Feed, Board<'_>), Failure> {
        let feed = self.studio.follow(self.batch).await?;
        let stages = self.studio.stages(self.session, self.batch).await?;
        Ok((feed, Board::new(self.session, self.names, stages)))
    }

    async fn is_over(&self) -> Result<bool, Failure> {
        let is_over = self.studio.state(self.session, self.batch).await? != BatchState::Processing;
        if is_over {
            self.session.console.ring();
        }
        Ok(is_over)
    }

    /// S0-39: how many workers there are, and their names, before the first of them begins.
    async fn name_workers(&self, app: &App) -> Result<(), Failure> {
        let workers = app.engine.report(self.batch, app.clock.now()).await?.workers;
        let names: Vec<&str> = workers.iter().map(|worker| worker.id.as_str()).collect();
        tracing::info!(
            workers = names.join(", "),
            "{}",
            self.session.console.text("workers-started", &[("workers", names.len().into())])
        );
        Ok(())
    }

    async fn watch(
        &self,
        mut feed: Feed,
        board: &Board<'_>,
        drained: CancellationToken,
    ) -> Result<(), Failure> {
        loop {
            let event = tokio::select! {
                event = feed.next() => event?,
                () = drained.cancelled() => break,
            };
            let Some(event) = event else { break };
            self.show(event, board).await?;
        }
        // What ended while the last calls were waited for.
        while let Some(event) = feed.at_once() {
            self.show(event, board).await?;
        }
        if let Some(progress) = feed.count().await? {
            board.count(&progress);
        }
        Ok(())
    }

    async fn show(&self, event: BatchEvent, board: &Board<'_>) -> Result<(), Failure> {
        match event {
            BatchEvent::Trouble(code) => return Err(self.session.trouble(code)),
            BatchEvent::Started { number, kind, started } => board.started(number, kind, &started),
            BatchEvent::Ready { number, kind, generation } => {
                self.write_file(number, kind, &generation).await?;
                board.ready(number, kind);
            }
            BatchEvent::Failed { number, kind, code } => board.failed(number, kind, code),
            BatchEvent::Counted(progress) => board.count(&progress),
        }
        Ok(())
    }

    async fn write_file(
        &self,
        number: u32,
        kind: StepKind,
        generation: &GenerationId,
    ) -> Result<(), Failure> {
        if kind == StepKind::Prompt {
            return Ok(());
        }
        let made = self.studio.made(self.session, generation).await?;
        if let Some(key) = made.first()
            && let Some(file) = self.names.file(number, kind, key)
        {
            self.studio.files().copy_early(key, &file).await?;
        }
        Ok(())
    }
}

/// The counters of S0-22, as bars or as lines.
struct Board<'a> {
    session: &'a Session,
    names: &'a dyn Names,
    bars: Option<MultiProgress>,
    /// The bars have stopped: lines from here on.
    is_plain: Cell<bool>,
    counters: Vec<(StepKind, ProgressBar)>,
}

impl<'a> Board<'a> {
    fn new(session: &'a Session, names: &'a dyn Names, stages: Vec<Stage>) -> Board<'a> {
        let is_terminal = std::io::stderr().is_terminal();
        let bars = is_terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let style = ProgressStyle::with_template("{msg:22} {bar:30} {elapsed}{prefix}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let counter = |stage: &Stage| {
            let total = u64::try_from(stage.total).unwrap_or(0);
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden())
                .with_style(style.clone());
            let bar = bars.as_ref().map_or_else(|| bar.clone(), |bars| bars.add(bar.clone()));
            if is_terminal {
                bar.enable_steady_tick(Duration::from_secs(1));
            }
            (stage.kind, bar)
        };
        let board = Board {
            session,
            names,
            counters: stages.iter().map(counter).collect(),
            is_plain: Cell::new(!is_terminal),
            bars,
        };
        board.count_stages(&stages);
        board
    }

    fn line(&self, text: &str) {
        match &self.bars {
            Some(bars) if !self.is_plain.get() => drop(bars.println(text)),
            _ => self.session.console.note(text),
        }
    }

    /// Leaves the bars as they are. The terminal echoes Ctrl-C behind them, so they could not be drawn over any more.
    fn give_up_bars(&self) {
        if let Some(bars) = &self.bars {
            bars.set_draw_target(ProgressDrawTarget::hidden());
            self.session.console.note("");
        }
        self.is_plain.set(true);
    }

    fn started(&self, number: u32, kind: StepKind, started: &Started) {
        let worker = started.worker.map_or_else(|| kind.to_string(), |worker| format!("{kind}-{worker}"));
        let (noun, item) = (self.names.noun(), self.names.item(number));
        tracing::info!(
            slide = number,
            worker,
            "{}; {}",
            self.session
                .console
                .text(&format!("{noun}-worker"), &[("worker", (&worker).into()), ("item", (&item).into())]),
            self.session.console.text(
                &format!("{noun}-sending"),
                &[("item", (&item).into()), ("prompt", (&started.prompt).into())]
            ),
        );
    }

    fn ready(&self, number: u32, kind: StepKind) {
        let key = format!("{}-{kind}-ready", self.names.noun());
        self.line(&self.session.console.text(&key, &[("item", (&self.names.item(number)).into())]));
    }

    fn failed(&self, number: u32, kind: StepKind, code: ErrorCode) {
        let lang = self.session.console.lang;
        let why = market_failure::failure(code, ("", self.names.model(kind)), None).message(lang);
        let key = format!("{}-{kind}-failed", self.names.noun());
        let item = self.names.item(number);
        self.line(&i18n::text(lang, &key, &[("item", (&item).into()), ("why", Arg::from(&why))]));
    }

    fn count(&self, progress: &Progress) {
        self.count_stages(&progress.stages);
        let seconds = progress.eta.map(super::super::money::whole_seconds).filter(|seconds| *seconds > 0);
        if let (Some((_, bar)), false) = (self.counters.last(), self.is_plain.get()) {
            let left = seconds
                .map(|seconds| self.session.console.text("counter-left", &[("seconds", seconds.into())]));
            bar.set_prefix(left.unwrap_or_default());
        }
    }

    fn count_stages(&self, stages: &[Stage]) {
        for (kind, bar) in &self.counters {
            let Some(stage) = stages.iter().find(|stage| stage.kind == *kind) else { continue };
            let text = self.session.console.text(
                &format!("counter-{kind}"),
                &[("done", stage.succeeded.into()), ("total", stage.total.into())],
            );
            bar.set_position(u64::try_from(stage.succeeded).unwrap_or(0));
            if bar.message() != text {
                bar.set_message(text.clone());
                if self.is_plain.get() {
                    self.session.console.note(&format!("   {text}"));
                }
            }
        }
    }

    fn close(&self) {
        for (_, bar) in &self.counters {
            bar.abandon();
        }
    }
}
