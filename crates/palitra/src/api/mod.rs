//! The native API as far as it is there: jobs and markets, with the rights of the operator. `control` puts it on the control socket,
//! commands ask it in their own process; both get the same documents.

pub(crate) mod generations;
pub(crate) mod markets;
mod problem;

pub(crate) use problem::failure;

use crate::{args::JobsLs, failure::Failure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use markets::NewLimits;
use palitra_domain::{BatchId, ErrorCode, GenerationId};
use palitra_engine::{Engine, markets::Target};
use problem::Problem;
use serde_json::{Value, json};

type Answer = Result<Json<Value>, Problem>;

pub(crate) fn router(engine: Engine) -> Router {
    Router::new()
        .route("/v1/generations", get(list))
        .route("/v1/generations/{id}", get(show))
        .route("/v1/generations/{id}/cancel", post(cancel))
        .route("/v1/batches/{id}", get(show_batch))
        .route("/v1/batches/{id}/cancel", post(cancel_batch))
        .route("/v1/markets", get(list_markets))
        .route("/v1/markets/{target}/{verb}", post(change))
        .route("/v1/markets/{target}/{key}/{verb}", post(change_key))
        .fallback(nothing_here)
        .with_state(engine)
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, Problem::from(Failure::new(ErrorCode::NotFound).with("value", "this address")))
        .into_response()
}

fn not_found(id: &str) -> Problem {
    let id: String = id.chars().take(60).collect();
    Failure::new(ErrorCode::NotFound).with("value", format!("`{id}`")).into()
}

async fn list(State(engine): State<Engine>, query: Result<Query<JobsLs>, QueryRejection>) -> Answer {
    let Query(query) = query.map_err(|refused| bad_input("query", &refused.body_text()))?;
    let found = generations::list(&engine, &query).await?;
    let is_full = found.len() == usize::try_from(query.page()).unwrap_or(0);
    let next = found.last().filter(|_| is_full).map(|last| last["id"].clone());
    Ok(Json(json!({ "generations": found, "next": next })))
}

async fn show(State(engine): State<Engine>, Path(id): Path<String>) -> Answer {
    let id = GenerationId::parse(&id).map_err(|_| not_found(&id))?;
    Ok(Json(generations::shown(&engine, &id).await?))
}

async fn cancel(State(engine): State<Engine>, Path(id): Path<String>) -> Answer {
    let id = GenerationId::parse(&id).map_err(|_| not_found(&id))?;
    Ok(Json(generations::cancel(&engine, &id).await?))
}

async fn show_batch(State(engine): State<Engine>, Path(id): Path<String>) -> Answer {
    let id = BatchId::parse(&id).map_err(|_| not_found(&id))?;
    let batch = engine.batch(&id).await.map_err(Failure::from)?;
    Ok(Json(generations::batch_document(&engine, &batch).await?))
}

async fn cancel_batch(State(engine): State<Engine>, Path(id): Path<String>) -> Answer {
    let id = BatchId::parse(&id).map_err(|_| not_found(&id))?;
    Ok(Json(generations::cancel_batch(&engine, &id).await?))
}

async fn list_markets(State(engine): State<Engine>) -> Answer {
    Ok(Json(markets::list(&engine).await?))
}

async fn change(
    State(engine): State<Engine>,
    Path((target, verb)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    apply(&engine, &Target::parse(&target), &verb, &body).await
}

async fn change_key(
    State(engine): State<Engine>,
    Path((market, label, verb)): Path<(String, String, String)>,
    body: Bytes,
) -> Answer {
    apply(&engine, &Target::Key { market, label }, &verb, &body).await
}

async fn apply(engine: &Engine, target: &Target, verb: &str, body: &[u8]) -> Answer {
    Ok(Json(match verb {
        "pause" => markets::pause(engine, target).await?,
        "resume" => markets::resume(engine, target).await?,
        "limit" => {
            let limits: NewLimits =
                serde_json::from_slice(body).map_err(|error| bad_input("body", &error))?;
            markets::limit(engine, target, &limits).await?
        }
        _ => return Err(not_found(verb)),
    }))
}

fn bad_input(what: &str, why: &impl ToString) -> Problem {
    Failure::new(ErrorCode::InvalidInput).with("value", what).with("hint", why.to_string()).into()
}
