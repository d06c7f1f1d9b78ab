//! Answers that come in the call itself: kept in an object named after their attempt before anything else is done with them, and read
//! again after a crash, so that a process takes nothing with it that was paid for (invariant 3).

use super::{Ticket, submit::Asked};
use crate::{Result, scheduler::Machine};
use palitra_domain::{
    market::{Market, Request, Spool, Submitted},
    objects::ObjectError,
};
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

/// What was kept of the answer to an attempt whose process has died; `None` when nothing was. An error says that it cannot be read now.
pub(super) async fn kept(machine: &Machine, ticket: &Ticket) -> Result<Option<Submitted>> {
    let Ok(market) = machine.market(&ticket.market) else { return Ok(None) };
    let Some(spool) = place(machine, market, &ticket.fence) else { return Ok(None) };
    if !spool.objects.exists(&spool.key).await? {
        return Ok(None);
    }
    let id = ticket.id().clone();
    let found = machine.store.read(move |tx| generations::find_with_market_model(tx, &id)).await?;
    let Some((generation, model)) = found else { return Ok(None) };
    let unread = |source| ObjectError { key: spool.key.clone(), doing: "read", source };
    let whole = machine.whole(&spool.key).await.map_err(unread)?;
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
    Ok(Some(market.answered(&request, &whole)))
}

/// The generation has ended: its answer is in our books or worth nothing. Before anybody hears of the end, for a command is over then. No
/// harm when it stays.
pub(super) async fn let_go(machine: &Machine, ticket: &Ticket) {
    if !machine.market(&ticket.market).is_ok_and(|market| market.capabilities().answers_in_call) {
        return;
    }
    // Those of attempts that were given up, too.
    for attempt in 1..=ticket.fence.attempt {
        let key = key(&Fence { attempt, ..ticket.fence.clone() });
        if let Err(error) = machine.objects.delete(&key).await {
            tracing::warn!(%error, "an answer that is not needed any more cannot be deleted");
        }
    }
}
