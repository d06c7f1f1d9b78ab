//! A strict simulator of fal.ai's queue API: a real HTTP server with a script of faults and a log that checkers read.
//!
//! It refuses what fal refuses and unknown fields besides, takes time, runs only so many requests of a key at once, serves its own
//! files and what was uploaded, and delivers signed webhooks. Rules: `providers.md` §1; scripts: `docs/markets.md`. It knows nothing of
//! Palitra's adapter.
//!
//! Paths: fal's queue at the root, `/files/…` (results), `/storage/…` and `/uploads/…` (files in), `/models…` (the platform),
//! `/.well-known/jwks.json`, and its own
//! `GET /_sim/health`, `GET /_sim/log`, `POST /_sim/script`.

mod calls;
mod endpoints;
mod errors;
mod output;
mod platform;
mod route;
mod schema;
mod script;
mod size;
mod submit;
mod text;
mod uploads;
mod webhook;
mod world;

#[cfg(test)]
mod tests;

pub use crate::market::listing::ListingScript;
pub use crate::market::log::{Cancel, Delivery, Log as FalLog, Submission, Upload, key_tag};
pub use crate::market::picture::{Painter, Picture};
pub use script::{Call, EndpointScript, FalScript, Fault, Rule};

use crate::market::{
    answer::Answer,
    script::BadScript,
    sim::{self, Basics, Simulated, basics, simulator},
};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post, put},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The largest request body: a picture may come as a data URI.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// fal, with the keys that sign its webhooks.
pub(crate) struct Fal {
    signer: webhook::Signer,
}

type Market = sim::Market<Fal>;
type Inner = sim::Inner<Fal>;

/// What has happened at the market.
#[derive(Default)]
pub(crate) struct Happened {
    world: world::World,
    /// By name, which is random.
    uploads: BTreeMap<String, uploads::Stored>,
}

pub(crate) fn market() -> Fal {
    Fal { signer: webhook::Signer::new() }
}

simulator!(FalSim, FalScript, Fal = market());

impl Simulated for Fal {
    type Script = FalScript;
    type Fault = Fault;
    type State = Happened;

    fn name(&self) -> &'static str {
        "fal"
    }

    fn basics(script: &FalScript) -> Basics<'_, Fault> {
        basics!(script)
    }

    fn check(&self, script: &FalScript) -> Result<(), BadScript> {
        script.check()
    }

    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Key ")
    }

    fn router() -> Router<Arc<Market>> {
        Router::new()
            .route("/files/{name}", get(get_file))
            .route("/storage/upload/initiate", post(initiate))
            .route("/storage/{name}", put(put_upload))
            .route("/uploads/{name}", get(get_upload))
            .route("/models", get(get_models))
            .route("/models/pricing", get(get_prices))
            .route("/models/usage", get(get_usage))
            .route("/.well-known/jwks.json", get(get_keys))
            .fallback(call)
    }
}

/// The error types that `fail` knows, with the status of the result call.
pub fn error_types() -> impl Iterator<Item = (&'static str, u16)> {
    errors::ERRORS.iter().map(|error| (error.name, error.status))
}

async fn get_file(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    output::file(&market, &name, &headers).await
}

async fn initiate(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let query = Fields::try_from_uri(&parts.uri);
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
    uploads::initiate(&market, &query.map(|query| query.0).unwrap_or_default(), &parts.headers, &body).await
}

async fn put_upload(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match to_bytes(body, BODY_MAX).await {
        Ok(bytes) => uploads::put(&market, &name, &parts.headers, bytes).await,
        Err(_) => Answer::detail(StatusCode::PAYLOAD_TOO_LARGE, "EntityTooLarge").send(None, &market.clock),
    }
}

async fn get_upload(State(market): State<Arc<Market>>, Path(name): Path<String>) -> Response<Body> {
    uploads::get(&market, &name)
}

type Fields = Query<Vec<(String, String)>>;

async fn get_models(State(market): State<Arc<Market>>, query: Fields, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Models, &query, &headers).await
}

async fn get_prices(State(market): State<Arc<Market>>, query: Fields, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Prices, &query, &headers).await
}

async fn get_usage(State(market): State<Arc<Market>>, query: Fields, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Usage, &query, &headers).await
}

/// Public keys: nobody may show an API key for them.
async fn get_keys(State(market): State<Arc<Market>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    match headers.contains_key(header::AUTHORIZATION) {
        true => (StatusCode::BAD_REQUEST, Json(json!({"detail": "An API key was sent"}))),
        false => (StatusCode::OK, Json(market.of.signer.keys())),
    }
}

async fn call(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return Answer::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
            .send(None, &market.clock);
    };
    let asked = route::Asked::new(&parts.method, &parts.uri, parts.headers, body);
    calls::answer(&market, asked).await
}

impl Market {
    fn links(&self, app: &str, id: &str) -> Value {
        links(&self.root(), app, id)
    }
}

/// The id of a request and where to ask about it.
fn links(base: &str, app: &str, id: &str) -> Value {
    let request = format!("{base}/{app}/requests/{id}");
    json!({
        "request_id": id,
        "response_url": request,
        "status_url": format!("{request}/status"),
        "cancel_url": format!("{request}/cancel"),
    })
}

impl Inner {
    /// A request of this key, asked for under the app it was submitted to.
    fn work(&self, key: &str, app: &str, id: &str) -> Option<&world::Work> {
        let work = self.state.world.find(id)?;
        (work.new.key == key_tag(key) && schema::app(work.new.endpoint.id) == app).then_some(work)
    }
}

/// As fal writes it.
fn request_id() -> String {
    let hex = sim::random_id();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
