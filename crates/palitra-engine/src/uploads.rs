//! Files that people bring: kept as they are, told by their content, private to their account.

use crate::{Engine, Error, Result, scheduler::Machine};
use bytes::Bytes;
use futures_util::stream;
use palitra_domain::{
    AccountId, AssetId, ErrorCode, Livemode, Timestamp,
    media_type::{self, Kind},
    objects::{Folder, object_key},
    time,
};
use palitra_store::assets::{self, NewUpload};
use std::time::Duration;

/// The largest file that is taken: 100 MiB.
pub const UPLOAD_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The largest picture that is taken, in pixels: sides of 16,384 and a hundred million all together.
const PIXELS_MAX: u64 = 100_000_000;

/// A file that was taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Uploaded {
    pub id: AssetId,
    pub kind: Kind,
    pub mime: &'static str,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

impl Engine {
    /// Stores a picture, a sound or a video of an account. `name` is what its owner calls it, for messages.
    pub async fn upload(
        &self,
        account: &AccountId,
        livemode: Livemode,
        name: &str,
        bytes: Bytes,
    ) -> Result<Uploaded> {
        self.keep_upload((account, livemode), None, name, bytes).await
    }

    /// The same under an id that was promised before; what is sent there once more is not kept.
    pub async fn upload_as(
        &self,
        owner: (&AccountId, Livemode),
        id: &AssetId,
        name: &str,
        bytes: Bytes,
    ) -> Result<Uploaded> {
        self.keep_upload(owner, Some(id), name, bytes).await
    }

    async fn keep_upload(
        &self,
        (account, livemode): (&AccountId, Livemode),
        promised: Option<&AssetId>,
        name: &str,
        bytes: Bytes,
    ) -> Result<Uploaded> {
        let refused = |why: &str, limit: u64| refused(name, why, limit);
        if bytes.len() > UPLOAD_BYTES_MAX {
            return Err(too_large(name));
        }
        let media = media_type::sniff(&bytes).ok_or_else(|| refused("file-unknown-type", 0))?;
        let size = (media.kind == Kind::Image).then(|| imagesize::blob_size(&bytes).ok()).flatten();
        if media.kind == Kind::Image && size.is_none() {
            return Err(refused("file-unreadable", 0));
        }
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (size.map(|size| side(size.width)), size.map(|size| side(size.height)));
        if width.zip(height).is_some_and(|(width, height)| u64::from(width) * u64::from(height) > PIXELS_MAX)
        {
            return Err(refused("file-too-many-pixels", PIXELS_MAX / 1_000_000));
        }
        let now = self.now();
        let id = promised.cloned().unwrap_or_else(|| AssetId::new(now, self.random()));
        // No file is written over another one's, whoever sends to the same id meanwhile.
        let name = promised.map_or(id.to_string(), |id| format!("{id}-{:032x}", self.random()));
        let key = object_key(Folder::Uploads, now, &name, media.extension);
        let stored = self.objects.put(&key, Box::pin(stream::iter([Ok(bytes)]))).await?;
        let upload = NewUpload {
            id: id.clone(),
            is_promised: promised.is_some(),
            account: account.clone(),
            livemode,
            kind: media.kind.as_str(),
            mime: media.mime,
            object_key: key,
            bytes: stored.bytes,
            sha256: stored.sha256,
            width,
            height,
        };
        let key = upload.object_key.clone();
        let bytes_max = self.settings.bounds.upload_bytes_max;
        let kept = self.store.write(move |tx| assets::insert_upload(tx, &upload, bytes_max, now)).await;
        // Refused, or there already. What is in doubt stays, and is swept when it has no row.
        if !matches!(&kept, Ok(kept) if kept.is_new) && !matches!(kept, Err(palitra_store::Error::InDoubt(_)))
        {
            self.objects.delete(&key).await?;
        }
        Ok(Uploaded { id: kept?.id, kind: media.kind, mime: media.mime, width, height })
    }
}

/// A file this old belongs to nobody when it has no row: whoever was writing one has long died.
const ORPHAN_AFTER: Duration = Duration::from_secs(86_400);

/// Days that are looked at, the youngest first; the service may have slept through some.
const DAYS: u32 = 8;

/// Files that are looked at in one go.
const PAGE: usize = 500;

/// The chore: files of uploads whose process died before their row was there.
pub(crate) async fn sweep(machine: Machine) -> Result<()> {
    let now = machine.now();
    for day in 1..=DAYS {
        let then = Timestamp::from_micros(now.micros() - time::micros(ORPHAN_AFTER * day));
        let first = object_key(Folder::Uploads, then, "", "");
        let folder = first.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut after = String::new();
        loop {
            let page = machine.objects.list(folder, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.key);
            let old = page.into_iter().filter(|file| now.since(file.written_at) > ORPHAN_AFTER);
            let files: Vec<(AssetId, String)> =
                old.filter_map(|file| Some((id_of(&file.key)?, file.key))).collect();
            let known = machine.store.read({
                let ids: Vec<AssetId> = files.iter().map(|(id, _)| id.clone()).collect();
                move |tx| assets::known(tx, &ids)
            });
            let known = known.await?;
            for (_, key) in files.iter().filter(|(_, key)| !known.contains(key)) {
                tracing::info!(key, "an upload that was never finished is deleted");
                machine.objects.delete(key).await?;
            }
        }
    }
    Ok(())
}

fn id_of(key: &str) -> Option<AssetId> {
    let name = key.rsplit_once('/')?.1;
    AssetId::parse(name.split(['.', '-']).next()?).ok()
}

/// For a file whose length is known before it is read.
pub fn too_large(name: &str) -> Error {
    refused(name, "file-too-large", u64::try_from(UPLOAD_BYTES_MAX / 1024 / 1024).unwrap_or(u64::MAX))
}

/// `why` is a text of its own.
fn refused(name: &str, why: &str, limit: u64) -> Error {
    Error::new(ErrorCode::BadFile).with("value", format!("`{name}`")).with("why", why).with("limit", limit)
}

/// Of an object's key: `png`.
pub(crate) fn extension(key: &str) -> &str {
    key.rsplit_once('.').map_or("bin", |(_, extension)| extension)
}

#[cfg(test)]
mod tests;
