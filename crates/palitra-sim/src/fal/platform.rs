//! The platform API: models, prices, usage (`providers.md` §1.11, §1.12). Its errors have a shape of their own.

use super::{
    Inner, Market, endpoints, key_tag, output,
    schema::{Endpoint, Makes},
    script::{Call, Fault},
    world::{Ending, State},
};
use crate::market::{answer::Answer, script::About};
use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode},
};
use serde_json::{Map, Number, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The calls of the platform that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Models,
    Prices,
    Usage,
}

type Query = [(String, String)];

/// Entries of a page at most.
const PAGE_MAX: usize = 100;
/// Ids that may be asked for at once.
const IDS_MAX: usize = 50;

/// Answers one call.
pub(super) async fn answer(
    market: &Arc<Market>,
    question: Question,
    query: &Query,
    headers: &HeaderMap,
) -> Response<Body> {
    let plan = market.lock().faults.plan(Call::Platform, About::default());
    market.clock.sleep(plan.delay_before).await;
    let refused = refused_by(plan.fault.as_ref());
    let answer =
        refused.unwrap_or_else(|| told(market, question, query, headers).unwrap_or_else(|refusal| refusal));
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn refused_by(fault: Option<&Fault>) -> Option<Answer> {
    match fault? {
        Fault::WrongKey {} => Some(error(StatusCode::UNAUTHORIZED, "authorization_error", "Invalid API key")),
        Fault::Error { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(error(status, "server_error", "the script says so"))
        }
        fault => super::calls::refused_by(Some(fault)),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Answer {
    let docs = "https://docs.fal.ai/platform-apis/errors";
    Answer::json(
        status,
        &json!({"error": {"type": kind, "message": message, "docs_url": docs, "request_id": "r"}}),
    )
}

fn bad(message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "validation_error", message)
}

fn told(market: &Market, question: Question, query: &Query, headers: &HeaderMap) -> Result<Answer, Answer> {
    let mut inner = market.lock();
    let unauthorized = || error(StatusCode::UNAUTHORIZED, "authorization_error", "Invalid API key");
    let key = market.key_of(&inner, headers).ok_or_else(unauthorized)?;
    let body = match question {
        Question::Models => models(&inner, query)?,
        Question::Prices => prices(&inner, query)?,
        Question::Usage => usage(&mut inner, market, &key_tag(&key), query)?,
    };
    Ok(Answer::json(StatusCode::OK, &body))
}

fn known(query: &Query, names: &[&str]) -> Result<(), Answer> {
    match query.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        Some((name, _)) => Err(bad(&format!("{name} is not a parameter"))),
        None => Ok(()),
    }
}

fn ids(query: &Query) -> Result<Vec<&str>, Answer> {
    let ids: Vec<&str> =
        query.iter().filter(|(name, _)| name == "endpoint_id").map(|(_, id)| id.as_str()).collect();
    if ids.len() > IDS_MAX { Err(bad("endpoint_id: at most 50")) } else { Ok(ids) }
}

fn first<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The part of a list that a page holds, and what leads on.
fn page(query: &Query, entries: Vec<Value>, name: &str) -> Result<Value, Answer> {
    let number = |name: &str, otherwise: usize| match first(query, name) {
        Some(text) => text.parse().map_err(|_| bad(&format!("{name} is no number"))),
        None => Ok(otherwise),
    };
    let (limit, from) = (number("limit", PAGE_MAX)?, number("cursor", 0)?);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(bad("limit: 1 to 100"));
    }
    let has_more = from.saturating_add(limit) < entries.len();
    let part: Vec<Value> = entries.into_iter().skip(from).take(limit).collect();
    let next = if has_more { json!((from + limit).to_string()) } else { Value::Null };
    Ok(json!({ name: part, "next_cursor": next, "has_more": has_more }))
}

fn models(inner: &Inner, query: &Query) -> Result<Value, Answer> {
    known(query, &["limit", "cursor", "q", "category", "status", "endpoint_id", "expand"])?;
    let wanted = ids(query)?;
    let with_schema = query.iter().any(|(name, value)| name == "expand" && value == "openapi-3.0");
    let entries = endpoints::ENDPOINTS.iter().map(|endpoint| listed(endpoint, with_schema)).collect();
    let mut entries = inner.script.listing.apply("endpoint_id", entries);
    entries.retain(|entry| wanted.is_empty() || wanted.iter().any(|id| entry["endpoint_id"] == **id));
    page(query, entries, "models")
}

fn listed(endpoint: &Endpoint, with_schema: bool) -> Value {
    let category = match endpoint.makes {
        Makes::Pictures if endpoint.fields.iter().any(|field| field.name == "image_urls") => "image-to-image",
        Makes::Pictures => "text-to-image",
        Makes::Picture => "image-to-image",
        Makes::LargerPicture => "image-upscaling",
        Makes::Video => "text-to-video",
        Makes::Speech => "text-to-speech",
        Makes::Text => "llm",
    };
    let mut entry = json!({
        "endpoint_id": endpoint.id,
        "metadata": {
            "display_name": endpoint.id,
            "category": category,
            "description": "simulated",
            "status": "active",
            "tags": [],
            "updated_at": "2026-08-02T00:00:00Z",
            "kind": "inference",
        },
    });
    if with_schema {
        entry["openapi"] = openapi(endpoint);
    }
    entry
}

/// As fal's: the input by reference, under the path of the endpoint.
fn openapi(endpoint: &Endpoint) -> Value {
    let properties: Map<String, Value> =
        endpoint.fields.iter().map(|field| (field.name.to_owned(), field.kind.schema())).collect();
    let required: Vec<&str> =
        endpoint.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let body = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Input"}}}});
    let path = format!("/{}", endpoint.id);
    json!({
        "openapi": "3.0.4",
        "info": {"title": endpoint.id, "version": "1.0.0"},
        "paths": {
            format!("{path}/requests/{{request_id}}/status"): {"get": {"responses": {}}},
            path: {"post": {"requestBody": body, "responses": {}}},
        },
        "components": {"schemas": {
            "Input": {"title": "Input", "type": "object", "properties": properties, "required": required},
            "ImageSize": {"type": "object", "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}}},
        }},
    })
}

fn prices(inner: &Inner, query: &Query) -> Result<Value, Answer> {
    known(query, &["endpoint_id", "limit", "cursor"])?;
    let wanted = ids(query)?;
    if wanted.is_empty() {
        return Err(bad("endpoint_id is required"));
    }
    let known = endpoints::ENDPOINTS.iter().filter(|endpoint| wanted.contains(&endpoint.id));
    let prices = known.map(price).filter(|price| {
        // What is listed no more has no price either.
        !inner.script.listing.remove.iter().any(|gone| price["endpoint_id"] == **gone)
    });
    page(query, prices.collect(), "prices")
}

fn price(endpoint: &Endpoint) -> Value {
    json!({
        "endpoint_id": endpoint.id,
        "unit_price": decimal(endpoint.price.micros),
        "unit": endpoint.price.unit,
        "currency": "USD",
    })
}

/// Of the key's work that ended well, by endpoint.
fn usage(inner: &mut Inner, market: &Market, key: &str, query: &Query) -> Result<Value, Answer> {
    known(query, &["endpoint_id", "start", "end", "timeframe", "expand", "limit", "cursor"])?;
    let (wanted, now, concurrency) = (ids(query)?, market.clock.now(), inner.script.concurrency);
    inner.state.world.advance(now, concurrency);
    let mut billed: BTreeMap<&str, (&Endpoint, i64)> = BTreeMap::new();
    for (id, work) in inner.state.world.all() {
        let ended = inner.state.world.state(id) == Some(State::Completed)
            && !matches!(work.new.ending, Ending::Failed(_));
        let endpoint = work.new.endpoint;
        if work.new.key == key && ended && (wanted.is_empty() || wanted.contains(&endpoint.id)) {
            billed.entry(endpoint.id).or_insert((endpoint, 0)).1 +=
                output::billed_thousandths(work, market, id);
        }
    }
    let lines = billed.into_values().map(|(endpoint, thousandths)| {
        json!({
            "endpoint_id": endpoint.id,
            "unit": endpoint.price.unit,
            "quantity": decimal(thousandths * 1000),
            "unit_price": decimal(endpoint.price.micros),
            "cost": decimal(thousandths * endpoint.price.micros / 1000),
            "currency": "USD",
            "auth_method": "key",
        })
    });
    page(query, lines.collect(), "summary")
}

/// Millionths as the JSON number that fal would write.
fn decimal(micros: i64) -> Value {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}
