//! The acceptance gate (D7): between storing and charging, a result is held against what was asked for. What is found out about its files on
//! the way is kept with them.

use super::{Ticket, keep::Stored, tell};
use crate::{Result, scheduler::Machine};
use bytes::Bytes;
use futures_util::stream;
use palitra_domain::{
    acceptance::{Defect, Expected, Facts, Measure},
    catalogue::Lane,
    market::{ErrorClass, MarketError},
    objects::ObjectError,
};
use palitra_store::generations::{Generation, NewAsset};
use serde_json::Value;
use tokio::sync::SemaphorePermit;

/// Why the result is refused; `None`: it is taken, and its assets know more about themselves.
pub(super) async fn examine(
    machine: &Machine,
    ticket: &Ticket,
    stored: &mut Stored,
) -> Result<Option<MarketError>> {
    let Stored { generation, assets, at_hand } = stored;
    let Some(examiner) = machine.examiner.clone().filter(|_| generation.lane != Lane::Text) else {
        return Ok(None);
    };
    let room = room_for(machine, assets).await;
    let mut files = Vec::with_capacity(assets.len());
    for (asset, bytes) in assets.iter().zip(at_hand) {
        files.push(match bytes.take() {
            Some(bytes) => bytes,
            None => whole(machine, &asset.object_key).await?,
        });
    }
    let examination = examiner.examine(expected(machine, ticket, generation).await?, files).await;
    drop(room);
    let mut refused = Vec::new();
    for finding in &examination.findings {
        let measure = machine.settings.acceptance.measure(&generation.mode, finding.defect);
        let (defect, n, detail) = (finding.defect.as_str(), finding.n, &finding.detail);
        tell!(
            warn,
            machine,
            ticket,
            "a result has a defect",
            defect,
            file = n,
            detail,
            measure = measure.as_str()
        );
        if measure == Measure::Refuse {
            refused.push(finding);
        }
    }
    if let Some(worst) = refused.first() {
        let message = format!("{}: {}", worst.defect, worst.detail);
        return Ok(Some(MarketError::new(ErrorClass::Protocol, message)));
    }
    for (asset, facts) in assets.iter_mut().zip(examination.facts) {
        keep(machine, asset, facts).await?;
    }
    Ok(None)
}

/// Results are read whole to be looked at: so many MiB of them at a time, whatever the number of generations. One that is larger waits for
/// all of it.
pub(crate) const EXAMINED_MIB_MAX: u32 = 256;

async fn room_for<'a>(machine: &'a Machine, assets: &[NewAsset]) -> Option<SemaphorePermit<'a>> {
    let bytes: u64 = assets.iter().map(|asset| asset.bytes).sum();
    let mib = u32::try_from(bytes >> 20).unwrap_or(u32::MAX).saturating_add(1);
    machine.examined.acquire_many(mib.min(EXAMINED_MIB_MAX)).await.ok()
}

async fn whole(machine: &Machine, key: &str) -> Result<Bytes> {
    let read = machine.whole(key).await;
    Ok(read.map_err(|source| ObjectError { key: key.to_owned(), doing: "read", source })?)
}

async fn expected(machine: &Machine, ticket: &Ticket, generation: &Generation) -> Result<Expected> {
    let input: Value = serde_json::from_str(&generation.input).unwrap_or_default();
    let number = |name: &str| input[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let policy = &machine.settings.acceptance;
    let wanted = |defect: &Defect| policy.measure(&generation.mode, *defect) != Measure::Off;
    let defects: Vec<Defect> = Defect::ALL.iter().copied().filter(wanted).collect();
    let mut given = Vec::new();
    if defects.contains(&Defect::Unchanged)
        && let Some((_, mode)) = machine.catalogue().resolve(&generation.model, &generation.mode, |_| true)
    {
        let body = mode.input.fit(&input).body;
        // What is gone meanwhile is not compared with.
        let files = machine.files_of((&ticket.about.account, generation.livemode), mode, &body).await;
        given.extend(files.unwrap_or_default().into_iter().map(|file| file.bytes));
    }
    Ok(Expected {
        mode: generation.mode.clone(),
        lane: Some(generation.lane),
        size: number("width").zip(number("height")),
        seconds: number("seconds"),
        text: input["text"].as_str().map(str::to_owned),
        given,
        defects,
    })
}

/// What is known of the file now, its smaller copies beside it, and the better file in its place. Should this process die on the way, the
/// result is stored and looked at again.
async fn keep(machine: &Machine, asset: &mut NewAsset, facts: Facts) -> Result<()> {
    if let Some(better) = facts.better {
        let stored = machine.objects.put(&asset.object_key, Box::pin(stream::iter([Ok(better)]))).await?;
        (asset.bytes, asset.sha256) = (stored.bytes, stored.sha256);
    }
    let mut sides = Vec::with_capacity(facts.thumbnails.len());
    for (side, bytes) in facts.thumbnails {
        let key = thumbnail_key(&asset.object_key, side);
        machine.objects.put(&key, Box::pin(stream::iter([Ok(bytes)]))).await?;
        sides.push(side.to_string());
    }
    asset.thumbnails = sides.join(",");
    (asset.width, asset.height) = (facts.width.or(asset.width), facts.height.or(asset.height));
    (asset.duration_ms, asset.blurhash, asset.dhash) = (facts.duration_ms, facts.blurhash, facts.dhash);
    Ok(())
}

/// Where a smaller copy lies: `images/2026/11/20/ast_….256.webp`.
pub(crate) fn thumbnail_key(key: &str, side: u32) -> String {
    let stem = key.rsplit_once('.').map_or(key, |(stem, _)| stem);
    format!("{stem}.{side}.webp")
}

#[cfg(test)]
mod tests;
