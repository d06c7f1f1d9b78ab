//! Vouchers: once to an account, so often at all, and no better found by trying.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, at, balance, boris, commit, id, is_rule, number, open, refused},
};
use crate::{
    Dialect, Error, MIGRATIONS, Result, Tx, accounts,
    ledger::{self, Purse},
    p,
    vouchers::{self, NewVoucher, Redeem, Redeemed},
};
use palitra_domain::{
    AccountId, ErrorCode, Livemode,
    codes::{self, GUESSES_MAX},
};
use std::time::Duration;
use tokio::task::JoinSet;

on_every_database!(MIGRATIONS =>
    a_voucher_gives_once_to_each_account_and_so_often_at_all,
    the_last_use_is_one_accounts,
    one_account_that_asks_often_at_once_has_it_once,
    a_bonus_of_a_voucher_expires,
    what_is_over_gives_nothing,
    guessing_is_bounded,
    nothing_in_the_database_is_a_code,
    the_check_knows_vouchers,
);

fn voucher(n: u64, code: &str) -> NewVoucher {
    NewVoucher {
        id: id(n),
        hash: codes::code_hash(code),
        hint: codes::code_hint(code),
        purse: Purse::Cash,
        amount: 500,
        lasts: None,
        uses_max: 2,
        expires_at: None,
    }
}

async fn make(fresh: &Fresh, new: NewVoucher) {
    commit(fresh, move |tx| vouchers::insert(tx, &new, at(1))).await;
}

fn redeem(
    n: u64,
    account: AccountId,
    code: &'static str,
    now: i64,
) -> impl Fn(&mut Tx<'_>) -> Result<Option<Redeemed>> + Send + Clone {
    move |tx| {
        let (account, hash) = (account.clone(), codes::code_hash(code));
        vouchers::redeem(tx, &Redeem { account, hash, transfer: id(n) }, at(now))
    }
}

async fn a_voucher_gives_once_to_each_account_and_so_often_at_all(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| accounts::create(tx, &id(7), "vera", false, at(0))).await;
    make(&fresh, voucher(1, "SPRING")).await;
    let before = balance(&fresh, anna()).await.cash;
    let given = commit(&fresh, redeem(10, anna(), "SPRING", 2)).await;
    assert_eq!(given, Some(Redeemed { purse: Purse::Cash, amount: 500, expires_at: None }));
    assert_eq!(balance(&fresh, anna()).await.cash, before + 500);
    let error = refused(&fresh, redeem(11, anna(), "SPRING", 3)).await;
    assert!(is_rule(&error, ErrorCode::VoucherUsed), "{error}");
    commit(&fresh, redeem(12, boris(), "SPRING", 4)).await;
    let error = refused(&fresh, redeem(13, id(7), "SPRING", 5)).await;
    assert!(is_rule(&error, ErrorCode::VoucherOver), "{error}");
    // Whoever has had it is told so, whatever has become of it.
    let error = refused(&fresh, redeem(14, boris(), "SPRING", 6)).await;
    assert!(is_rule(&error, ErrorCode::VoucherUsed), "{error}");
    let error = refused(&fresh, move |tx| vouchers::insert(tx, &voucher(2, "SPRING"), at(7))).await;
    assert!(is_rule(&error, ErrorCode::VoucherExists), "{error}");
    let listed = fresh.store.read(|tx| vouchers::list(tx, None, 10)).await.unwrap();
    assert_eq!((listed.len(), listed[0].uses, listed[0].hint.as_str()), (1, 2, "…NG"));
    let error = refused(&fresh, redeem(15, id(99), "SPRING", 8)).await;
    assert!(is_rule(&error, ErrorCode::NotFound), "{error}");
}

/// Redeems at the same time: on PostgreSQL from several processes.
async fn at_once(fresh: &Fresh, accounts: Vec<AccountId>) -> Vec<Result<Option<Redeemed>>> {
    let mut tasks = JoinSet::new();
    for (n, account) in (100..).zip(accounts) {
        let is_process = fresh.store.dialect() == Dialect::Pg;
        let store = if is_process { fresh.again() } else { fresh.store.clone() };
        tasks.spawn(async move { store.write(redeem(n, account, "LASTONE", 2)).await });
    }
    tasks.join_all().await
}

async fn the_last_use_is_one_accounts(fresh: Fresh) {
    open(&fresh, 1).await;
    commit(&fresh, |tx| {
        (10..16).try_for_each(|n| accounts::create(tx, &id(n), &format!("guest {n}"), false, at(0)))
    })
    .await;
    make(&fresh, NewVoucher { uses_max: 1, ..voucher(1, "LASTONE") }).await;
    let answers = at_once(&fresh, (10..16).map(id).collect()).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count(), 1, "{answers:?}");
    let over = |it: &&Result<_>| it.as_ref().is_err_and(|error| is_rule(error, ErrorCode::VoucherOver));
    assert_eq!(answers.iter().filter(over).count(), 5, "{answers:?}");
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
    assert_eq!(number(&fresh, "select count(*) from transfer where kind = 'voucher'").await, 1);
}

async fn one_account_that_asks_often_at_once_has_it_once(fresh: Fresh) {
    open(&fresh, 1).await;
    make(&fresh, NewVoucher { uses_max: 100, ..voucher(1, "LASTONE") }).await;
    let answers = at_once(&fresh, vec![anna(); 6]).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count(), 1, "{answers:?}");
    let used = |it: &&Result<_>| it.as_ref().is_err_and(|error| is_rule(error, ErrorCode::VoucherUsed));
    assert_eq!(answers.iter().filter(used).count(), 5, "{answers:?}");
    assert_eq!(fresh.store.read(ledger::problems).await, Ok(vec![]));
}

async fn a_bonus_of_a_voucher_expires(fresh: Fresh) {
    open(&fresh, 1).await;
    let lasts = Some(Duration::from_secs(60));
    make(&fresh, NewVoucher { purse: Purse::Bonus, lasts, ..voucher(1, "SPRING") }).await;
    let given = commit(&fresh, redeem(10, anna(), "SPRING", 2)).await.unwrap();
    assert_eq!((given.purse, given.expires_at), (Purse::Bonus, Some(at(62))));
    let grants = fresh.store.read(|tx| ledger::grants(tx, &anna(), Livemode::Live)).await.unwrap();
    assert_eq!(grants.iter().map(|it| (it.remains, it.expires_at)).collect::<Vec<_>>(), [(500, at(62))]);
    assert_eq!(commit(&fresh, |tx| ledger::expire(tx, &id(10), &id(11), at(62))).await, 500);
    assert_eq!(balance(&fresh, anna()).await.bonus, 0);
}

async fn what_is_over_gives_nothing(fresh: Fresh) {
    open(&fresh, 1).await;
    make(&fresh, NewVoucher { expires_at: Some(at(10)), ..voucher(1, "EARLY") }).await;
    make(&fresh, voucher(2, "GONE")).await;
    commit(&fresh, redeem(10, anna(), "GONE", 2)).await;
    commit(&fresh, redeem(11, boris(), "EARLY", 9)).await;
    for (n, code) in [(1, "EARLY"), (2, "GONE")] {
        let revoke = move |tx: &mut Tx<'_>| vouchers::revoke(tx, &id(n), at(12));
        if code == "GONE" {
            assert!(commit(&fresh, revoke).await && !commit(&fresh, revoke).await);
        }
        let account = if code == "GONE" { boris() } else { anna() };
        let error = refused(&fresh, redeem(12, account, code, 10)).await;
        assert!(is_rule(&error, ErrorCode::VoucherOver), "{code}: {error}");
    }
    assert!(!commit(&fresh, |tx| vouchers::revoke(tx, &id(9), at(12))).await);
    // What it has given stays given.
    assert_eq!(number(&fresh, "select count(*) from redemption").await, 2);
}

async fn guessing_is_bounded(fresh: Fresh) {
    open(&fresh, 1).await;
    make(&fresh, voucher(1, "SPRING")).await;
    for _ in 0..GUESSES_MAX {
        assert_eq!(commit(&fresh, redeem(10, anna(), "WRONG", 100)).await, None);
    }
    // Not even the right one any more; others are not concerned.
    let error = refused(&fresh, redeem(11, anna(), "SPRING", 1_000)).await;
    let after = Duration::from_secs(2_700);
    assert_eq!(error, Error::Later { code: ErrorCode::VoucherTries, limit: GUESSES_MAX, after });
    assert!(commit(&fresh, redeem(12, boris(), "SPRING", 1_000)).await.is_some());
    // An hour after the first.
    assert_eq!(commit(&fresh, redeem(13, anna(), "WRONG", 3_700)).await, None);
    assert!(commit(&fresh, redeem(14, anna(), "SPRING", 3_701)).await.is_some());
    assert_eq!(number(&fresh, "select failed from voucher_guess").await, 1);
}

async fn nothing_in_the_database_is_a_code(fresh: Fresh) {
    open(&fresh, 1).await;
    make(&fresh, voucher(1, "K7QM2RTX9WAB")).await;
    commit(&fresh, redeem(10, anna(), "K7QM2RTX9WAB", 2)).await;
    let read = |tx: &mut Tx<'_>| {
        let mut rows = tx.query("select id, hint from voucher", p![])?;
        rows.extend(tx.query("select note, id from transfer", p![])?);
        Ok(rows.iter().map(|row| format!("{:?}", row.values())).collect::<String>())
    };
    let kept = fresh.store.read(read).await.unwrap();
    assert!(kept.contains("…9WAB") && !kept.contains("K7QM"), "{kept}");
}

async fn the_check_knows_vouchers(fresh: Fresh) {
    open(&fresh, 1).await;
    make(&fresh, voucher(1, "SPRING")).await;
    commit(&fresh, redeem(10, anna(), "SPRING", 2)).await;
    for (wrong, words) in [
        ("update voucher set uses = 2", "not used as often"),
        ("update voucher set amount = 501", "not what a voucher gives"),
        ("update voucher set purse = 'bonus'", "not what a voucher gives"),
        ("delete from redemption", "not what a voucher gives"),
        (
            "update redemption set account_id = (select id from account where name = 'boris')",
            "not what a voucher gives",
        ),
    ] {
        let found = fresh.store.write(move |tx| {
            assert!(tx.execute(wrong, p![])? > 0, "{wrong}");
            // Nothing of it stays.
            Err::<(), _>(Error::Refused(ledger::problems(tx)?.join("\n")))
        });
        let found = found.await.unwrap_err().to_string();
        assert!(found.contains(words), "{wrong}: {found}");
    }
}
