//! `/v1/markets`, for the operator: markets, keys and lanes, and what is changed there while the service runs.

use crate::{
    caller::{LiveOperator, Operator},
    documents::Anything,
    door::Door,
    input::{self, Optional},
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::{Path, State};
use palitra_domain::{ErrorCode, Timestamp, health::KeyHealth};
use palitra_engine::{
    Engine,
    failure::Failure,
    markets::{Alert, KeyShown, LaneShown, Limits, MarketShown, Target},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change)).routes(routes!(change_key))
}

/// Limits in the place of the configuration's. What is not there stays as it is; `reset` gives the configuration's back.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewLimits {
    pub slots: Option<u32>,
    pub rate_per_minute: Option<u32>,
    pub rate_burst: Option<u32>,
    pub reset: bool,
}

/// Markets, lanes and alerts
#[utoipa::path(
    get, path = "/v1/markets", operation_id = "list_markets", tag = "operator", security(("key" = [])),
    responses((status = 200, description = "How they fare", body = Anything), Refusals)
)]
async fn list(State(door): State<Door>, Operator(_): Operator) -> Result<axum::Json<Anything>, Problem> {
    Ok(axum::Json(Anything(document(&door.engine).await?)))
}

/// Pause, resume or limit a market or a lane
#[utoipa::path(
    post, path = "/v1/markets/{target}/{verb}", operation_id = "change_market", tag = "operator", security(("key" = [])),
    params(
        ("target" = String, Path, description = "A market, or a lane: `image`, `video`, `audio`, `text`"),
        ("verb" = String, Path, description = "`pause`, `resume` or `limit`")
    ),
    request_body = Option<NewLimits>,
    responses((status = 200, description = "What has changed", body = Anything), Refusals)
)]
async fn change(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Path((target, verb)): Path<(String, String)>,
    Optional(body): Optional<NewLimits>,
) -> Result<axum::Json<Anything>, Problem> {
    let limits = body.map(|body| body.value).unwrap_or_default();
    apply(&door.engine.acting_for(&caller), &Target::parse(&target), &verb, &limits).await
}

/// Pause, resume or limit a key of a market
#[utoipa::path(
    post, path = "/v1/markets/{market}/{key}/{verb}", operation_id = "change_market_key", tag = "operator", security(("key" = [])),
    params(
        ("market" = String, Path), ("key" = String, Path, description = "Its label"),
        ("verb" = String, Path, description = "`pause`, `resume` or `limit`")
    ),
    request_body = Option<NewLimits>,
    responses((status = 200, description = "What has changed", body = Anything), Refusals)
)]
async fn change_key(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Path((market, label, verb)): Path<(String, String, String)>,
    Optional(body): Optional<NewLimits>,
) -> Result<axum::Json<Anything>, Problem> {
    let limits = body.map(|body| body.value).unwrap_or_default();
    apply(&door.engine.acting_for(&caller), &Target::Key { market, label }, &verb, &limits).await
}

async fn apply(
    engine: &Engine,
    target: &Target,
    verb: &str,
    limits: &NewLimits,
) -> Result<axum::Json<Anything>, Problem> {
    let changed = match verb {
        "pause" => pause(engine, target).await?,
        "resume" => resume(engine, target).await?,
        "limit" => limit(engine, target, limits).await?,
        _ => return Err(input::not_found(verb)),
    };
    Ok(axum::Json(Anything(changed)))
}

/// `{markets, lanes, alerts}`.
async fn document(engine: &Engine) -> Result<Value, Failure> {
    let (markets, lanes, alerts) = (engine.markets().await?, engine.lanes().await?, engine.alerts().await?);
    let now = engine.clock.now();
    Ok(json!({
        "markets": markets.iter().map(|shown| market(shown, now)).collect::<Vec<_>>(),
        "lanes": lanes.iter().map(lane).collect::<Vec<_>>(),
        "alerts": alerts.iter().map(alert).collect::<Vec<_>>(),
    }))
}

fn market(shown: &MarketShown, now: Timestamp) -> Value {
    let stopped = shown
        .stopped
        .as_ref()
        .map(|(since, code, said)| json!({ "code": code, "message": said, "since": since.rfc3339() }));
    json!({
        "name": shown.name, "queued": shown.queued, "paused_since": shown.paused_at.map(Timestamp::rfc3339), "stopped": stopped,
        "keys": shown.keys.iter().map(|shown| key(shown, now)).collect::<Vec<_>>(),
    })
}

/// `limit` holds now; `configured` stands in the settings.
fn key(shown: &KeyShown, now: Timestamp) -> Value {
    let is_well = shown.health == KeyHealth::Ok && shown.failures == 0;
    let retry_at =
        (shown.usable_at > now && shown.usable_at.micros() < i64::MAX).then(|| shown.usable_at.rfc3339());
    json!({
        "label": shown.label, "health": shown.health, "health_since": (!is_well).then(|| shown.since.rfc3339()),
        "message": (!is_well).then_some(&shown.said), "retry_at": retry_at, "failures": shown.failures,
        "paused_since": shown.paused_at.map(Timestamp::rfc3339),
        "slots": {
            "used": shown.taken, "ghosts": shown.ghosts, "limit": shown.slots_here.unwrap_or(shown.slots),
            "configured": shown.slots, "changed": shown.slots_here.is_some(),
        },
        "rate": {
            "per_minute": shown.rate_here.unwrap_or(shown.rate), "burst": shown.burst_here.unwrap_or(shown.burst),
            "configured_per_minute": shown.rate, "configured_burst": shown.burst,
            "changed": shown.rate_here.is_some() || shown.burst_here.is_some(),
        },
    })
}

fn lane(shown: &LaneShown) -> Value {
    json!({ "name": shown.lane, "queued": shown.queued, "paused_since": shown.paused_at.map(Timestamp::rfc3339) })
}

fn alert(alert: &Alert) -> Value {
    json!({
        "subject": alert.subject, "code": alert.code, "message": alert.said, "since": alert.since.rfc3339(), "times": alert.times,
    })
}

async fn pause(engine: &Engine, target: &Target) -> Result<Value, Failure> {
    let changed = engine.pause(target).await?;
    Ok(json!({ "target": target.to_string(), "paused": true, "changed": changed }))
}

async fn resume(engine: &Engine, target: &Target) -> Result<Value, Failure> {
    let changed = engine.resume(target).await?;
    Ok(json!({ "target": target.to_string(), "paused": false, "changed": changed }))
}

async fn limit(engine: &Engine, target: &Target, new: &NewLimits) -> Result<Value, Failure> {
    let limits = Limits { slots: new.slots, per_minute: new.rate_per_minute, burst: new.rate_burst };
    if !new.reset && limits == Limits::default() {
        return Err(Failure::new(ErrorCode::InvalidInput)
            .with("value", "`limit`")
            .with("hint", "SLOTS, `--rate`, `--reset`"));
    }
    let keys = engine.limit(target, (!new.reset).then_some(limits)).await?;
    Ok(json!({ "target": target.to_string(), "keys": keys, "reset": new.reset }))
}
