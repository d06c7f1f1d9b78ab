//! The report of a batch: shapes that scripts may rely on (design §8).

use super::start::ready_prompt;
use crate::{Engine, Result};
use palitra_domain::{
    BatchId, Currency, ErrorCode, MarketCost, Money, Timestamp, prompt,
    state::{BatchState, GenerationState, StepKind, StepStatus},
};
use palitra_store::batches::{self as rows, StepGeneration, StepRow, Worker};
use serde::Serialize;
use serde_json::Value;

/// `report.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub batch: BatchId,
    pub status: BatchState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
    pub slides: Vec<SlideReport>,
    pub workers: Vec<WorkerReport>,
    pub totals: Totals,
}

#[derive(Debug, Clone, Serialize)]
pub struct SlideReport {
    pub number: u32,
    pub title: String,
    pub status: StepStatus,
    /// The picture was there already: nothing was called, nothing was paid.
    pub reused: bool,
    /// As it was written or brought along, and what was sent.
    pub prompt: Option<String>,
    pub clean_prompt: Option<String>,
    pub model: Option<String>,
    /// Relative to the report; set by the door that writes the file.
    pub file: Option<String>,
    /// Submissions of the picture in this batch.
    pub attempts: i64,
    pub cost: Option<MarketCost>,
    pub price: Money,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub error: Option<SlideError>,
    /// The model of the step that failed.
    #[serde(skip)]
    pub failed_model: Option<String>,
    /// Where our copy is.
    #[serde(skip)]
    pub object_key: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SlideError {
    pub code: ErrorCode,
    pub step: StepKind,
    pub message: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct WorkerReport {
    pub id: String,
    pub kind: String,
    pub items: i64,
    pub ok: i64,
    pub failed: i64,
    pub busy_s: f64,
    pub waiting_s: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Totals {
    pub items: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub skipped: usize,
    pub cancelled: usize,
    /// Submissions to any market in this run, whatever the price.
    pub paid_calls: i64,
    pub price: Money,
    pub makespan_s: f64,
}

impl Engine {
    /// The report of a batch as it stands. `since` is the start of this run: a run that continues an interrupted one counts its own
    /// calls only.
    pub async fn report(&self, id: &BatchId, since: Timestamp) -> Result<Report> {
        let wanted = id.clone();
        let (steps, workers, calls) = self
            .store
            .read(move |tx| {
                Ok((
                    rows::steps(tx, &wanted)?,
                    rows::workers(tx, &wanted)?,
                    rows::calls_since(tx, &wanted, since)?,
                ))
            })
            .await?;
        let batch = self.batch(id).await?;
        let currency = self.settings.prices.currency;
        let slides: Vec<SlideReport> =
            steps.chunk_by(|a, b| a.number == b.number).map(|steps| slide(steps, currency)).collect();
        let count = |status| slides.iter().filter(|slide| slide.status == status).count();
        let end = batch.finished_at.unwrap_or_else(|| self.now());
        let totals = Totals {
            items: slides.len(),
            succeeded: count(StepStatus::Succeeded),
            failed: count(StepStatus::Failed),
            skipped: count(StepStatus::Skipped),
            cancelled: count(StepStatus::Cancelled),
            paid_calls: calls,
            price: Money::new(slides.iter().map(|slide| slide.price.amount).sum(), currency),
            makespan_s: end.since(since).as_secs_f64(),
        };
        Ok(Report {
            batch: batch.id,
            status: batch.state,
            error: batch.error,
            workers: workers.iter().map(worker).collect(),
            slides,
            totals,
        })
    }
}

/// A slide stands where its first unfinished or failed step stands.
fn slide(steps: &[StepRow], currency: Currency) -> SlideReport {
    let first = &steps[0];
    let prompt = steps.iter().find(|step| step.kind == StepKind::Prompt);
    let picture = steps.iter().find(|step| step.kind == StepKind::Picture);
    let drawn = picture.and_then(|step| step.generation.as_ref());
    let written = prompt
        .and_then(|step| step.generation.as_ref()?.output.clone())
        .or_else(|| ready_prompt(&first.content));
    let reused = picture.is_some_and(|step| step.reused);
    let own = |step: &&StepRow| !step.reused;
    let charged = steps
        .iter()
        .filter(own)
        .filter_map(|step| step.generation.as_ref())
        .map(|generation| generation.charged)
        .sum();
    let failed =
        steps.iter().find(|step| !matches!(status(step), StepStatus::Succeeded | StepStatus::Waiting));
    SlideReport {
        number: first.number,
        title: first.title.clone(),
        status: picture.map_or(StepStatus::Failed, |step| status(failed.unwrap_or(step))),
        reused,
        clean_prompt: drawn.and_then(sent_prompt).or_else(|| written.as_deref().map(prompt::clean_prompt)),
        prompt: written,
        model: drawn.map(|drawn| drawn.model.clone()),
        file: None,
        attempts: if reused { 0 } else { drawn.map_or(0, |drawn| drawn.attempts) },
        cost: drawn.filter(|_| !reused).and_then(cost),
        price: Money::new(charged, currency),
        started_at: steps
            .iter()
            .filter_map(|step| step.generation.as_ref()?.started_at)
            .min()
            .map(Timestamp::rfc3339),
        finished_at: drawn.and_then(|drawn| drawn.finished_at).map(Timestamp::rfc3339),
        error: failed.and_then(error),
        failed_model: failed.and_then(|step| Some(step.generation.as_ref()?.model.clone())),
        object_key: drawn
            .filter(|drawn| drawn.state == GenerationState::Succeeded)
            .and_then(|drawn| drawn.object_key.clone()),
    }
}

fn sent_prompt(drawn: &StepGeneration) -> Option<String> {
    let input: Value = serde_json::from_str(&drawn.input).ok()?;
    input.get("prompt")?.as_str().map(str::to_owned)
}

fn cost(drawn: &StepGeneration) -> Option<MarketCost> {
    let currency = Currency::parse(drawn.cost_currency.as_deref()?)?;
    Some(MarketCost { micros: drawn.cost_micros, currency })
}

fn status(step: &StepRow) -> StepStatus {
    let Some(generation) = &step.generation else { return StepStatus::Failed };
    match generation.state {
        GenerationState::Queued
        | GenerationState::Submitting
        | GenerationState::Running
        | GenerationState::Storing => StepStatus::Waiting,
        GenerationState::Succeeded => StepStatus::Succeeded,
        GenerationState::Failed | GenerationState::TimedOut => StepStatus::Failed,
        GenerationState::Cancelled => match generation.error_code {
            Some(ErrorCode::StepBeforeFailed | ErrorCode::BatchStopped) => StepStatus::Skipped,
            _ => StepStatus::Cancelled,
        },
    }
}

fn error(step: &StepRow) -> Option<SlideError> {
    let generation = step.generation.as_ref();
    let code = step.error.or_else(|| generation?.error_code)?;
    let message = generation
        .and_then(|generation| generation.error_text.clone())
        .unwrap_or_else(|| code.name().to_owned());
    Some(SlideError { code, step: step.kind, message })
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "seconds for people; no money here")]
fn worker(worker: &Worker) -> WorkerReport {
    let kind = worker.scope.rsplit('/').next().unwrap_or_default().to_owned();
    let span = worker.first_at.zip(worker.last_at).map_or(0, |(first, last)| last.micros() - first.micros());
    let seconds = |micros: i64| micros as f64 / 1e6;
    WorkerReport {
        id: format!("{kind}-{}", worker.n),
        kind,
        items: worker.items,
        ok: worker.ok,
        failed: worker.failed,
        busy_s: seconds(worker.busy_us),
        waiting_s: seconds((span - worker.busy_us).max(0)),
    }
}
