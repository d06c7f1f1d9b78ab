//! Quotes: prices that bind until they expire.

use crate::{Error, Result, Tx, p};
use palitra_domain::{AccountId, ErrorCode, GenerationId, Livemode, QuoteId, Timestamp};

/// A price that was promised: the charge is never more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub id: QuoteId,
    pub account: AccountId,
    pub livemode: Livemode,
    pub model: String,
    pub mode: String,
    /// What exactly was priced.
    pub recipe: String,
    /// Minor units.
    pub price: i64,
    pub price_version: i64,
    pub expires_at: Timestamp,
}

pub fn insert(tx: &mut Tx, quote: &Quote, now: Timestamp) -> Result<()> {
    tx.must(
        1,
        "insert into quote(id, account_id, livemode, model, mode, recipe, price, price_version, created_at, expires_at)
         values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        p![
            quote.id.as_str(),
            quote.account.as_str(),
            quote.livemode.as_str(),
            &quote.model,
            &quote.mode,
            &quote.recipe,
            quote.price,
            quote.price_version,
            now.micros(),
            quote.expires_at.micros()
        ],
    )
}

/// Takes an open quote of this account for one generation, in the transaction that creates it. Another account's quote does not exist
/// for it; one that has expired or was taken is `quote_expired`.
pub fn take(
    tx: &mut Tx,
    account: &AccountId,
    id: &QuoteId,
    generation: &GenerationId,
    now: Timestamp,
) -> Result<Quote> {
    let row = tx.query_opt(
        "update quote set generation_id = $3 where id = $1 and account_id = $2 and generation_id is null and expires_at > $4
         returning id, account_id, livemode, model, mode, recipe, price, price_version, expires_at",
        p![id.as_str(), account.as_str(), generation.as_str(), now.micros()],
    )?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::QuoteExpired, id.as_str()))?;
    Ok(Quote {
        id: row.get(0)?,
        account: row.get(1)?,
        livemode: row.get(2)?,
        model: row.get(3)?,
        mode: row.get(4)?,
        recipe: row.get(5)?,
        price: row.get(6)?,
        price_version: row.get(7)?,
        expires_at: row.get(8)?,
    })
}
