//! A run as people watch it: bars on a terminal, plain lines in a pipe, and pictures in the folder as soon as they exist.

use super::{Followed, files};
use crate::{
    commands::{Session, market_failure, stop},
    failure::Failure,
    wiring::App,
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId,
    i18n::{self, Arg},
    state::{BatchState, GenerationState, StepKind},
};
use palitra_engine::{Ended, EngineEvent, Started};
use std::{cell::Cell, collections::HashMap, io::IsTerminal, path::Path, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;

/// One run of a batch in front of somebody.
pub(super) struct Run<'a> {
    pub(super) session: &'a Session,
    pub(super) app: &'a App,
    pub(super) batch: &'a BatchId,
    pub(super) out: &'a Path,
}

/// Which slide and step a generation is.
type Steps = HashMap<GenerationId, (u32, StepKind)>;

impl Run<'_> {
    /// Starts the engine on this batch alone and follows it to its end, or to the first signal.
    pub(super) async fn follow(&self) -> Result<Followed, Failure> {
        let engine = &self.app.engine;
        let events = engine.events();
        let steps: Steps = engine
            .batch_steps(self.batch)
            .await?
            .into_iter()
            .map(|step| (step.generation, (step.number, step.kind)))
            .collect();
        let board = Board::new(self.session, engine.stages(self.batch).await?);
        self.name_workers().await?;
        let running = engine.start(Some(self.batch.to_string())).await?;
        let told = || {
            board.give_up_bars();
            board.line(&self.session.console.text("draining", &[]));
        };
        let watched =
            stop::until_done(running, told, |drained| self.watch(events, &steps, &board, drained)).await;
        board.close();
        watched?;
        let is_over = engine.batch(self.batch).await?.state != BatchState::Processing;
        Ok(if is_over { Followed::Done } else { Followed::Interrupted })
    }

    /// S0-39: how many workers there are, and their names, before the first of them begins.
    async fn name_workers(&self) -> Result<(), Failure> {
        let workers = self.app.engine.report(self.batch, self.app.clock.now()).await?.workers;
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
        mut events: Receiver<EngineEvent>,
        steps: &Steps,
        board: &Board<'_>,
        drained: CancellationToken,
    ) -> Result<(), Failure> {
        let engine = &self.app.engine;
        while engine.batch(self.batch).await?.state == BatchState::Processing {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => self.show(&event, steps, board).await?,
                    // The counters are read anew below; only lines are lost.
                    Err(RecvError::Lagged(_)) => board.count(&engine.stages(self.batch).await?),
                    Err(RecvError::Closed) => return Ok(()),
                },
                () = engine.clock.sleep(Duration::from_secs(1)) => board.count(&engine.stages(self.batch).await?),
                () = drained.cancelled() => break,
            }
        }
        while let Ok(event) = events.try_recv() {
            self.show(&event, steps, board).await?;
        }
        board.count(&engine.stages(self.batch).await?);
        Ok(())
    }

    async fn show(&self, event: &EngineEvent, steps: &Steps, board: &Board<'_>) -> Result<(), Failure> {
        match event {
            EngineEvent::Trouble(code) => {
                return Err(self.session.trouble(*code));
            }
            EngineEvent::Started(started) => {
                if let Some((number, kind)) = steps.get(&started.generation) {
                    board.started(*number, *kind, started);
                }
            }
            EngineEvent::Ended(ended) => {
                if let Some((number, kind)) = steps.get(&ended.generation) {
                    self.ended(*number, *kind, ended, board).await?;
                }
            }
        }
        board.count(&self.app.engine.stages(self.batch).await?);
        Ok(())
    }

    async fn ended(
        &self,
        number: u32,
        kind: StepKind,
        ended: &Ended,
        board: &Board<'_>,
    ) -> Result<(), Failure> {
        if ended.state != GenerationState::Succeeded {
            board.failed(number, kind, ended.error.unwrap_or(ErrorCode::Internal));
            return Ok(());
        }
        if kind == StepKind::Picture {
            self.write_picture(number, &ended.generation).await?;
        }
        board.ready(number, kind);
        Ok(())
    }

    async fn write_picture(&self, number: u32, generation: &GenerationId) -> Result<(), Failure> {
        let engine = &self.app.engine;
        for asset in engine.assets(generation).await? {
            let name = files::picture_name(number, &asset.object_key);
            files::copy_object(engine, &asset.object_key, &self.out.join(name)).await?;
        }
        Ok(())
    }
}

/// The two counters of S0-22, as bars or as lines.
struct Board<'a> {
    session: &'a Session,
    bars: Option<MultiProgress>,
    /// The bars have stopped: lines from here on.
    is_plain: Cell<bool>,
    counters: Vec<(StepKind, ProgressBar)>,
}

impl<'a> Board<'a> {
    fn new(session: &'a Session, stages: Vec<palitra_engine::batches::Stage>) -> Board<'a> {
        let is_terminal = std::io::stderr().is_terminal();
        let bars = is_terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let style = ProgressStyle::with_template("{msg:22} {bar:30} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let counter = |stage: &palitra_engine::batches::Stage| {
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
            counters: stages.iter().map(counter).collect(),
            is_plain: Cell::new(!is_terminal),
            bars,
        };
        board.count(&stages);
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
        tracing::info!(
            slide = number,
            worker,
            "{}; {}",
            self.session
                .console
                .text("worker-slide", &[("worker", (&worker).into()), ("slide", number.into())]),
            self.session
                .console
                .text("sending", &[("slide", number.into()), ("prompt", (&started.prompt).into())]),
        );
    }

    fn ready(&self, number: u32, kind: StepKind) {
        let key = match kind {
            StepKind::Prompt => "prompt-ready",
            StepKind::Picture => "image-ready",
        };
        self.line(&self.session.console.text(key, &[("slide", number.into())]));
    }

    fn failed(&self, number: u32, kind: StepKind, code: ErrorCode) {
        let lang = self.session.console.lang;
        let slides = &self.session.config().slides;
        let (key, model) = match kind {
            StepKind::Prompt => ("prompt-failed", &slides.prompt_model),
            StepKind::Picture => ("image-failed", &slides.model),
        };
        let why = market_failure::failure(code, ("", model), None).message(lang);
        self.line(&i18n::text(lang, key, &[("slide", number.into()), ("why", Arg::from(&why))]));
    }

    fn count(&self, stages: &[palitra_engine::batches::Stage]) {
        for (kind, bar) in &self.counters {
            let Some(stage) = stages.iter().find(|stage| stage.kind == *kind) else { continue };
            let key = match kind {
                StepKind::Prompt => "counter-prompts",
                StepKind::Picture => "counter-images",
            };
            let text = self
                .session
                .console
                .text(key, &[("done", stage.succeeded.into()), ("total", stage.total.into())]);
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
