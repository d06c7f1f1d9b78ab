//! Who stands before whom, for the many who look again and again: near its head a line is counted, further back it is known as it was a moment
//! ago. Counting costs as much as there are before, for each who looks.

use palitra_domain::Timestamp;
use palitra_store::{
    Result, Tx,
    generations::{Standing, count_before, line, slots},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// So far every look counts: whoever is next sees it at once.
const COUNTED: i64 = 32;

/// How long a line is known.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The lines that somebody has looked at, by market.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<String, Arc<Known>>>);

/// A line as it was.
struct Known {
    at: Timestamp,
    waiting: Vec<Standing>,
    slots: i64,
}

impl Known {
    fn before(&self, standing: &Standing) -> i64 {
        let before = self.waiting.partition_point(|other| other < standing);
        i64::try_from(before).unwrap_or(i64::MAX)
    }
}

impl Lines {
    /// How many claimable generations of the market come before, and what its keys can run at once.
    pub(crate) fn before(
        &self,
        tx: &mut Tx<'_>,
        (market, standing): (&str, &Standing),
        now: Timestamp,
    ) -> Result<(i64, i64)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(market).cloned();
        let known = known.filter(|known| now.since(known.at) < KNOWN_FOR);
        if let Some(known) = &known
            && known.before(standing) >= COUNTED
        {
            return Ok((known.before(standing), known.slots));
        }
        let counted = count_before(tx, market, standing, COUNTED)?;
        if counted < COUNTED || known.is_some() {
            return Ok((counted, slots(tx, market)?));
        }
        tx.takes_long()?;
        let known = Arc::new(Known { at: now, waiting: line(tx, market)?, slots: slots(tx, market)? });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(market.to_owned(), known.clone());
        Ok((known.before(standing).max(counted), known.slots))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Engine,
        generations::CancelOutcome,
        town::{Town, order},
    };
    use palitra_domain::GenerationId;

    async fn before(engine: &Engine, id: &GenerationId) -> i64 {
        engine.generation_view(None, id).await.unwrap().place.expect("queued").before
    }

    #[tokio::test]
    async fn the_head_of_a_line_is_counted_and_what_is_far_is_known_for_a_second() {
        let town = Town::new();
        let engine = town.alone().await;
        let mut ids = Vec::new();
        for n in 0..60 {
            ids.push(order(&engine, &format!("cat {n}")).await);
        }
        for n in [0, 1, 31, 32, 33, 59] {
            assert_eq!(before(&engine, &ids[n]).await, i64::try_from(n).unwrap());
        }
        assert_eq!(engine.cancel(&ids[0]).await.unwrap(), CancelOutcome::Cancelled);
        assert_eq!(before(&engine, &ids[20]).await, 19);
        assert_eq!(before(&engine, &ids[59]).await, 59, "as it was a moment ago");
        town.clock.turn(1);
        assert_eq!(before(&engine, &ids[59]).await, 58);
        let place = engine.place(&ids[59]).await.unwrap().unwrap();
        assert_eq!(place.before, 58, "and counted one by one");
        for n in [20, 59] {
            let seen = engine.generation_view(None, &ids[n]).await.unwrap().place.unwrap();
            assert_eq!(seen.slots, place.slots, "{n}");
        }
    }
}
