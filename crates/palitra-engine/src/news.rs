//! Who follows what happens to an account: one reader of the database for all of them in this process, and a short line to each. Whoever
//! is too slow for his line is let go, and comes back with the position that he had.
//!
//! The database is the source, so that it is the same whichever process brought something about, and after a restart. A transaction may
//! commit a little after the time that it wrote down: the reader looks back so far, and tells nothing twice.

use crate::{Engine, Result, views::Owner};
use palitra_domain::Timestamp;
use palitra_store::news as rows;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use rows::{Ended, News, Position, What};

/// Between two looks at the database.
const LOOK: Duration = Duration::from_millis(250);

/// How far a transaction may lag behind the time that it wrote down.
const LAG: Duration = Duration::from_secs(2);

/// What one look reads at most.
const READ_MAX: u32 = 5_000;

/// What waits for one follower.
const LINE: usize = 256;

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
    all: HashMap<u64, (Followed, Sender<News>)>,
}

impl Hub {
    fn followers(&self) -> MutexGuard<'_, Followers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To each whom it concerns; who is gone or too slow leaves.
    fn tell(&self, news: &News) {
        self.followers().all.retain(|_, (followed, line)| {
            let is_his = followed
                .as_ref()
                .is_none_or(|owner| owner.account == news.account && owner.livemode == news.livemode);
            !line.is_closed() && (!is_his || line.try_send(news.clone()).is_ok())
        });
    }

    /// Answers whether anybody is left; else the reader ends, and the next follower starts one.
    fn is_followed(&self) -> bool {
        let mut followers = self.followers();
        followers.all.retain(|_, (_, line)| !line.is_closed());
        followers.is_read = !followers.all.is_empty();
        followers.is_read
    }
}

impl Engine {
    /// What happens to the owner from now on; `None` follows everybody. The line ends when the follower is too slow.
    pub fn follow_news(&self, owner: Option<Owner>) -> Receiver<News> {
        let (line, news) = channel(LINE);
        let starts = {
            let mut followers = self.hub.followers();
            followers.last += 1;
            let n = followers.last;
            followers.all.insert(n, (owner, line));
            !std::mem::replace(&mut followers.is_read, true)
        };
        if starts {
            let from = self.now().minus(LAG);
            tokio::spawn(read(self.clone(), from));
        }
        news
    }

    /// What the owner has missed since the position: all of it, or `None` when that is more than [`MISSED_MAX`].
    pub async fn missed(&self, owner: Option<&Owner>, since: Position) -> Result<Option<Vec<News>>> {
        let mut found = Vec::new();
        let mut position = since;
        // Others' events are read and passed over: so many of them at most.
        for _ in 0..20 {
            let from = position.clone();
            let (news, reached) = self.store.read(move |tx| rows::after(tx, &from, READ_MAX)).await?;
            found.extend(news.into_iter().filter(|news| {
                owner.is_none_or(|owner| owner.account == news.account && owner.livemode == news.livemode)
            }));
            if found.len() > usize::try_from(MISSED_MAX).unwrap_or(usize::MAX) {
                return Ok(None);
            }
            if reached == position {
                return Ok(Some(found));
            }
            position = reached;
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
}

/// Reads and tells, as long as somebody follows.
async fn read(engine: Engine, from: Timestamp) {
    // What was told and may be read once more.
    let mut told: BTreeSet<Position> = BTreeSet::new();
    let mut from = from;
    while engine.hub.is_followed() {
        let position = Position::at(from);
        match engine.store.read(move |tx| rows::after(tx, &position, READ_MAX)).await {
            Ok((news, reached)) => {
                for news in news {
                    if told.insert(news.position.clone()) {
                        engine.hub.tell(&news);
                    }
                }
                let settled = engine.now().minus(LAG).min(reached.at);
                if settled > from {
                    from = settled;
                    told = told.split_off(&Position::at(from));
                }
            }
            Err(error) => tracing::warn!(%error, "cannot read what has happened"),
        }
        engine.clock.sleep(LOOK).await;
    }
}
