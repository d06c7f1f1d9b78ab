//! Answers that come in the call itself: kept in an object named after their attempt before anything else is done with them, and read
//! again after a crash, so that a process takes nothing with it that was paid for (invariant 3).

use super::{Ticket, submit::Asked};
use crate::scheduler::Machine;
use bytes::BytesMut;
use futures_util::TryStreamExt;
use palitra_domain::market::{Market, Outputs, Request, Spool, Submitted};
use palitra_store::generations::{self, Fence};
use std::sync::Arc;

/// Where such a market's answer to this attempt goes.
pub(super) fn place(machine: &Machine, market: &Arc<dyn Market>, fence: &Fence) -> Option<Spool> {
    let answers = market.capabilities().answers_in_call;
    answers.then(|| Spool { objects: machine.objects.clone(), key: key(fence) })
}

fn key(fence: &Fence) -> String {
    format!("answers/{}.{}.bin", fence.id, fence.attempt)
}

/// What was kept of the answer to an attempt whose process has died; `None` when nothing was, or it says nothing.
pub(super) async fn kept(machine: &Machine, ticket: &Ticket) -> Option<Outputs> {
    let market = machine.market(&ticket.market).ok()?;
    let spool = place(machine, market, &ticket.fence)?;
    if !spool.objects.exists(&spool.key).await.ok()? {
        return None;
    }
    let id = ticket.id().clone();
    let (generation, model) =
        machine.store.read(move |tx| generations::find_with_market_model(tx, &id)).await.ok()??;
    let body = spool.objects.read(&spool.key).await.ok()?;
    let whole = body.try_fold(BytesMut::new(), |mut whole, chunk| async move {
        whole.extend_from_slice(&chunk);
        Ok(whole)
    });
    let whole = whole.await.ok()?;
    let input = serde_json::from_str(&generation.input).unwrap_or_default();
    let asked = Asked { market: &ticket.market, model: &model, mode: &generation.mode, input };
    let request = Request {
        generation: generation.id.to_string(),
        attempt: ticket.fence.attempt,
        model: model.clone(),
        mode: generation.mode.clone(),
        input: asked.fitted(machine).1,
        files: Vec::new(),
        spool: None,
        longest_run: ticket.longest_run,
        webhook: None,
    };
    match market.answered(&request, &whole) {
        Submitted::Done(outputs) => Some(outputs),
        _ => None,
    }
}

/// The generation has ended: its answer is in our books or worth nothing. Before anybody hears of the end, for a command is over then. No
/// harm when it stays.
pub(super) async fn let_go(machine: &Machine, ticket: &Ticket) {
    let market = machine.market(&ticket.market).ok();
    let Some(spool) = market.and_then(|market| place(machine, market, &ticket.fence)) else { return };
    if let Err(error) = spool.objects.delete(&spool.key).await {
        tracing::warn!(%error, "an answer that is not needed any more cannot be deleted");
    }
}
