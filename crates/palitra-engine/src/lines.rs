//! Who stands before whom, for the many who look again and again: near its head a line is counted, further back it is known as it was a moment
//! ago. Counting costs as much as there are before, for each who looks.

use palitra_domain::Timestamp;
use palitra_store::{
    Result, Tx,
    generations::{Standing, count_before, line},
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
pub(crate) struct Lines(Mutex<HashMap<String, Known>>);

#[derive(Clone)]
struct Known {
    at: Timestamp,
    line: Arc<Vec<Standing>>,
}

impl Lines {
    /// How many claimable generations of the market come before.
    pub(crate) fn before(
        &self,
        tx: &mut Tx<'_>,
        (market, standing): (&str, &Standing),
        now: Timestamp,
    ) -> Result<i64> {
        let counted = count_before(tx, market, standing, COUNTED)?;
        if counted < COUNTED {
            return Ok(counted);
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(market).cloned();
        let line = match known.filter(|known| now.since(known.at) < KNOWN_FOR) {
            Some(known) => known.line,
            None => {
                let line = Arc::new(line(tx, market)?);
                let known = Known { at: now, line: line.clone() };
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(market.to_owned(), known);
                line
            }
        };
        let before = line.partition_point(|other| other < standing);
        Ok(i64::try_from(before).unwrap_or(i64::MAX).max(counted))
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
        assert_eq!(engine.place(&ids[59]).await.unwrap().unwrap().before, 58, "and counted one by one");
    }
}
