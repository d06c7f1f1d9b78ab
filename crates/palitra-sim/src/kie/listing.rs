//! What KIE says of its models: the list, and what one of them takes and costs (KIE's agent skill *kie-models*). Prices are prose. List,
//! schema and price share one question a second.

use super::{
    Market,
    envelope::{self, Refusal},
    models::{self, Makes, Model},
    schema::{Field, Kind},
    script::Call,
};
use crate::market::{answer::Answer, script::About};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `GET /api/v1/models`.
pub(super) async fn get_list(
    State(market): State<Arc<Market>>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response<Body> {
    ask(&market, &headers, |market| {
        if let Some((name, _)) =
            query.iter().find(|(name, _)| !["taskType", "provider", "q"].contains(&name.as_str()))
        {
            return Err(Refusal::new(400, format!("{name} is not a parameter")));
        }
        let entries = models::MODELS.iter().map(listed).collect();
        let mut entries = market.lock().script.listing.apply("model", entries);
        // What a script says a model takes is no part of the list.
        entries.iter_mut().filter_map(Value::as_object_mut).for_each(|entry| drop(entry.remove("input")));
        Ok(json!({"total": entries.len(), "models": entries}))
    })
    .await
}

/// `GET /api/v1/models/{model}/schema` and `/price`; the slash inside an id is not encoded.
pub(super) async fn get_one(
    State(market): State<Arc<Market>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    ask(&market, &headers, |market| {
        let (id, what) = path.rsplit_once('/').ok_or_else(|| Refusal::code(404))?;
        if let (Some(entry), "schema") = (market.lock().script.listing.change.get(id), what)
            && entry["input"].is_object()
        {
            return Ok(json!({"model": id, "openapi": document(id, &entry["input"])}));
        }
        let model = models::find(id).ok_or_else(|| Refusal::code(404))?;
        match what {
            "schema" => Ok(json!({"model": id, "openapi": openapi(model)})),
            "price" => Ok(json!({"model": id, "pricingDesc": prose(model)})),
            _ => Err(Refusal::code(404)),
        }
    })
    .await
}

async fn ask(
    market: &Arc<Market>,
    headers: &HeaderMap,
    tell: impl FnOnce(&Market) -> Result<Value, Refusal>,
) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Models, About::default());
    market.clock.sleep(plan.delay_before).await;
    let plain_http = market.lock().script.plain_http;
    let admitted = || {
        let mut inner = market.lock();
        if let Some(refusal) = Refusal::by(plan.fault.as_ref(), plain_http) {
            return Err(refusal);
        }
        let (key, max) = (market.tag_of(&inner, headers)?, inner.script.questions_per_s);
        match inner.state.world.admits_question(&key, market.clock.now(), max) {
            true => Ok(()),
            false => Err(Refusal::code(429)),
        }
    };
    let told = admitted().and_then(|()| tell(market));
    let answer: Answer =
        told.map_or_else(|refusal| refusal.answer(plain_http), |data| envelope::success(&data));
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn listed(model: &Model) -> Value {
    json!({
        "model": model.id,
        "slug": model.id.replace('/', "-"),
        "title": model.id,
        "provider": "simulated",
        "taskType": [task_type(model)],
        "description": null,
        "pricingDesc": prose(model),
    })
}

fn task_type(model: &Model) -> &'static str {
    let takes = |kind: &str| model.fields.iter().any(|field| field.required && field.name.contains(kind));
    match model.makes {
        Makes::Speech => "text-to-speech",
        Makes::Video if takes("video_url") => "video-upscale",
        Makes::Video if takes("image_urls") => "image-to-video",
        Makes::Video => "text-to-video",
        Makes::Pictures if takes("image") || takes("input_urls") => "image-to-image",
        Makes::Pictures => "text-to-image",
    }
}

fn prose(model: &Model) -> String {
    format!("{} credits per run", model.credits(&Value::Null))
}

/// Inline, as KIE writes it.
fn openapi(model: &Model) -> Value {
    let properties: Map<String, Value> =
        model.fields.iter().map(|field| (field.name.to_owned(), schema(field))).collect();
    let required: Vec<&str> =
        model.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    document(model.id, &json!({"type": "object", "properties": properties, "required": required}))
}

fn document(id: &str, input: &Value) -> Value {
    let body = json!({
        "type": "object",
        "properties": {"model": {"type": "string", "enum": [id]}, "callBackUrl": {"type": "string"}, "input": input},
        "required": ["model", "input"],
    });
    json!({
        "openapi": "3.1.0",
        "paths": {"/api/v1/jobs/createTask": {"post": {"requestBody": {"content": {"application/json": {"schema": body}}}}}},
    })
}

fn schema(field: &Field) -> Value {
    match field.kind {
        Kind::Text(max) => json!({"type": "string", "maxLength": max}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Kind::OneOf(words) => json!({"type": "string", "enum": words}),
        Kind::Link => json!({"type": "string", "format": "uri"}),
        Kind::Links { min, max } => {
            json!({"type": "array", "items": {"type": "string"}, "minItems": min, "maxItems": max})
        }
        Kind::List(max) => json!({"type": "array", "maxItems": max}),
    }
}
