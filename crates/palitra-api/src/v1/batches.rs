//! `/v1/batches`: many generations as one, planned before they are paid.

mod archive;
pub(super) mod request;
mod results;

use crate::{
    caller::{Maker, Reader, sees},
    documents::{
        Anything,
        batch::{self, BatchDocument},
        money::MoneyDocument,
    },
    door::Door,
    input::{Id, Json, Query},
    once,
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use palitra_domain::{BatchId, state::BatchState};
use request::BatchRequest;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(plan))
        .routes(routes!(show))
        .routes(routes!(report))
        .routes(routes!(cancel))
        .merge(results::routes())
}

/// What would be done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchPlan {
    items: usize,
    /// All of whose results are there already.
    unchanged: usize,
    to_run: usize,
    /// Of these, items of which a step failed the last time.
    failed: usize,
    /// Items that cannot be made as they are.
    refused: usize,
    /// The most that will be charged.
    price: MoneyDocument,
    eta_s: u64,
}

/// Plan a batch
///
/// Looks up what is there already and prices the rest. Nothing is written.
#[utoipa::path(
    post, path = "/v1/batches/plan", tag = "batches", security(("key" = [])), request_body = BatchRequest,
    responses((status = 200, description = "What would be done", body = BatchPlan), Refusals)
)]
async fn plan(
    State(door): State<Door>,
    Maker(caller): Maker,
    Json { value, .. }: Json<BatchRequest>,
) -> Result<axum::Json<BatchPlan>, Problem> {
    let plan = value.plan(&door, &caller).await?;
    Ok(axum::Json(BatchPlan {
        items: plan.items().len(),
        unchanged: plan.unchanged,
        to_run: plan.to_run,
        failed: plan.failed,
        refused: plan.refused,
        price: plan.price.into(),
        eta_s: plan.eta.as_secs(),
    }))
}

/// Start a batch
///
/// Holds the money for all of it and queues it; what is there already is taken as it is, and costs nothing. With `Idempotency-Key` the same
/// request again answers with the same batch.
#[utoipa::path(
    post, path = "/v1/batches", tag = "batches", security(("key" = [])), request_body = BatchRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request again answers with the same batch, for a day")),
    responses((status = 202, description = "Queued", body = BatchDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, bytes }: Json<BatchRequest>,
) -> Result<Response, Problem> {
    let once = once::of(&headers, "POST /v1/batches", &bytes)?;
    let (id, is_new) = value.start(&door, &caller, once).await?;
    let found = door.engine.batch_view(sees(&caller).as_ref(), &id).await?;
    let shown = batch::document(&door, &found).await?;
    let mut response = (StatusCode::ACCEPTED, axum::Json(shown)).into_response();
    let answer = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(door.address(&format!("/v1/batches/{}", id.as_str()))) {
        answer.insert(LOCATION, location);
    }
    if !is_new {
        answer.insert(once::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// List batches
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/batches", tag = "batches", security(("key" = [])), params(Paged),
    responses((status = 200, description = "A page of them", body = Page<BatchDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Reader(caller): Reader,
    Query(Paged { after, limit }): Query<Paged>,
) -> Result<axum::Json<Page<BatchDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let after = after
        .map(|after| BatchId::parse(&after).map_err(|_| crate::input::wrong("after", "the `next` of a page")))
        .transpose()?;
    let found = door.engine.batch_views(sees(&caller), after, limit.saturating_add(1)).await?;
    let mut shown = Vec::with_capacity(found.len());
    for batch in &found {
        shown.push(batch::document(&door, batch).await?);
    }
    Ok(axum::Json(Page::of(shown, limit, |batch: &BatchDocument| batch.id.clone())))
}

/// Look at a batch
#[utoipa::path(
    get, path = "/v1/batches/{id}", tag = "batches", security(("key" = [])),
    params(("id" = String, Path, description = "`bat_…`")),
    responses((status = 200, description = "As it is now", body = BatchDocument), Refusals)
)]
async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<BatchId>,
) -> Result<axum::Json<BatchDocument>, Problem> {
    let found = door.engine.batch_view(sees(&caller).as_ref(), &id).await?;
    Ok(axum::Json(batch::document(&door, &found).await?))
}

/// The report of a batch
///
/// Every item with its steps, the workers and the totals, as `report.json` has them.
#[utoipa::path(
    get, path = "/v1/batches/{id}/report", tag = "batches", security(("key" = [])),
    params(("id" = String, Path, description = "`bat_…`")),
    responses((status = 200, description = "As it stands", body = Anything), Refusals)
)]
async fn report(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<BatchId>,
) -> Result<axum::Json<Anything>, Problem> {
    let found = door.engine.batch_view(sees(&caller).as_ref(), &id).await?;
    let report = door.engine.report(&id, found.created_at).await?;
    Ok(axum::Json(Anything(serde_json::to_value(report).unwrap_or_default())))
}

/// What a wish to cancel a batch came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CancelledBatch {
    id: String,
    status: String,
    cancelled: bool,
    /// Some of it is at markets, whose word decides.
    requested: bool,
}

/// Cancel a batch
///
/// No new call from now on; what runs is asked to stop. What is there already stays, and is paid.
#[utoipa::path(
    post, path = "/v1/batches/{id}/cancel", tag = "batches", security(("key" = [])),
    params(("id" = String, Path, description = "`bat_…`")),
    responses((status = 200, description = "What it came to", body = CancelledBatch), Refusals)
)]
async fn cancel(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<BatchId>,
) -> Result<axum::Json<CancelledBatch>, Problem> {
    let owner = sees(&caller);
    door.engine.batch_view(owner.as_ref(), &id).await?;
    door.engine.cancel_batch(&id).await?;
    let state = door.engine.batch_view(owner.as_ref(), &id).await?.state;
    Ok(axum::Json(CancelledBatch {
        id: id.as_str().to_owned(),
        status: state.as_str().to_owned(),
        cancelled: state == BatchState::Cancelled,
        requested: state == BatchState::Processing,
    }))
}
