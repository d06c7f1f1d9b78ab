//! What events do in the model.

use super::{
    Said,
    world::{Taken, World, is_live},
};
use crate::tests::shop::LONGEST_RUN;
use palitra_domain::{
    ErrorCode,
    state::{AttemptReason, AttemptState, BatchState, Event, GenerationState, StepKind},
};

impl Said {
    pub(super) fn event(self) -> Event {
        match self {
            Said::Accept => Event::Accept,
            Said::Answer => Event::Answer,
            Said::Finish => Event::Finish,
            Said::Settle { .. } => Event::Settle,
            Said::Fail { .. } => Event::Fail,
            Said::Cancelled => Event::Cancel,
            Said::TimeOut => Event::TimeOut,
            Said::Refuse { .. } => Event::Retry,
            Said::Resubmit => Event::Resubmit,
            Said::Restart => Event::Restart,
        }
    }

    pub(super) fn attempt(self) -> AttemptState {
        match self {
            Said::Accept | Said::Answer | Said::Finish => AttemptState::Accepted,
            Said::Settle { .. } => AttemptState::Succeeded,
            Said::Fail { ghost: true, .. } | Said::Resubmit => AttemptState::Unknown,
            Said::Fail { ghost: false, .. } => AttemptState::Failed,
            Said::Cancelled => AttemptState::Cancelled,
            Said::TimeOut => AttemptState::Abandoned,
            Said::Refuse { .. } => AttemptState::Refused,
            Said::Restart => AttemptState::Vanished,
        }
    }
}

impl World {
    /// A market's word about a generation in a state that allows it.
    pub(super) fn hear(&mut self, n: u64, said: Said) {
        let (now, event) = (self.now, said.event());
        let of = self.gen_mut(n);
        of.state = of.state.advance(event).unwrap();
        of.attempts.last_mut().unwrap().1 = said.attempt();
        let attempt = of.attempts.len();
        if !matches!(said, Said::Accept | Said::Answer | Said::Finish) {
            let mine = |taken: &Taken| taken.n == n && taken.attempt == attempt;
            if said.attempt().is_ghost() {
                let until = now + i64::try_from(LONGEST_RUN.as_secs()).unwrap();
                self.taken.iter_mut().filter(|taken| mine(taken)).for_each(|taken| taken.until = Some(until));
            } else {
                self.taken.retain(|taken| !mine(taken));
            }
        }
        match said {
            Said::Accept | Said::Answer | Said::Finish => {}
            Said::Settle { half, spoil } => self.settle(n, half, spoil),
            Said::Fail { critical, .. } => self.fail(n, true, critical),
            Said::TimeOut => self.fail(n, true, false),
            Said::Cancelled => self.fail(n, false, false),
            Said::Refuse { wait } => self.requeue(n, AttemptReason::Retry, wait),
            Said::Resubmit => self.requeue(n, AttemptReason::Unknown, 0),
            Said::Restart => self.requeue(n, AttemptReason::Restart, 0),
        }
    }

    fn children(&self, n: u64) -> Vec<u64> {
        self.gens.iter().filter(|(_, of)| of.parents.contains(&n)).map(|(n, _)| *n).collect()
    }

    fn settle(&mut self, n: u64, half: bool, spoil: bool) {
        let of = self.gen_mut(n);
        (of.hold, of.charged) = ("posted", if half { of.price / 2 } else { of.price });
        let waiting =
            self.children(n).into_iter().filter(|child| self.gens[child].state == GenerationState::Queued);
        let waiting: Vec<u64> = waiting.collect();
        for child in &waiting {
            if spoil {
                self.end(*child, GenerationState::Failed);
            } else {
                self.gen_mut(*child).waits -= 1;
            }
        }
        self.conclude(n, spoil && !waiting.is_empty(), false);
    }

    fn fail(&mut self, n: u64, counts: bool, critical: bool) {
        self.gen_mut(n).hold = "voided";
        for child in self.children(n) {
            self.end(child, GenerationState::Cancelled);
        }
        self.conclude(n, counts, critical);
    }

    fn requeue(&mut self, n: u64, reason: AttemptReason, wait: i64) {
        let now = self.now;
        let of = self.gen_mut(n);
        of.next_at = now + wait;
        of.reason = if of.reason == AttemptReason::Unknown { of.reason } else { reason };
        let stopped = of.place.map(|(batch, _)| batch);
        let wish = of.wish;
        if wish || stopped.is_some_and(|batch| self.batches[&batch].stop.is_some()) {
            self.end(n, GenerationState::Cancelled);
            self.conclude(n, false, false);
        }
    }

    pub(super) fn cancel(&mut self, n: u64) {
        if self.gens[&n].state == GenerationState::Queued {
            self.end(n, GenerationState::Cancelled);
            self.conclude(n, false, false);
        } else if is_live(self.gens[&n].state) {
            self.gen_mut(n).wish = true;
        }
    }

    /// A queued one ends, with all that waits for it.
    fn end(&mut self, n: u64, to: GenerationState) {
        let of = self.gen_mut(n);
        if of.state == GenerationState::Queued {
            (of.state, of.hold) = (to, "voided");
            for child in self.children(n) {
                self.end(child, GenerationState::Cancelled);
            }
        }
    }

    /// What the end of `n` means for its batch; `failed` says that something has just failed.
    fn conclude(&mut self, n: u64, failed: bool, critical: bool) {
        let Some((batch, _)) = self.gens[&n].place else { return };
        if failed
            && (critical
                || self.counters(batch).iter().any(|[total, _, failed, skipped]| {
                    (total - failed - skipped) * 100 < self.batches[&batch].gate * total
                }))
        {
            self.stop(batch, if critical { ErrorCode::MarketAuth } else { ErrorCode::GateFailed });
        }
        self.close(batch);
    }

    pub(super) fn stop(&mut self, batch: u64, code: ErrorCode) {
        let it = self.batches.get_mut(&batch).unwrap();
        if it.state == BatchState::Processing && it.stop.is_none() {
            it.stop = Some(code);
            let of_batch = self.gens.iter().filter(|(_, of)| of.is_in(batch));
            for n in of_batch.map(|(n, _)| *n).collect::<Vec<_>>() {
                self.end(n, GenerationState::Cancelled);
            }
        }
    }

    pub(super) fn close(&mut self, batch: u64) {
        let counters = self.counters(batch);
        if counters.iter().all(|[total, succeeded, failed, skipped]| succeeded + failed + skipped == *total) {
            let it = self.batches.get_mut(&batch).unwrap();
            let passed = counters.iter().all(|[total, succeeded, ..]| succeeded * 100 >= it.gate * total);
            it.state = match it.stop {
                Some(ErrorCode::Cancelled) => BatchState::Cancelled,
                None if passed => BatchState::Completed,
                _ => BatchState::Failed,
            };
        }
    }

    pub(super) fn counters(&self, batch: u64) -> [[i64; 4]; 2] {
        [StepKind::Prompt, StepKind::Picture].map(|step| {
            let of = |wanted: fn(GenerationState) -> bool| {
                let here =
                    self.gens.values().filter(|of| of.place == Some((batch, step)) && wanted(of.state));
                i64::try_from(here.count()).unwrap()
            };
            use GenerationState::{Cancelled, Failed, Succeeded, TimedOut};
            [
                of(|_| true),
                of(|is| is == Succeeded),
                of(|is| matches!(is, Failed | TimedOut)),
                of(|is| is == Cancelled),
            ]
        })
    }

    pub(super) fn adopt(&mut self) {
        self.owner += 1;
        for n in self.live() {
            self.gen_mut(n).epoch += 1;
        }
    }

    /// Answers how many slots came free.
    pub(super) fn expire_ghosts(&mut self) -> usize {
        let (now, before) = (self.now, self.taken.len());
        let (over, kept) = std::mem::take(&mut self.taken)
            .into_iter()
            .partition(|taken| taken.until.is_some_and(|at| at <= now));
        self.taken = kept;
        let over: Vec<Taken> = over;
        for taken in over {
            self.gen_mut(taken.n).attempts[taken.attempt - 1].1 = AttemptState::Lost;
        }
        before - self.taken.len()
    }
}
