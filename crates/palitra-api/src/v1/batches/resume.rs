//! `POST /v1/batches/{id}/resume`: what a batch has not made, once more.

use super::{StartedDocument, accepted};
use crate::{
    caller::{Maker, sees},
    door::Door,
    input::Id,
    once,
    problem::Problem,
    refusals::Refusals,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use palitra_domain::BatchId;
use palitra_engine::batches::StartedBatch;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(resume))
}

/// Start again what a batch has not made
///
/// What failed, was cancelled or was not reached is queued as a batch of its own, at today's prices, beside what is there already, which is taken
/// as it is and costs nothing. A batch that is still at work goes on by itself: it is answered as it is. `already_finished` when nothing is left
/// that can be tried, `still_ending` while something of a stopped one is at a market.
#[utoipa::path(
    post, path = "/v1/batches/{id}/resume", operation_id = "resume_batch", tag = "batches", security(("key" = [])),
    params(
        ("id" = String, Path, description = "`bat_…`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request again answers with the same batch, for a day")
    ),
    responses((status = 202, description = "Queued", body = StartedDocument), Refusals)
)]
async fn resume(
    State(door): State<Door>,
    Maker(caller): Maker,
    Id(id): Id<BatchId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = door.engine.batch_view(sees(&caller).as_ref(), &id).await?;
    let once = once::of(&headers, "POST /v1/batches/resume", id.as_str().as_bytes())?;
    let made = door.engine.batch_made_once((&found.account, found.livemode), once.as_ref()).await?;
    let started = match made {
        Some(made) => StartedBatch { id: made, superseded: Vec::new(), is_new: false },
        None => {
            let key = caller.key.clone().filter(|_| caller.account == found.account);
            door.engine.start_again(&id, key, once).await?
        }
    };
    accepted(&door, &caller, &headers, &started, started.is_new.then(Vec::new)).await
}
