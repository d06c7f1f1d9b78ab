//! What the house loses: which ends cost it something, what, and that the operator hears of it.

use crate::{Context, Engine, Result, deliveries};
use palitra_domain::{
    Currency, GenerationId, MarketCost, Timestamp,
    loss::{LossReason, loss_of},
    market::MarketError,
    money::{Millionths, scale_up},
    state::AttemptState,
};
use palitra_store::{
    Tx,
    generations::{Failure, Fence},
    losses::{self as rows, Loss},
    outbox,
};

pub use rows::Spent;

/// A market's cost in minor units of the wallet, rounded up. `None` where there is no rate for its currency.
fn in_wallet(context: &Context, cost: MarketCost) -> Option<i64> {
    let prices = &context.settings.prices;
    let rate = match cost.currency {
        same if same == prices.currency => Millionths::ONE,
        Currency::USD => prices.usd_rate,
        _ => return None,
    };
    scale_up(cost.micros, &[rate], 10_000).ok()
}

/// What the end of an attempt costs the house; `None`: nothing.
pub(crate) fn of_failure(context: &Context, failure: &Failure) -> Option<Loss> {
    let is_billed = failure.cost.is_some_and(|cost| cost.micros > 0);
    let reason = loss_of(failure.fence.from, failure.attempt, failure.error.class, is_billed)?;
    let amount = failure.cost.and_then(|cost| in_wallet(context, cost));
    Some(Loss { attempt: failure.fence.attempt, reason, amount })
}

/// What an attempt costs whose outcome is unknown while the house submits once more.
pub(crate) fn of_unknown(fence: &Fence, error: &MarketError) -> Option<Loss> {
    let reason = loss_of(fence.from, AttemptState::Unknown, error.class, false)?;
    Some(Loss { attempt: fence.attempt, reason, amount: None })
}

/// What a result costs that the acceptance gate has refused, while the house tries again.
pub(crate) fn of_rejected(
    context: &Context,
    fence: &Fence,
    error: &MarketError,
    cost: Option<MarketCost>,
) -> Option<Loss> {
    let reason = loss_of(fence.from, AttemptState::Failed, error.class, true)?;
    Some(Loss { attempt: fence.attempt, reason, amount: cost.and_then(|cost| in_wallet(context, cost)) })
}

/// What an answer costs that nobody pays for: the house asks about a prompt. At the market's word, else what it was expected to take.
pub(crate) fn of_given(
    context: &Context,
    fence: &Fence,
    (mode, price): (&str, i64),
    cost: Option<MarketCost>,
) -> Option<Loss> {
    let is_given = price == 0 && context.prompt_model(mode).is_some();
    let amount = cost.and_then(|cost| in_wallet(context, cost));
    is_given.then_some(Loss { attempt: fence.attempt, reason: LossReason::Given, amount })
}

/// In the transaction that ends the attempt, after everything else. The operator is told once a window.
pub(crate) fn record(
    tx: &mut Tx,
    context: &Context,
    generation: &GenerationId,
    loss: Option<&Loss>,
    now: Timestamp,
) -> palitra_store::Result<()> {
    let Some(loss) = loss else { return Ok(()) };
    for mark in rows::record(tx, generation, loss, &context.settings.bounds, now)? {
        let words = format!(
            "account {} has used up what the house may lose by it in a {}: {} minor units; its new work is refused and what it has queued \
             waits ({generation})",
            mark.account, mark.window, mark.budget
        );
        outbox::insert(tx, &deliveries::alert(context, "house_loss", &words, now), now)?;
    }
    Ok(())
}

impl Engine {
    /// Who has cost the house as much as it bears, now.
    pub async fn spent(&self) -> Result<Vec<Spent>> {
        let (bounds, now) = (self.settings.bounds, self.now());
        Ok(self.store.read(move |tx| rows::spent(tx, &bounds, now)).await?)
    }
}
