//! A task with what there is of each word.

use crate::{documents::asset, door::Door, signed::Until};
use palitra_domain::{
    BatchId, GenerationId, Timestamp,
    i18n::{self, Lang},
    state::{StepKind, StepStatus},
};
use palitra_engine::{
    Result,
    batches::{ItemReport, StepReport},
    generations::Asset,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The fields of S1 under their names, and `results: [{word, status, image_url, audio_url, error, price}]`.
pub(super) async fn task(door: &Door, id: &BatchId, lang: Lang) -> Result<Value> {
    let engine = &door.engine;
    let task = engine.task(id).await?;
    let report = engine.report(id, Timestamp::default()).await?;
    let made = report.items.iter().flat_map(|item| &item.steps).filter_map(|step| step.id.clone());
    let assets = engine.assets_of(made.collect()).await?;
    let until = door.links();
    let results: Vec<Value> = report.items.iter().map(|item| word(door, item, &assets, until)).collect();
    let mut shown = serde_json::to_value(&task).unwrap_or_default();
    shown["status_label"] = Value::from(i18n::text(lang, &format!("status-{}", task.status), &[]));
    shown["results"] = Value::from(results);
    Ok(shown)
}

fn word(door: &Door, item: &ItemReport, assets: &HashMap<GenerationId, Vec<Asset>>, until: Until) -> Value {
    let of = |kind: StepKind| item.steps.iter().find(|step| step.step == kind);
    let url = |step: Option<&StepReport>| {
        let asset = assets.get(step?.id.as_ref()?)?.first()?;
        Some(asset::content_url(door, &asset.id, until))
    };
    let ended = |step: &&StepReport| !matches!(step.status, StepStatus::Succeeded);
    let failed = item.steps.iter().filter(ended).find_map(|step| step.error.as_ref());
    json!({
        "word": item.title, "status": state(item), "image_url": url(of(StepKind::Picture)), "audio_url": url(of(StepKind::Speech)),
        "error": failed.map(|error| json!({ "code": error.code, "message": error.message })), "price": item.price,
    })
}

/// `pending`, `processing`, `completed`, `failed` or `cancelled`, of all that is asked for a word together.
fn state(item: &ItemReport) -> &'static str {
    let any = |status: StepStatus| item.steps.iter().any(|step| step.status == status);
    if any(StepStatus::Failed) || any(StepStatus::Skipped) {
        "failed"
    } else if any(StepStatus::Cancelled) {
        "cancelled"
    } else if item.steps.iter().all(|step| step.status == StepStatus::Succeeded) {
        "completed"
    } else if item.started_at.is_some() || any(StepStatus::Succeeded) {
        "processing"
    } else {
        "pending"
    }
}
