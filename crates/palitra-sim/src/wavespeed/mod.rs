//! A strict simulator of WaveSpeedAI's task API: a real HTTP server with a script of faults and a log that checkers read.
//!
//! It refuses what WaveSpeedAI refuses and unknown fields besides, takes time and money, holds the limits of an account's level,
//! serves its own files, takes uploads and delivers signed webhooks. Rules: `providers.md` §3; scripts: `docs/markets.md`. It
//! knows nothing of Palitra's adapter.
//!
//! Paths: `/api/v3/…`, `/files/…` (results), `/storage/…` and `/media/…` (uploads), and its own `GET /_sim/health`,
//! `GET /_sim/log`, `POST /_sim/script`.

mod calls;
mod envelope;
mod fault;
mod ledger;
mod output;
mod route;
mod schema;
mod script;
mod submit;
mod uploads;
mod webhook;
mod world;

#[cfg(test)]
mod tests;

pub use crate::market::listing::ListingScript;
pub use crate::market::log::{Delivery, Log as WaveSpeedLog, Submission, Upload, key_tag};
pub use crate::market::picture::{Painter, Picture};
pub use fault::{Call, Fault, Rule};
pub use script::{Level, ModelScript, WaveSpeedScript};

use crate::market::{
    script::BadScript,
    sim::{self, Basics, Simulated, basics, random_id, simulator},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::get,
};
use std::{collections::BTreeMap, sync::Arc};

/// The largest request body: an upload.
const BODY_MAX: usize = 200 * 1024 * 1024;

pub(crate) struct WaveSpeed;

type Market = sim::Market<WaveSpeed>;
type Inner = sim::Inner<WaveSpeed>;

/// What has happened at the market.
#[derive(Default)]
pub(crate) struct Happened {
    world: world::World,
    ledger: ledger::Ledger,
    secrets: webhook::Secrets,
    /// By name, which is random.
    uploads: BTreeMap<String, uploads::Stored>,
}

simulator!(WaveSpeedSim, WaveSpeedScript, WaveSpeed = WaveSpeed);

impl WaveSpeedSim {
    /// Every key gets a new secret of webhooks, as when an operator regenerates a leaked one.
    pub fn rotate_secrets(&self) {
        self.0.market.lock().state.secrets = webhook::Secrets::default();
    }
}

impl Simulated for WaveSpeed {
    type Script = WaveSpeedScript;
    type Fault = Fault;
    type State = Happened;

    fn name(&self) -> &'static str {
        "wavespeed"
    }

    fn basics(script: &WaveSpeedScript) -> Basics<'_, Fault> {
        basics!(script)
    }

    fn check(&self, script: &WaveSpeedScript) -> Result<(), BadScript> {
        script.check()
    }

    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    fn router() -> Router<Arc<Market>> {
        Router::new()
            .route("/files/{name}", get(get_file))
            .route("/media/{name}", get(get_media))
            .fallback(call)
    }
}

async fn get_file(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    output::file(&market, &name, &headers).await
}

async fn get_media(State(market): State<Arc<Market>>, Path(name): Path<String>) -> Response<Body> {
    uploads::get(&market, &name)
}

async fn call(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return envelope::error(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
            .send(None, &market.clock);
    };
    if let Some(name) = parts.uri.path().strip_prefix("/storage/").filter(|_| parts.method == "PUT") {
        return uploads::put(&market, name, &parts.headers, body).await;
    }
    let asked = route::Asked::new(&parts.method, &parts.uri, parts.headers, body);
    calls::answer(&market, asked).await
}

impl Inner {
    /// Work of this key whose record is still there.
    fn work(&self, key: &str, id: &str) -> Option<&world::Work> {
        self.state.world.find(id).filter(|work| work.new.key == key_tag(key) && !work.deleted)
    }

    /// What is taken of a price; a fraction of a millionth is taken whole.
    fn discounted(&self, micros: i64) -> i64 {
        let percent = 100 - i64::from(self.script.discount_percent);
        (micros * percent + 99) / 100
    }
}
