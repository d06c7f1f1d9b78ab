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
mod faults;
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
pub use script::{BadScript, Call, Fault, KieScript, ModelScript, Rule};

use crate::market::{answer::Answer, log, server};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, Uri, header},
    routing::{get, post},
};
use envelope::Refusal;
use palitra_domain::Clock;
use serde_json::{Value, json};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

/// The largest request body: an uploaded file has at most 100 MB.
const BODY_MAX: usize = 128 * 1024 * 1024;

/// A running simulator; dropping it closes its port and every connection.
pub struct KieSim {
    market: Arc<Market>,
    task: JoinHandle<()>,
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum KieSimError {
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
    deliveries: Mutex<JoinSet<()>>,
    /// A delivery was written to the log.
    delivered: Notify,
    inner: Mutex<Inner>,
}

struct Inner {
    script: KieScript,
    faults: faults::Faults,
    world: world::World,
    uploads: uploads::Uploads,
    journal: log::Journal,
}

impl KieSim {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub async fn start(
        script: KieScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<KieSim, KieSimError> {
        KieSim::start_painted(script, listen, clock, None).await
    }

    /// As [`KieSim::start`], with somebody else's pictures.
    pub async fn start_painted(
        script: KieScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<KieSim, KieSimError> {
        script.check()?;
        let journal = log::Journal::open(script.log_file.as_deref())
            .map_err(|source| KieSimError::LogFile { source })?;
        let cannot_listen = |source| KieSimError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let inner = Inner {
            faults: faults::Faults::new(&script),
            script,
            world: world::World::default(),
            uploads: uploads::Uploads::default(),
            journal,
        };
        let market = Arc::new(Market {
            clock,
            address,
            public_url: inner.script.public_url.clone(),
            painter,
            deliveries: Mutex::default(),
            delivered: Notify::new(),
            inner: Mutex::new(inner),
        });
        let task = tokio::spawn(server::serve(listener, router(&market)));
        Ok(KieSim { market, task })
    }

    /// The base of its links, to be used as KIE's API and upload address: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.market.base()
    }

    pub fn address(&self) -> SocketAddr {
        self.market.address
    }

    pub fn log(&self) -> KieLog {
        self.market.lock().journal.snapshot()
    }

    /// Waits until so many callbacks were answered or given up, and answers the log.
    pub async fn delivered(&self, count: usize) -> KieLog {
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
    pub fn set_script(&self, script: KieScript) -> Result<(), BadScript> {
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

impl Drop for KieSim {
    fn drop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
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

fn router(market: &Arc<Market>) -> Router {
    Router::new()
        .route("/_sim/health", get(async || Json(json!({"market": "kie", "ok": true}))))
        .route("/_sim/log", get(get_log))
        .route("/_sim/script", post(post_script))
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
        .with_state(Arc::clone(market))
}

async fn get_log(State(market): State<Arc<Market>>) -> Json<KieLog> {
    Json(market.lock().journal.snapshot())
}

async fn post_script(State(market): State<Arc<Market>>, body: String) -> (StatusCode, Json<Value>) {
    let script = serde_json::from_str::<KieScript>(&body).map_err(|error| error.to_string());
    match script.and_then(|script| script.check().map(|()| script).map_err(|error| error.to_string())) {
        Ok(script) => {
            market.lock().set_script(script);
            (StatusCode::OK, Json(json!({"ok": true})))
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error}))),
    }
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
}

impl Inner {
    fn set_script(&mut self, script: KieScript) {
        self.faults = faults::Faults::new(&script);
        self.script = script;
    }

    /// The tag of the key of a call, when it is one that is let in.
    fn key_of(&self, headers: &HeaderMap) -> Result<String, Refusal> {
        let key = sent_key(headers).filter(|key| !key.is_empty());
        let known =
            |key: &&str| self.script.keys.is_empty() || self.script.keys.iter().any(|known| known == key);
        key.filter(known).map(key_tag).ok_or_else(|| Refusal::code(401))
    }
}

fn sent_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Random, so that a simulator that is started again does not know the tasks of the one before it.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
