//! Jobs as documents: what `--json` prints, and what the pages for people are made of.

use crate::{args::JobsLs, failure::Failure, wiring::App};
use palitra_domain::{GenerationId, Money, Timestamp};
use palitra_engine::{
    batches::Batch,
    generations::{Asset, Attempt, Filter, Generation, Place},
};
use serde_json::{Value, json};

/// A page of generations, newest first.
pub(super) async fn list(app: &App, query: &JobsLs) -> Result<Vec<Value>, Failure> {
    let now = app.engine.clock.now();
    let account = match &query.account {
        Some(name) => Some(app.engine.account(name).await?.id),
        None => None,
    };
    // A model that left the catalogue has generations all the same.
    let model = |name: &String| {
        app.engine.catalogue.find(name).map_or_else(|| name.clone(), |model| model.id.clone())
    };
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
    let generations = app.engine.generations(filter).await?;
    Ok(generations.iter().map(|generation| document(app, generation)).collect())
}

/// One generation with everything that hangs on it; a queued one with its place in the line.
pub(super) async fn shown(app: &App, id: &GenerationId) -> Result<Value, Failure> {
    let generation = app.engine.generation(id).await?;
    let (attempts, assets) = (app.engine.attempts(id).await?, app.engine.assets(id).await?);
    let mut shown = document(app, &generation);
    if let Some(place) = app.engine.place(id).await? {
        shown["progress"] = progress(app, &generation, &place);
    }
    shown["attempts"] = attempts.iter().map(attempt).collect();
    shown["assets"] = assets.iter().map(asset).collect();
    Ok(shown)
}

pub(super) async fn batch_document(app: &App, batch: &Batch) -> Result<Value, Failure> {
    let report = app.engine.report(&batch.id, batch.created_at).await?;
    let mut shown = serde_json::to_value(&report).unwrap_or_default();
    shown["title"] = Value::from(batch.title.as_str());
    shown["created_at"] = Value::from(batch.created_at.rfc3339());
    Ok(shown)
}

fn money(app: &App, amount: i64) -> Money {
    Money::new(amount, app.engine.settings.prices.currency)
}

pub(super) fn document(app: &App, generation: &Generation) -> Value {
    json!({
        "id": generation.id, "status": generation.state, "mode": generation.mode, "model": generation.model,
        "market": generation.market, "lane": generation.lane, "account_id": generation.account,
        "input": serde_json::from_str::<Value>(&generation.input).unwrap_or_default(), "output": generation.output,
        "price": money(app, generation.price), "batch_id": generation.batch,
        "error": generation.error_code.map(|code| json!({ "code": code, "message": generation.error_text, "charged": money(app, 0) })),
        "created_at": generation.created_at.rfc3339(), "updated_at": generation.updated_at.rfc3339(),
        "started_at": generation.started_at.map(Timestamp::rfc3339), "finished_at": generation.finished_at.map(Timestamp::rfc3339),
    })
}

/// `position` 1 is the next. `eta_s` is until its start, by what the model usually takes; none when other steps come first.
fn progress(app: &App, generation: &Generation, place: &Place) -> Value {
    let now = app.engine.clock.now();
    let eta_s = (place.parents_left == 0).then(|| app.engine.starts_in(generation, place).as_secs());
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
