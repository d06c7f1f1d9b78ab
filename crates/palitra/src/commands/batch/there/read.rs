//! What a service says of a batch, read back into what a run of this process knows.

use crate::{
    commands::batch::studio::{Bad, Kept, Planned},
    failure::Failure,
};
use palitra_domain::{
    BatchId, ErrorCode, GenerationId, Money, media_type,
    state::{BatchKind, BatchState, StepKind, StepStatus},
};
use palitra_engine::batches::{ItemReport, Report, Stage, Totals, WorkerReport};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

pub(super) fn unreadable(why: &str) -> Failure {
    Failure::new(ErrorCode::Internal).with("why", format!("the service answered with something else: {why}"))
}

fn broken(error: serde_json::Error) -> Failure {
    unreadable(&error.to_string())
}

pub(super) fn id(answer: &Value) -> Result<BatchId, Failure> {
    BatchId::parse(answer["id"].as_str().unwrap_or_default()).map_err(|error| unreadable(&error.to_string()))
}

/// `BatchPlan`.
#[derive(Deserialize)]
struct PlanTold {
    items: usize,
    unchanged: usize,
    to_run: usize,
    failed: usize,
    refused: usize,
    price: Money,
    /// Of the operator.
    cost: Option<Money>,
    is_real: Option<bool>,
    eta_s: u64,
    #[serde(default)]
    left_out: Vec<LeftOut>,
    open_batch_id: Option<BatchId>,
    #[serde(default)]
    under_way: bool,
}

#[derive(Deserialize)]
struct LeftOut {
    number: u32,
    code: String,
    message: String,
}

pub(super) fn planned(answer: &Value, kept: Kept) -> Result<Planned, Failure> {
    let told = PlanTold::deserialize(answer).map_err(broken)?;
    let bad = |left: LeftOut| {
        let code = ErrorCode::parse(&left.code).unwrap_or(ErrorCode::InvalidInput);
        (left.number, Bad { code, message: left.message })
    };
    Ok(Planned {
        items: told.items,
        unchanged: told.unchanged,
        to_run: told.to_run,
        failed: told.failed,
        refused: told.refused,
        price: told.price,
        cost: told.cost.unwrap_or(told.price),
        // Whether a market is real is told to the operator alone: what costs something is asked about.
        is_real: told.is_real == Some(true) || told.price.amount > 0,
        eta: Duration::from_secs(told.eta_s),
        left_out: told.left_out.into_iter().map(bad).collect(),
        open: told.open_batch_id,
        under_way: told.under_way,
        kept,
    })
}

pub(super) fn stages(told: &Value) -> Vec<Stage> {
    let number = |stage: &Value, name: &str| stage[name].as_i64().unwrap_or(0);
    let stage = |stage: &Value| {
        Some(Stage {
            kind: StepKind::parse(stage["step"].as_str()?)?,
            total: number(stage, "total"),
            succeeded: number(stage, "succeeded"),
            failed: number(stage, "failed"),
            skipped: number(stage, "skipped"),
        })
    };
    told.as_array().into_iter().flatten().filter_map(stage).collect()
}

/// The files of an answer by their assets, each with its true ending: `ast_….png`.
pub(super) fn keys(assets: &Value) -> Vec<String> {
    let key = |asset: &Value| {
        let ending = media_type::of_mime(asset["mime"].as_str()?).map_or("bin", |media| media.extension);
        Some(format!("{}.{ending}", asset["id"].as_str()?))
    };
    assets.as_array().into_iter().flatten().filter_map(key).collect()
}

/// What a step has made.
pub(super) struct Made {
    number: u32,
    step: StepKind,
    is_there: bool,
    model: Option<String>,
    pub(super) generation: Option<GenerationId>,
    pub(super) keys: Vec<String>,
}

/// Line by line, as `results` are told.
pub(super) fn made(lines: &[u8]) -> Result<Vec<Made>, Failure> {
    let mut all = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let item: Value = serde_json::from_slice(line).map_err(broken)?;
        let number = item["number"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let step = |step: &Value| {
            Some(Made {
                number,
                step: StepKind::parse(step["step"].as_str()?)?,
                is_there: step["status"] == StepStatus::Succeeded.as_str(),
                model: step["model"].as_str().map(str::to_owned),
                generation: step["generation_id"].as_str().and_then(|id| GenerationId::parse(id).ok()),
                keys: keys(&step["assets"]),
            })
        };
        all.extend(item["steps"].as_array().into_iter().flatten().filter_map(step));
    }
    Ok(all)
}

/// `report.json`.
#[derive(Deserialize)]
struct ReportTold {
    batch: BatchId,
    status: BatchState,
    error: Option<ErrorCode>,
    #[serde(alias = "slides")]
    items: Vec<ItemReport>,
    workers: Vec<WorkerReport>,
    totals: Totals,
}

/// The report with its files and models, which its document does not name.
pub(super) fn report(told: Value, made: &[Made]) -> Result<Report, Failure> {
    let kind = if told["slides"].is_array() { BatchKind::Slides } else { BatchKind::Run };
    let mut told = ReportTold::deserialize(told).map_err(broken)?;
    let made: HashMap<(u32, StepKind), &Made> =
        made.iter().map(|made| ((made.number, made.step), made)).collect();
    let key = |number: u32, step: StepKind| {
        let made = made.get(&(number, step)).filter(|made| made.is_there)?;
        made.keys.first().cloned()
    };
    for item in &mut told.items {
        item.object_key = key(item.number, StepKind::Picture);
        for step in &mut item.steps {
            step.object_key = key(item.number, step.step);
        }
        let failed = item.error.as_ref().and_then(|error| made.get(&(item.number, error.step)));
        item.failed_model = failed.and_then(|made| made.model.clone());
    }
    let ReportTold { batch, status, error, items, workers, totals } = told;
    Ok(Report { batch, kind, status, error, items, workers, totals })
}
