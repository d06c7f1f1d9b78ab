//! Requests that create once: what a key of a client has made, and when such a request may be another one.

use crate::{Engine, Error, Result};
use palitra_domain::{AccountId, BatchId, ErrorCode, GenerationId, Livemode};
use palitra_store::{Tx, idempotency};

pub use idempotency::{KEY_BYTES_MAX as IDEMPOTENCY_KEY_BYTES_MAX, Once, Repeats};

/// What is kept under a key: the generations of one request.
pub(crate) fn answer(ids: &[GenerationId]) -> String {
    ids.iter().map(GenerationId::as_str).collect::<Vec<_>>().join(" ")
}

pub(crate) fn read(answer: &str) -> Result<Vec<GenerationId>> {
    let bad = |_| Error::new(ErrorCode::IdempotencyConflict).with("value", answer);
    answer.split(' ').map(|id| GenerationId::parse(id).map_err(bad)).collect()
}

impl Engine {
    /// The id of what an earlier request under the same key made, before anything is fetched or checked for this one. Requests without a
    /// key of their own are told when they are accepted, and not here.
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
