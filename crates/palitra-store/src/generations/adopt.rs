//! Taking over the work of a dead process, and letting go of ghosts.

use super::Fence;
use crate::{Result, Row, Tx, markets, p};
use palitra_domain::{
    Timestamp,
    state::{AttemptReason, AttemptState},
};
use std::time::Duration;

/// Work under way that now belongs to the caller.
#[derive(Debug, Clone)]
pub struct Adopted {
    pub fence: Fence,
    pub market: String,
    pub key: String,
    pub reason: AttemptReason,
    pub reference: Option<String>,
    pub outputs: Option<String>,
    pub longest_run: Duration,
    pub accepted_at: Option<Timestamp>,
    pub cancel_requested: bool,
}

pub(super) const TAKE: &str = "update generation set owner = $1, epoch = epoch + 1, updated_at = $2
     where state in ('submitting', 'running', 'storing') and coalesce(owner, '') <> $1";

/// Everything under way that other processes own becomes the caller's, one epoch later: what the dead one
/// still writes fails. On SQLite the data directory is locked, so every other owner is dead and this is done
/// at boot.
pub fn adopt(tx: &mut Tx, owner: &str, now: Timestamp) -> Result<Vec<Adopted>> {
    tx.send(TAKE, p![owner, now.micros()])?;
    let rows = tx.query(
        "select g.id, g.epoch, a.n, g.state, g.market, k.label, a.reason, a.reference, a.outputs, g.longest_run_us, a.accepted_at,
                g.cancel_requested_at is not null
         from generation g join attempt a on a.generation_id = g.id and a.n = g.attempts join market_key k on k.id = a.key_id
         where g.owner = $1 and g.state in ('submitting', 'running', 'storing') order by g.id",
        p![owner],
    )?;
    let adopted = |row: &Row| {
        let longest: i64 = row.get(9)?;
        Ok(Adopted {
            fence: Fence { id: row.get(0)?, epoch: row.get(1)?, attempt: row.get(2)?, from: row.get(3)? },
            market: row.get(4)?,
            key: row.get(5)?,
            reason: row.get(6)?,
            reference: row.get(7)?,
            outputs: row.get(8)?,
            longest_run: Duration::from_micros(longest.unsigned_abs()),
            accepted_at: row.get(10)?,
            cancel_requested: row.get(11)?,
        })
    };
    rows.iter().map(adopted).collect()
}

pub(super) const EXPIRE: &str =
    "update slot set generation_id = null, attempt = null, kept_until = null where kept_until <= $1";

pub(super) const LOSE: &str =
    "update attempt set state = $1 where state in ('unknown', 'abandoned') and not exists
     (select 1 from slot s where s.generation_id = attempt.generation_id and s.attempt = attempt.n)";

/// Frees the key slots of ghosts whose longest run time has passed, and slots that retire go for good.
/// Answers how many were freed.
pub fn expire_ghosts(tx: &mut Tx, now: Timestamp) -> Result<usize> {
    let freed = tx.execute(EXPIRE, p![now.micros()])?;
    if freed > 0 {
        tx.send(LOSE, p![AttemptState::Lost.as_str()])?;
    }
    markets::delete_retired(tx)?;
    Ok(usize::try_from(freed).unwrap_or(usize::MAX))
}
