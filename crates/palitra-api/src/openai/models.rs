//! `GET /openai/v1/models`: what can be used here, and the aliases.

use crate::{
    caller::Reader,
    documents::model::{self, Wanted},
    door::Door,
    problem::Problem,
};
use axum::extract::{Path, State};
use serde_json::{Value, json};

fn shown(id: &str, owner: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })
}

pub(super) async fn list(State(door): State<Door>, Reader(_): Reader) -> axum::Json<Value> {
    let engine = &door.engine;
    let catalogue = engine.catalogue();
    let is_open = |market: &str| engine.has_market(market);
    let models = model::list(&catalogue, engine.settings.prices, is_open, &Wanted::default());
    let mut data: Vec<Value> = models.iter().map(|model| shown(&model.id, &model.market)).collect();
    data.extend(catalogue.aliases().keys().map(|alias| shown(alias, "palitra")));
    axum::Json(json!({ "object": "list", "data": data }))
}

pub(super) async fn show(
    State(door): State<Door>,
    Reader(_): Reader,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let mode = door.engine.first_mode(&id)?;
    let (found, _) = door.engine.model(&id, &mode)?;
    Ok(axum::Json(shown(&id, &found.market)))
}
