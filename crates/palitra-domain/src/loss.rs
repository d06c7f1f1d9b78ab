//! When an attempt costs the house: the market may bill it, and nobody pays.

use crate::{
    market::ErrorClass,
    state::{AttemptState, GenerationState, words},
};

words! {
    /// Why the house pays.
    LossReason {
        /// The market refused or failed it after it had worked on it, and bills that.
        Billed = "billed",
        /// Stopped on request after its start.
        Cancelled = "cancelled",
        /// Nobody knows what became of it: it is submitted once more, or the money goes back.
        Unknown = "unknown",
        /// Accepted, and not heard of again.
        Lost = "lost",
        /// The market delivered what could not be used.
        Unusable = "unusable",
        /// An answer to a question that the house asks about a prompt, and pays.
        Given = "given",
    }
}

/// Why an attempt that ends without a charge is the house's loss. `from` is where the generation stood, `class` what
/// the market said, `is_billed` that it named a cost above zero. `None`: provably or as far as anybody knows unbilled.
pub fn loss_of(
    from: GenerationState,
    attempt: AttemptState,
    class: ErrorClass,
    is_billed: bool,
) -> Option<LossReason> {
    match attempt {
        AttemptState::Unknown | AttemptState::Abandoned => Some(LossReason::Unknown),
        AttemptState::Cancelled => Some(LossReason::Cancelled),
        AttemptState::Lost => Some(LossReason::Lost),
        AttemptState::Failed if from == GenerationState::Storing => Some(LossReason::Unusable),
        AttemptState::Failed if is_billed || class.may_be_billed() => Some(LossReason::Billed),
        _ if is_billed => Some(LossReason::Billed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_market_may_bill_is_a_loss() {
        use AttemptState as Attempt;
        let of = |attempt, class| loss_of(GenerationState::Running, attempt, class, false);
        assert_eq!(of(Attempt::Unknown, ErrorClass::Unavailable), Some(LossReason::Unknown));
        assert_eq!(of(Attempt::Cancelled, ErrorClass::GenerationFailed), Some(LossReason::Cancelled));
        assert_eq!(of(Attempt::Failed, ErrorClass::ContentRejected), Some(LossReason::Billed));
        // A market's own failure is not billed, a refusal never was accepted.
        assert_eq!(of(Attempt::Failed, ErrorClass::GenerationFailed), None);
        assert_eq!(of(Attempt::Refused, ErrorClass::ContentRejected), None);
        assert_eq!(of(Attempt::Vanished, ErrorClass::Unavailable), None);
        let billed = loss_of(GenerationState::Running, Attempt::Failed, ErrorClass::GenerationFailed, true);
        assert_eq!(billed, Some(LossReason::Billed));
        let unusable = loss_of(GenerationState::Storing, Attempt::Failed, ErrorClass::Protocol, false);
        assert_eq!(unusable, Some(LossReason::Unusable));
    }
}
