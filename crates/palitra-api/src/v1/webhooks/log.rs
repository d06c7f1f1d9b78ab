//! What became of deliveries: a log to look at, a test, and sending again.

use super::of;
use crate::{
    caller::{Holder, Reader},
    door::Door,
    input::{Id, Json, Query},
    moment::Moment,
    page::{self, Page},
    problem::Problem,
    refusals::Refusals,
};
use axum::{extract::State, http::StatusCode};
use palitra_domain::{DeliveryId, Timestamp, WebhookId, webhook::DeliveryState};
use palitra_engine::webhooks::{self, Delivery, Range};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(test))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(replay))
        .routes(routes!(replay_many))
}

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryDocument {
    /// The same as `webhook-id`.
    id: String,
    /// `null`: it went to the address that came with a generation.
    webhook_id: Option<String>,
    event: String,
    /// The generation or the batch.
    subject: Option<String>,
    /// `waiting`, `delivered` or `failed`.
    state: String,
    attempts: i64,
    next_at: Option<String>,
    /// Of the last try.
    status: Option<u32>,
    answer: Option<String>,
    error: Option<String>,
    duration_ms: Option<i64>,
    tried_at: Option<String>,
    /// What is sent; `null` as long as nothing was tried.
    body: Option<String>,
    created_at: String,
    closed_at: Option<String>,
}

fn document(delivery: &Delivery) -> DeliveryDocument {
    DeliveryDocument {
        id: delivery.id.as_str().to_owned(),
        webhook_id: delivery.webhook.as_ref().map(|id| id.as_str().to_owned()),
        event: delivery.event.as_str().to_owned(),
        subject: delivery.subject.clone(),
        state: delivery.state.as_str().to_owned(),
        attempts: delivery.attempts,
        next_at: delivery.next_at.map(Timestamp::rfc3339),
        status: delivery.status,
        answer: delivery.answer.clone(),
        error: delivery.error.clone(),
        duration_ms: delivery.duration_ms,
        tried_at: delivery.tried_at.map(Timestamp::rfc3339),
        body: delivery.body.clone(),
        created_at: delivery.created_at.rfc3339(),
        closed_at: delivery.closed_at.map(Timestamp::rfc3339),
    }
}

/// A delivery on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sent {
    delivery_id: String,
}

/// Send a test
///
/// `webhook.test`, whatever the endpoint wants to hear of.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 202, description = "On its way", body = Sent), Refusals)
)]
async fn test(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    let test = door.engine.test_webhook(of(&caller), &id).await?;
    let sent = Sent { delivery_id: test.delivery.as_str().to_owned() };
    Ok((StatusCode::ACCEPTED, axum::Json(sent)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilter {
    /// Only those to this webhook; without one, those to addresses that came with generations
    #[param(value_type = Option<String>)]
    webhook: Option<WebhookId>,
    /// `waiting`, `delivered` or `failed`
    #[param(inline)]
    state: Option<DeliveryStateDocument>,
    #[param(value_type = Option<String>)]
    after: Option<DeliveryId>,
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(crate) enum DeliveryStateDocument {
    Waiting,
    Delivered,
    Failed,
}

impl From<DeliveryStateDocument> for DeliveryState {
    fn from(state: DeliveryStateDocument) -> DeliveryState {
        match state {
            DeliveryStateDocument::Waiting => DeliveryState::Waiting,
            DeliveryStateDocument::Delivered => DeliveryState::Delivered,
            DeliveryStateDocument::Failed => DeliveryState::Failed,
        }
    }
}

/// List deliveries
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/webhooks/deliveries", operation_id = "list_deliveries", tag = "webhooks", security(("key" = [])), params(DeliveryFilter),
    responses((status = 200, description = "A page of them", body = Page<DeliveryDocument>), Refusals)
)]
async fn deliveries(
    State(door): State<Door>,
    Reader(caller): Reader,
    Query(wanted): Query<DeliveryFilter>,
) -> Result<axum::Json<Page<DeliveryDocument>>, Problem> {
    let limit = page::limit(wanted.limit)?;
    let page = webhooks::Page {
        webhook: wanted.webhook,
        state: wanted.state.map(DeliveryState::from),
        after: wanted.after,
        limit: limit.saturating_add(1),
    };
    let found = door.engine.webhook_deliveries(of(&caller), page).await?;
    let shown = found.iter().map(document).collect();
    Ok(axum::Json(Page::of(shown, limit, |one: &DeliveryDocument| one.id.clone())))
}

/// Look at a delivery
#[utoipa::path(
    get, path = "/v1/webhooks/deliveries/{id}", operation_id = "get_delivery", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`dlv_…`")),
    responses((status = 200, description = "As it is now", body = DeliveryDocument), Refusals)
)]
async fn delivery(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<DeliveryId>,
) -> Result<axum::Json<DeliveryDocument>, Problem> {
    Ok(axum::Json(document(&door.engine.webhook_delivery(of(&caller), &id).await?)))
}

/// Send a delivery again
///
/// Under the same id and with the same body, from the beginning of the schedule.
#[utoipa::path(
    post, path = "/v1/webhooks/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`dlv_…`")),
    responses((status = 202, description = "On its way", body = Sent), Refusals)
)]
async fn replay(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<DeliveryId>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    door.engine.replay_delivery(of(&caller), &id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(Sent { delivery_id: id.as_str().to_owned() })))
}

/// What of a webhook's past is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// `2h` or `3d` ago, a day, or RFC 3339.
    #[schema(value_type = String, example = "2h")]
    since: Moment,
    /// Now, when it is not given.
    #[schema(value_type = Option<String>)]
    until: Option<Moment>,
    /// What was delivered, too.
    #[serde(default)]
    all: bool,
    /// `next` of the part before.
    #[schema(value_type = Option<String>)]
    after: Option<DeliveryId>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replayed)]
pub(crate) struct ReplayedDocument {
    count: u64,
    /// Give it as `after` for what is left; `null` when that was all.
    next: Option<String>,
}

/// Deliveries that one request sends again.
const REPLAYED_MAX: u32 = 1_000;

/// Send what happened in a time again
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")), request_body = ReplayRequest,
    responses((status = 202, description = "On its way", body = ReplayedDocument), Refusals)
)]
async fn replay_many(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
    Json { value, .. }: Json<ReplayRequest>,
) -> Result<(StatusCode, axum::Json<ReplayedDocument>), Problem> {
    let now = door.engine.clock.now();
    let until = value.until.map_or(now, |until| until.to(now));
    let range = Range {
        since: value.since.from(now),
        until,
        is_all: value.all,
        after: value.after,
        limit: REPLAYED_MAX,
    };
    let done = door.engine.replay_deliveries(of(&caller), &id, range).await?;
    let next = done.next.map(|next| next.as_str().to_owned());
    Ok((StatusCode::ACCEPTED, axum::Json(ReplayedDocument { count: done.count, next })))
}
