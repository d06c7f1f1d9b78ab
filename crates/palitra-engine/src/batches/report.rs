//! The report of a batch: shapes that scripts may rely on (design §8).

use crate::Engine;
use palitra_domain::{
    BatchId, Currency, ErrorCode, GenerationId, MarketCost, Money, Timestamp, prompt,
    state::{BatchKind, BatchState, GenerationState, StepKind, StepStatus},
};
use palitra_store::batches::{self as rows, StepGeneration, StepRow, Worker};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

/// `report.json`: `{batch, status, error, slides|items, workers, totals}`.
#[derive(Debug, Clone)]
pub struct Report {
    pub batch: BatchId,
    pub kind: BatchKind,
    pub status: BatchState,
    pub error: Option<ErrorCode>,
    pub items: Vec<ItemReport>,
    pub workers: Vec<WorkerReport>,
    pub totals: Totals,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("batch", &self.batch)?;
        map.serialize_entry("status", &self.status)?;
        if let Some(error) = &self.error {
            map.serialize_entry("error", error)?;
        }
        let items = if self.kind == BatchKind::Slides { "slides" } else { "items" };
        map.serialize_entry(items, &self.items)?;
        map.serialize_entry("workers", &self.workers)?;
        map.serialize_entry("totals", &self.totals)?;
        map.end()
    }
}

/// An item as its main step has it: of a slide its picture, of a word its picture or else its speech, of a line its run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ItemReport {
    pub number: u32,
    pub title: String,
    pub status: StepStatus,
    /// Everything was there already: nothing was called, nothing was paid.
    pub reused: bool,
    /// As it was written or brought along, and what was sent.
    pub prompt: Option<String>,
    pub clean_prompt: Option<String>,
    pub model: Option<String>,
    /// Relative to the report; set by the door that writes the file.
    pub file: Option<String>,
    /// Submissions of the main step in this batch.
    pub attempts: i64,
    pub cost: Option<MarketCost>,
    pub price: Money,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub error: Option<StepError>,
    /// Each step by itself; of slides, whose steps are always the same, none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The model of the step that failed.
    #[serde(skip)]
    pub failed_model: Option<String>,
    /// Where our copy is.
    #[serde(skip)]
    pub object_key: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepReport {
    pub step: StepKind,
    pub status: StepStatus,
    pub reused: bool,
    pub id: Option<GenerationId>,
    pub model: Option<String>,
    /// What a text model answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    pub file: Option<String>,
    pub attempts: i64,
    pub price: Money,
    pub error: Option<StepError>,
    #[serde(skip)]
    pub object_key: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepError {
    pub code: ErrorCode,
    pub step: StepKind,
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkerReport {
    pub id: String,
    pub kind: String,
    pub items: i64,
    pub ok: i64,
    pub failed: i64,
    pub busy_s: f64,
    pub waiting_s: f64,
}

impl WorkerReport {
    /// What the worker of another batch did under the same name.
    #[expect(clippy::float_arithmetic, reason = "seconds for people; no money here")]
    pub fn add(&mut self, other: &WorkerReport) {
        self.items += other.items;
        self.ok += other.ok;
        self.failed += other.failed;
        self.busy_s += other.busy_s;
        self.waiting_s += other.waiting_s;
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
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
    pub async fn report(&self, id: &BatchId, since: Timestamp) -> crate::Result<Report> {
        self.report_of(id, since, false).await
    }

    /// The same with each step by itself, whatever kind of batch it is.
    pub async fn report_with_steps(&self, id: &BatchId, since: Timestamp) -> crate::Result<Report> {
        self.report_of(id, since, true).await
    }

    async fn report_of(&self, id: &BatchId, since: Timestamp, all_steps: bool) -> crate::Result<Report> {
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
        let has_steps = all_steps || batch.kind != BatchKind::Slides;
        let items: Vec<ItemReport> =
            steps.chunk_by(|a, b| a.item == b.item).map(|steps| item(steps, currency, has_steps)).collect();
        let count = |status| items.iter().filter(|item| item.status == status).count();
        let end = batch.finished_at.unwrap_or_else(|| self.now());
        let totals = Totals {
            items: items.len(),
            succeeded: count(StepStatus::Succeeded),
            failed: count(StepStatus::Failed),
            skipped: count(StepStatus::Skipped),
            cancelled: count(StepStatus::Cancelled),
            paid_calls: calls,
            price: Money::new(items.iter().map(|item| item.price.amount).sum(), currency),
            makespan_s: end.since(since).as_secs_f64(),
        };
        Ok(Report {
            batch: batch.id,
            kind: batch.kind,
            status: batch.state,
            error: batch.error,
            workers: workers.iter().map(worker).collect(),
            items,
            totals,
        })
    }
}

/// The step that an item is there for; of several the first.
const MAIN: [StepKind; 7] = [
    StepKind::Picture,
    StepKind::Run,
    StepKind::Video,
    StepKind::Edit,
    StepKind::Upscale,
    StepKind::Text,
    StepKind::Speech,
];

/// An item stands where its first unfinished or failed step stands.
fn item(steps: &[StepRow], currency: Currency, has_steps: bool) -> ItemReport {
    let first = &steps[0];
    let prompt = steps.iter().find(|step| step.kind == StepKind::Prompt);
    let main = MAIN.iter().find_map(|kind| steps.iter().find(|step| step.kind == *kind));
    let made = main.and_then(|step| step.generation.as_ref());
    let written = prompt
        .and_then(|step| step.generation.as_ref()?.output.clone())
        .or_else(|| ready_prompt(&first.content));
    let is_main_reused = main.is_some_and(|step| step.reused);
    let reused = if has_steps { steps.iter().all(|step| step.reused) } else { is_main_reused };
    let charged = steps.iter().map(charged).sum();
    let failed =
        steps.iter().find(|step| !matches!(status(step), StepStatus::Succeeded | StepStatus::Waiting));
    let waiting = steps.iter().find(|step| status(step) == StepStatus::Waiting);
    ItemReport {
        number: first.number,
        title: first.title.clone(),
        status: failed.or(waiting).or(main).map_or(StepStatus::Failed, status),
        reused,
        clean_prompt: made.and_then(sent_prompt).or_else(|| written.as_deref().map(prompt::clean_prompt)),
        prompt: written,
        model: made.map(|made| made.model.clone()),
        file: None,
        attempts: if is_main_reused { 0 } else { made.map_or(0, |made| made.attempts) },
        cost: made.filter(|_| !is_main_reused).and_then(cost),
        price: Money::new(charged, currency),
        started_at: steps
            .iter()
            .filter_map(|step| step.generation.as_ref()?.started_at)
            .min()
            .map(Timestamp::rfc3339),
        finished_at: made.and_then(|made| made.finished_at).map(Timestamp::rfc3339),
        error: failed.and_then(error),
        steps: if has_steps {
            steps.iter().map(|step| step_report(step, currency)).collect()
        } else {
            Vec::new()
        },
        failed_model: failed.and_then(|step| Some(step.generation.as_ref()?.model.clone())),
        object_key: made.and_then(object_key),
    }
}

fn step_report(step: &StepRow, currency: Currency) -> StepReport {
    let made = step.generation.as_ref();
    StepReport {
        step: step.kind,
        status: status(step),
        reused: step.reused,
        id: made.map(|made| made.id.clone()),
        model: made.map(|made| made.model.clone()),
        output: made.and_then(|made| made.output.clone()),
        file: None,
        attempts: if step.reused { 0 } else { made.map_or(0, |made| made.attempts) },
        price: Money::new(charged(step), currency),
        error: error(step).filter(|_| status(step) != StepStatus::Succeeded),
        object_key: made.and_then(object_key),
    }
}

/// What is paid in this batch: nothing for what was there already.
fn charged(step: &StepRow) -> i64 {
    step.generation.as_ref().filter(|_| !step.reused).map_or(0, |made| made.charged)
}

fn object_key(made: &StepGeneration) -> Option<String> {
    made.object_key.clone().filter(|_| made.state == GenerationState::Succeeded)
}

/// The prompt that an item brought along.
fn ready_prompt(content: &str) -> Option<String> {
    let content: Value = serde_json::from_str(content).ok()?;
    content.get("prompt")?.as_str().map(str::to_owned)
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
    let Some(generation) = &step.generation else {
        let is_skipped = step.error == Some(ErrorCode::StepBeforeFailed);
        return if is_skipped { StepStatus::Skipped } else { StepStatus::Failed };
    };
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

fn error(step: &StepRow) -> Option<StepError> {
    let generation = step.generation.as_ref();
    let code = step.error.or_else(|| generation?.error_code)?;
    let message = generation
        .and_then(|generation| generation.error_text.clone())
        .unwrap_or_else(|| code.name().to_owned());
    Some(StepError { code, step: step.kind, message })
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
