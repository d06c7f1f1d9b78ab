//! `/v1/price-groups`, for the operator: accounts that buy at the same prices.

use crate::{
    caller::{LiveOperator, Operator},
    door::Door,
    input::{Json, Name, wrong},
    problem::Problem,
    refusals::Refusals,
};
use axum::{extract::State, http::StatusCode};
use palitra_domain::{ErrorCode, money::Millionths};
use palitra_engine::{PriceGroup, failure::Failure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set, remove))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceGroup)]
pub(crate) struct GroupDocument {
    name: String,
    /// What prices are multiplied by, a decimal.
    factor: String,
    /// How many accounts are in it.
    accounts: i64,
}

fn document(it: &PriceGroup) -> GroupDocument {
    GroupDocument { name: it.name.clone(), factor: it.factor.to_string(), accounts: it.accounts }
}

/// All of them, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceGroups {
    data: Vec<GroupDocument>,
}

/// List price groups
#[utoipa::path(
    get, path = "/v1/price-groups", operation_id = "list_price_groups", tag = "operator", security(("key" = [])),
    responses((status = 200, description = "All of them", body = PriceGroups), Refusals)
)]
async fn list(State(door): State<Door>, Operator(_): Operator) -> Result<axum::Json<PriceGroups>, Problem> {
    let groups = door.engine.price_groups().await?;
    Ok(axum::Json(PriceGroups { data: groups.iter().map(document).collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRequest {
    /// What prices are multiplied by, 0 to 1000: `0.5` is half.
    #[schema(example = "0.5")]
    factor: String,
}

/// Make a price group, or change its factor
#[utoipa::path(
    put, path = "/v1/price-groups/{name}", operation_id = "set_price_group", tag = "operator", security(("key" = [])),
    params(("name" = String, Path)), request_body = GroupRequest,
    responses((status = 200, description = "As it is now", body = GroupDocument), Refusals)
)]
async fn set(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Name(name): Name,
    Json { value, .. }: Json<GroupRequest>,
) -> Result<axum::Json<GroupDocument>, Problem> {
    let factor = Millionths::parse(&value.factor);
    let factor = factor.ok_or_else(|| wrong("factor", "a decimal from 0 to 1000, such as `0.5`"))?;
    door.engine.acting_for(&caller).set_price_group(&name, factor).await?;
    let groups = door.engine.price_groups().await?;
    let found = groups.iter().find(|it| it.name == name.trim());
    Ok(axum::Json(found.map(document).ok_or_else(|| crate::input::not_found(&name))?))
}

/// Remove a price group
///
/// Refused while accounts are in it.
#[utoipa::path(
    delete, path = "/v1/price-groups/{name}", operation_id = "remove_price_group", tag = "operator", security(("key" = [])),
    params(("name" = String, Path)),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn remove(
    State(door): State<Door>,
    LiveOperator(caller): LiveOperator,
    Name(name): Name,
) -> Result<StatusCode, Problem> {
    let removed = door.engine.acting_for(&caller).remove_price_group(&name).await;
    removed.map_err(|error| match error.code {
        ErrorCode::NotFound | ErrorCode::GroupInUse => {
            Failure::new(error.code).with("value", format!("`{}`", name.chars().take(60).collect::<String>()))
        }
        _ => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
