//! What every route works with, and the settings of the door.

use crate::{
    limits::{Limits, Most},
    networks::Network,
    signed::{self, Until},
};
use bytes::Bytes;
use palitra_domain::{AccountId, BatchId, BoxFuture, ErrorCode, GenerationId};
use palitra_engine::{Engine, failure::Failure, turns::Turns, uploads::UPLOAD_BYTES_MAX};
use std::{sync::Arc, time::Duration};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// Settings of the door (`[server]`, `[security]`).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Every address that is handed out starts with it; without a slash at its end.
    pub public_url: String,
    /// Requests a minute that one key may make; 0 is no limit.
    pub requests_per_minute: u32,
    /// Requests a minute that all keys of one account may make together; 0 is no limit.
    pub account_requests_per_minute: u32,
    /// Requests a minute without a good key from one address; 0 is no limit.
    pub strangers_per_minute: u32,
    /// Accounts a day that one address may make; 0 is no limit.
    pub sign_ups_per_address: u32,
    /// Whose `X-Forwarded-For` says where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Origins whose pages may call; `*` is all of them.
    pub cors_origins: Vec<String>,
    /// What the seed-compatible door takes where nothing is said.
    pub words: Words,
}

/// Defaults of the seed-compatible door.
#[derive(Debug, Clone, Default)]
pub struct Words {
    pub image_model: String,
    pub speech_model: String,
    /// By language.
    pub voices: std::collections::BTreeMap<String, String>,
    pub template: String,
}

/// Port: files by the addresses that users give, past the guard against private networks. The binary brings it.
pub trait Fetch: Send + Sync {
    /// The whole file, at most so many bytes.
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize) -> BoxFuture<'a, Result<Bytes, Failure>>;
}

/// Files by their addresses that are on their way or in memory at once, each as large as any that is taken: of all, and of one account.
static ROOM: Semaphore = Semaphore::const_new(8);
const FETCHED_AT_ONCE: usize = 2;

/// Room for a file is waited for so long.
const ROOM_TIME: Duration = Duration::from_secs(60);

/// A file in memory; its room is free again when the last of its bytes is let go.
struct Fetched {
    bytes: Bytes,
    _room: (OwnedSemaphorePermit, SemaphorePermit<'static>),
}

impl AsRef<[u8]> for Fetched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The state of every route. Clones share it.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

pub struct Inner {
    pub engine: Engine,
    pub settings: Settings,
    pub(crate) limits: Limits,
    /// The service stops: streams end, and nobody is waited for any more.
    pub(crate) closing: CancellationToken,
    fetch: Arc<dyn Fetch>,
    fetches: Turns,
}

impl std::ops::Deref for Door {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Door {
    pub fn new(engine: Engine, settings: Settings, fetch: Arc<dyn Fetch>) -> Door {
        let limits = Limits::new(Most {
            key: settings.requests_per_minute,
            account: settings.account_requests_per_minute,
            stranger: settings.strangers_per_minute,
            sign_ups: settings.sign_ups_per_address,
        });
        Door(Arc::new(Inner {
            engine,
            settings,
            limits,
            closing: CancellationToken::new(),
            fetch,
            fetches: Turns::new(FETCHED_AT_ONCE),
        }))
    }

    /// Ends what has no end of its own, so that a service that stops need not wait for it.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Waits for its end, for so long at most, or until the service stops.
    pub(crate) async fn wait(
        &self,
        id: &GenerationId,
        patience: Duration,
    ) -> Result<(), palitra_engine::Error> {
        tokio::select! {
            ended = self.engine.wait(id, patience) => ended.map(drop),
            () = self.closing.cancelled() => Ok(()),
        }
    }

    /// The same of a batch.
    pub(crate) async fn wait_for_batch(
        &self,
        id: &BatchId,
        patience: Duration,
    ) -> Result<(), palitra_engine::Error> {
        tokio::select! {
            ended = self.engine.wait_for_batch(id, patience) => ended.map(drop),
            () = self.closing.cancelled() => Ok(()),
        }
    }

    /// A file by its address, which may hold the file itself (`data:`). There is room for a few of them, and for fewer of one account:
    /// others wait for a while.
    pub(crate) async fn fetch(&self, url: &str, account: &AccountId) -> Result<Bytes, Failure> {
        let room = async { Ok::<_, AcquireError>((self.fetches.take(account).await, ROOM.acquire().await?)) };
        let room = tokio::time::timeout(ROOM_TIME, room).await;
        let room =
            room.map_err(|_| Failure::new(ErrorCode::StoreBusy).retry_after(Duration::from_secs(2)))?;
        let room = room.map_err(|_| Failure::new(ErrorCode::Interrupted))?;
        let bytes = self.fetch.fetch(url, UPLOAD_BYTES_MAX).await?;
        Ok(Bytes::from_owner(Fetched { bytes, _room: room }))
    }

    /// When the links of an answer that is made now are over.
    pub(crate) fn links(&self) -> Until {
        signed::until(self.engine.clock.now(), signed::LINK_LIFE)
    }

    /// An address of ours: `/v1/…` behind the public one.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.settings.public_url)
    }
}
