//! What the operator does with models: asks markets for theirs, says what they cost, sells them, looks at what has changed.

use super::{ModelSchema, shown};
use crate::{
    caller::{LiveOperator, Operator},
    door::Door,
    input::{Json, Optional, Query, plain, wrong},
    page,
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::State;
use palitra_domain::{
    ErrorCode,
    market::ListedPrice,
    money::Millionths,
    price::{Coin, Unit},
};
use palitra_engine::{failure::Failure, sync::Synced};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(sync))
        .routes(routes!(price))
        .routes(routes!(approve))
        .routes(routes!(history))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncRequest {
    /// Only this market; without it every one that has a key.
    market: Option<String>,
}

/// What asking markets for their lists came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Syncs {
    data: Vec<SyncDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sync)]
pub(crate) struct SyncDocument {
    market: String,
    /// Models in the market's list; `null`: it has no list.
    listed: Option<usize>,
    /// Why the list could not be had.
    error: Option<String>,
    changes: Vec<SyncChange>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncChange {
    /// `new`, `changed`, `drift`, `removed`, `returned`, `repriced` or `dearer`.
    change: String,
    model: String,
    about: String,
}

fn synced(it: Synced) -> SyncDocument {
    let change = |(change, model, about)| SyncChange { change, model, about };
    SyncDocument {
        market: it.market,
        listed: it.listed,
        error: it.error,
        changes: it.changes.into_iter().map(change).collect(),
    }
}

/// Ask markets what they have
///
/// New models become drafts, what would be refused is paused. It takes as long as the markets take.
#[utoipa::path(
    post, path = "/v1/models/sync", operation_id = "sync_models", tag = "operator", security(("key" = [])),
    request_body = Option<SyncRequest>,
    responses((status = 200, description = "What has changed, market by market", body = Syncs), Refusals)
)]
async fn sync(
    State(door): State<Door>,
    LiveOperator(_): LiveOperator,
    Optional(body): Optional<SyncRequest>,
) -> Result<axum::Json<Syncs>, Problem> {
    let market = body.and_then(|body| body.value.market);
    let found = door.engine.sync(market.as_deref()).await?;
    Ok(axum::Json(Syncs { data: found.into_iter().map(synced).collect() }))
}

/// What a market takes for a model that was found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceRequest {
    /// As `GET /v1/models?all=true` shows it.
    model: String,
    /// `run`, `image`, `megapixel`, `second`, `kilo_characters` or `kilo_tokens`.
    unit: String,
    /// For one unit, a decimal with at most six places.
    #[schema(example = "0.04")]
    cost: String,
    /// Of the cost: ISO 4217, or `credits` of KIE; without it what the market's other models are counted in.
    currency: Option<String>,
}

/// Say what a market takes for a model
#[utoipa::path(
    post, path = "/v1/models/price", operation_id = "price_model", tag = "operator", security(("key" = [])), request_body = PriceRequest,
    responses((status = 200, description = "The model as it is now", body = ModelSchema), Refusals)
)]
async fn price(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Json { value, .. }: Json<PriceRequest>,
) -> Result<axum::Json<ModelSchema>, Problem> {
    let PriceRequest { model, unit, cost, currency } = value;
    let units = || Unit::ALL.iter().map(|unit| unit.as_str()).collect::<Vec<_>>().join(", ");
    let unit = Unit::parse(&unit).ok_or_else(|| wrong("unit", &units()))?;
    let cost = Millionths::parse(&cost).ok_or_else(|| wrong("cost", "a decimal such as `0.04`"))?;
    let coin = match currency {
        Some(text) => Coin::parse(&text).ok_or_else(|| wrong("currency", "`USD`, …, or `credits`"))?,
        None => door.engine.coin_of(&model),
    };
    let engine = door.engine.acting_for(&caller);
    engine.price_model(&model, ListedPrice { unit, cost_micros: cost.0, coin }).await?;
    Ok(axum::Json(found(&door, &model)?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveRequest {
    /// As `GET /v1/models?all=true` shows it.
    model: String,
}

/// Sell a draft that has a price, or a paused model again
#[utoipa::path(
    post, path = "/v1/models/approve", operation_id = "approve_model", tag = "operator", security(("key" = [])), request_body = ApproveRequest,
    responses((status = 200, description = "The model as it is now", body = ModelSchema), Refusals)
)]
async fn approve(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Json { value, .. }: Json<ApproveRequest>,
) -> Result<axum::Json<ModelSchema>, Problem> {
    door.engine.acting_for(&caller).approve_model(&value.model).await?;
    Ok(axum::Json(found(&door, &value.model)?))
}

fn found(door: &Door, model: &str) -> Result<ModelSchema, Failure> {
    let catalogue = door.engine.catalogue();
    let found = catalogue.find(model);
    let found =
        found.ok_or_else(|| Failure::new(ErrorCode::UnknownModel).with("value", format!("`{model}`")))?;
    Ok(shown(door, found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Only of this market
    market: Option<String>,
    /// 1 to 1000; 20 when it is not given
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// What has changed, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelHistory {
    data: Vec<ModelChange>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelChange {
    at: String,
    market: String,
    /// The market's own id of the model.
    model: String,
    /// `new`, `changed`, `drift`, `removed`, `returned`, `repriced`, `dearer`, `priced` or `approved`.
    change: String,
    about: String,
}

/// What has changed at markets
///
/// The newest of it.
#[utoipa::path(
    get, path = "/v1/models/history", operation_id = "list_model_changes", tag = "operator", security(("key" = [])), params(HistoryQuery),
    responses((status = 200, description = "Newest first", body = ModelHistory), Refusals)
)]
async fn history(
    State(door): State<Door>,
    Operator(_): Operator,
    Query(HistoryQuery { market, limit }): Query<HistoryQuery>,
) -> Result<axum::Json<ModelHistory>, Problem> {
    let market = plain("market", market)?;
    let changes = door.engine.shelf_history(market.as_deref(), page::limit(limit)?).await?;
    let change = |it: palitra_engine::sync::Change| ModelChange {
        at: it.at.rfc3339(),
        market: it.market,
        model: it.market_id,
        change: it.change,
        about: it.about,
    };
    Ok(axum::Json(ModelHistory { data: changes.into_iter().map(change).collect() }))
}
