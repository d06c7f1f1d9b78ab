//! How many requests a minute: a bucket for each key, and one for each address that comes without a good key. In this process only: it
//! protects the process, what is paid is bounded by the engine for all of them.
//!
//! A bucket is one number, the time at which it will be full again (GCRA): nothing refills, nothing has to be swept in time.

use palitra_domain::Timestamp;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const MINUTE_US: i64 = 60_000_000;

/// Buckets that are kept; when there are more, those that are full again leave.
const BUCKETS_MAX: usize = 100_000;

pub(crate) struct Limits {
    keys: Buckets<String>,
    strangers: Buckets<IpAddr>,
}

impl Limits {
    pub(crate) fn new(keys_per_minute: u32, strangers_per_minute: u32) -> Limits {
        Limits { keys: Buckets::new(keys_per_minute), strangers: Buckets::new(strangers_per_minute) }
    }

    pub(crate) fn of_key(&self, key: &str, now: Timestamp) -> Taken {
        self.keys.take(&key.to_owned(), now)
    }

    /// One that had no good key. IPv6 addresses count by their network of 64 bits: a stranger has as many of those as he likes.
    pub(crate) fn of_stranger(&self, address: IpAddr, now: Timestamp) -> Taken {
        self.strangers.take(&network(address), now)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
    }
}

/// What became of a request at its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// No limit is set.
    Free,
    /// It may pass: so many are left, and all of them again after this.
    Passed {
        limit: u32,
        left: u32,
        full_in: Duration,
    },
    Refused {
        limit: u32,
        again_in: Duration,
    },
}

struct Buckets<K> {
    per_minute: u32,
    full_at: Mutex<HashMap<K, i64>>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(per_minute: u32) -> Buckets<K> {
        Buckets { per_minute, full_at: Mutex::new(HashMap::new()) }
    }

    fn take(&self, key: &K, now: Timestamp) -> Taken {
        if self.per_minute == 0 {
            return Taken::Free;
        }
        let (now, limit) = (now.micros(), self.per_minute);
        let step = MINUTE_US / i64::from(limit);
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = all.get(key).map_or(now, |at| (*at).max(now));
        let next = full_at.saturating_add(step);
        if next - now > MINUTE_US {
            return Taken::Refused { limit, again_in: micros(next - now - MINUTE_US) };
        }
        if all.len() >= BUCKETS_MAX && !all.contains_key(key) {
            all.retain(|_, at| *at > now);
        }
        if all.len() < BUCKETS_MAX || all.contains_key(key) {
            all.insert(key.clone(), next);
        }
        let left = u32::try_from((MINUTE_US - (next - now)) / step).unwrap_or(limit);
        Taken::Passed { limit, left, full_in: micros(next - now) }
    }
}

fn micros(time: i64) -> Duration {
    Duration::from_micros(u64::try_from(time).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_minute_holds_so_many_and_gives_them_back_one_by_one() {
        let limits = Limits::new(6, 0);
        for left in (0..6).rev() {
            assert!(
                matches!(limits.of_key("a", at(0)), Taken::Passed { limit: 6, left: l, .. } if l == left)
            );
        }
        assert_eq!(limits.of_key("a", at(0)), Taken::Refused { limit: 6, again_in: Duration::from_secs(10) });
        assert!(matches!(limits.of_key("b", at(0)), Taken::Passed { .. }), "each key has its own");
        assert!(matches!(limits.of_key("a", at(10)), Taken::Passed { left: 0, .. }));
        assert!(matches!(limits.of_key("a", at(10)), Taken::Refused { .. }));
        assert_eq!(limits.of_stranger("127.0.0.1".parse().unwrap(), at(0)), Taken::Free);
    }

    #[test]
    fn strangers_of_one_network_count_together() {
        let limits = Limits::new(0, 1);
        let [one, two, other] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|a| a.parse().unwrap());
        assert!(matches!(limits.of_stranger(one, at(0)), Taken::Passed { .. }));
        assert!(matches!(limits.of_stranger(two, at(0)), Taken::Refused { .. }));
        assert!(matches!(limits.of_stranger(other, at(0)), Taken::Passed { .. }));
    }
}
