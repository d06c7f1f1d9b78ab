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
mod faults;
mod ledger;
mod log;
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
pub use fault::{Call, Fault};
pub use log::{Delivery, Submission, UploadEntry, WaveSpeedLog, key_tag};
pub use script::{BadScript, Level, ModelScript, Rule, WaveSpeedScript};

use crate::market::{picture::Painter, server};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post},
};
use palitra_domain::{Clock, recipe::hex};
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

/// The largest request body: an upload.
const BODY_MAX: usize = 200 * 1024 * 1024;

/// A running simulator; dropping it closes its port and every connection.
pub struct WaveSpeedSim {
    market: Arc<Market>,
    task: JoinHandle<()>,
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum WaveSpeedSimError {
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
    script: WaveSpeedScript,
    faults: faults::Faults,
    world: world::World,
    ledger: ledger::Ledger,
    secrets: webhook::Secrets,
    /// By name, which is random.
    uploads: BTreeMap<String, uploads::Stored>,
    journal: log::Journal,
}

impl WaveSpeedSim {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub async fn start(
        script: WaveSpeedScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<WaveSpeedSim, WaveSpeedSimError> {
        WaveSpeedSim::start_painted(script, listen, clock, None).await
    }

    /// As [`WaveSpeedSim::start`], with somebody else's pictures.
    pub async fn start_painted(
        script: WaveSpeedScript,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<WaveSpeedSim, WaveSpeedSimError> {
        script.check()?;
        let journal = log::Journal::open(script.log_file.as_deref())
            .map_err(|source| WaveSpeedSimError::LogFile { source })?;
        let cannot_listen = |source| WaveSpeedSimError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let public_url = script.public_url.clone();
        let inner = Inner {
            faults: faults::Faults::new(&script),
            script,
            world: world::World::default(),
            ledger: ledger::Ledger::default(),
            secrets: webhook::Secrets::new(),
            uploads: BTreeMap::new(),
            journal,
        };
        let market = Arc::new(Market {
            clock,
            address,
            public_url,
            painter,
            deliveries: Mutex::default(),
            delivered: Notify::new(),
            inner: Mutex::new(inner),
        });
        let task = tokio::spawn(server::serve(listener, router(&market)));
        Ok(WaveSpeedSim { market, task })
    }

    /// The base of its links, to be used as WaveSpeedAI's base URL: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.market.base()
    }

    pub fn address(&self) -> SocketAddr {
        self.market.address
    }

    pub fn log(&self) -> WaveSpeedLog {
        self.market.lock().journal.log.clone()
    }

    /// Waits until so many webhooks were answered or given up, and answers the log.
    pub async fn delivered(&self, count: usize) -> WaveSpeedLog {
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
    pub fn set_script(&self, script: WaveSpeedScript) -> Result<(), BadScript> {
        script.check()?;
        self.market.lock().set_script(script);
        Ok(())
    }

    /// Every key gets a new secret of webhooks, as when an operator regenerates a leaked one.
    pub fn rotate_secrets(&self) {
        self.market.lock().secrets = webhook::Secrets::new();
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

impl Drop for WaveSpeedSim {
    fn drop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
    }
}

fn router(market: &Arc<Market>) -> Router {
    Router::new()
        .route("/_sim/health", get(async || Json(json!({"market": "wavespeed", "ok": true}))))
        .route("/_sim/log", get(get_log))
        .route("/_sim/script", post(post_script))
        .route("/files/{name}", get(get_file))
        .route("/media/{name}", get(get_media))
        .fallback(call)
        .with_state(Arc::clone(market))
}

async fn get_log(State(market): State<Arc<Market>>) -> Json<WaveSpeedLog> {
    Json(market.lock().journal.log.clone())
}

async fn post_script(State(market): State<Arc<Market>>, body: String) -> (StatusCode, Json<Value>) {
    let script = serde_json::from_str::<WaveSpeedScript>(&body).map_err(|error| error.to_string());
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
    fn set_script(&mut self, script: WaveSpeedScript) {
        self.faults = faults::Faults::new(&script);
        self.script = script;
    }

    /// The key of a call, when it is one that is let in.
    fn key_of(&self, headers: &HeaderMap) -> Option<String> {
        let key = sent_key(headers).filter(|key| !key.is_empty())?;
        let known = self.script.keys.is_empty() || self.script.keys.iter().any(|known| known == key);
        known.then(|| key.to_owned())
    }

    /// Work of this key whose record is still there.
    fn work(&self, key: &str, id: &str) -> Option<&world::Work> {
        self.world.find(id).filter(|work| work.new.key == key_tag(key) && !work.deleted)
    }

    /// What is taken of a price; a fraction of a millionth is taken whole.
    fn discounted(&self, micros: i64) -> i64 {
        let percent = 100 - i64::from(self.script.discount_percent);
        (micros * percent + 99) / 100
    }
}

fn sent_key(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// 32 hex digits, as WaveSpeedAI's. Random, so that a simulator that is started again does not know the work of the one before it.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    hex(&bytes)
}
