//! Stored files of accounts: what they uploaded, and what of theirs an input names.

use crate::{Error, Result, Row, Tx, accounts, p};
use palitra_domain::{AccountId, AssetId, ErrorCode, Livemode, Timestamp};
use std::collections::HashSet;

/// A file that somebody brings.
#[derive(Debug, Clone)]
pub struct NewUpload {
    pub id: AssetId,
    /// The id is known to somebody: this file has to be found under it, even where the account has the same under another one.
    pub is_promised: bool,
    pub account: AccountId,
    pub livemode: Livemode,
    /// `image`, `audio`, `video`.
    pub kind: &'static str,
    pub mime: &'static str,
    pub object_key: String,
    pub bytes: u64,
    pub sha256: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// A file as an input needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAsset {
    pub id: AssetId,
    pub kind: String,
    pub mime: String,
    pub object_key: String,
    pub bytes: i64,
    pub width: Option<i64>,
    pub height: Option<i64>,
}

/// Which file of an account is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: AssetId,
    /// It is the one that was brought; else that one belongs to nobody.
    pub is_new: bool,
}

/// Keeps it, unless the account has brought just this file before: answers the id of the one that is kept, whose time begins anew, so that
/// what names it finds it, and what was made of it answers for the same file another time. Refused when all of the
/// account's uploads together would take more than `bytes_max`; 0 is no limit, and the house has none. One upload of an account after
/// another, so that each counts the others, and none is left when it is deleted.
pub fn insert_upload(tx: &mut Tx, upload: &NewUpload, bytes_max: i64, now: Timestamp) -> Result<Kept> {
    accounts::lock(tx, &upload.account)?;
    let same = if upload.is_promised {
        // Put there twice.
        tx.query_opt(
            "select id from asset where id = $1 and account_id = $2",
            p![upload.id.as_str(), upload.account.as_str()],
        )?
    } else {
        tx.query_opt(
            "update asset set created_at = $4 where id = (select max(id) from asset where account_id = $1 and sha256 = $2
               and generation_id is null and livemode = $3 and deleted_at is null) returning id",
            p![upload.account.as_str(), &upload.sha256, upload.livemode.as_str(), now.micros()],
        )?
    };
    if let Some(same) = same {
        return Ok(Kept { id: same.get(0)?, is_new: false });
    }
    let bytes = i64::try_from(upload.bytes).unwrap_or(i64::MAX);
    let room = tx.query_one(
        "select case when a.kind = 'house' or $2 = 0 then 1 else 0 end,
           (select cast(coalesce(sum(f.bytes), 0) as bigint) from asset f
            where f.account_id = $1 and f.generation_id is null and f.deleted_at is null)
         from account a where a.id = $1",
        p![upload.account.as_str(), bytes_max],
    )?;
    if !room.get::<bool>(0)? && room.get::<i64>(1)?.saturating_add(bytes) > bytes_max {
        let value = (bytes_max / (1024 * 1024)).to_string();
        return Err(Error::Rule { code: ErrorCode::UploadsFull, value });
    }
    tx.must(
        1,
        "insert into asset(id, account_id, livemode, kind, mime, object_key, bytes, sha256, width, height, created_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        p![
            upload.id.as_str(),
            upload.account.as_str(),
            upload.livemode.as_str(),
            upload.kind,
            upload.mime,
            &upload.object_key,
            bytes,
            &upload.sha256,
            upload.width,
            upload.height,
            now.micros()
        ],
    )?;
    Ok(Kept { id: upload.id.clone(), is_new: true })
}

/// Marks uploads that show the face of somebody: they leave sooner.
pub fn mark_faces(tx: &mut Tx, account: &AccountId, ids: &[AssetId]) -> Result<()> {
    for id in ids {
        tx.send(
            "update asset set is_face = 1 where id = $1 and account_id = $2 and generation_id is null and is_face = 0",
            p![id.as_str(), account.as_str()],
        )?;
    }
    Ok(())
}

/// Where the files of those of the ids are that have a row, whatever became of them.
pub fn known(tx: &mut Tx, ids: &[AssetId]) -> Result<HashSet<String>> {
    let mut known = HashSet::with_capacity(ids.len());
    for id in ids {
        let row = tx.query_opt("select object_key from asset where id = $1", p![id.as_str()])?;
        known.extend(row.map(|row| row.get::<String>(0)).transpose()?);
    }
    Ok(known)
}

/// Those of the files that are the account's and still there; of anybody else's it hears nothing (invariant 10).
pub fn of_account(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    ids: &[AssetId],
) -> Result<Vec<StoredAsset>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let row = tx.query_opt(
            "select id, kind, mime, object_key, bytes, width, height from asset
             where id = $1 and account_id = $2 and livemode = $3 and deleted_at is null",
            p![id.as_str(), account.as_str(), livemode.as_str()],
        )?;
        found.extend(row.as_ref().map(stored).transpose()?);
    }
    Ok(found)
}

fn stored(row: &Row) -> Result<StoredAsset> {
    Ok(StoredAsset {
        id: row.get(0)?,
        kind: row.get(1)?,
        mime: row.get(2)?,
        object_key: row.get(3)?,
        bytes: row.get(4)?,
        width: row.get(5)?,
        height: row.get(6)?,
    })
}

/// A stored file with its place among an account's, for doors that hand it out.
#[derive(Debug, Clone)]
pub struct AccountAsset {
    pub asset: crate::generations::Asset,
    pub account: AccountId,
    pub livemode: Livemode,
    pub generation: Option<palitra_domain::GenerationId>,
    pub created_at: Timestamp,
    pub sha256: String,
}

/// One that is still there, whoever's it is: the caller decides who may see it.
pub fn find(tx: &mut Tx, id: &AssetId) -> Result<Option<AccountAsset>> {
    let columns = crate::generations::ASSET_COLUMNS;
    let sql = format!(
        "select {columns}, account_id, livemode, generation_id, created_at, sha256 from asset where id = $1 and deleted_at is null"
    );
    let row = tx.query_opt(&sql, p![id.as_str()])?;
    row.map(|row| {
        Ok(AccountAsset {
            asset: crate::generations::asset(&row)?,
            account: row.get(10)?,
            livemode: row.get(11)?,
            generation: row.get(12)?,
            created_at: row.get(13)?,
            sha256: row.get(14)?,
        })
    })
    .transpose()
}
