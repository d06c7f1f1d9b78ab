//! How many requests a minute: a bucket for each key, one for each account, whatever keys it has, and one for each address that comes
//! without a good key; and how many accounts a day such an address makes. In this process only: it protects the process, what is paid is bounded by the engine for all of them.
//!
//! A bucket is one number, the time at which it will be full again (GCRA): nothing refills, nothing has to be swept in time.

use palitra_domain::{AccountId, KeyId, Timestamp};
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 86_400_000_000;

/// Buckets that are kept. When there are so many that are not full, whoever else comes shares one with all others that come: more
/// addresses than this are no way past the limit.
const BUCKETS_MAX: usize = 100_000;

/// How often full buckets are thrown away at most, so that a crowd does not make every request look at all of them.
const SWEPT_EVERY_US: i64 = 1_000_000;

/// So many a minute, and of sign-ups a day; 0 is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Most {
    pub(crate) key: u32,
    pub(crate) account: u32,
    pub(crate) stranger: u32,
    pub(crate) sign_ups: u32,
}

pub(crate) struct Limits {
    keys: Buckets<KeyId>,
    accounts: Buckets<AccountId>,
    strangers: Buckets<IpAddr>,
    sign_ups: Buckets<IpAddr>,
}

impl Limits {
    pub(crate) fn new(most: Most) -> Limits {
        Limits {
            keys: Buckets::new("key", most.key, MINUTE_US),
            accounts: Buckets::new("account", most.account, MINUTE_US),
            strangers: Buckets::new("address", most.stranger, MINUTE_US),
            sign_ups: Buckets::new("address", most.sign_ups, DAY_US),
        }
    }

    /// One with a good key: it takes from the bucket of the key and from that of its account. Answers what became of it at the tighter one.
    pub(crate) fn of_caller(&self, key: &KeyId, account: &AccountId, now: Timestamp) -> Taken {
        let of_key = self.keys.take(key, now);
        if matches!(of_key, Taken::Refused { .. }) {
            return of_key;
        }
        let of_account = self.accounts.take(account, now);
        match (of_key, of_account) {
            (_, Taken::Refused { .. }) | (Taken::Free, _) => of_account,
            (Taken::Passed { left, .. }, Taken::Passed { left: of_all, .. }) if of_all < left => of_account,
            _ => of_key,
        }
    }

    /// One that had no good key. IPv6 addresses count by their network of 64 bits: a stranger has as many of those as he likes.
    pub(crate) fn of_stranger(&self, address: IpAddr, now: Timestamp) -> Taken {
        self.strangers.take(&network(address), now)
    }

    /// One that makes an account.
    pub(crate) fn of_sign_up(&self, address: IpAddr, now: Timestamp) -> Taken {
        self.sign_ups.take(&network(address), now)
    }
}

/// An address as strangers are told apart by it.
pub(crate) fn network(address: IpAddr) -> IpAddr {
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
        /// What the limit is of.
        of: &'static str,
        limit: u32,
        left: u32,
        full_in: Duration,
    },
    Refused {
        of: &'static str,
        limit: u32,
        again_in: Duration,
    },
}

struct Buckets<K> {
    of: &'static str,
    /// So many in this time.
    limit: u32,
    window_us: i64,
    kept: Mutex<Kept<K>>,
}

/// When each bucket will be full again.
struct Kept<K> {
    full_at: HashMap<K, i64>,
    /// The one of all that found no room.
    others_full_at: i64,
    swept_at: i64,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(of: &'static str, limit: u32, window_us: i64) -> Buckets<K> {
        let kept = Kept { full_at: HashMap::new(), others_full_at: 0, swept_at: i64::MIN };
        Buckets { of, limit, window_us, kept: Mutex::new(kept) }
    }

    fn take(&self, key: &K, now: Timestamp) -> Taken {
        if self.limit == 0 {
            return Taken::Free;
        }
        let (of, limit, window, now) = (self.of, self.limit, self.window_us, now.micros());
        let step = window / i64::from(limit);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = kept.bucket(key, now);
        let next = (*bucket).max(now).saturating_add(step);
        if next - now > window {
            return Taken::Refused { of, limit, again_in: micros(next - now - window) };
        }
        *bucket = next;
        let left = u32::try_from((window - (next - now)) / step).unwrap_or(limit);
        Taken::Passed { of, limit, left, full_in: micros(next - now) }
    }
}

impl<K: Hash + Eq + Clone> Kept<K> {
    fn bucket(&mut self, key: &K, now: i64) -> &mut i64 {
        let is_known = self.full_at.contains_key(key);
        if !is_known
            && self.full_at.len() >= BUCKETS_MAX
            && now.saturating_sub(self.swept_at) >= SWEPT_EVERY_US
        {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.swept_at = now;
        }
        if !is_known && self.full_at.len() >= BUCKETS_MAX {
            return &mut self.others_full_at;
        }
        self.full_at.entry(key.clone()).or_insert(0)
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

    fn key(n: u128) -> KeyId {
        KeyId::new(at(0), n)
    }

    fn account(n: u128) -> AccountId {
        AccountId::new(at(0), n)
    }

    fn limits(key: u32, account: u32, stranger: u32) -> Limits {
        Limits::new(Most { key, account, stranger, sign_ups: 0 })
    }

    #[test]
    fn a_minute_holds_so_many_and_gives_them_back_one_by_one() {
        let limits = limits(6, 0, 0);
        let take = |n, seconds| limits.of_caller(&key(n), &account(1), at(seconds));
        for left in (0..6).rev() {
            assert!(matches!(take(1, 0), Taken::Passed { of: "key", limit: 6, left: l, .. } if l == left));
        }
        let again_in = Duration::from_secs(10);
        assert_eq!(take(1, 0), Taken::Refused { of: "key", limit: 6, again_in });
        assert!(matches!(take(2, 0), Taken::Passed { .. }), "each key has its own");
        assert!(matches!(take(1, 10), Taken::Passed { left: 0, .. }));
        assert!(matches!(take(1, 10), Taken::Refused { .. }));
        assert_eq!(limits.of_stranger("127.0.0.1".parse().unwrap(), at(0)), Taken::Free);
    }

    #[test]
    fn many_keys_of_one_account_have_one_bound_together() {
        let limits = limits(4, 6, 0);
        let take = |n, whose| limits.of_caller(&key(n), &account(whose), at(0));
        assert!(matches!(take(1, 1), Taken::Passed { of: "key", left: 3, .. }), "the tighter one is said");
        for n in 2..=6 {
            assert!(matches!(take(n, 1), Taken::Passed { .. }));
        }
        assert!(matches!(take(7, 1), Taken::Refused { of: "account", limit: 6, .. }));
        assert!(matches!(take(8, 2), Taken::Passed { .. }), "each account has its own");
    }

    #[test]
    fn strangers_of_one_network_count_together() {
        let limits = limits(0, 0, 1);
        let [one, two, other] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|a| a.parse().unwrap());
        assert!(matches!(limits.of_stranger(one, at(0)), Taken::Passed { .. }));
        assert!(matches!(limits.of_stranger(two, at(0)), Taken::Refused { .. }));
        assert!(matches!(limits.of_stranger(other, at(0)), Taken::Passed { .. }));
    }

    #[test]
    fn a_crowd_of_addresses_is_no_way_past_the_limit() {
        let limits = limits(0, 0, 2);
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        let crowd = u32::try_from(BUCKETS_MAX).unwrap();
        for n in 0..crowd {
            assert!(matches!(limits.of_stranger(address(n), at(0)), Taken::Passed { .. }));
        }
        // Whoever else comes shares a bucket.
        let others = (crowd..crowd + 10).map(|n| limits.of_stranger(address(n), at(0)));
        assert_eq!(others.filter(|taken| matches!(taken, Taken::Passed { .. })).count(), 2);
        assert_eq!(limits.strangers.kept.lock().unwrap().full_at.len(), BUCKETS_MAX);
        // Those that are known keep their own, and with time there is room again.
        assert!(matches!(limits.of_stranger(address(1), at(0)), Taken::Passed { left: 0, .. }));
        assert!(matches!(limits.of_stranger(address(crowd), at(60)), Taken::Passed { left: 1, .. }));
        assert_eq!(limits.strangers.kept.lock().unwrap().full_at.len(), 1);
    }
}
