//! A batch as people and programs watch it: what began, what is ready, what failed, and at least once a second how far it is (S0-20…S0-23).

use crate::{Ended, Engine, EngineEvent, Result, Started};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, Timestamp,
    state::{BatchState, GenerationState, StepKind},
};
use palitra_store::batches::{self as rows, Done, Stage};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// At most this long between two counts (S0-23).
const TICK: Duration = Duration::from_secs(1);

/// What happens in a batch.
#[derive(Debug, Clone)]
pub enum BatchEvent {
    Started {
        number: u32,
        kind: StepKind,
        started: Started,
    },
    /// `prompt_ready`, `image_ready`, `audio_ready`: its result is stored and paid.
    Ready {
        number: u32,
        kind: StepKind,
        generation: GenerationId,
    },
    Failed {
        number: u32,
        kind: StepKind,
        code: ErrorCode,
    },
    /// The engine cannot go on.
    Trouble(ErrorCode),
    /// Where it stands now.
    Counted(Progress),
}

/// How far a batch is.
#[derive(Debug, Clone)]
pub struct Progress {
    pub state: BatchState,
    pub stages: Vec<Stage>,
    pub done: Done,
    /// Until its end, by how long such runs have taken lately; `None` when it is over.
    pub eta: Option<Duration>,
}

impl Progress {
    /// 0 to 100; 100 at the end only, whatever ended it (S1-13, S1-17).
    pub fn percent(&self) -> i64 {
        if self.state != BatchState::Processing {
            return 100;
        }
        (self.done.ended.saturating_mul(100) / self.done.items.max(1)).min(99)
    }
}

/// Events of one batch, one after another. Between two of them nothing is lost but lines: counts are read anew.
pub struct Follower {
    engine: Engine,
    batch: BatchId,
    events: Receiver<EngineEvent>,
    /// That have not been told; and whether they had not ended when it began.
    steps: HashMap<GenerationId, (u32, StepKind, bool)>,
    /// What is told at the end, the last count included.
    last: VecDeque<BatchEvent>,
    /// How long a run of a kind usually takes, and how many run at once.
    paces: HashMap<StepKind, (Duration, usize)>,
    /// Something has ended since the last count.
    is_due: bool,
    is_over: bool,
    /// When it is counted at the latest, whatever else happens meanwhile.
    count_at: Timestamp,
}

impl Engine {
    /// Follows a batch from now on.
    pub async fn follow(&self, batch: &BatchId) -> Result<Follower> {
        // Subscribed before anything is read, so that nothing falls between.
        let events = self.events();
        let wanted = batch.clone();
        let (steps, workers) =
            self.store.read(move |tx| Ok((rows::steps(tx, &wanted)?, rows::workers(tx, &wanted)?))).await?;
        let mut paces = HashMap::new();
        let mut own = HashMap::with_capacity(steps.len());
        for step in steps.into_iter().filter(|step| !step.reused) {
            let Some(generation) = step.generation else { continue };
            if let std::collections::hash_map::Entry::Vacant(pace) = paces.entry(step.kind) {
                let name = step.kind.as_str();
                let of_kind = |scope: &str| scope.ends_with(&format!("/{name}")) || scope.ends_with("/one");
                let count = workers.iter().filter(|worker| of_kind(&worker.scope)).count();
                let usual = self.history(&generation.model, &generation.mode).await.p50;
                pace.insert((usual, count.max(1)));
            }
            own.insert(generation.id, (step.number, step.kind, !generation.state.is_terminal()));
        }
        Ok(Follower {
            engine: self.clone(),
            batch: batch.clone(),
            events,
            steps: own,
            last: VecDeque::new(),
            paces,
            is_due: true,
            is_over: false,
            count_at: self.now(),
        })
    }

    pub async fn progress(&self, batch: &BatchId) -> Result<Progress> {
        let wanted = batch.clone();
        let read = self.store.read(move |tx| {
            Ok((rows::find(tx, &wanted)?, rows::stages(tx, &wanted)?, rows::done(tx, &wanted)?))
        });
        let (found, stages, done) = read.await?;
        let found =
            found.ok_or_else(|| crate::Error::new(ErrorCode::NotFound).with("value", batch.as_str()))?;
        Ok(Progress { state: found.state, stages, done, eta: None })
    }
}

impl Follower {
    /// The next event; `None` after the last count of a batch that is over.
    pub async fn next(&mut self) -> Result<Option<BatchEvent>> {
        if let Some(event) = self.last.pop_front() {
            return Ok(Some(event));
        }
        if self.is_over {
            return Ok(None);
        }
        loop {
            if self.is_due && self.events.is_empty() {
                return Ok(Some(self.counted().await?));
            }
            let event = tokio::select! {
                event = self.events.recv() => match event {
                    Ok(event) => self.of_batch(event),
                    Err(RecvError::Lagged(_)) => Some(self.counted().await?),
                    Err(RecvError::Closed) => {
                        let last = self.counted().await?;
                        self.is_over = true;
                        Some(last)
                    }
                },
                () = self.engine.clock.sleep(self.count_at.since(self.engine.now())) => Some(self.counted().await?),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// What has happened already; `None` when there is nothing.
    pub fn at_once(&mut self) -> Option<BatchEvent> {
        loop {
            match self.events.try_recv() {
                Ok(event) => match self.of_batch(event) {
                    None => {}
                    event => return event,
                },
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// Where the batch stands; the last count when it is over. What else has ended by then comes before it.
    async fn counted(&mut self) -> Result<BatchEvent> {
        self.is_due = false;
        self.count_at = self.engine.now().plus(TICK);
        let progress = self.count().await?;
        self.is_over = progress.state != BatchState::Processing && self.events.is_empty();
        if !self.is_over {
            return Ok(BatchEvent::Counted(progress));
        }
        self.last = self.untold().await?;
        self.last.push_back(BatchEvent::Counted(progress.clone()));
        Ok(self.last.pop_front().unwrap_or(BatchEvent::Counted(progress)))
    }

    /// Ends are committed before they are told: those that nobody has told yet when the batch is over.
    async fn untold(&mut self) -> Result<VecDeque<BatchEvent>> {
        self.steps.retain(|_, (.., is_open)| *is_open);
        if self.steps.is_empty() {
            return Ok(VecDeque::new());
        }
        let batch = self.batch.clone();
        let rows = self.engine.store.read(move |tx| rows::steps(tx, &batch)).await?;
        let ended = rows.into_iter().filter_map(|row| row.generation).filter(|made| made.state.is_terminal());
        Ok(ended.filter_map(|made| self.ended(made.id, made.state, made.error_code)).collect())
    }

    /// A step is told once.
    fn ended(
        &mut self,
        generation: GenerationId,
        state: GenerationState,
        error: Option<ErrorCode>,
    ) -> Option<BatchEvent> {
        let (number, kind, _) = self.steps.remove(&generation)?;
        Some(match state {
            GenerationState::Succeeded => BatchEvent::Ready { number, kind, generation },
            _ => BatchEvent::Failed { number, kind, code: error.unwrap_or(ErrorCode::Internal) },
        })
    }

    pub async fn count(&self) -> Result<Progress> {
        let mut progress = self.engine.progress(&self.batch).await?;
        if progress.state == BatchState::Processing {
            progress.eta = Some(self.eta(&progress.stages));
        }
        Ok(progress)
    }

    /// Stages overlap: the longest of them is what is left.
    fn eta(&self, stages: &[Stage]) -> Duration {
        let left = |stage: &Stage| {
            let (usual, workers) = self.paces.get(&stage.kind).copied().unwrap_or((Duration::ZERO, 1));
            let left = stage.total - stage.succeeded - stage.failed - stage.skipped;
            let rounds = usize::try_from(left).unwrap_or(0).div_ceil(workers);
            usual.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
        };
        stages.iter().map(left).max().unwrap_or_default()
    }

    fn of_batch(&mut self, event: EngineEvent) -> Option<BatchEvent> {
        match event {
            EngineEvent::Trouble(code) => Some(BatchEvent::Trouble(code)),
            EngineEvent::Started(started) => {
                let (number, kind, _) = *self.steps.get(&started.generation)?;
                Some(BatchEvent::Started { number, kind, started })
            }
            EngineEvent::Ended(Ended { generation, state, error }) => {
                let told = self.ended(generation, state, error)?;
                self.is_due = true;
                Some(told)
            }
        }
    }
}
