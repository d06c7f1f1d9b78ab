//! Turns of accounts: of what takes a while each account does so much at once, whatever others do.

use palitra_domain::AccountId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub struct Turns {
    at_once: usize,
    /// Of those who have a turn or wait for one.
    of: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

impl Turns {
    /// So many at once for each account.
    pub fn new(at_once: usize) -> Turns {
        Turns { at_once, of: Mutex::default() }
    }

    /// Waits for it; it is over when it is dropped.
    pub async fn take(&self, account: &AccountId) -> OwnedSemaphorePermit {
        let turns = self.of(account);
        turns.acquire_owned().await.expect("it is never closed")
    }

    fn of(&self, account: &AccountId) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = of.get(account).and_then(Weak::upgrade) {
            return turns;
        }
        of.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.at_once));
        of.insert(account.clone(), Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::Timestamp;
    use std::{future::ready, pin::pin};

    #[tokio::test]
    async fn each_account_has_its_own_turns_and_nothing_stays_of_them() {
        let (turns, account) = (Turns::new(2), |n| AccountId::new(Timestamp::default(), n));
        let first = turns.take(&account(1)).await;
        let _second = turns.take(&account(1)).await;
        let one = account(1);
        let mut third = pin!(turns.take(&one));
        tokio::select! {
            biased;
            _ = third.as_mut() => panic!("both are taken"),
            () = ready(()) => {}
        }
        drop(turns.take(&account(2)).await);
        drop(first);
        let third = third.await;
        drop(turns.take(&account(3)).await);
        assert_eq!(turns.of.lock().unwrap().len(), 2, "two are left when the third comes");
        drop(third);
    }
}
