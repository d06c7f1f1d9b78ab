//! `/v1/models`: what can be used, at what price, and what each mode takes.

mod shelf;

use crate::{
    caller::Reader,
    documents::model::{self, ModelDocument, Seller, Wanted},
    door::Door,
    input::Query,
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(schema)).merge(shelf::routes())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelFilter {
    /// Those that cannot be used as well: drafts, paused and retired ones, markets without a key
    #[serde(default)]
    all: bool,
    market: Option<String>,
    mode: Option<String>,
    category: Option<String>,
}

/// All models at once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Models {
    data: Vec<ModelDocument>,
}

/// List models
#[utoipa::path(
    get, path = "/v1/models", operation_id = "list_models", tag = "models", security(("key" = [])), params(ModelFilter),
    responses((status = 200, description = "All of them", body = Models), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Reader(_): Reader,
    Query(ModelFilter { all, market, mode, category }): Query<ModelFilter>,
) -> Result<axum::Json<Models>, Problem> {
    let wanted = Wanted { all, market, mode, category };
    let engine = &door.engine;
    let is_open = |market: &str| engine.has_market(market);
    Ok(axum::Json(Models {
        data: model::list(&engine.catalogue(), engine.settings.prices, is_open, &wanted),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelId {
    /// A model's id, its market's own id, or an alias
    id: String,
}

/// A model with what its modes take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelSchema {
    #[serde(flatten)]
    model: ModelDocument,
    /// When to take it; empty where nothing is said.
    hint: String,
    /// JSON Schema of the input, by mode.
    #[schema(value_type = BTreeMap<String, Object>)]
    inputs: BTreeMap<String, Value>,
}

/// What a model takes
#[utoipa::path(
    get, path = "/v1/models/schema", operation_id = "get_model", tag = "models", security(("key" = [])), params(ModelId),
    responses((status = 200, description = "Its modes with their inputs", body = ModelSchema), Refusals)
)]
async fn schema(
    State(door): State<Door>,
    Reader(_): Reader,
    Query(ModelId { id }): Query<ModelId>,
) -> Result<axum::Json<ModelSchema>, Problem> {
    let engine = &door.engine;
    let catalogue = engine.catalogue();
    let Some(found) = catalogue.find(&id) else {
        let mode = engine.first_mode(&id)?;
        let (found, _) = engine.model(&id, &mode)?;
        return Ok(axum::Json(shown(&door, &found)));
    };
    Ok(axum::Json(shown(&door, found)))
}

fn shown(door: &Door, model: &palitra_domain::catalogue::Model) -> ModelSchema {
    let engine = &door.engine;
    let catalogue = engine.catalogue();
    let seller = Seller::new(&catalogue, engine.settings.prices, |market| engine.has_market(market));
    ModelSchema {
        model: seller.shown(model),
        hint: model.hint.clone(),
        inputs: model.modes.iter().map(|mode| (mode.name.clone(), mode.input.schema())).collect(),
    }
}
