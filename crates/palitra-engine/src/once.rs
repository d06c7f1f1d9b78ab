//! Requests that create once: what a key of a client has made, and when such a request may be another one.

use crate::{Caller, Engine, Error, Result};
use palitra_domain::{AccountId, BatchId, ErrorCode, GenerationId, Livemode, Timestamp};
use palitra_store::{Tx, idempotency};
use sha2::{Digest, Sha256};

pub use idempotency::{KEY_BYTES_MAX as IDEMPOTENCY_KEY_BYTES_MAX, Once, Repeats};

/// What a request that creates once came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made<T> {
    New(T),
    /// Nothing new: what is kept under its key, usually the id of what the first such request made.
    Before(String),
}

impl<T> Made<T> {
    /// What is new, where something is.
    pub fn fresh(self) -> Option<T> {
        match self {
            Made::New(made) => Some(made),
            Made::Before(_) => None,
        }
    }

    pub fn is_new(&self) -> bool {
        matches!(self, Made::New(_))
    }
}

/// The key of a request, of whoever asks: for somebody else's thing an operator has keys of its own.
#[derive(Debug, Clone)]
pub struct OnceOf {
    account: AccountId,
    livemode: Livemode,
    once: Once,
}

impl OnceOf {
    /// `None` without a key.
    pub fn caller(caller: &Caller, once: Option<Once>) -> Option<OnceOf> {
        Some(OnceOf { account: caller.account.clone(), livemode: caller.livemode, once: once? })
    }

    /// The same for a request of which this is a part.
    pub(crate) fn with(mut self, sha256: &str) -> OnceOf {
        self.once.fingerprint =
            Sha256::new().chain_update(self.once.fingerprint).chain_update(sha256).finalize().into();
        self
    }
}

/// In the transaction that makes something, before it does: what an earlier request under the same key has made. Then nothing may be made.
pub(crate) fn claimed(
    tx: &mut Tx<'_>,
    once: Option<&OnceOf>,
    answer: &str,
    now: Timestamp,
) -> palitra_store::Result<Option<String>> {
    let Some(OnceOf { account, livemode, once }) = once else { return Ok(None) };
    idempotency::claim(tx, (account, *livemode), once, answer, now)
}

/// Puts another answer in the place of the one that was claimed, in the same transaction.
pub(crate) fn answered(tx: &mut Tx<'_>, once: Option<&OnceOf>, answer: &str) -> palitra_store::Result<()> {
    let Some(OnceOf { account, livemode, once }) = once else { return Ok(()) };
    idempotency::answer(tx, (account, *livemode), once, answer)
}

/// What is kept under a key: the generations of one request.
pub(crate) fn answer(ids: &[GenerationId]) -> String {
    ids.iter().map(GenerationId::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn read(answer: &str) -> Result<Vec<GenerationId>> {
    let bad = |_| Error::new(ErrorCode::IdempotencyConflict).with("value", answer);
    answer.split(' ').map(|id| GenerationId::parse(id).map_err(bad)).collect()
}

impl Engine {
    /// What is kept under the key of a request, before anything is fetched or checked for this one.
    pub async fn made_before(&self, once: Option<&OnceOf>) -> Result<Option<String>> {
        let Some(OnceOf { account, livemode, once }) = once else { return Ok(None) };
        self.made_once((account, *livemode), Some(once)).await
    }

    /// The id of what an earlier request under the same key made. Requests without a key of their own are told when they are accepted, and
    /// not here.
    async fn made_once(
        &self,
        (account, livemode): (&AccountId, Livemode),
        once: Option<&Once>,
    ) -> Result<Option<String>> {
        let Some(once) = once.filter(|once| once.repeats.is_none()).cloned() else { return Ok(None) };
        let account = account.clone();
        Ok(self.store.read(move |tx| idempotency::find(tx, (&account, livemode), &once)).await?)
    }

    pub async fn batch_made_once(
        &self,
        owner: (&AccountId, Livemode),
        once: Option<&Once>,
    ) -> Result<Option<BatchId>> {
        let Some(made) = self.made_once(owner, once).await? else { return Ok(None) };
        let bad = |_| Error::new(ErrorCode::IdempotencyConflict).with("value", &made);
        BatchId::parse(&made).map(Some).map_err(bad)
    }

    pub async fn generations_made_once(
        &self,
        owner: (&AccountId, Livemode),
        once: Option<&Once>,
    ) -> Result<Option<Vec<GenerationId>>> {
        self.made_once(owner, once).await?.as_deref().map(read).transpose()
    }

    /// The answer of a request that is told by itself has gone out whole. Nobody waits for this to be written.
    pub fn delivered(&self, account: AccountId, livemode: Livemode, key: String, ids: &[GenerationId]) {
        let answer = answer(ids);
        let write = move |tx: &mut Tx<'_>| idempotency::delivered(tx, (&account, livemode), &key, &answer);
        drop(self.store.post(write));
    }

    /// Nothing came of a request that is told by itself, and nothing was charged: the same again is a new try.
    pub async fn release(
        &self,
        account: AccountId,
        livemode: Livemode,
        key: String,
        ids: &[GenerationId],
    ) -> Result<()> {
        let answer = answer(ids);
        let write = self.store.write(move |tx| idempotency::release(tx, (&account, livemode), &key, &answer));
        Ok(write.await?)
    }
}
