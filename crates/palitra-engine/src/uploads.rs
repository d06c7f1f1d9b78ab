//! Files that people bring: kept as they are, told by their content, private to their account. They go to storage as they come, never held
//! whole; in parts, where a client sends them so ([`parts`]).

mod parts;

pub use parts::{PART_BYTES_MAX, Part};

use crate::{
    Engine, Error, Result,
    once::{Made, OnceOf, answered, claimed},
    scheduler::Machine,
};
use bytes::{Bytes, BytesMut};
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, Fuse},
};
use palitra_domain::{
    AccountId, AssetId, ErrorCode, Livemode, Timestamp,
    media_type::{self, Kind},
    objects::{ByteStream, Folder, object_key},
    time,
};
use palitra_store::assets::{self, NewUpload};
use std::{io, time::Duration};
use tokio::sync::Semaphore;

/// The largest file that is taken: 100 MiB.
pub const UPLOAD_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The largest picture that is taken, in pixels: sides of 16,384 and a hundred million all together.
const PIXELS_MAX: u64 = 100_000_000;

/// The beginning of a file, by which it is told what it is, and mostly how large a picture.
const HEAD_BYTES: usize = 256 * 1024;

/// The longest beginning of a picture that is looked through for its size, and how many are at once.
const LONG_HEAD_BYTES: u64 = 4 * 1024 * 1024;
static LONG_HEADS: Semaphore = Semaphore::const_new(4);

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
        self.upload_stream((account, livemode), name, Box::pin(stream::iter([Ok(bytes)]))).await
    }

    /// The same as it comes.
    pub async fn upload_stream(
        &self,
        owner: (&AccountId, Livemode),
        name: &str,
        body: ByteStream,
    ) -> Result<Uploaded> {
        let kept = self.keep_upload(owner, None, (name, body), |_| None).await?;
        kept.fresh().ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// A file that a request names, once for each of its keys.
    pub async fn upload_once(
        &self,
        owner: (&AccountId, Livemode),
        name: &str,
        bytes: Bytes,
        once: Option<OnceOf>,
    ) -> Result<Made<Uploaded>> {
        self.keep_upload(owner, None, (name, Box::pin(stream::iter([Ok(bytes)]))), |_| once).await
    }

    /// A file that is the request itself, once for each of its keys: what it says is known when all of it has come.
    pub async fn upload_stream_once(
        &self,
        owner: (&AccountId, Livemode),
        name: &str,
        body: ByteStream,
        once: Option<OnceOf>,
    ) -> Result<Made<Uploaded>> {
        self.keep_upload(owner, None, (name, body), |sha256| once.map(|once| once.with(sha256))).await
    }

    /// The same under an id that was promised before; what is sent there once more is not kept.
    pub async fn upload_as(
        &self,
        owner: (&AccountId, Livemode),
        id: &AssetId,
        name: &str,
        body: ByteStream,
    ) -> Result<Uploaded> {
        let kept = self.keep_upload(owner, Some(id), (name, body), |_| None).await?;
        kept.fresh().ok_or_else(|| Error::new(ErrorCode::Internal))
    }

    /// Whether there is a file under a promised id.
    async fn is_kept(&self, (account, livemode): (&AccountId, Livemode), id: &AssetId) -> Result<bool> {
        let (account, ids) = (account.clone(), [id.clone()]);
        let found = self.store.read(move |tx| assets::of_account(tx, &account, livemode, &ids));
        Ok(!found.await?.is_empty())
    }

    /// Of a picture that does not say it at its very beginning.
    async fn late_size(&self, key: &str) -> io::Result<Option<(u32, u32)>> {
        let _turn = LONG_HEADS.acquire().await.map_err(io::Error::other)?;
        let mut head = self.objects.read_part(key, 0, LONG_HEAD_BYTES).await.map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        while let Some(part) = head.try_next().await? {
            bytes.extend_from_slice(&part);
        }
        Ok(size(Kind::Image, &bytes))
    }

    async fn keep_upload(
        &self,
        (account, livemode): (&AccountId, Livemode),
        promised: Option<&AssetId>,
        (name, body): (&str, ByteStream),
        once: impl FnOnce(&str) -> Option<OnceOf>,
    ) -> Result<Made<Uploaded>> {
        let refused = |why: &str, limit: u64| refused(name, why, limit);
        let broken = |error: io::Error| refused("file-unreadable", 0).because(error);
        let mut body = body.fuse();
        let head = beginning(&mut body).await.map_err(broken)?;
        let media = media_type::sniff(&head).ok_or_else(|| refused("file-unknown-type", 0))?;
        let mut size = size(media.kind, &head);
        let now = self.now();
        let id = promised.cloned().unwrap_or_else(|| AssetId::new(now, self.random()));
        // No file is written over another one's, whoever sends to the same id meanwhile.
        let called = promised.map_or(id.to_string(), |id| format!("{id}-{:032x}", self.random()));
        let key = object_key(Folder::Uploads, now, &called, media.extension);
        let whole = bounded(Box::pin(stream::iter([Ok(head)]).chain(body)));
        let stored = self.objects.put(&key, whole).await.map_err(|error| match error.source.kind() {
            io::ErrorKind::FileTooLarge => too_large(name),
            _ => error.into(),
        })?;
        if media.kind == Kind::Image && size.is_none() {
            // Some say it late, behind all that a camera has to tell.
            size = self.late_size(&key).await.ok().flatten();
        }
        let (width, height) = size.unzip();
        let pixels = size.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
        let unfit = if media.kind == Kind::Image && size.is_none() {
            Some(refused("file-unreadable", 0))
        } else {
            (pixels > PIXELS_MAX).then(|| refused("file-too-many-pixels", PIXELS_MAX / 1_000_000))
        };
        if let Some(unfit) = unfit {
            self.objects.delete(&key).await?;
            return Err(unfit);
        }
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
        let once = once(&upload.sha256);
        let write = self.store.write(move |tx| {
            if let Some(before) = claimed(tx, once.as_ref(), upload.id.as_str(), now)? {
                return Ok(Made::Before(before));
            }
            let kept = assets::insert_upload(tx, &upload, bytes_max, now)?;
            if !kept.is_new {
                // The same file is an upload that is there.
                answered(tx, once.as_ref(), kept.id.as_str())?;
            }
            Ok(Made::New(kept))
        });
        let kept = write.await;
        // Refused, or there already. What is in doubt stays, and is swept when it has no row.
        let is_ours = matches!(&kept, Ok(Made::New(kept)) if kept.is_new);
        if !is_ours && !matches!(kept, Err(palitra_store::Error::InDoubt(_))) {
            self.objects.delete(&key).await?;
        }
        Ok(match kept? {
            Made::New(kept) => {
                Made::New(Uploaded { id: kept.id, kind: media.kind, mime: media.mime, width, height })
            }
            Made::Before(id) => Made::Before(id),
        })
    }
}

/// So much of it, or all of it, where it is shorter.
async fn beginning(body: &mut Fuse<ByteStream>) -> io::Result<Bytes> {
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES
        && let Some(part) = body.try_next().await?
    {
        head.extend_from_slice(&part);
    }
    Ok(head.freeze())
}

/// The same, broken off where it becomes too long.
fn bounded(body: ByteStream) -> ByteStream {
    let mut left = UPLOAD_BYTES_MAX;
    Box::pin(body.map(move |part| {
        let part = part?;
        left = left.checked_sub(part.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(part)
    }))
}

/// Of a picture.
fn size(kind: Kind, bytes: &[u8]) -> Option<(u32, u32)> {
    let size = (kind == Kind::Image).then(|| imagesize::blob_size(bytes).ok()).flatten()?;
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    Some((side(size.width), side(size.height)))
}

/// A file this old belongs to nobody when it has no row: whoever was writing one has long died.
const ORPHAN_AFTER: Duration = Duration::from_secs(86_400);

/// Days that are looked at, the youngest first; the service may have slept through some.
const DAYS: u32 = 8;

/// Files that are looked at in one go.
const PAGE: usize = 500;

/// The chore: files of uploads whose process died before their row was there, and parts that nobody has put together.
pub(crate) async fn sweep(machine: Machine) -> Result<()> {
    let now = machine.now();
    parts::sweep(&machine).await?;
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
