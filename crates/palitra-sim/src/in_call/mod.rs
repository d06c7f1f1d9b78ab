//! What the simulated markets share that answer in the call itself (OpenAI, Anthropic): a server with a script of faults and a log that
//! checkers read. What a call takes, how errors are worded and what an answer looks like is each market's own [`Manner`].

mod asked;
mod call;
mod fault;
mod faults;
pub(crate) mod fields;
mod running;
mod script;

#[cfg(test)]
mod tests;

pub use fault::{Call, Fault};
pub use script::{BadScript, ModelScript, Rule, Script};

pub(crate) use asked::{Asked, File, text_of};
pub(crate) use call::{Ending, Made, Refusal, Tools};

use crate::market::{
    answer::Answer,
    log::{Journal, Log},
    picture::Painter,
    server,
};
use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
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
use tokio::{net::TcpListener, task::JoinHandle};

/// The largest request body: a form with pictures.
const BODY_MAX: usize = 200 * 1024 * 1024;

/// How a market speaks.
pub(crate) trait Manner: Send + Sync {
    fn name(&self) -> &'static str;
    /// The path of the base address: `/v1`.
    fn base(&self) -> &'static str;
    /// Some answers hold links.
    fn has_files(&self) -> bool;
    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str>;
    fn refuse(&self, refusal: &Refusal) -> Answer;
    fn check(&self, asked: &Asked) -> Result<(), Refusal>;
    /// The answer to a call that was found good. Drawing takes its time.
    fn make(&self, asked: &Asked, ending: &Ending, tools: &Tools) -> Made;
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error(transparent)]
    Script(#[from] BadScript),
    #[error("cannot listen on {listen}")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("cannot open the log file")]
    LogFile { source: io::Error },
}

/// A running simulator; dropping it closes its port and every connection.
pub(crate) struct Server {
    market: Arc<Market>,
    task: JoinHandle<()>,
}

struct Market {
    manner: &'static dyn Manner,
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    public_url: Option<String>,
    painter: Option<Painter>,
    inner: Mutex<Inner>,
}

struct Inner {
    script: Script,
    faults: faults::Faults,
    journal: Journal,
    running: running::Running,
    /// Pictures behind links, with the model and the prompt they were made by.
    files: BTreeMap<String, Kept>,
}

#[derive(Clone)]
struct Kept {
    model: String,
    prompt: String,
    bytes: Bytes,
}

impl Server {
    /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
    pub(crate) async fn start(
        manner: &'static dyn Manner,
        script: Script,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<Server, SimError> {
        script.check(manner.has_files())?;
        let journal =
            Journal::open(script.log_file.as_deref()).map_err(|source| SimError::LogFile { source })?;
        let cannot_listen = |source| SimError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let market = Arc::new(Market {
            manner,
            clock,
            address,
            public_url: script.public_url.clone(),
            painter,
            inner: Mutex::new(Inner {
                faults: faults::Faults::new(&script),
                script,
                journal,
                running: running::Running::default(),
                files: BTreeMap::new(),
            }),
        });
        let task = tokio::spawn(server::serve(listener, router(&market)));
        Ok(Server { market, task })
    }

    /// What a client takes for the market's base.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.market.root(), self.market.manner.base())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.market.address
    }

    pub(crate) fn log(&self) -> Log {
        self.market.lock().journal.snapshot()
    }

    /// Replaces the script; counting starts anew. Links and the log file stay as they were.
    pub(crate) fn set_script(&self, script: Script) -> Result<(), BadScript> {
        self.market.set_script(script)
    }

    /// Closes the port and every connection at once; the log can still be read.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        if let Err(error) = (&mut self.task).await
            && !error.is_cancelled()
        {
            tracing::error!(%error, "the simulator had stopped by itself");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(market: &Arc<Market>) -> Router {
    Router::new()
        .route("/_sim/health", get(get_health))
        .route("/_sim/log", get(get_log))
        .route("/_sim/script", post(post_script))
        .route("/files/{name}", get(get_file))
        .fallback(any_call)
        .with_state(Arc::clone(market))
}

async fn get_health(State(market): State<Arc<Market>>) -> Json<Value> {
    Json(json!({"market": market.manner.name(), "ok": true}))
}

async fn get_log(State(market): State<Arc<Market>>) -> Json<Log> {
    Json(market.lock().journal.snapshot())
}

async fn post_script(State(market): State<Arc<Market>>, body: String) -> (StatusCode, Json<Value>) {
    let script = serde_json::from_str::<Script>(&body).map_err(|error| error.to_string());
    match script.and_then(|script| market.set_script(script).map_err(|error| error.to_string())) {
        Ok(()) => (StatusCode::OK, Json(json!({"ok": true}))),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error}))),
    }
}

async fn get_file(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    call::file(&market, &name, headers.contains_key(header::AUTHORIZATION)).await
}

async fn any_call(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return market.manner.refuse(&Refusal::TooLarge).send(None, &market.clock);
    };
    let below = parts.uri.path().strip_prefix(market.manner.base()).and_then(|path| path.strip_prefix('/'));
    let path = below.unwrap_or_default().to_owned();
    call::answer(&market, Asked::read(parts.method, path, parts.headers, &body)).await
}

impl Market {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_script(&self, script: Script) -> Result<(), BadScript> {
        script.check(self.manner.has_files())?;
        let mut inner = self.lock();
        inner.faults = faults::Faults::new(&script);
        inner.script = script;
        Ok(())
    }

    fn root(&self) -> String {
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

/// 32 hex digits. Random, so that a simulator that is started again does not give the names of the one before it.
fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    hex(&bytes)
}
