//! What a door shows of things that belong to somebody: read at once, and not there for anybody else (invariant 10).

use crate::{
    Engine, Error, Result,
    generations::{Asset, Generation, Place, Request},
};
use palitra_domain::{AccountId, AssetId, BatchId, ErrorCode, GenerationId, Livemode, objects::ByteStream};
use palitra_store::{
    assets::{self},
    batches,
    generations::{self as rows},
    requests,
};
use std::{collections::HashMap, time::Duration};

pub use assets::AccountAsset;

/// A generation with everything that its owner sees.
#[derive(Debug, Clone)]
pub struct GenerationView {
    pub generation: Generation,
    pub assets: Vec<Asset>,
    pub request: Request,
    /// Of a queued one.
    pub place: Option<Place>,
}

/// Whose things are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub account: AccountId,
    pub livemode: Livemode,
}

fn not_found(id: &impl ToString) -> Error {
    Error::new(ErrorCode::NotFound).with("value", format!("`{}`", id.to_string()))
}

impl Engine {
    /// `owner`: nobody else's is found; `None` sees all.
    pub async fn generation_view(&self, owner: Option<&Owner>, id: &GenerationId) -> Result<GenerationView> {
        let (owner, wanted, engine) = (owner.cloned(), id.clone(), self.clone());
        let read = self.store.look(move |tx| {
            let Some(generation) = rows::find(tx, &wanted)? else { return Ok(None) };
            if !is_of(owner.as_ref(), &generation.account, generation.livemode) {
                return Ok(None);
            }
            view(tx, &engine, generation).map(Some)
        });
        read.await?.ok_or_else(|| not_found(id))
    }

    /// A page of them with everything, in the order of the list.
    pub async fn generation_views(&self, filter: rows::Filter) -> Result<Vec<GenerationView>> {
        let engine = self.clone();
        let read = self.store.read(move |tx| {
            rows::list(tx, &filter)?.into_iter().map(|generation| view(tx, &engine, generation)).collect()
        });
        Ok(read.await?)
    }

    /// The files of several generations, read at once.
    pub async fn assets_of(&self, ids: Vec<GenerationId>) -> Result<HashMap<GenerationId, Vec<Asset>>> {
        let read = self.store.read(move |tx| {
            ids.iter().map(|id| Ok((id.clone(), rows::assets(tx, id)?))).collect::<palitra_store::Result<_>>()
        });
        Ok(read.await?)
    }

    /// Waits for the end of a batch, for so long at most.
    pub async fn wait_for_batch(&self, id: &BatchId, patience: Duration) -> Result<()> {
        let mut follower = self.follow(id).await?;
        let over = async {
            while follower.next().await?.is_some() {}
            Ok(())
        };
        tokio::select! {
            over = over => over,
            () = self.clock.sleep(patience) => Ok(()),
        }
    }

    pub async fn asset_view(&self, owner: Option<&Owner>, id: &AssetId) -> Result<AccountAsset> {
        let wanted = id.clone();
        let found = self.store.look(move |tx| assets::find(tx, &wanted)).await?;
        found.filter(|asset| is_of(owner, &asset.account, asset.livemode)).ok_or_else(|| not_found(id))
    }

    /// A batch of the owner's.
    pub async fn batch_view(&self, owner: Option<&Owner>, id: &BatchId) -> Result<batches::Batch> {
        let wanted = id.clone();
        let found = self.store.read(move |tx| batches::find(tx, &wanted)).await?;
        found.filter(|batch| is_of(owner, &batch.account, batch.livemode)).ok_or_else(|| not_found(id))
    }

    /// How long a stored object is; `None` when it is not there.
    pub async fn object_bytes(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.objects.bytes(key).await?)
    }

    /// Batches of the owner's, newest first; `None` sees all.
    pub async fn batch_views(
        &self,
        owner: Option<Owner>,
        after: Option<BatchId>,
        limit: u32,
    ) -> Result<Vec<batches::Batch>> {
        let read = self.store.read(move |tx| {
            let owner = owner.as_ref().map(|owner| (&owner.account, owner.livemode));
            batches::page(tx, owner, after.as_ref(), limit)
        });
        Ok(read.await?)
    }

    /// A part of a stored file, from the byte `from` on.
    pub async fn content(&self, key: &str, from: u64, bytes: u64) -> Result<ByteStream> {
        Ok(self.objects.read_part(key, from, bytes).await?)
    }
}

fn is_of(owner: Option<&Owner>, account: &AccountId, livemode: Livemode) -> bool {
    owner.is_none_or(|owner| owner.account == *account && owner.livemode == livemode)
}

fn view(
    tx: &mut palitra_store::Tx<'_>,
    engine: &Engine,
    generation: Generation,
) -> palitra_store::Result<GenerationView> {
    let id = generation.id.clone();
    let (assets, request) = (rows::assets(tx, &id)?, requests::find(tx, &id)?);
    let place = if generation.state == palitra_domain::state::GenerationState::Queued {
        let now = engine.now();
        rows::place_by(tx, &id, |tx, market, standing| engine.lines.before(tx, (market, standing), now))?
    } else {
        None
    };
    Ok(GenerationView { generation, assets, request, place })
}
