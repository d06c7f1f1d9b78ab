//! What events do in the model.

use super::{
    News, Said,
    world::{Gen, Taken, World, is_live},
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
            Said::Reject => Event::Reject,
        }
    }

    pub(super) fn attempt(self) -> AttemptState {
        match self {
            Said::Accept | Said::Answer | Said::Finish => AttemptState::Accepted,
            Said::Settle { .. } => AttemptState::Succeeded,
            Said::Fail { ghost: true, .. } | Said::Resubmit => AttemptState::Unknown,
            Said::Fail { ghost: false, .. } | Said::Reject => AttemptState::Failed,
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
        let attempt = of.present();
        of.attempts[attempt - 1].1 = said.attempt();
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
            Said::Reject => self.requeue(n, AttemptReason::Gate, 0),
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
        (of.next_at, of.adopted) = (now + wait, None);
        of.reason = if of.reason.paid_by() == "house" { of.reason } else { reason };
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
            self.unneeded(n);
            self.conclude(n, false, false);
        } else if is_live(self.gens[&n].state) {
            self.gen_mut(n).wish = true;
        }
    }

    /// Lone parents go with the last that waits for them.
    fn unneeded(&mut self, child: u64) {
        for parent in self.gens[&child].parents.clone() {
            let is_waited_for =
                self.children(parent).iter().any(|child| !self.gens[child].state.is_terminal());
            let of = &self.gens[&parent];
            if of.place.is_some() || is_waited_for || of.state.is_terminal() {
                continue;
            }
            if of.state == GenerationState::Queued {
                self.end(parent, GenerationState::Cancelled);
                self.unneeded(parent);
            } else {
                self.gen_mut(parent).wish = true;
            }
        }
    }

    /// A queued one ends, with all that waits for it.
    pub(super) fn end(&mut self, n: u64, to: GenerationState) {
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

    /// Attempts that were given up, and of which nobody knows yet what became.
    pub(super) fn given_up(&self) -> Vec<(u64, usize)> {
        let is_open =
            |state| matches!(state, AttemptState::Unknown | AttemptState::Abandoned | AttemptState::Lost);
        let of = |(n, of): (&u64, &Gen)| {
            let n = *n;
            let open = (1..).zip(&of.attempts).filter(|(_, (_, state))| is_open(*state));
            open.map(|(attempt, _)| (n, attempt)).collect::<Vec<_>>()
        };
        self.gens.iter().flat_map(of).collect()
    }

    /// What the news about an attempt that was given up change.
    pub(super) fn learn(&mut self, n: u64, attempt: usize, news: News) {
        let state = self.gens[&n].state;
        match (news, state) {
            (News::Ended, _) => self.close_ghost(n, attempt, AttemptState::Failed),
            (_, GenerationState::Queued) => {
                self.take_back(n, attempt, GenerationState::Running);
                if let Some((batch, step)) = self.gens[&n].place {
                    self.gen_mut(n).worker = false;
                    let is_free = self.busy_workers(batch, step) < self.batches[&batch].workers;
                    self.gen_mut(n).worker = is_free;
                }
            }
            (News::Result, GenerationState::Submitting | GenerationState::Running) => {
                let (now, present) = (self.now, self.gens[&n].present());
                self.gen_mut(n).attempts[present - 1].1 = AttemptState::Abandoned;
                let until = now + i64::try_from(LONGEST_RUN.as_secs()).unwrap();
                let other = self.taken.iter_mut().filter(|taken| taken.n == n && taken.attempt == present);
                other.for_each(|taken| taken.until = Some(until));
                self.take_back(n, attempt, GenerationState::Storing);
                self.hear(n, Said::Settle { half: false, spoil: false });
            }
            (News::Result, state) if state.is_terminal() => {
                self.close_ghost(n, attempt, AttemptState::Succeeded);
                self.gen_mut(n).gifts += 1;
            }
            (News::Found | News::Result, _) => {}
        }
    }

    fn take_back(&mut self, n: u64, attempt: usize, to: GenerationState) {
        let of = self.gen_mut(n);
        (of.state, of.epoch, of.adopted) = (to, of.epoch + 1, Some(attempt));
        of.attempts[attempt - 1].1 = AttemptState::Accepted;
        let mine = self.taken.iter_mut().filter(|taken| taken.n == n && taken.attempt == attempt);
        mine.for_each(|taken| taken.until = None);
    }

    fn close_ghost(&mut self, n: u64, attempt: usize, to: AttemptState) {
        self.gen_mut(n).attempts[attempt - 1].1 = to;
        self.taken.retain(|taken| (taken.n, taken.attempt) != (n, attempt));
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
