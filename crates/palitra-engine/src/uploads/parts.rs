//! Uploads in parts. A part is an object of its own, `parts/{account}/{upload}.{number}.{tag}`, until all of them are put together; what lies
//! there is all that is known of them. So any process goes on after another one, and what is not finished within a day is swept.

use super::{ORPHAN_AFTER, PAGE, UPLOAD_BYTES_MAX, too_large};
use crate::{Engine, Error, Result, scheduler::Machine};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use palitra_domain::{AccountId, AssetId, ErrorCode, Livemode, recipe::hex};
use sha2::{Digest, Sha256};
use std::io;

/// The largest part: fal's clients send 10 MiB.
pub const PART_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Parts of an account that are not put together yet.
const PARTS_MAX: usize = 1_000;

const NUMBER_MAX: u32 = 10_000;

/// A part as its sender names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1 on.
    pub number: u32,
    /// What was answered when it was sent.
    pub tag: String,
}

fn folder(account: &AccountId) -> String {
    format!("parts/{}", account.as_str())
}

/// What the parts of one upload begin with.
fn stem(account: &AccountId, upload: &AssetId) -> String {
    format!("{}/{}.", folder(account), upload.as_str())
}

impl Engine {
    /// Keeps a part and answers its tag, which is that of its content: who sends it again has sent it once. The parts of an upload
    /// may have so many bytes as a file, and those of an account as many as its uploads.
    pub async fn keep_part(
        &self,
        account: &AccountId,
        upload: &AssetId,
        number: u32,
        bytes: Bytes,
    ) -> Result<String> {
        if bytes.len() > PART_BYTES_MAX || !(1..=NUMBER_MAX).contains(&number) {
            return Err(too_large("the part"));
        }
        let tag = hex(&Sha256::digest(&bytes)[..16]);
        let stem = stem(account, upload);
        let key = format!("{stem}{number:05}.{tag}");
        // One at a time, so that each counts those before it.
        let _turn = self.parts.take(account).await;
        let mut there = self.objects.list(&folder(account), "", PARTS_MAX).await?;
        there.retain(|part| part.key != key);
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let of_account: u64 = there.iter().map(|part| part.bytes).sum();
        let of_upload: u64 =
            there.iter().filter(|part| part.key.starts_with(&stem)).map(|part| part.bytes).sum();
        if of_upload + more > u64::try_from(UPLOAD_BYTES_MAX).unwrap_or(u64::MAX) {
            return Err(too_large("the upload"));
        }
        let bound = self.settings.bounds.upload_bytes_max;
        let is_full = bound > 0 && of_account + more > bound.unsigned_abs() && *account != self.house.id;
        if is_full || there.len() >= PARTS_MAX {
            return Err(Error::new(ErrorCode::UploadsFull).with("value", bound / (1024 * 1024)));
        }
        self.objects.put(&key, Box::pin(stream::iter([Ok(bytes)]))).await?;
        Ok(tag)
    }

    /// Puts the parts together, in the order of their numbers; they leave when the file is kept. Once is as good as twice.
    pub async fn join_parts(
        &self,
        owner: (&AccountId, Livemode),
        upload: &AssetId,
        parts: Vec<Part>,
    ) -> Result<()> {
        // Whoever asked for the same before may just have done it, and taken the parts away.
        if let Err(error) = self.put_together(owner, upload, parts).await
            && !self.is_kept(owner, upload).await?
        {
            return Err(error);
        }
        let there = self.objects.list(&folder(owner.0), "", PARTS_MAX).await?;
        let stem = stem(owner.0, upload);
        for part in there.iter().filter(|part| part.key.starts_with(&stem)) {
            self.objects.delete(&part.key).await?;
        }
        Ok(())
    }

    async fn put_together(
        &self,
        owner: (&AccountId, Livemode),
        upload: &AssetId,
        mut parts: Vec<Part>,
    ) -> Result<()> {
        if self.is_kept(owner, upload).await? {
            return Ok(());
        }
        let missing =
            |part: &Part| Error::new(ErrorCode::NotFound).with("value", format!("`{}`", part.number));
        parts.sort_by_key(|part| part.number);
        if let Some(twice) = parts.windows(2).find(|two| two[0].number == two[1].number) {
            return Err(missing(&twice[1]));
        }
        let stem = stem(owner.0, upload);
        let mut keys = Vec::with_capacity(parts.len());
        for part in &parts {
            let is_tag = part.tag.len() == 32 && part.tag.bytes().all(|byte| byte.is_ascii_hexdigit());
            let key = format!("{stem}{:05}.{}", part.number, part.tag);
            if !is_tag || !self.objects.exists(&key).await? {
                return Err(missing(part));
            }
            keys.push(key);
        }
        let objects = self.objects.clone();
        let whole = stream::iter(keys).then(move |key| {
            let objects = objects.clone();
            async move { objects.read(&key).await.map_err(io::Error::other) }
        });
        self.upload_as(owner, upload, "the upload", Box::pin(whole.try_flatten())).await.map(drop)
    }
}

/// Parts that nobody has put together in time.
pub(super) async fn sweep(machine: &Machine) -> Result<()> {
    let (now, mut after) = (machine.now(), String::new());
    loop {
        let page = machine.objects.list("parts", &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.key);
        for part in page.iter().filter(|part| now.since(part.written_at) > ORPHAN_AFTER) {
            tracing::info!(key = part.key, "a part of an upload that was never finished is deleted");
            machine.objects.delete(&part.key).await?;
        }
    }
}
