//! The reconciler: looks at the books and says what is wrong; it repairs nothing. What it finds is an error in the log, an alert
//! (`deliveries`), and a number for metrics.
//!
//! A chore of the leader, every minute; what is under way is looked at each time, the past in windows that go round
//! (`palitra_store::books`). `doctor` reads everything.

use crate::{Context, Engine, Result, deliveries::alert, scheduler::Machine};
use palitra_domain::Timestamp;
use palitra_store::{books, outbox};
use std::time::Duration;
use tokio::sync::watch;

/// Movements, generations and postings of one look: at a minute's pace a million rows of the past are seen in a few hours.
const LOOK_MAX: u32 = 5_000;

/// An id is older than its row by as long as its transaction may take. What is younger than this is never taken for final.
const SETTLED_AFTER: Duration = Duration::from_secs(3_600);

/// A delivery that has been due for so long is delivered by nobody.
const DUE_FOR: Duration = Duration::from_secs(15 * 60);

/// Problems that are told one by one; the log says how many there are.
const TOLD_MAX: usize = 20;

/// What the last look at the books has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// `None` before the first look of this process.
    pub checked_at: Option<Timestamp>,
    /// In words; empty when all that was looked at is right.
    pub problems: Vec<String>,
    /// By how much balances and holds differ from what is written about them, minor units, all accounts together.
    pub drift: i64,
    /// Accounts whose balance was compared.
    pub accounts: u64,
    /// How often the past has been gone through to its end by this process.
    pub rounds: u64,
}

impl Engine {
    /// What the reconciler of this process has found last; only the leader's looks.
    pub fn books(&self) -> watch::Receiver<Books> {
        self.books.subscribe()
    }

    /// One look at once: what the leader does every minute.
    pub async fn check_books(&self) -> Result<Books> {
        check(self).await
    }

    /// Everything that is wrong, after reading everything; empty when the books and the queue are right.
    pub async fn all_problems(&self) -> Result<Vec<String>> {
        let due_before = due_before(self);
        let read = self.store.read(move |tx| {
            let mut found = books::everything(tx)?;
            found.extend(books::undelivered(tx, due_before)?);
            Ok(found)
        });
        Ok(read.await?)
    }
}

/// The chore. A command is over before anybody could read what it finds.
pub(crate) async fn reconcile(machine: Machine) -> Result<()> {
    if machine.is_service { check(&machine).await.map(drop) } else { Ok(()) }
}

fn due_before(context: &Context) -> Timestamp {
    let micros = context.now().micros().saturating_sub(palitra_domain::time::micros(DUE_FOR));
    Timestamp::from_micros(micros)
}

async fn check(context: &Context) -> Result<Books> {
    let (now, due_before) = (context.now(), due_before(context));
    let settled =
        Timestamp::from_micros(now.micros().saturating_sub(palitra_domain::time::micros(SETTLED_AFTER)));
    let read = context.store.read(move |tx| {
        let look = books::look(tx, LOOK_MAX, settled)?;
        Ok((look, books::undelivered(tx, due_before)?))
    });
    let (look, undelivered) = read.await?;
    let mut problems = look.problems.clone();
    problems.extend(undelivered);
    let alerts: Vec<_> =
        problems.iter().take(TOLD_MAX).map(|words| alert(context, "books", words, now)).collect();
    let (drift, accounts, went_round) = (look.drift, look.accounts, look.went_round);
    if !problems.is_empty() {
        tracing::error!(
            ledger.drift = drift,
            problems = problems.len(),
            first = problems.first(),
            "the books are not right: `palitra doctor` reads them whole"
        );
    }
    let write = context.store.write(move |tx| {
        books::remember(tx, &look, now)?;
        alerts.iter().try_for_each(|alert| outbox::insert(tx, alert, now).map(drop))
    });
    write.await?;
    context.posted.notify_waiters();
    let mut found = Books { checked_at: Some(now), problems, drift, accounts, rounds: 0 };
    context.books.send_modify(|last| {
        found.rounds = last.rounds + u64::from(went_round);
        *last = found.clone();
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::town::Town;
    use palitra_store::{Tx, p};

    #[tokio::test]
    async fn drift_is_logged_told_once_and_gone_when_it_is_mended() {
        let town = Town::new();
        let engine = town.alone().await;
        assert_eq!(engine.check_books().await.unwrap().problems, [] as [String; 0]);
        let spoil = |by: i64| {
            engine.store.write(move |tx: &mut Tx<'_>| {
                tx.must(1, "update book set cash = cash + $1 where livemode = 'live'", p![by])
            })
        };
        spoil(5).await.unwrap();
        for _ in 0..2 {
            let found = engine.check_books().await.unwrap();
            assert_eq!((found.problems.len(), found.drift), (1, 5));
        }
        let last = engine.books().borrow().clone();
        assert_eq!((last.drift, last.rounds), (5, 3));
        let alerts = engine
            .store
            .read(|tx| tx.query_one("select count(*) from outbox where kind = 'alert'", p![])?.get::<i64>(0));
        assert_eq!(alerts.await, Ok(1));
        assert_eq!(engine.all_problems().await.unwrap().len(), 1);
        spoil(-5).await.unwrap();
        let found = engine.check_books().await.unwrap();
        assert_eq!((found.problems, found.drift), (vec![], 0));
    }
}
