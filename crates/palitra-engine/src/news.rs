//! Who follows what happens to an account: one reader of the database for all of them in this process, and a short line to each. Whoever
//! is too slow for his line is let go, and comes back with the position that he had.
//!
//! The database is the source, so that it is the same whichever process brought something about, and after a restart. A transaction may
//! commit after the time that it wrote down, much later where the database was away meanwhile: each look reads a little of what is past once
//! more, and now and then all of the last minute, where it holds more than was read. Nothing is told twice, because what was read is
//! remembered for as long.

use crate::{Engine, Error, Result, views::Owner};
use palitra_domain::Timestamp;
use palitra_store::news as rows;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use rows::{Ended, News, Position, What};

/// Between two looks at the database.
const LOOK: Duration = Duration::from_millis(250);

/// How far a transaction may lag behind the time that it wrote down.
pub const LAG: Duration = Duration::from_secs(60);

/// How far most lag at most: each look reads so much once more.
const SHORT_LAG: Duration = Duration::from_secs(2);

/// After one look in so many all of [`LAG`] is counted, and read once more where something is new: what was later than most is told
/// within ten seconds.
const LONG_LOOK: u64 = 40;

/// What is read at once; a look reads until there is no more.
const READ_MAX: u32 = 5_000;

/// What waits for one follower: more than the ends of a large batch that are written at once. Room is taken as it is needed.
const LINE: usize = 10_000;

/// What somebody who comes back may have missed and is still told; more is for him to list.
pub const MISSED_MAX: u32 = 1_000;

/// What a follower of everything is called: the operator.
type Followed = Option<Owner>;

#[derive(Default)]
pub(crate) struct Hub(Mutex<Followers>);

#[derive(Default)]
struct Followers {
    is_read: bool,
    last: u64,
    all: HashMap<u64, (Followed, Sender<Arc<News>>)>,
    /// What was read of the last minute, with its turn: the how-manieth it was to be told. `None`: it was over before anybody followed.
    read: BTreeMap<Position, Option<u64>>,
    turns: u64,
}

impl Hub {
    fn followers(&self) -> MutexGuard<'_, Followers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To each whom it concerns, unless it was read before; who is gone or too slow leaves. What is older than `since` is not told to
    /// anybody, only remembered.
    fn tell(&self, news: &News, since: Timestamp) {
        let mut followers = self.followers();
        if followers.read.contains_key(&news.position) {
            return;
        }
        let is_told = news.position.at >= since;
        followers.turns += 1;
        let turn = is_told.then_some(followers.turns);
        followers.read.insert(news.position.clone(), turn);
        if is_told {
            let shared = Arc::new(news.clone());
            followers.all.retain(|_, (followed, line)| {
                !line.is_closed()
                    && (!is_of(news, followed.as_ref()) || line.try_send(shared.clone()).is_ok())
            });
        }
    }

    /// How many were read between the two.
    fn count(&self, after: &Position, before: &Position) -> usize {
        self.followers().read.range(after..before).count()
    }

    /// What is before this is not read again.
    fn forget(&self, before: Timestamp) {
        let mut followers = self.followers();
        followers.read = followers.read.split_off(&Position::at(before));
    }

    /// Whether this process has told it before it told the other.
    fn told_before(&self, position: &Position, other: &Position) -> bool {
        let followers = self.followers();
        let turn = |position| followers.read.get(position).copied().flatten();
        turn(position).zip(turn(other)).is_some_and(|(this, other)| this < other)
    }

    /// Answers whether anybody is left; else the reader ends, and the next follower starts one.
    fn is_followed(&self) -> bool {
        let mut followers = self.followers();
        followers.all.retain(|_, (_, line)| !line.is_closed());
        followers.is_read = !followers.all.is_empty();
        followers.is_read
    }
}

/// Whether it concerns whom somebody follows.
fn is_of(news: &News, followed: Option<&Owner>) -> bool {
    followed.is_none_or(|owner| owner.account == news.account && owner.livemode == news.livemode)
}

impl Engine {
    /// What happens to the owner from now on; `None` follows everybody. The line ends when the follower is too slow.
    pub fn follow_news(&self, owner: Option<Owner>) -> Receiver<Arc<News>> {
        let (line, news) = channel(LINE);
        let starts = {
            let mut followers = self.hub.followers();
            followers.last += 1;
            let n = followers.last;
            followers.all.insert(n, (owner, line));
            !std::mem::replace(&mut followers.is_read, true)
        };
        if starts {
            tokio::spawn(read(self.clone(), self.now()));
        }
        news
    }

    /// What the owner has missed since the position: all of it, or `None` when that is more than [`MISSED_MAX`]. Who was there less than
    /// [`LAG`] ago is also told what may have been committed after he was, unless this process has told it: so after a restart what is less
    /// than [`LAG`] older comes again. Who was there before that, or has heard nothing for so long, is not told old things again.
    pub async fn missed(&self, owner: Option<&Owner>, since: Position) -> Result<Option<Vec<News>>> {
        let (mut found, mut count) = (Vec::new(), 0);
        let is_recent = since.at >= self.now().minus(LAG);
        let mut from = if is_recent { Position::at(since.at.minus(LAG)) } else { since.clone() };
        let is_missed = |news: &News| {
            let is_seen = news.position == since || self.hub.told_before(&news.position, &since);
            is_of(news, owner) && !is_seen
        };
        // What is read and passed over is bounded, too.
        for _ in 0..20 {
            let account = owner.map(|owner| owner.account.clone());
            let page = self.store.read(move |tx| match &account {
                Some(account) => rows::after_of(tx, account, &from, READ_MAX),
                None => rows::after(tx, &from, READ_MAX),
            });
            let page = page.await?;
            let begun = found.len();
            found.extend(page.news.into_iter().filter(is_missed));
            count += found[begun..].iter().filter(|news| news.position > since).count();
            if count > usize::try_from(MISSED_MAX).unwrap_or(usize::MAX) {
                return Ok(None);
            }
            if !page.is_full {
                return Ok(Some(found));
            }
            from = page.reached;
        }
        Ok(None)
    }

    /// Steps of a batch that have ended since the position.
    pub async fn ended_in(
        &self,
        batch: &palitra_domain::BatchId,
        since: Position,
        max: u32,
    ) -> Result<Vec<Ended>> {
        let batch = batch.clone();
        Ok(self.store.read(move |tx| rows::ended_in(tx, &batch, &since, max)).await?)
    }

    /// How many steps of a batch have ended up to the position: more than were told where one was committed late.
    pub async fn ended_up_to(&self, batch: &palitra_domain::BatchId, position: Position) -> Result<u32> {
        let batch = batch.clone();
        Ok(self.store.read(move |tx| rows::ended_up_to(tx, &batch, &position)).await?)
    }

    /// Tells what was committed so late that no look has found it.
    async fn tell_late(&self, from: Timestamp, to: Timestamp, since: Timestamp) -> Result<()> {
        let (after, before) = (Position::at(from), Position::at(to.max(from)));
        let read = self.hub.count(&after, &before);
        let there = self.store.read(move |tx| rows::between(tx, &after, &before)).await?;
        if there == read { Ok(()) } else { self.tell_news(from, since).await }
    }

    /// Tells all that there is from then on.
    async fn tell_news(&self, from: Timestamp, since: Timestamp) -> Result<()> {
        let mut from = Position::at(from);
        loop {
            let page = self.store.read(move |tx| rows::after(tx, &from, READ_MAX)).await?;
            for news in &page.news {
                self.hub.tell(news, since);
            }
            if !page.is_full {
                return Ok(());
            }
            from = page.reached;
        }
    }
}

/// Reads and tells, as long as somebody follows: what has happened since then, or a moment before.
async fn read(engine: Engine, since: Timestamp) {
    // When all of the last minute was read, and when the last moment was. A look that fails is made up for by the next one.
    let (mut long, mut short, mut has_begun) = (since, since, false);
    for look in 0_u64.. {
        if !engine.hub.is_followed() {
            return;
        }
        let now = engine.now();
        let is_long = !has_begun || look % LONG_LOOK == 0;
        // What was over before the first follower came is not told, but what is late from then on.
        let since = if has_begun { Timestamp::default() } else { since.minus(SHORT_LAG) };
        let told = async {
            engine.tell_news(short.minus(SHORT_LAG), since).await?;
            if is_long {
                engine.tell_late(long.minus(LAG), now.minus(SHORT_LAG), since).await?;
            }
            Ok::<(), Error>(())
        };
        match told.await {
            Ok(()) => {
                (short, has_begun) = (now, true);
                if is_long {
                    long = now;
                    engine.hub.forget(long.minus(LAG));
                }
            }
            Err(error) => tracing::warn!(%error, "cannot read what has happened"),
        }
        engine.clock.sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests;
