//! A strict simulator of KIE.ai's market API: a real HTTP server with a script of faults and a log that checkers read.
//!
//! It refuses what KIE refuses and unknown fields besides, takes time, counts credits, keeps KIE's limits of calls, serves its own
//! files and what was uploaded, and delivers signed callbacks. Rules: KIE documentation (`docs.kie.ai`: *getting started*, *get task
//! details*, *webhook verification*, *file upload API*); scripts: `docs/markets.md`. It knows nothing of Palitra's adapter.
//!
//! Paths: KIE's under `/api`, uploads included, `/files/…`, `/uploads/…`, and its own `GET /_sim/health`, `GET /_sim/log`,
//! `POST /_sim/script`.

mod calls;
mod envelope;
mod listing;
mod models;
mod output;
mod schema;
mod script;
mod submit;
mod uploads;
mod webhook;
mod world;

#[cfg(test)]
mod tests;

pub use crate::market::listing::ListingScript;
pub use crate::market::log::{Delivery, Log as KieLog, Submission, key_tag};
pub use crate::market::picture::{Painter, Picture};
pub use script::{Call, Fault, KieScript, ModelScript, Rule};

use crate::market::{
    answer::Answer,
    script::BadScript,
    sim::{self, Basics, Simulated, basics, random_id, simulator},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, Uri, header},
    routing::{get, post},
};
use envelope::Refusal;
use serde_json::json;
use std::sync::Arc;

/// The largest request body: an uploaded file has at most 100 MB.
const BODY_MAX: usize = 128 * 1024 * 1024;

pub(crate) struct Kie;

type Market = sim::Market<Kie>;
type Inner = sim::Inner<Kie>;

/// What has happened at the market.
#[derive(Default)]
pub(crate) struct Happened {
    world: world::World,
    uploads: uploads::Uploads,
}

simulator!(KieSim, KieScript, Kie = Kie);

impl Simulated for Kie {
    type Script = KieScript;
    type Fault = Fault;
    type State = Happened;

    fn name(&self) -> &'static str {
        "kie"
    }

    fn basics(script: &KieScript) -> Basics<'_, Fault> {
        basics!(script)
    }

    fn check(&self, script: &KieScript) -> Result<(), BadScript> {
        script.check()
    }

    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    fn router() -> Router<Arc<Market>> {
        Router::new()
            .route("/files/{name}", get(output::get_file))
            .route("/uploads/{*path}", get(uploads::get_file))
            .route("/api/v1/jobs/createTask", post(create_task))
            .route("/api/v1/jobs/recordInfo", get(record_info))
            .route("/api/v1/chat/credit", get(calls::get_credit))
            .route("/api/v1/models", get(listing::get_list))
            .route("/api/v1/models/{*path}", get(listing::get_one))
            .route("/api/file-base64-upload", post(upload))
            .route("/api/file-stream-upload", post(upload))
            .route("/api/file-url-upload", post(upload))
            .fallback(unknown)
    }
}

/// The codes of KIE that `code` and `code_after` know.
pub fn codes() -> impl Iterator<Item = u16> {
    envelope::CODES.iter().map(|(code, _)| *code)
}

/// The ids of the models that are simulated.
pub fn models() -> impl Iterator<Item = &'static str> {
    models::ids()
}

async fn create_task(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
    submit::answer(&market, &parts.headers, &body).await
}

async fn record_info(State(market): State<Arc<Market>>, headers: HeaderMap, uri: Uri) -> Response<Body> {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let query = query.map(|query| query.0).unwrap_or_default();
    calls::record(&market, &headers, &query).await
}

async fn upload(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
    uploads::answer(&market, parts.uri.path(), &parts.headers, &body).await
}

/// KIE's 404 is an envelope too.
async fn unknown(State(market): State<Arc<Market>>) -> Response<Body> {
    Answer::json(StatusCode::NOT_FOUND, &json!({"code": 404, "msg": "Not Found", "data": null}))
        .send(None, &market.clock)
}

impl Market {
    /// The tag of the key of a call, when it is one that is let in.
    fn tag_of(&self, inner: &Inner, headers: &HeaderMap) -> Result<String, Refusal> {
        self.key_of(inner, headers).map(|key| key_tag(&key)).ok_or_else(|| Refusal::code(401))
    }
}
