//! `/v1/batches`: many generations as one, planned before they are paid.

mod archive;
mod asked;
mod links;
pub(super) mod manifest;
pub(super) mod request;
mod results;
mod resume;

use crate::{
    caller::{Maker, Reader, sees},
    documents::{
        Anything,
        batch::{self, BatchDocument},
        mode::ModeDocument,
        money::MoneyDocument,
    },
    door::Door,
    edge,
    input::{Id, Query},
    once,
    page::{self, Page, Paged},
    problem::Problem,
    refusals::Refusals,
};
use asked::{Asked, BatchForm};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use links::Links;
use manifest::Planned;
use palitra_domain::{BatchId, Livemode, Scope, i18n::Lang, state::BatchState};
use palitra_engine::{Caller, batches::StartedBatch, failure::Failure};
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
        .merge(resume::routes())
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
    /// Live or test money.
    mode: ModeDocument,
    /// What markets may take for it, whoever pays it; told to the operator alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<MoneyDocument>,
    /// Real money may be spent at markets; told to the operator alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_real: Option<bool>,
    eta_s: u64,
    /// Of `each_alone`: items that cannot be made as they are, and no part of it.
    left_out: Vec<LeftOut>,
    /// Of a file: what was assumed about it, and which of its rows are bad.
    notices: Vec<String>,
    /// The batch that is making just this already.
    open_batch_id: Option<String>,
    /// Some of it is at a market for an earlier batch that has been stopped or changed: once that has ended, it costs nothing more.
    under_way: bool,
}

/// An item that cannot be made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeftOut {
    number: u32,
    code: String,
    message: String,
}

impl LeftOut {
    fn all(failures: impl Iterator<Item = (u32, Failure)>, lang: Lang) -> Vec<LeftOut> {
        let left = |(number, failure): (u32, Failure)| LeftOut {
            number,
            code: failure.code().name().to_owned(),
            message: failure.message(lang),
        };
        failures.map(left).collect()
    }
}

/// A batch that was started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedDocument {
    #[serde(flatten)]
    batch: BatchDocument,
    /// Of `each_alone`: items that cannot be made as they are, and no part of it. `null` where an earlier request has started it.
    left_out: Option<Vec<LeftOut>>,
}

/// Plan a batch
///
/// Looks up what is there already and prices the rest. Nothing is written, and nothing is fetched: what is made of files that are named by their
/// address is priced as new.
#[utoipa::path(
    post, path = "/v1/batches/plan", operation_id = "plan_batch", tag = "batches", security(("key" = [])),
    request_body(content((BatchRequest = "application/json"), (BatchForm = "multipart/form-data"))),
    responses((status = 200, description = "What would be done", body = BatchPlan), Refusals)
)]
async fn plan(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Asked { value, read, .. }: Asked,
) -> Result<axum::Json<BatchPlan>, Problem> {
    let Planned { plan, left_out } = value.checked(&door, &caller, Links::Count).await?;
    let lang = edge::language(&headers);
    let open = door.engine.interrupted(&plan).await?;
    let may_spend = || {
        let is_real = plan.models().any(|(model, mode)| door.engine.is_real_market(model, mode));
        is_real && caller.livemode == Livemode::Live
    };
    let is_operator = caller.scopes.has(Scope::Operator);
    Ok(axum::Json(BatchPlan {
        items: plan.items().len(),
        unchanged: plan.unchanged,
        to_run: plan.to_run,
        failed: plan.failed,
        refused: plan.refused,
        price: plan.price.into(),
        mode: caller.livemode.into(),
        cost: is_operator.then(|| plan.cost.into()),
        is_real: is_operator.then(may_spend),
        eta_s: plan.eta.as_secs() + u64::from(plan.eta.subsec_nanos() > 0),
        left_out: LeftOut::all(read.left_out.into_iter().chain(left_out), lang),
        notices: read.notices.iter().map(|notice| notice.text(lang)).collect(),
        under_way: open.is_none() && door.engine.is_under_way(&plan).await?,
        open_batch_id: open.map(|open| open.id.as_str().to_owned()),
    }))
}

/// Start a batch
///
/// Holds the money for all of it and queues it; what is there already is taken as it is, and costs nothing. The items stand in the request or, as a form, in a file. With `Idempotency-Key` the same
/// request again answers with the same batch.
#[utoipa::path(
    post, path = "/v1/batches", operation_id = "create_batch", tag = "batches", security(("key" = [])),
    request_body(content((BatchRequest = "application/json"), (BatchForm = "multipart/form-data"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request again answers with the same batch, for a day")),
    responses((status = 202, description = "Queued", body = StartedDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Asked { value, read, fingerprint }: Asked,
) -> Result<Response, Problem> {
    let once = once::of(&headers, "POST /v1/batches", &fingerprint)?;
    let (started, left_out) = value.start(&door, &caller, once).await?;
    let left_out = read.left_out.into_iter().chain(left_out);
    let left_out = started.is_new.then(|| LeftOut::all(left_out, edge::language(&headers)));
    accepted(&door, &caller, &headers, &started, left_out).await
}

/// `202` with the batch and where it is looked at.
async fn accepted(
    door: &Door,
    caller: &Caller,
    asked: &HeaderMap,
    started: &StartedBatch,
    left_out: Option<Vec<LeftOut>>,
) -> Result<Response, Problem> {
    let id = &started.id;
    let found = door.engine.batch_view(sees(caller).as_ref(), id).await?;
    let shown = StartedDocument { batch: batch::document(door, &found).await?, left_out };
    let mut response = (StatusCode::ACCEPTED, axum::Json(shown)).into_response();
    let answer = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(door.address(&format!("/v1/batches/{}", id.as_str()))) {
        answer.insert(LOCATION, location);
    }
    if !started.is_new && asked.contains_key(once::IDEMPOTENCY_KEY) {
        answer.insert(once::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// List batches
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/batches", operation_id = "list_batches", tag = "batches", security(("key" = [])), params(Paged),
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
    get, path = "/v1/batches/{id}", operation_id = "get_batch", tag = "batches", security(("key" = [])),
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
    get, path = "/v1/batches/{id}/report", operation_id = "get_batch_report", tag = "batches", security(("key" = [])),
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
    post, path = "/v1/batches/{id}/cancel", operation_id = "cancel_batch", tag = "batches", security(("key" = [])),
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
