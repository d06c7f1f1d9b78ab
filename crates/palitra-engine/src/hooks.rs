//! Callbacks of markets: which address each attempt is given, and what follows when it is called.
//!
//! A callback is a hint (`docs/markets.md`, "Webhooks"): it hurries the next look, or tells where to look. Nothing in it becomes a
//! result, so duplicates, replays and callbacks out of order change only the moment of a look.

use crate::{Context, Engine, Result};
use palitra_domain::{
    GenerationId,
    market::{RemoteRef, WebhookRefused},
    state::AttemptState,
};
use palitra_store::generations::{self, Claimed, Hook};
use std::time::Duration;

/// What a process needs that takes callbacks.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// The address markets reach this service by, without a trailing `/`.
    pub public_url: String,
    /// How long a submission without an answer waits for its callback; `None`: twice the p90 of its mode, at most its longest run.
    pub unknown_wait: Option<Duration>,
}

/// A callback whose address was right; its body has yet to be checked.
pub struct Callback(Hook);

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// The market's own: acted on, or it made no difference.
    Taken,
    /// Forged, altered, stale or incomplete.
    Untrusted,
    /// It cannot be checked now: the market should send it again.
    Unavailable,
    /// This market calls nobody.
    Unsupported,
}

impl Engine {
    /// From now on submissions carry an address to call. Once, before the start.
    pub fn take_webhooks(&self, webhooks: Webhooks) {
        self.webhooks.get_or_init(|| webhooks);
    }

    /// The attempt that an address is of. `None` when any part of it is wrong: whoever asks learns no more.
    pub async fn callback(&self, market: &str, attempt: &str, token: &str) -> Result<Option<Callback>> {
        let Some((id, n)) = named(attempt) else { return Ok(None) };
        let hook = self.store.read(move |tx| generations::hook(tx, &id, n)).await?;
        Ok(hook
            .filter(|hook| hook.market == market)
            .filter(|hook| hook.token.as_deref().is_some_and(|known| is_same(known, token)))
            .map(Callback))
    }

    /// Checks the body and acts on it.
    pub async fn receive(
        &self,
        callback: Callback,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Received> {
        let Callback(hook) = callback;
        let market = self.market(&hook.market)?;
        let note = match market.verify_webhook(&hook.key, headers, body, self.now()).await {
            Ok(note) => note,
            Err(refused) => {
                tracing::warn!(generation.id = %hook.generation, attempt = hook.n, why = %refused, "a webhook was refused");
                return Ok(match refused {
                    WebhookRefused::Unsupported => Received::Unsupported,
                    WebhookRefused::Untrusted(_) => Received::Untrusted,
                    WebhookRefused::Unavailable(_) => Received::Unavailable,
                });
            }
        };
        tracing::debug!(generation.id = %hook.generation, attempt = hook.n, hint = ?note.hint, "a webhook came");
        let known = hook.reference.clone().map(RemoteRef);
        if known.is_some_and(|remote| !market.is_about(&note, &remote)) {
            tracing::warn!(generation.id = %hook.generation, attempt = hook.n, "a webhook speaks of other work");
            return Ok(Received::Taken);
        }
        match hook.attempt {
            AttemptState::Submitting => {
                // The answer to the submission is still on its way, or never came.
                if hook.reference.is_none()
                    && let Some(RemoteRef(reference)) = market.reference(&hook.market_model, &note)
                {
                    let (id, n) = (hook.generation.clone(), hook.n);
                    let write = move |tx: &mut palitra_store::Tx<'_>| {
                        generations::note_reference(tx, &id, n, &reference)
                    };
                    self.store.write(write).await?;
                }
                self.was_called(hook.generation.clone(), hook.epoch);
            }
            AttemptState::Accepted => self.was_called(hook.generation.clone(), hook.epoch),
            // It was given up, and here it is: its result counts, or is a gift (`work/ghosts`).
            AttemptState::Unknown | AttemptState::Abandoned | AttemptState::Lost => {
                let reference =
                    hook.reference.or_else(|| Some(market.reference(&hook.market_model, &note)?.0));
                let Some(reference) = reference else { return Ok(Received::Taken) };
                let (id, n, now) = (hook.generation.clone(), hook.n, self.now());
                self.store.write(move |tx| generations::note_ghost(tx, &id, n, &reference, now)).await?;
                self.housekeeping_is_due();
            }
            // What became of it is known.
            AttemptState::Succeeded
            | AttemptState::Failed
            | AttemptState::Cancelled
            | AttemptState::Refused
            | AttemptState::Vanished => {}
        }
        Ok(Received::Taken)
    }
}

/// `gen_….2`: the generation and the number of its attempt.
fn named(attempt: &str) -> Option<(GenerationId, i64)> {
    let (id, n) = attempt.rsplit_once('.')?;
    Some((GenerationId::parse(id).ok()?, n.parse().ok()?))
}

/// In the same time wherever they differ, so that a token cannot be found letter by letter.
fn is_same(known: &str, given: &str) -> bool {
    let differences = known.bytes().zip(given.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    known.len() == given.len() && std::hint::black_box(differences) == 0
}

impl Context {
    /// Random, for as many attempts; none when the market is not to call us.
    pub(crate) fn tokens(&self, market: &str, count: u32) -> Vec<String> {
        let calls = self.markets.get(market).is_some_and(|market| market.capabilities().webhooks);
        let count = if calls && self.webhooks.get().is_some() { count } else { 0 };
        (0..count).map(|_| format!("{:032x}", self.random())).collect()
    }

    /// The address for a claimed attempt. It holds a token: never logged.
    pub(crate) fn webhook(&self, market: &str, claimed: &Claimed) -> Option<String> {
        let (base, token) = (&self.webhooks.get()?.public_url, claimed.token.as_ref()?);
        Some(format!("{base}/hooks/{market}/{}.{}/{token}", claimed.id, claimed.attempt))
    }

    /// How long work like this usually runs, as the catalogue says.
    pub(crate) fn usual_run(&self, market: &str, claimed: &Claimed) -> Duration {
        let catalogue = self.catalogue();
        let models = catalogue.models().iter();
        let mut models =
            models.filter(|model| model.market == market && model.market_id == claimed.market_model);
        models.find_map(|model| model.mode(&claimed.mode)).map_or(claimed.longest_run, |mode| mode.usual_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_attempt_or_nothing() {
        let id = GenerationId::new(palitra_domain::Timestamp::from_micros(5), 7);
        assert_eq!(named(&format!("{id}.12")), Some((id.clone(), 12)));
        for wrong in [id.to_string(), format!("{id}."), format!("{id}.x"), format!("{id}.1.2"), "x.1".into()]
        {
            assert_eq!(named(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_right_as_a_whole_or_wrong() {
        assert!(is_same("0af3", "0af3"));
        for wrong in ["", "0af", "0af30", "0af4", "1af3", "0AF3"] {
            assert!(!is_same("0af3", wrong), "{wrong}");
        }
    }
}
