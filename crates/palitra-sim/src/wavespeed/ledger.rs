//! Money and pace of each key: what is left, and how many pictures were taken in within the minute.

use super::script::WaveSpeedScript;
use palitra_domain::Timestamp;
use serde_json::{Number, Value};
use std::{collections::BTreeMap, time::Duration};

/// Limits clear each minute (WaveSpeedAI documentation, *account-levels*).
const MINUTE: Duration = Duration::from_secs(60);

/// By [`crate::market::log::key_tag`].
#[derive(Default)]
pub(super) struct Ledger {
    spent_micros: BTreeMap<String, i64>,
    minutes: BTreeMap<String, (Timestamp, u32)>,
}

impl Ledger {
    /// Never below zero: what cannot be paid is not taken in.
    pub(super) fn balance_micros(&self, key: &str, script: &WaveSpeedScript) -> i64 {
        script.balance_micros - self.spent_micros.get(key).copied().unwrap_or(0)
    }

    /// Failed work is refunded; here it costs nothing from the start.
    pub(super) fn take(&mut self, key: &str, micros: i64) {
        *self.spent_micros.entry(key.to_owned()).or_default() += micros;
    }

    /// Counts one picture, or says that the minute is full.
    pub(super) fn counts(&mut self, key: &str, now: Timestamp, script: &WaveSpeedScript) -> bool {
        let minute = self.minutes.entry(key.to_owned()).or_insert((now, 0));
        if now.since(minute.0) >= MINUTE {
            *minute = (now, 0);
        }
        let free = minute.1 < script.images_per_minute();
        minute.1 += u32::from(free);
        free
    }
}

/// Millionths as the JSON number that WaveSpeedAI would write.
pub(super) fn dollars(micros: i64) -> Value {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, part) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let text = format!("{sign}{whole}.{part:06}");
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}
