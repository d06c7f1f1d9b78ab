//! What the operator does not want to keep any longer leaves the tables (`[retention]`), in parts that hold nobody up.
//!
//! A chore of the leader. Files are deleted by a delivery of their own, which the transaction writes that says so (`deliveries`): a
//! crash in between deletes them later.

use crate::{Context, Result, scheduler::Machine};
use palitra_domain::Timestamp;
use palitra_store::{
    idempotency,
    retention::{self as rows, Kind},
};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// How long things are kept; `None` is for ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// Files of results.
    pub results: Option<Duration>,
    /// Files that were uploaded.
    pub uploads: Option<Duration>,
    /// Files that were uploaded for a face swap.
    pub faces: Option<Duration>,
    /// Deliveries that are done.
    pub events: Option<Duration>,
    /// Rows of what has ended; what still has a result stays with it.
    pub finished: Option<Duration>,
}

/// A price that nobody took in its ten minutes is of no use to anybody.
const QUOTES: Duration = Duration::from_secs(86_400);

/// Rows that one transaction looks at. A batch may have thousands of its own.
const ROWS: u32 = 200;
const BATCHES: u32 = 4;

/// Between two transactions: others write, too.
const PAUSE: Duration = Duration::from_millis(20);

/// Parts of one run in which nothing leaves; the next run goes on from there.
const IDLE_PARTS: u32 = 50;

/// The chore.
pub(crate) async fn let_go(machine: Machine) -> Result<()> {
    if machine.is_service {
        run(&machine).await?;
    }
    Ok(())
}

/// In this order: a result before the batch that shows it, a batch before its generations.
async fn run(context: &Context) -> Result<()> {
    let Retention { results, uploads, faces, events, finished } = context.settings.retention;
    for (kind, kept) in [
        (Kind::Results, results),
        (Kind::Faces, faces),
        (Kind::Uploads, uploads),
        (Kind::Deliveries, events),
        (Kind::WebhookLog, events),
        (Kind::Webhooks, events),
        (Kind::Batches, finished),
        (Kind::Generations, finished),
        (Kind::Quotes, Some(QUOTES)),
    ] {
        let Some(kept) = kept else { continue };
        let gone = one_kind(context, kind, kept).await?;
        if gone > 0 {
            tracing::info!(kind = ?kind, rows = gone, "their time was over");
            context.posted.notify_waiters();
        }
    }
    forget_keys(context).await
}

async fn forget_keys(context: &Context) -> Result<()> {
    loop {
        let now = context.now();
        let forgotten = context.store.write(move |tx| idempotency::forget(tx, now, ROWS)).await?;
        if forgotten < u64::from(ROWS) {
            return Ok(());
        }
        context.clock.sleep(PAUSE).await;
    }
}

async fn one_kind(context: &Context, kind: Kind, kept: Duration) -> Result<u64> {
    let max = if kind == Kind::Batches { BATCHES } else { ROWS };
    let (mut gone, mut idle) = (0, 0);
    loop {
        let now = context.now();
        let before = Timestamp::from_micros(now.micros().saturating_sub(palitra_domain::time::micros(kept)));
        let part = context.store.write(move |tx| rows::let_go(tx, kind, before, max, now)).await?;
        gone += part.gone;
        idle = if part.gone == 0 { idle + 1 } else { 0 };
        if part.ended || idle >= IDLE_PARTS {
            return Ok(gone);
        }
        context.clock.sleep(PAUSE).await;
    }
}
