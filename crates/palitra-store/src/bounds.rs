//! What one account may have queued, at work and cost the house: read where work is accepted, and where it is claimed.
//!
//! Nothing here is counted in a column that could drift: each look counts the rows, by an index and no further than the limit.

use crate::{Error, Result, Tx, p};
use palitra_domain::{AccountId, ErrorCode};
use std::time::Duration;

/// The operator's settings. 0 is no limit. The house has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Generations of an account that may wait, those of batches included.
    pub queued_max: i64,
    /// Generations of an account that may be at work at once, at all markets together.
    pub running_max: i64,
    /// What the house may lose by an account in an hour and in a day, minor units of the wallet.
    pub loss_hour: i64,
    pub loss_day: i64,
    /// What the uploads of an account may take together.
    pub upload_bytes_max: i64,
    /// How long standard work waits behind fast work before it gets a share (see `generations::claim`).
    pub standard_wait: Duration,
}

/// What an account has at the moment that something is to be accepted.
pub(crate) struct Standing {
    /// 0: none.
    pub(crate) queued_max: i64,
    pub(crate) queued: i64,
    /// Lost by it in the last hour and day.
    pub(crate) lost: (i64, i64),
}

/// Refused when the account has too much waiting: [`Error::Later`] says when there may be room. More at once than
/// may ever wait is refused for good.
pub(crate) fn admit(tx: &mut Tx, account: &AccountId, new: usize, standing: &Standing) -> Result<()> {
    let limit = standing.queued_max;
    let new = i64::try_from(new).unwrap_or(i64::MAX);
    if limit == 0 || standing.queued.saturating_add(new) <= limit {
        return Ok(());
    }
    if new > limit {
        return Err(Error::Rule { code: ErrorCode::TooMuchAtOnce, value: limit.to_string() });
    }
    let after = until_left(tx, account, standing.queued.saturating_add(new) - limit)?;
    Err(Error::Later { code: ErrorCode::QueueFull, limit, after })
}

/// The longest that anybody is told to wait.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// When so many of the account's queued generations will have started, by what is known now: what a queued one
/// usually takes, and how many of the account are at work at once. At least a second.
fn until_left(tx: &mut Tx, account: &AccountId, leaving: i64) -> Result<Duration> {
    let row = tx.query_one(
        "select (select count(*) from generation where account_id = $1 and owner is not null),
                (select weight from account where id = $1), count(*), cast(coalesce(sum(vcost), 0) as bigint)
         from (select vcost from generation where account_id = $1 and state = 'queued' limit 1000) sample",
        p![account.as_str()],
    )?;
    let (running, weight, count, cost): (i64, i64, i64, i64) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let usual = cost.saturating_mul(weight) / count.max(1);
    let wait = usual.saturating_mul(leaving) / running.max(1);
    Ok(Duration::from_micros(wait.unsigned_abs()).clamp(Duration::from_secs(1), WAIT_MAX))
}
