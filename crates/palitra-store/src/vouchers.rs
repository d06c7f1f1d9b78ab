//! Vouchers: codes that give money, once to an account and so often at all. The code itself is not here, only its hash.

use crate::{
    Error, Result, Row, Tx, accounts,
    ledger::{self, Gift, GiftKind, Purse},
    p,
};
use palitra_domain::{
    AccountId, ErrorCode, Livemode, Timestamp, TransferId, VoucherId,
    codes::{GUESSES_FOR, GUESSES_MAX},
    time,
};
use std::time::Duration;

/// A voucher to be made.
#[derive(Debug, Clone)]
pub struct NewVoucher {
    pub id: VoucherId,
    /// SHA-256 of the code in its normal form.
    pub hash: [u8; 32],
    pub hint: String,
    pub purse: Purse,
    /// Minor units, above zero.
    pub amount: i64,
    /// How long its bonus lasts after it was redeemed; `None` is for ever.
    pub lasts: Option<Duration>,
    pub uses_max: u32,
    /// Until when it is redeemed; `None` is for ever.
    pub expires_at: Option<Timestamp>,
}

/// A voucher as it is listed: never its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    pub id: VoucherId,
    pub hint: String,
    pub purse: Purse,
    pub amount: i64,
    pub lasts: Option<Duration>,
    pub uses_max: u32,
    pub uses: u32,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// Refused with `voucher_exists` when there is one with this code, whatever has become of it.
pub fn insert(tx: &mut Tx, new: &NewVoucher, now: Timestamp) -> Result<()> {
    let made = tx.execute(
        "insert into voucher(id, hash, hint, purse, amount, lasts_us, uses_max, created_at, expires_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict(hash) do nothing",
        p![
            new.id.as_str(),
            &new.hash,
            &new.hint,
            new.purse.as_str(),
            new.amount,
            new.lasts.map(time::micros),
            new.uses_max,
            now.micros(),
            new.expires_at.map(Timestamp::micros)
        ],
    )?;
    if made == 0 { Err(Error::rule(ErrorCode::VoucherExists, &new.hint)) } else { Ok(()) }
}

/// Newest first, older than `before`.
pub fn list(tx: &mut Tx, before: Option<&VoucherId>, limit: u32) -> Result<Vec<Voucher>> {
    let rows = tx.query(
        "select id, hint, purse, amount, lasts_us, uses_max, uses, created_at, expires_at, revoked_at
         from voucher where id < $1 order by id desc limit $2",
        p![before.map_or("~", VoucherId::as_str), limit],
    )?;
    rows.iter().map(voucher).collect()
}

fn voucher(row: &Row) -> Result<Voucher> {
    Ok(Voucher {
        id: row.get(0)?,
        hint: row.get(1)?,
        purse: row.get(2)?,
        amount: row.get(3)?,
        lasts: lasts(row, 4)?,
        uses_max: row.get(5)?,
        uses: row.get(6)?,
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
        revoked_at: row.get(9)?,
    })
}

fn lasts(row: &Row, column: usize) -> Result<Option<Duration>> {
    let micros = row.get::<Option<i64>>(column)?;
    Ok(micros.map(|micros| Duration::from_micros(micros.unsigned_abs())))
}

/// Whether there was such a voucher that was not revoked before. What it has given stays given.
pub fn revoke(tx: &mut Tx, id: &VoucherId, now: Timestamp) -> Result<bool> {
    let rows = tx.execute(
        "update voucher set revoked_at = $2 where id = $1 and revoked_at is null",
        p![id.as_str(), now.micros()],
    )?;
    Ok(rows == 1)
}

/// Somebody has typed a code.
pub struct Redeem {
    pub account: AccountId,
    /// SHA-256 of the code in its normal form.
    pub hash: [u8; 32],
    /// The new movement.
    pub transfer: TransferId,
}

/// What a code has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    pub purse: Purse,
    pub amount: i64,
    pub expires_at: Option<Timestamp>,
}

/// Live money for a code. `None` when there is no such code: that is counted, so it has to be committed. Refused with `voucher_used`
/// (by this account), `voucher_over` (expired, used up, revoked), and with [`Error::Later`] after too many codes that there are not.
pub fn redeem(tx: &mut Tx, redeem: &Redeem, now: Timestamp) -> Result<Option<Redeemed>> {
    let account = redeem.account.as_str();
    // One code after another, so that many at once are no more tries than one by one.
    accounts::lock(tx, &redeem.account)?;
    refuse_guessing(tx, account, now)?;
    let row = tx.query_opt(
        "select v.id, v.purse, v.amount, v.lasts_us,
                (select count(*) from redemption r where r.voucher_id = v.id and r.account_id = $2)
         from voucher v where v.hash = $1",
        p![&redeem.hash, account],
    )?;
    let Some(row) = row else {
        count_guess(tx, account, now)?;
        return Ok(None);
    };
    let (id, purse, amount): (VoucherId, Purse, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    if row.get::<i64>(4)? > 0 {
        return Err(Error::rule(ErrorCode::VoucherUsed, ""));
    }
    let used = tx.execute(
        "update voucher set uses = uses + 1
         where id = $1 and uses < uses_max and revoked_at is null and (expires_at is null or expires_at > $2)",
        p![id.as_str(), now.micros()],
    )?;
    if used == 0 {
        return Err(Error::rule(ErrorCode::VoucherOver, ""));
    }
    let expires_at = lasts(&row, 3)?.filter(|_| purse == Purse::Bonus).map(|lasts| now.plus(lasts));
    let gift = Gift {
        transfer: redeem.transfer.clone(),
        account: redeem.account.clone(),
        livemode: Livemode::Live,
        kind: GiftKind::Voucher,
        purse,
        amount,
        note: String::new(),
        expires_at,
    };
    ledger::give(tx, &gift, now)?;
    tx.must(
        1,
        "insert into redemption(voucher_id, account_id, transfer_id, at) values($1, $2, $3, $4)",
        p![id.as_str(), account, redeem.transfer.as_str(), now.micros()],
    )?;
    Ok(Some(Redeemed { purse, amount, expires_at }))
}

fn refuse_guessing(tx: &mut Tx, account: &str, now: Timestamp) -> Result<()> {
    let row = tx.query_opt(
        "select since from voucher_guess where account_id = $1 and failed >= $2",
        p![account, GUESSES_MAX],
    )?;
    let Some(row) = row else { return Ok(()) };
    let after = row.get::<Timestamp>(0)?.plus(GUESSES_FOR).since(now);
    if after.is_zero() {
        return Ok(());
    }
    Err(Error::Later { code: ErrorCode::VoucherTries, limit: GUESSES_MAX, after })
}

/// The first one begins an hour.
fn count_guess(tx: &mut Tx, account: &str, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into voucher_guess(account_id, since, failed) values($1, $2, 1)
         on conflict(account_id) do update set
           failed = case when voucher_guess.since <= $3 then 1 else voucher_guess.failed + 1 end,
           since = case when voucher_guess.since <= $3 then excluded.since else voucher_guess.since end",
        p![account, now.micros(), now.minus(GUESSES_FOR).micros()],
    )
}
