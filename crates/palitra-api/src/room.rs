//! Room in memory for what clients send: so much for all of them together, and of that a quarter for each account, so that nobody can take
//! everybody's.

use axum::http::Extensions;
use palitra_domain::{AccountId, ErrorCode};
use palitra_engine::{Caller, failure::Failure};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// An account; `None` is all who come without a key.
pub(crate) type Whose = Option<AccountId>;

/// Of a request whose key was looked at.
pub(crate) fn whose(extensions: &Extensions) -> Whose {
    extensions.get::<Caller>().map(|caller| caller.account.clone())
}

/// When somebody may come again who found no room.
const WHEN_FULL: Duration = Duration::from_secs(2);

pub(crate) struct Room {
    bytes_max: usize,
    shares: Mutex<Shares>,
}

/// What is taken, in bytes.
struct Shares {
    all: usize,
    of: BTreeMap<Whose, usize>,
}

impl Room {
    pub(crate) const fn new(bytes_max: usize) -> Room {
        Room { bytes_max, shares: Mutex::new(Shares { all: 0, of: BTreeMap::new() }) }
    }

    /// Nothing of it yet.
    pub(crate) fn take(&'static self, whose: Whose) -> Taken {
        Taken { room: self, whose, bytes: 0 }
    }

    fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of the room; it is free again when this is dropped.
pub(crate) struct Taken {
    room: &'static Room,
    whose: Whose,
    bytes: usize,
}

impl Taken {
    /// So much all together. Refused where it is not there, or where the account has a quarter of all: the one thing that it holds may be
    /// larger.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        let more = bytes.saturating_sub(self.bytes);
        let mut shares = self.room.shares();
        let of_account = shares.of.get(&self.whose).copied().unwrap_or(0);
        let is_over = of_account + more > self.room.bytes_max / 4 && of_account > self.bytes;
        if is_over || shares.all + more > self.room.bytes_max {
            return Err(Failure::new(ErrorCode::StoreBusy).retry_after(WHEN_FULL));
        }
        shares.all += more;
        shares.of.insert(self.whose.clone(), of_account + more);
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut shares = self.room.shares();
        shares.all -= self.bytes;
        let left = shares.of.get(&self.whose).map_or(0, |of_account| of_account - self.bytes);
        if left == 0 {
            shares.of.remove(&self.whose);
        } else {
            shares.of.insert(self.whose.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::Timestamp;

    fn account(n: u128) -> Whose {
        Some(AccountId::new(Timestamp::default(), n))
    }

    fn taken(room: &'static Room, whose: Whose, bytes: usize) -> Result<Taken, ErrorCode> {
        let mut taken = room.take(whose);
        taken.grow(bytes).map_err(|failure| failure.code())?;
        Ok(taken)
    }

    #[test]
    fn an_account_takes_a_quarter_and_leaves_the_rest_to_others() {
        static ROOM: Room = Room::new(100);
        let mut held: Vec<Taken> = (0..5).map(|_| taken(&ROOM, account(1), 5).unwrap()).collect();
        assert_eq!(taken(&ROOM, account(1), 1).err(), Some(ErrorCode::StoreBusy));
        assert_eq!(held[0].grow(6).unwrap_err().code(), ErrorCode::StoreBusy);
        let strangers = taken(&ROOM, None, 25).unwrap();
        let others = taken(&ROOM, account(2), 25).unwrap();
        held.pop();
        held[0].grow(10).unwrap();
        drop((held, strangers, others));
        assert!(ROOM.shares().all == 0 && ROOM.shares().of.is_empty());
    }

    #[test]
    fn one_large_thing_is_taken_where_there_is_room_for_it() {
        static ROOM: Room = Room::new(100);
        let large = taken(&ROOM, account(1), 60).unwrap();
        assert_eq!(taken(&ROOM, account(1), 1).err(), Some(ErrorCode::StoreBusy));
        assert_eq!(taken(&ROOM, account(2), 41).err(), Some(ErrorCode::StoreBusy));
        drop(large);
        taken(&ROOM, account(2), 41).unwrap();
    }
}
