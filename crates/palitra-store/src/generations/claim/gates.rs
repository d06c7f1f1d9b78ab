//! Keys that give less than they have slots for: one generation while it is not known whether they work again, and no more than their
//! start rate. Only such keys are looked at and written here; healthy keys without a rate cost nothing.

use super::slots::Key;
use crate::{Result, Sql, Tx, markets::Bucket, p, sql};
use palitra_domain::{
    Timestamp,
    health::{KeyHealth, TRIAL},
};
use std::collections::HashMap;

/// What limited keys may still give in this claim.
#[derive(Default)]
pub(super) struct Gates(HashMap<String, Gate>);

struct Gate {
    /// It is tried with one generation.
    is_trial: bool,
    bucket: Option<Bucket>,
    left: usize,
    used: usize,
}

const GATE: Sql = sql!(
    "select k.health, b.interval_us, b.burst, b.full_at from market_key k left join bucket b on b.scope = k.id
     where k.id = $1 and k.usable_at <= $2 and k.paused_at is null",
    SKIP_LOCKED_KEYS
);

impl Gates {
    /// A key that another process is claiming with, or writing about, gives nothing this time.
    pub(super) fn of(tx: &mut Tx, keys: &[Key], now: Timestamp) -> Result<Gates> {
        let mut gates = HashMap::new();
        for key in keys.iter().filter(|key| key.is_gated) {
            if gates.contains_key(&key.scope) {
                continue;
            }
            let mut gate = Gate { is_trial: false, bucket: None, left: 0, used: 0 };
            if let Some(row) = tx.query_opt(GATE, p![&key.scope, now.micros()])? {
                gate.is_trial = row.get::<KeyHealth>(0)? != KeyHealth::Ok;
                gate.bucket = Bucket::of(&key.scope, &row, 1)?;
                gate.left = gate.bucket.as_ref().map_or(usize::MAX, |bucket| bucket.left(now));
                if gate.is_trial {
                    gate.left = gate.left.min(1);
                }
            }
            gates.insert(key.scope.clone(), gate);
        }
        Ok(Gates(gates))
    }

    pub(super) fn is_open(&self, key: &Key) -> bool {
        self.0.get(&key.scope).is_none_or(|gate| gate.left > 0)
    }

    pub(super) fn pass(&mut self, key: &Key) {
        if let Some(gate) = self.0.get_mut(&key.scope) {
            gate.left -= 1;
            gate.used += 1;
        }
    }

    /// What was given is written down: the next trial is due when this one has had its time.
    pub(super) fn close(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        for (scope, gate) in self.0.into_iter().filter(|(_, gate)| gate.used > 0) {
            if gate.is_trial {
                tx.must(
                    1,
                    "update market_key set usable_at = $2 where id = $1",
                    p![&scope, now.plus(TRIAL).micros()],
                )?;
            }
            if let Some(bucket) = gate.bucket {
                bucket.take(tx, gate.used, now)?;
            }
        }
        Ok(())
    }
}
