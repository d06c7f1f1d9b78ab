//! What is done with a generation that is there: cancel it, or all that a filter names; make it again; vary it; rate it.

use super::{answer, filter::GenerationFilter, shown, wish_of};
use crate::{
    caller::{Maker, sees},
    documents::generation::GenerationDocument,
    door::Door,
    input::{Id, Json, Optional, Query},
    once,
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use palitra_domain::GenerationId;
use palitra_engine::generations::{Asked, Once, Rating, Request};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Generations that one request cancels.
const CANCELLED_MAX: u32 = 1_000;

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(cancel))
        .routes(routes!(cancel_many))
        .routes(routes!(repeat))
        .routes(routes!(variations))
        .routes(routes!(feedback))
}

/// What a wish to cancel came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancelled {
    id: String,
    status: String,
    cancelled: bool,
    /// It is at a market, whose word decides; the money comes back when it agrees.
    requested: bool,
}

/// Cancel a generation
///
/// One that waits ends at once and its money comes back; one that runs is cancelled when its market agrees.
#[utoipa::path(
    post, path = "/v1/generations/{id}/cancel", operation_id = "cancel_generation", tag = "generations", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`")),
    responses((status = 200, description = "What it came to", body = Cancelled), Refusals)
)]
async fn cancel(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<GenerationId>,
) -> Result<axum::Json<Cancelled>, Problem> {
    door.engine.generation_view(sees(&caller).as_ref(), &id).await?;
    door.engine.cancel(&id).await?;
    let state = door.engine.generation(&id).await?.state;
    let is_over = state.is_terminal();
    Ok(axum::Json(Cancelled {
        id: id.as_str().to_owned(),
        status: state.as_str().to_owned(),
        cancelled: is_over,
        requested: !is_over,
    }))
}

/// What cancelling many came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CancelledMany {
    /// Those that had waited and have ended.
    cancelled: u32,
    /// Those that run; their markets were asked.
    requested: u32,
    /// There are more: send it again.
    more: bool,
}

/// Cancel all that a filter names
///
/// Those that have ended are left as they are. At most `limit` at once, and 1000 when it is not given.
#[utoipa::path(
    post, path = "/v1/generations/cancel", operation_id = "cancel_generations", tag = "generations", security(("key" = [])), params(GenerationFilter),
    responses((status = 200, description = "How many", body = CancelledMany), Refusals)
)]
async fn cancel_many(
    State(door): State<Door>,
    Maker(caller): Maker,
    Query(wanted): Query<GenerationFilter>,
) -> Result<axum::Json<CancelledMany>, Problem> {
    let limit = crate::page::limit(wanted.limit.or(Some(CANCELLED_MAX)))?;
    let filter = wanted.filter(&door, &caller, limit).await?;
    let done = door.engine.cancel_all(filter).await?;
    Ok(axum::Json(CancelledMany { cancelled: done.cancelled, requested: done.requested, more: done.more }))
}

/// Make it again
///
/// The same input, at today's price. A seed that the input names stays, so the same model usually draws the same again; `new_seed` draws
/// something else.
#[utoipa::path(
    post, path = "/v1/generations/{id}/repeat", operation_id = "repeat_generation", tag = "generations", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`")), request_body = Option<RepeatRequest>,
    responses((status = 202, description = "Queued", body = GenerationDocument), Refusals)
)]
async fn repeat(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<GenerationId>,
    headers: HeaderMap,
    Optional(body): Optional<RepeatRequest>,
) -> Result<Response, Problem> {
    let sha256 = body.as_ref().map(|body| body.sha256).unwrap_or_default();
    let new_seed = body.is_some_and(|body| body.value.new_seed);
    let once = once::of(&headers, &format!("POST /v1/generations/{}/repeat", id.as_str()), &sha256)?;
    let mut wish = wish_of(&door, &caller, &id).await?;
    if new_seed {
        door.engine.reseed(&mut wish);
    }
    let created = door.engine.create_asked(wish, None, beside(&id, once)).await?;
    answer(&door, &caller, &created, Duration::ZERO, &headers).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepeatRequest {
    /// Draw something else.
    #[serde(default)]
    new_seed: bool,
}

/// Make variations of it
///
/// The same input with other seeds; all of them are accepted, or none.
#[utoipa::path(
    post, path = "/v1/generations/{id}/variations", operation_id = "vary_generation", tag = "generations", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`")), request_body = VariationsRequest,
    responses((status = 202, description = "Queued", body = Vec<GenerationDocument>), Refusals)
)]
async fn variations(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<GenerationId>,
    headers: HeaderMap,
    Json { value, sha256 }: Json<VariationsRequest>,
) -> Result<Response, Problem> {
    if !(1..=VARIATIONS_MAX).contains(&value.count) {
        return Err(crate::input::wrong("count", "1 to 8").into());
    }
    let once = once::of(&headers, &format!("POST /v1/generations/{}/variations", id.as_str()), &sha256)?;
    let wish = wish_of(&door, &caller, &id).await?;
    let mut wishes = vec![wish; usize::try_from(value.count).unwrap_or(1)];
    wishes.iter_mut().for_each(|wish| door.engine.reseed(wish));
    let created = door.engine.create_together(wishes, beside(&id, once)).await?;
    let mut made = Vec::with_capacity(created.len());
    for one in &created {
        made.push(shown(&door, &caller, &one.id, &headers).await?);
    }
    let mut response = (StatusCode::ACCEPTED, axum::Json(made)).into_response();
    if created.iter().any(|one| !one.is_new) {
        response.headers_mut().insert(once::REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

const VARIATIONS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariationsRequest {
    /// 1 to 8.
    #[schema(minimum = 1, maximum = 8)]
    count: u32,
}

fn beside(parent: &GenerationId, once: Option<Once>) -> Asked {
    Asked { once, request: Request { parent: Some(parent.clone()), ..Request::default() } }
}

/// Rate a result
///
/// Kept with the generation, for the operator to see which models do well.
#[utoipa::path(
    post, path = "/v1/generations/{id}/feedback", operation_id = "rate_generation", tag = "generations", security(("key" = [])),
    params(("id" = String, Path, description = "`gen_…`")), request_body = FeedbackRequest,
    responses((status = 200, description = "Kept", body = FeedbackRequest), Refusals)
)]
async fn feedback(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<GenerationId>,
    Json { value, .. }: Json<FeedbackRequest>,
) -> Result<axum::Json<FeedbackRequest>, Problem> {
    if value.comment.as_ref().is_some_and(|comment| comment.chars().count() > COMMENT_CHARS_MAX) {
        return Err(crate::input::wrong("comment", "2000 characters at most").into());
    }
    door.engine.generation_view(sees(&caller).as_ref(), &id).await?;
    let rating = match value.rating {
        RatingDocument::Good => Rating::Good,
        RatingDocument::Bad => Rating::Bad,
    };
    door.engine.rate(&id, rating, value.comment.clone()).await?;
    Ok(axum::Json(value))
}

const COMMENT_CHARS_MAX: usize = 2_000;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackRequest {
    rating: RatingDocument,
    /// 2000 characters at most.
    comment: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rating)]
pub(crate) enum RatingDocument {
    Good,
    Bad,
}
