//! The movements of an account, as people read them.

use crate::{Result, Row, Tx, p};
use palitra_domain::{AccountId, GenerationId, Livemode, Timestamp, TransferId, state::TransferState};

/// One movement of money of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: TransferId,
    /// `hold`, `topup`, `welcome`, `voucher`, `referral`, `refund`, `expiry` or `adjustment`.
    pub kind: String,
    pub state: TransferState,
    /// What it does, or did, to each purse, minor units: a hold that was charged takes what was charged, a pending one what
    /// it holds, a voided one nothing.
    pub cash: i64,
    pub bonus: i64,
    pub generation: Option<GenerationId>,
    /// The movement that it takes back.
    pub reverses: Option<TransferId>,
    pub note: String,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

/// Newest first, older than `before`, at most `limit`.
pub fn history(
    tx: &mut Tx,
    account: &AccountId,
    livemode: Livemode,
    before: Option<&TransferId>,
    limit: u32,
) -> Result<Vec<Movement>> {
    let before = before.map_or("~", TransferId::as_str);
    let rows = tx.query(
        "select t.id, t.kind, t.state, t.cash, t.bonus, t.charged_cash, t.charged_bonus,
                coalesce(t.generation_id, (select h.generation_id from transfer h where h.id = t.reverses)), t.reverses, t.note,
                t.created_at, t.closed_at
         from transfer t where t.account_id = $1 and t.livemode = $2 and t.id < $3 order by t.id desc limit $4",
        p![account.as_str(), livemode.as_str(), before, limit.clamp(1, 10_000)],
    )?;
    rows.iter().map(movement).collect()
}

fn movement(row: &Row) -> Result<Movement> {
    let (kind, state): (String, TransferState) = (row.get(1)?, row.get(2)?);
    let (cash, bonus): (i64, i64) = match (kind.as_str(), state) {
        ("hold", TransferState::Pending) => (-row.get::<i64>(3)?, -row.get::<i64>(4)?),
        ("hold", TransferState::Posted) => (-row.get::<i64>(5)?, -row.get::<i64>(6)?),
        (_, TransferState::Voided) => (0, 0),
        _ => (row.get(3)?, row.get(4)?),
    };
    Ok(Movement {
        id: row.get(0)?,
        kind,
        state,
        cash,
        bonus,
        generation: row.get(7)?,
        reverses: row.get(8)?,
        note: row.get(9)?,
        created_at: row.get(10)?,
        closed_at: row.get(11)?,
    })
}
