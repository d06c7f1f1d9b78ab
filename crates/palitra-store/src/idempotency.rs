//! Keys of clients under which something was created: the same request again is answered with what the first one made.

use crate::{Error, Result, Tx, p};
use palitra_domain::{AccountId, ErrorCode, Livemode, Timestamp};
use std::time::Duration;

/// The longest key that is kept, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// A client that has heard nothing for so long asks anew.
const KEPT: Duration = Duration::from_secs(86_400);

/// A request that is its own key is joined while somebody may still wait for its answer, or not at all.
const REPEAT_KEPT: Duration = Duration::from_secs(1_200);

/// A request that is to create once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub key: String,
    /// SHA-256 of what was asked for.
    pub fingerprint: [u8; 32],
    /// The client has no key of its own: the request is told by itself.
    pub repeats: Option<Repeats>,
}

/// How a request of a client without a key is told from an earlier one that it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeats {
    /// The client says that it tries again.
    pub is_marked: bool,
    /// An earlier one is joined when it came after this.
    pub since: Timestamp,
}

/// Takes the key for `answer`, in the transaction that creates it. `Some`: it was taken before, for the same request, and that is what it
/// made; nothing may be created then. Of two at once the second waits for the first. A key that was used for another request is
/// `idempotency_conflict`.
pub fn claim(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    once: &Once,
    answer: &str,
    now: Timestamp,
) -> Result<Option<String>> {
    if let Some(repeats) = once.repeats {
        return join((tx, account, livemode), (once, repeats), answer, now);
    }
    let taken = tx.execute(
        "insert into idempotency(account_id, livemode, key, fingerprint, answer, created_at, expires_at) values($1, $2, $3, $4, $5, $6, $7)
         on conflict(account_id, livemode, key) do nothing",
        p![
            account.as_str(),
            livemode.as_str(),
            &once.key,
            &once.fingerprint,
            answer,
            now.micros(),
            now.plus(KEPT).micros()
        ],
    )?;
    if taken == 1 {
        return Ok(None);
    }
    // One that left in this moment was taken all the same: nothing is made on its account.
    let found = find(tx, (account, livemode), once)?;
    found.map(Some).ok_or_else(|| Error::rule(ErrorCode::IdempotencyConflict, &once.key))
}

/// Keeps another answer under a key that was claimed in this transaction: what was made is known only now.
pub fn answer(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    once: &Once,
    answer: &str,
) -> Result<()> {
    tx.must(
        1,
        "update idempotency set answer = $4 where account_id = $1 and livemode = $2 and key = $3",
        p![account.as_str(), livemode.as_str(), &once.key, answer],
    )
}

/// Joins the earlier request, where its answer was not delivered or the client says that it tries again; else takes its place. One
/// statement, so that of two at once the second joins the first.
fn join(
    (tx, account, livemode): (&mut Tx, &AccountId, Livemode),
    (once, repeats): (&Once, Repeats),
    answer: &str,
    now: Timestamp,
) -> Result<Option<String>> {
    let row = tx.query_one(
        "insert into idempotency(account_id, livemode, key, fingerprint, answer, created_at, expires_at) values($1, $2, $3, $4, $5, $6, $9)
         on conflict(account_id, livemode, key) do update set expires_at = excluded.expires_at,
           answer = case when idempotency.created_at > $7 and (idempotency.delivered = 0 or $8 = 1)
             then idempotency.answer else excluded.answer end,
           delivered = case when idempotency.created_at > $7 and (idempotency.delivered = 0 or $8 = 1)
             then idempotency.delivered else 0 end,
           created_at = case when idempotency.created_at > $7 and (idempotency.delivered = 0 or $8 = 1)
             then idempotency.created_at else excluded.created_at end
         returning answer",
        p![
            account.as_str(),
            livemode.as_str(),
            &once.key,
            &once.fingerprint,
            answer,
            now.micros(),
            repeats.since.micros(),
            i64::from(repeats.is_marked),
            now.plus(REPEAT_KEPT).micros()
        ],
    )?;
    let stands: String = row.get(0)?;
    Ok((stands != answer).then_some(stands))
}

/// The answer has gone out whole: the same request again is another one.
pub fn delivered(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    key: &str,
    answer: &str,
) -> Result<()> {
    tx.send(
        "update idempotency set delivered = 1 where account_id = $1 and livemode = $2 and key = $3 and answer = $4",
        p![account.as_str(), livemode.as_str(), key, answer],
    )
}

/// Nothing came of it: the same request again is another one.
pub fn release(
    tx: &mut Tx,
    (account, livemode): (&AccountId, Livemode),
    key: &str,
    answer: &str,
) -> Result<()> {
    tx.send(
        "delete from idempotency where account_id = $1 and livemode = $2 and key = $3 and answer = $4",
        p![account.as_str(), livemode.as_str(), key, answer],
    )
}

/// What the key has made; `None` when it was never used.
pub fn find(tx: &mut Tx, (account, livemode): (&AccountId, Livemode), once: &Once) -> Result<Option<String>> {
    let row = tx.query_opt(
        "select fingerprint, answer from idempotency where account_id = $1 and livemode = $2 and key = $3",
        p![account.as_str(), livemode.as_str(), &once.key],
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<Vec<u8>>(0)? != once.fingerprint {
        return Err(Error::rule(ErrorCode::IdempotencyConflict, &once.key));
    }
    Ok(Some(row.get(1)?))
}

/// Lets go of keys whose time is over, so many at once. Answers how many.
pub fn forget(tx: &mut Tx, now: Timestamp, max: u32) -> Result<u64> {
    tx.execute(
        "delete from idempotency where (account_id, livemode, key) in
           (select account_id, livemode, key from idempotency where expires_at < $1 order by expires_at limit $2)",
        p![now.micros(), max],
    )
}
