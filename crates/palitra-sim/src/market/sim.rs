//! A simulated market as a running server: its script, its log, its address, and the calls of every simulator (`GET /_sim/health`,
//! `GET /_sim/log`, `POST /_sim/script`). What else it answers, and how, is each market's.

use super::{
    log::{Journal, Log},
    picture::Painter,
    script::{BadScript, Faults, Faulty, Rule},
    server,
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use palitra_domain::{Clock, recipe::hex};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

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

/// What a market is to its server; the value holds what never changes while it runs.
pub(crate) trait Simulated: Send + Sync + Sized + 'static {
    type Script: DeserializeOwned + Send;
    type Fault: Faulty<Call: Send> + Send;
    /// What has happened at the market, beside its log.
    type State: Default + Send;

    fn name(&self) -> &'static str;
    /// The path of the base address: `/v1`.
    fn base(&self) -> &'static str {
        ""
    }
    fn basics(script: &Self::Script) -> Basics<'_, Self::Fault>;
    fn check(&self, script: &Self::Script) -> Result<(), BadScript>;
    fn sent_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str>;
    /// The market's own calls.
    fn router() -> Router<Arc<Market<Self>>>;
}

/// The settings that every script has.
pub(crate) struct Basics<'a, F: Faulty> {
    pub(crate) keys: &'a [String],
    pub(crate) public_url: Option<&'a str>,
    pub(crate) log_file: Option<&'a Path>,
    pub(crate) rules: &'a [Rule<F::Call, F>],
}

/// The fields of those names.
macro_rules! basics {
    ($script:ident) => {
        $crate::market::sim::Basics {
            keys: &$script.keys,
            public_url: $script.public_url.as_deref(),
            log_file: $script.log_file.as_deref(),
            rules: &$script.rules,
        }
    };
}
pub(crate) use basics;

/// Serves until it is stopped or dropped.
pub(crate) struct Server<M: Simulated> {
    pub(crate) market: Arc<Market<M>>,
    task: JoinHandle<()>,
}

pub(crate) struct Market<M: Simulated> {
    pub(crate) of: M,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) painter: Option<Painter>,
    address: SocketAddr,
    public_url: Option<String>,
    deliveries: Mutex<JoinSet<()>>,
    /// A delivery was written to the log.
    delivered: Notify,
    inner: Mutex<Inner<M>>,
}

pub(crate) struct Inner<M: Simulated> {
    pub(crate) script: M::Script,
    pub(crate) faults: Faults<M::Fault>,
    pub(crate) journal: Journal,
    pub(crate) state: M::State,
}

/// Writes a market's public simulator, a [`Server`] under a name of its own.
macro_rules! simulator {
    ($sim:ident, $script:ident, $of:ty = $new:expr) => {
        /// A running simulator; dropping it closes its port and every connection.
        pub struct $sim($crate::market::sim::Server<$of>);

        impl $sim {
            /// Listens (port 0: any free one) and serves until stopped or dropped. All waiting is done on `clock`.
            pub async fn start(
                script: $script,
                listen: std::net::SocketAddr,
                clock: std::sync::Arc<dyn palitra_domain::Clock>,
            ) -> Result<$sim, $crate::SimError> {
                $sim::start_painted(script, listen, clock, None).await
            }

            /// As `start`, with somebody else's pictures.
            pub async fn start_painted(
                script: $script,
                listen: std::net::SocketAddr,
                clock: std::sync::Arc<dyn palitra_domain::Clock>,
                painter: Option<$crate::market::picture::Painter>,
            ) -> Result<$sim, $crate::SimError> {
                $crate::market::sim::Server::start($new, script, listen, clock, painter).await.map($sim)
            }

            /// The base of its links, to be used as the market's address: `http://127.0.0.1:40123`.
            pub fn url(&self) -> String {
                self.0.url()
            }

            pub fn address(&self) -> std::net::SocketAddr {
                self.0.address()
            }

            pub fn log(&self) -> $crate::market::log::Log {
                self.0.log()
            }

            /// Waits until so many webhooks were answered or given up, and answers the log.
            pub async fn delivered(&self, count: usize) -> $crate::market::log::Log {
                self.0.delivered(count).await
            }

            /// Replaces the script; counting starts anew, what runs goes on. Links and the log file stay as they were.
            pub fn set_script(&self, script: $script) -> Result<(), $crate::market::script::BadScript> {
                self.0.market.set_script(script)
            }

            /// Closes the port and every connection at once; the log can still be read.
            pub async fn stop(&mut self) {
                self.0.stop().await;
            }
        }
    };
}
pub(crate) use simulator;

impl<M: Simulated> Server<M> {
    pub(crate) async fn start(
        of: M,
        script: M::Script,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        painter: Option<Painter>,
    ) -> Result<Server<M>, SimError> {
        of.check(&script)?;
        let basics = M::basics(&script);
        let journal = Journal::open(basics.log_file).map_err(|source| SimError::LogFile { source })?;
        let (public_url, faults) = (basics.public_url.map(str::to_owned), Faults::new(basics.rules));
        let cannot_listen = |source| SimError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let market = Arc::new(Market {
            of,
            clock,
            painter,
            address,
            public_url,
            deliveries: Mutex::default(),
            delivered: Notify::new(),
            inner: Mutex::new(Inner { script, faults, journal, state: M::State::default() }),
        });
        let task = tokio::spawn(server::serve(listener, router(&market)));
        Ok(Server { market, task })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.market.root(), self.market.of.base())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.market.address
    }

    pub(crate) fn log(&self) -> Log {
        self.market.lock().journal.snapshot()
    }

    pub(crate) async fn delivered(&self, count: usize) -> Log {
        loop {
            let delivered = self.market.delivered.notified();
            let log = self.log();
            if log.deliveries.len() >= count {
                return log;
            }
            delivered.await;
        }
    }

    pub(crate) async fn stop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
        if let Err(error) = (&mut self.task).await
            && !error.is_cancelled()
        {
            tracing::error!(%error, "the simulator had stopped by itself");
        }
    }
}

impl<M: Simulated> Drop for Server<M> {
    fn drop(&mut self) {
        self.market.stop_deliveries();
        self.task.abort();
    }
}

fn router<M: Simulated>(market: &Arc<Market<M>>) -> Router {
    M::router()
        .route("/_sim/health", get(get_health))
        .route("/_sim/log", get(get_log))
        .route("/_sim/script", post(post_script))
        .with_state(Arc::clone(market))
}

async fn get_health<M: Simulated>(State(market): State<Arc<Market<M>>>) -> Json<Value> {
    Json(json!({"market": market.of.name(), "ok": true}))
}

async fn get_log<M: Simulated>(State(market): State<Arc<Market<M>>>) -> Json<Log> {
    Json(market.lock().journal.snapshot())
}

async fn post_script<M: Simulated>(
    State(market): State<Arc<Market<M>>>,
    body: String,
) -> (StatusCode, Json<Value>) {
    let script = serde_json::from_str::<M::Script>(&body).map_err(|error| error.to_string());
    match script.and_then(|script| market.set_script(script).map_err(|error| error.to_string())) {
        Ok(()) => (StatusCode::OK, Json(json!({"ok": true}))),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error}))),
    }
}

impl<M: Simulated> Market<M> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner<M>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_script(&self, script: M::Script) -> Result<(), BadScript> {
        self.of.check(&script)?;
        let mut inner = self.lock();
        inner.faults = Faults::new(M::basics(&script).rules);
        inner.script = script;
        Ok(())
    }

    /// What links begin with.
    pub(crate) fn root(&self) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(host, self.address.port()))
    }

    /// The key of a call, when it is one that is let in.
    pub(crate) fn key_of(&self, inner: &Inner<M>, headers: &HeaderMap) -> Option<String> {
        let key = self.of.sent_key(headers).filter(|key| !key.is_empty())?;
        let known = M::basics(&inner.script).keys;
        (known.is_empty() || known.iter().any(|known| known == key)).then(|| key.to_owned())
    }

    /// Runs a delivery until the simulator stops.
    pub(crate) fn deliver(&self, delivery: impl Future<Output = ()> + Send + 'static) {
        let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        while deliveries.try_join_next().is_some() {}
        deliveries.spawn(delivery);
    }

    /// Tells whoever waits for a delivery that one is in the log.
    pub(crate) fn has_delivered(&self) {
        self.delivered.notify_waiters();
    }

    fn stop_deliveries(&self) {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

/// 32 hex digits. Random, so that a simulator that is started again does not give the names of the one before it.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    hex(&bytes)
}
