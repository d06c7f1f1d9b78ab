//! Generations and batches as documents: what the API answers, `--json` prints, and the pages for people are made of.

use crate::{args::JobsLs, failure::Failure};
use palitra_domain::{
    BatchId, GenerationId, Money, Timestamp,
    state::{BatchState, GenerationState},
};
use palitra_engine::{
    Engine,
    batches::Batch,
    generations::{Asset, Attempt, CancelOutcome, Filter, Generation, Place},
};
use serde_json::{Value, json};

/// A page of generations, newest first.
pub(crate) async fn list(engine: &Engine, query: &JobsLs) -> Result<Vec<Value>, Failure> {
    let now = engine.clock.now();
    let account = match &query.account {
        Some(name) => Some(engine.account(name).await?.id),
        None => None,
    };
    // A model that left the catalogue has generations all the same.
    let model =
        |name: &String| engine.catalogue().find(name).map_or_else(|| name.clone(), |model| model.id.clone());
    let filter = Filter {
        account,
        state: query.status,
        batch: query.batch.clone(),
        market: query.market.clone(),
        model: query.model.as_ref().map(model),
        lane: query.lane,
        since: query.since.as_ref().map(|moment| moment.from(now)),
        until: query.until.as_ref().map(|moment| moment.to(now)),
        text: query.text.clone(),
        after: query.after.clone(),
        limit: query.page(),
    };
    let generations = engine.generations(filter).await?;
    Ok(generations.iter().map(|generation| document(engine, generation)).collect())
}

/// One generation with everything that hangs on it; a queued one with its place in the line.
pub(crate) async fn shown(engine: &Engine, id: &GenerationId) -> Result<Value, Failure> {
    let generation = engine.generation(id).await?;
    let (attempts, assets) = (engine.attempts(id).await?, engine.assets(id).await?);
    let mut shown = document(engine, &generation);
    if let Some(place) = engine.place(id).await? {
        shown["progress"] = progress(engine, &generation, &place);
    }
    shown["attempts"] = attempts.iter().map(attempt).collect();
    shown["assets"] = assets.iter().map(asset).collect();
    Ok(shown)
}

pub(crate) async fn batch_document(engine: &Engine, batch: &Batch) -> Result<Value, Failure> {
    let report = engine.report(&batch.id, batch.created_at).await?;
    let mut shown = serde_json::to_value(&report).unwrap_or_default();
    shown["kind"] = Value::from(batch.kind.as_str());
    shown["title"] = Value::from(batch.title.as_str());
    shown["task"] = serde_json::to_value(engine.task(&batch.id).await?).unwrap_or_default();
    shown["stages"] = stages(&engine.stages(&batch.id).await?);
    shown["created_at"] = Value::from(batch.created_at.rfc3339());
    Ok(shown)
}

/// `[{step, total, succeeded, failed, skipped}]`.
fn stages(stages: &[palitra_engine::batches::Stage]) -> Value {
    let stage = |stage: &palitra_engine::batches::Stage| {
        json!({
            "step": stage.kind, "total": stage.total, "succeeded": stage.succeeded, "failed": stage.failed, "skipped": stage.skipped,
        })
    };
    stages.iter().map(stage).collect()
}

/// What a wish to cancel came to. `requested`: it is at a market, whose word decides.
pub(crate) async fn cancel(engine: &Engine, id: &GenerationId) -> Result<Value, Failure> {
    let requested = engine.cancel(id).await? == CancelOutcome::Requested;
    let state = engine.generation(id).await?.state;
    Ok(json!({
        "id": id, "status": state, "cancelled": state == GenerationState::Cancelled, "requested": requested,
    }))
}

/// The same for a batch.
pub(crate) async fn cancel_batch(engine: &Engine, id: &BatchId) -> Result<Value, Failure> {
    engine.cancel_batch(id).await?;
    let state = engine.batch(id).await?.state;
    let requested = state == BatchState::Processing;
    Ok(
        json!({ "id": id, "status": state, "cancelled": state == BatchState::Cancelled, "requested": requested }),
    )
}

fn money(engine: &Engine, amount: i64) -> Money {
    Money::new(amount, engine.settings.prices.currency)
}

pub(crate) fn document(engine: &Engine, generation: &Generation) -> Value {
    json!({
        "id": generation.id, "status": generation.state, "mode": generation.mode, "model": generation.model,
        "market": generation.market, "lane": generation.lane, "account_id": generation.account,
        "input": serde_json::from_str::<Value>(&generation.input).unwrap_or_default(), "output": generation.output,
        "price": money(engine, generation.price), "batch_id": generation.batch,
        "error": generation.error_code.map(|code| json!({ "code": code, "message": generation.error_text, "charged": money(engine, 0) })),
        "created_at": generation.created_at.rfc3339(), "updated_at": generation.updated_at.rfc3339(),
        "started_at": generation.started_at.map(Timestamp::rfc3339), "finished_at": generation.finished_at.map(Timestamp::rfc3339),
    })
}

/// `position` 1 is the next. `eta_s` is until its start, by what the model usually takes; none when other steps come first.
fn progress(engine: &Engine, generation: &Generation, place: &Place) -> Value {
    let now = engine.clock.now();
    let eta_s = (place.parents_left == 0).then(|| engine.starts_in(generation, place).as_secs());
    json!({
        "position": place.before + 1, "eta_s": eta_s, "waited_s": now.since(generation.created_at).as_secs(),
        "parents_left": place.parents_left, "not_before": place.not_before.map(Timestamp::rfc3339),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let cost = attempt.cost_micros.zip(attempt.cost_currency.as_ref());
    json!({
        "n": attempt.n, "key": attempt.key, "reason": attempt.reason, "paid_by": attempt.paid_by, "state": attempt.state,
        "reference": attempt.reference.as_deref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        "cost": cost.map(|(micros, currency)| json!({ "micros": micros, "currency": currency })),
        "error": attempt.error_code.as_ref().map(|code| json!({ "code": code, "message": attempt.error_text, "body": attempt.error_body })),
        "opened_at": attempt.opened_at.rfc3339(), "closed_at": attempt.closed_at.map(Timestamp::rfc3339),
    })
}

fn asset(asset: &Asset) -> Value {
    json!({
        "id": asset.id, "mime": asset.mime, "bytes": asset.bytes, "width": asset.width, "height": asset.height,
        "object": asset.object_key,
    })
}
