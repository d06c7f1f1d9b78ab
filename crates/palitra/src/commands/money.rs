//! What is asked before money moves: the limit of `--max-cost`, and a yes for work that costs real market money.

use super::Session;
use crate::{args::Spend, failure::Failure};
use palitra_domain::{ErrorCode, Money};
use std::time::Duration;

/// Whole seconds, rounded up: what a plan says.
pub(super) fn whole_seconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// Refuses a price above `--max-cost`; asks before real money is spent, unless `--yes` was given. Where the account pays nothing, what
/// the market may take (`cost`) counts instead: then the house pays that.
pub(super) fn agree(
    session: &Session,
    spend: &Spend,
    (price, cost): (Money, Money),
    is_real: bool,
) -> Result<(), Failure> {
    let price = if price.amount > 0 || !is_real { price } else { cost };
    if let Some(limit) = spend.max_cost_minor
        && price.amount > limit
    {
        let limit = Money::new(limit, price.currency);
        return Err(Failure::new(ErrorCode::OverMaxCost)
            .with("value", price.to_string())
            .with("limit", limit.to_string()));
    }
    if !is_real || price.amount == 0 || session.cli.yes {
        return Ok(());
    }
    if !session.console.is_interactive() {
        return Err(Failure::new(ErrorCode::NeedsConfirmation).with("value", price.to_string()));
    }
    let question = session.console.text("confirm-cost", &[("price", (&price.to_string()).into())]);
    if session.console.ask(&question) { Ok(()) } else { Err(Failure::new(ErrorCode::Cancelled)) }
}
