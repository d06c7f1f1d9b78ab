//! Properties that need a database: each case begins with empty tables, so a case can shrink.

use super::harness::Fresh;
use crate::Tx;
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};

/// Runs `test` with `cases` values. It may panic; the smallest value that makes it panic is told.
pub(crate) fn check<S: Strategy + Sync>(
    fresh: &Fresh,
    cases: u32,
    strategy: S,
    test: impl AsyncFn(S::Value) + Sync,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let case = |value| {
            runtime.block_on(async {
                fresh.store.write(empty).await.unwrap();
                test(value).await;
            });
            Ok(())
        };
        TestRunner::new(config).run(&strategy, case).map_err(|error| error.to_string())
    };
    // A thread of its own: a runtime cannot wait inside a runtime. The database has its own threads.
    let outcome = std::thread::scope(|scope| scope.spawn(run).join().unwrap());
    outcome.unwrap();
}

/// Children before parents.
pub(crate) fn empty(tx: &mut Tx<'_>) -> crate::Result<()> {
    for table in [
        "webhook_delivery",
        "webhook",
        "webhook_secret",
        "callback",
        "request",
        "feedback",
        "idempotency",
        "audit",
        "loss",
        "redemption",
        "voucher",
        "voucher_guess",
        "referral_reward",
        "bonus_grant",
        "outbox",
        "outbox_kind",
        "checked",
        "checked_book",
        "generation_past",
        "asset",
        "attempt",
        "edge",
        "generation",
        "stage",
        "step",
        "item",
        "batch",
        "turn",
        "virtual_clock",
        "slot",
        "quote",
        "bucket",
        "pause",
        "market_stop",
        "alert",
        "market_key",
        "entry",
        "transfer",
        "book",
        "key_budget_use",
        "api_key",
        "account",
        "price_group",
        "installation",
    ] {
        tx.script(&format!("delete from {table}"))?;
    }
    Ok(())
}
