//! The model: what a reader of `docs/states.md` and of the invariants would expect, written as plainly as
//! possible.

use super::keys::Keys;
use palitra_domain::{
    ErrorCode,
    state::{AttemptReason, AttemptState, BatchState, GenerationState, StepKind},
};
use std::collections::BTreeMap;

/// What each of the two accounts has at the start.
pub(super) const CASH: i64 = 3_000;

pub(super) struct Gen {
    pub(super) account: usize,
    pub(super) price: i64,
    pub(super) state: GenerationState,
    pub(super) epoch: i64,
    pub(super) attempts: Vec<(AttemptReason, AttemptState)>,
    pub(super) reason: AttemptReason,
    pub(super) hold: &'static str,
    pub(super) charged: i64,
    pub(super) parents: Vec<u64>,
    pub(super) waits: usize,
    pub(super) next_at: i64,
    pub(super) wish: bool,
    pub(super) place: Option<(u64, StepKind)>,
    /// The attempt that was found again, when it is the present one.
    pub(super) adopted: Option<usize>,
    /// It holds a worker of its batch.
    pub(super) worker: bool,
    /// Results that came after its end.
    pub(super) gifts: usize,
}

pub(super) struct Batch {
    pub(super) gate: i64,
    pub(super) workers: usize,
    pub(super) barrier: bool,
    pub(super) stop: Option<ErrorCode>,
    pub(super) state: BatchState,
}

/// A taken slot of a key; a ghost's has an end.
pub(super) struct Taken {
    pub(super) n: u64,
    pub(super) attempt: usize,
    pub(super) key: usize,
    pub(super) until: Option<i64>,
}

pub(super) struct World {
    pub(super) now: i64,
    pub(super) owner: u64,
    pub(super) limits: [u32; 2],
    /// Of the accounts; 0 is no limit.
    pub(super) running_max: [usize; 2],
    pub(super) gens: BTreeMap<u64, Gen>,
    pub(super) batches: BTreeMap<u64, Batch>,
    pub(super) taken: Vec<Taken>,
    pub(super) keys: Keys,
}

impl Default for World {
    fn default() -> World {
        World {
            now: 1,
            owner: 1,
            limits: [2, 1],
            running_max: [0, 0],
            gens: BTreeMap::new(),
            batches: BTreeMap::new(),
            taken: Vec::new(),
            keys: Keys::default(),
        }
    }
}

impl Gen {
    /// The number of its last attempt.
    pub(super) fn attempt(&self) -> i64 {
        i64::try_from(self.attempts.len()).unwrap()
    }

    /// The number of the attempt that counts.
    pub(super) fn present(&self) -> usize {
        self.adopted.unwrap_or(self.attempts.len())
    }

    pub(super) fn assets(&self) -> usize {
        self.gifts + usize::from(self.state == GenerationState::Succeeded)
    }

    pub(super) fn is_in(&self, batch: u64) -> bool {
        self.place.is_some_and(|(at, _)| at == batch)
    }
}

pub(super) fn is_live(state: GenerationState) -> bool {
    state != GenerationState::Queued && !state.is_terminal()
}

impl World {
    pub(super) fn gen_mut(&mut self, n: u64) -> &mut Gen {
        self.gens.get_mut(&n).unwrap()
    }

    /// Numbers of what is created next.
    pub(super) fn next(&self) -> u64 {
        u64::try_from(self.gens.len()).unwrap() + 1
    }

    pub(super) fn next_batch(&self) -> u64 {
        u64::try_from(self.batches.len()).unwrap() + 1
    }

    pub(super) fn live(&self) -> Vec<u64> {
        self.gens.iter().filter(|(_, of)| is_live(of.state)).map(|(n, _)| *n).collect()
    }

    /// What the account can still hold.
    pub(super) fn room(&self, account: usize) -> i64 {
        let used = self.gens.values().filter(|of| of.account == account && of.hold != "voided");
        CASH - used.map(|of| if of.hold == "pending" { of.price } else { of.charged }).sum::<i64>()
    }

    pub(super) fn create(
        &mut self,
        n: u64,
        account: usize,
        price: i64,
        parents: Vec<u64>,
        place: Option<(u64, StepKind)>,
    ) {
        let waits = parents.len();
        let (state, reason, hold) = (GenerationState::Queued, AttemptReason::First, "pending");
        let (attempts, next_at, charged) = (Vec::new(), 0, 0);
        let new = Gen {
            account,
            price,
            state,
            epoch: 0,
            attempts,
            reason,
            hold,
            charged,
            parents,
            waits,
            next_at,
            wish: false,
            place,
            adopted: None,
            worker: false,
            gifts: 0,
        };
        self.gens.insert(n, new);
    }

    fn behind_barrier(&self, of: &Gen) -> bool {
        let Some((batch, StepKind::Picture)) = of.place else { return false };
        let prompts = |it: &&Gen| it.place == Some((batch, StepKind::Prompt));
        self.batches[&batch].barrier && self.gens.values().filter(prompts).any(|it| !it.state.is_terminal())
    }

    fn is_ready(&self, of: &Gen) -> bool {
        of.state == GenerationState::Queued
            && of.waits == 0
            && of.next_at <= self.now
            && !self.behind_barrier(of)
    }

    /// How many a claim has to find.
    pub(super) fn claimable(&self, max: u32) -> usize {
        let free = |key: usize| self.gives(key, self.limit(key).saturating_sub(self.taken_of(key)));
        let ready: Vec<&Gen> = self.gens.values().filter(|of| self.is_ready(of)).collect();
        let mut found = [0, 1]
            .map(|account| ready.iter().filter(|of| of.place.is_none() && of.account == account).count());
        // Batches are of the first account.
        for (n, batch) in &self.batches {
            for step in StepKind::ALL {
                let here = |of: &&Gen| of.place == Some((*n, *step));
                let busy = self.busy_workers(*n, *step);
                found[0] += ready.iter().filter(|of| here(of)).count().min(batch.workers - busy);
            }
        }
        let found: usize = (0..2).map(|account| found[account].min(self.room_to_run(account))).sum();
        found.min(free(0) + free(1)).min(usize::try_from(max).unwrap())
    }

    /// How many an account may still start.
    fn room_to_run(&self, account: usize) -> usize {
        let running = self.gens.values().filter(|of| of.account == account && is_live(of.state)).count();
        match self.running_max[account] {
            0 => usize::MAX,
            most => most.saturating_sub(running),
        }
    }

    pub(super) fn busy_workers(&self, batch: u64, step: StepKind) -> usize {
        let here = self.gens.values().filter(|of| of.place == Some((batch, step)));
        here.filter(|of| is_live(of.state) && of.worker).count()
    }

    fn taken_of(&self, key: usize) -> usize {
        self.taken.iter().filter(|taken| taken.key == key).count()
    }

    pub(super) fn claim(&mut self, n: u64, key: usize) {
        assert!(self.is_ready(&self.gens[&n]), "{n} was not to be claimed");
        assert!(self.room_to_run(self.gens[&n].account) > 0, "{n} is too much for its account");
        self.take_key(key);
        let of = self.gen_mut(n);
        (of.state, of.epoch, of.worker) = (GenerationState::Submitting, of.epoch + 1, true);
        of.attempts.push((of.reason, AttemptState::Submitting));
        let attempt = of.attempts.len();
        self.taken.push(Taken { n, attempt, key, until: None });
        let limit = self.limit(key);
        assert!(
            self.taken_of(key) <= limit,
            "{} slots of key {key} are taken, its limit is {limit}",
            self.taken_of(key)
        );
    }

    /// Everything that has to be found in the store.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = self.key_lines();
        for (n, of) in &self.gens {
            lines.push(format!(
                "generation {n}: {}, epoch {}, hold {}, charged {}",
                of.state, of.epoch, of.hold, of.charged
            ));
            lines.push(format!("assets of {n}: {}", of.assets()));
            for (attempt, (reason, state)) in (1..).zip(&of.attempts) {
                lines.push(format!("attempt {n}/{attempt}: {reason}, {state}"));
            }
        }
        for taken in &self.taken {
            lines.push(format!(
                "slot of key {}: {}/{}, ghost until {:?}",
                taken.key, taken.n, taken.attempt, taken.until
            ));
        }
        for (n, batch) in &self.batches {
            lines.push(format!(
                "batch {n}: {}, stopped by {:?}, {:?}",
                batch.state,
                batch.stop.map(ErrorCode::name),
                self.counters(*n)
            ));
        }
        for account in 0..2 {
            let of = |hold: &str| {
                self.gens
                    .values()
                    .filter(move |of| of.account == account && of.hold == hold)
                    .collect::<Vec<_>>()
            };
            let charged: i64 = of("posted").iter().map(|of| of.charged).sum();
            let held: i64 = of("pending").iter().map(|of| of.price).sum();
            lines.push(format!("account {account}: {} and {held} held", CASH - charged));
        }
        lines.sort_unstable();
        lines
    }
}
