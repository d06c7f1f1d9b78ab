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
mod faults;
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
pub use script::{BadScript, Call, EndpointScript, FalScript, Fault, Rule};

use crate::market::{answer::Answer, log, server};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post, put},
};
use palitra_domain::Clock;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// The largest request body: a picture may come as a data URI.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// A running simulator; dropping it closes its port and every connection.
pub struct FalSim {
    market: Arc<Market>,
    task: JoinHandle<()>,
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum FalSimError {
    #[error(transparent)]
    Script(#[from] BadScript),
    #[error("cannot listen on {listen}")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("cannot open the log file")]
    LogFile { source: io::Error },
}

struct Market {
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    public_url: Option<String>,
    painter: Option<Painter>,
    signer: webhook::Signer,
    deliveries: Mutex<JoinSet<()>>,
    /// A delivery was written to the log.
    delivered: Notify,
    inner: Mutex<Inner>,
}

struct Inner {
    script: FalScript,
    faults: faults::Faults,
    world: world::World,
    /// By name, which is random.
    uploads: BTreeMap<String, uploads::Stored>,
    journal: log::Journal,
}

impl FalSim {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub async fn start(
        script: FalScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<FalSim, FalSimError> {
        FalSim::start_painted(script, listen, clock, None).await
    }

    /// As [`FalSim::start`], with somebody else's pictures.
    pub async fn start_painted(
        script: FalScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<FalSim, FalSimError> {
        script.check()?;
        let journal = log::Journal::open(script.log_file.as_deref())
            .map_err(|source| FalSimError::LogFile { source })?;
        let cannot_listen = |source| FalSimError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let inner = Inner {
            faults: faults::Faults::new(&script),
            script,
            world: world::World::default(),
            uploads: BTreeMap::new(),
            journal,
        };
        let market = Arc::new(Market {
            clock,
            address,
            public_url: inner.script.public_url.clone(),
            painter,
            signer: webhook::Signer::new(),
            deliveries: Mutex::default(),
            delivered: Notify::new(),
            inner: Mutex::new(inner),
        });
        let task = tokio::spawn(server::serve(listener, router(&market)));
        Ok(FalSim { market, task })
    }

    /// The base of its links, to be used as fal's queue URL: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.market.base()
    }

    pub fn address(&self) -> SocketAddr {
        self.market.address
    }

    pub fn log(&self) -> FalLog {
        self.market.lock().journal.snapshot()
    }

    /// Waits until so many webhooks were answered or given up, and answers the log.
    pub async fn delivered(&self, count: usize) -> FalLog {
        loop {
            let delivered = self.market.delivered.notified();
            let log = self.log();
            if log.deliveries.len() >= count {
                return log;
            }
            delivered.await;
        }
    }

    /// Replaces the script; counting starts anew, what runs goes on. Links and the log file stay as they were.
    pub fn set_script(&self, script: FalScript) -> Result<(), BadScript> {
        script.check()?;
        self.market.lock().set_script(script);
        Ok(())
    }

    /// Closes the port and every connection at once; the log can still be read.
    pub async fn stop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
        if let Err(error) = (&mut self.task).await
            && !error.is_cancelled()
        {
            tracing::error!(%error, "the simulator had stopped by itself");
        }
    }
}

impl Drop for FalSim {
    fn drop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
    }
}

/// The error types that `fail` knows, with the status of the result call.
pub fn error_types() -> impl Iterator<Item = (&'static str, u16)> {
    errors::ERRORS.iter().map(|error| (error.name, error.status))
}

fn router(market: &Arc<Market>) -> Router {
    Router::new()
        .route("/_sim/health", get(async || Json(json!({"market": "fal", "ok": true}))))
        .route("/_sim/log", get(get_log))
        .route("/_sim/script", post(post_script))
        .route("/files/{name}", get(get_file))
        .route("/storage/upload/initiate", post(initiate))
        .route("/storage/{name}", put(put_upload))
        .route("/uploads/{name}", get(get_upload))
        .route("/models", get(get_models))
        .route("/models/pricing", get(get_prices))
        .route("/models/usage", get(get_usage))
        .route("/.well-known/jwks.json", get(get_keys))
        .fallback(call)
        .with_state(Arc::clone(market))
}

async fn get_log(State(market): State<Arc<Market>>) -> Json<FalLog> {
    Json(market.lock().journal.snapshot())
}

async fn post_script(State(market): State<Arc<Market>>, body: String) -> (StatusCode, Json<Value>) {
    let script = serde_json::from_str::<FalScript>(&body).map_err(|error| error.to_string());
    match script.and_then(|script| script.check().map(|()| script).map_err(|error| error.to_string())) {
        Ok(script) => {
            market.lock().set_script(script);
            (StatusCode::OK, Json(json!({"ok": true})))
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error}))),
    }
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
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
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

type Query = axum::extract::Query<Vec<(String, String)>>;

async fn get_models(State(market): State<Arc<Market>>, query: Query, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Models, &query, &headers).await
}

async fn get_prices(State(market): State<Arc<Market>>, query: Query, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Prices, &query, &headers).await
}

async fn get_usage(State(market): State<Arc<Market>>, query: Query, headers: HeaderMap) -> Response<Body> {
    platform::answer(&market, platform::Question::Usage, &query, &headers).await
}

/// Public keys: nobody may show an API key for them.
async fn get_keys(State(market): State<Arc<Market>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    match headers.contains_key(header::AUTHORIZATION) {
        true => (StatusCode::BAD_REQUEST, Json(json!({"detail": "An API key was sent"}))),
        false => (StatusCode::OK, Json(market.signer.keys())),
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
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop_deliveries(&self) {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    fn base(&self) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(host, self.address.port()))
    }

    fn links(&self, app: &str, id: &str) -> Value {
        links(&self.base(), app, id)
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
    fn set_script(&mut self, script: FalScript) {
        self.faults = faults::Faults::new(&script);
        self.script = script;
    }

    /// The key of a call, when it is one that is let in.
    fn key_of(&self, headers: &HeaderMap) -> Option<String> {
        let key = sent_key(headers).filter(|key| !key.is_empty())?;
        let known = self.script.keys.is_empty() || self.script.keys.iter().any(|known| known == key);
        known.then(|| key.to_owned())
    }

    /// A request of this key, asked for under the app it was submitted to.
    fn work(&self, key: &str, app: &str, id: &str) -> Option<&world::Work> {
        let work = self.world.find(id)?;
        (work.new.key == key_tag(key) && schema::app(work.new.endpoint.id) == app).then_some(work)
    }
}

fn sent_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Key ")
}

/// Random, so that a simulator that is started again does not know the requests of the one before it.
fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
