//! Who has brought whom. What a referrer gets of it is in `ledger`.

use crate::{Error, Result, Sql, Tx, accounts::Account, p, sql};
use palitra_domain::{AccountId, ErrorCode};

/// Why a referral is refused, as the value of `referral_refused`.
const OWN: &str = "own";
const CIRCLE: &str = "circle";
const AGAIN: &str = "again";
const HOUSE: &str = "house";

/// The account whose referral code this is has brought `account`: said once, for ever. Refused with `not_found` when nobody has the code,
/// and with `referral_refused`: its own code, somebody whom it has brought itself, a second referrer, or the house.
pub fn refer(tx: &mut Tx, account: &AccountId, code: &str) -> Result<Account> {
    // One after another, so that no two of them close a circle.
    const ONE: Sql = sql!("select one from installation", FOR_UPDATE);
    const IN_CIRCLE: &str = "with recursive up(id) as
           (select id from account where id = $1 union select a.referred_by from account a join up on a.id = up.id where a.referred_by is not null)
         select 1 from up where id = $2";
    let refused = |why: &str| Error::rule(ErrorCode::ReferralRefused, why);
    tx.query(ONE, p![])?;
    let row = tx.query_opt("select id, name, kind from account where referral_code = $1", p![code])?;
    let row = row.ok_or_else(|| Error::rule(ErrorCode::NotFound, code))?;
    let referrer = Account { id: row.get(0)?, name: row.get(1)? };
    let own = tx.query_opt("select kind, referred_by from account where id = $1", p![account.as_str()])?;
    let own = own.ok_or_else(|| Error::rule(ErrorCode::NotFound, account.as_str()))?;
    if row.get::<String>(2)? == "house" || own.get::<String>(0)? == "house" {
        return Err(refused(HOUSE));
    }
    if referrer.id == *account {
        return Err(refused(OWN));
    }
    if own.get::<Option<AccountId>>(1)?.is_some() {
        return Err(refused(AGAIN));
    }
    if tx.query_opt(IN_CIRCLE, p![referrer.id.as_str(), account.as_str()])?.is_some() {
        return Err(refused(CIRCLE));
    }
    tx.must(
        1,
        "update account set referred_by = $2 where id = $1 and referred_by is null",
        p![account.as_str(), referrer.id.as_str()],
    )?;
    Ok(referrer)
}
