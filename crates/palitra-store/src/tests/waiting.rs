//! What happens to those who wait for the database: skipped when they leave, turned away when there are too
//! many.

use super::harness::{Fresh, Held, PROBE, assert_pending, ids, insert, on_every_database};
use crate::{Error, Result, store::WAITING_MAX};

on_every_database!(PROBE =>
    a_dropped_write_is_skipped_and_a_dropped_post_runs,
    a_write_dropped_while_it_runs_is_committed,
    a_full_line_turns_away,
    a_destructor_that_panics_costs_no_thread,
);

async fn a_dropped_write_is_skipped_and_a_dropped_post_runs(fresh: Fresh) {
    let (held, first) = Held::write(&fresh.store, |_| Ok(()));
    let mut write = Box::pin(fresh.store.write(insert(1)));
    assert_pending(write.as_mut());
    drop(write);
    drop(fresh.store.write(insert(2))); // never polled: never even in line
    drop(fresh.store.post(insert(3)));
    held.release();
    first.await.unwrap();
    fresh.store.write(insert(4)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [3, 4]);
}

async fn a_write_dropped_while_it_runs_is_committed(fresh: Fresh) {
    let (held, answer) = Held::write(&fresh.store, insert(1));
    drop(answer);
    held.release();
    fresh.store.write(insert(2)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [1, 2]);
}

async fn a_full_line_turns_away(fresh: Fresh) {
    let (held, first) = Held::write(&fresh.store, insert(0));
    for _ in 1..WAITING_MAX {
        drop(fresh.store.post(|_| Ok(())));
    }
    let last = fresh.store.post(|_| Ok(()));
    assert_eq!(fresh.store.write(insert(1)).await, Err(Error::Busy));
    assert_eq!(fresh.store.post(insert(2)).await, Err(Error::Busy));
    assert!(ids(&fresh.store).await.is_empty(), "readers have a line of their own");
    held.release();
    first.await.unwrap();
    last.await.unwrap();
    fresh.store.write(insert(3)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [0, 3]);
}

async fn a_destructor_that_panics_costs_no_thread(fresh: Fresh) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor panics");
        }
    }
    let (held, first) = Held::write(&fresh.store, insert(0));
    let bomb = Bomb;
    let answer: Result<()> = {
        let answer = fresh.store.post(move |tx| {
            let _kept = &bomb;
            insert(1)(tx)
        });
        let neighbour = fresh.store.post(insert(2));
        held.release();
        assert_eq!(first.await, Ok(()));
        let neighbour = neighbour.await;
        assert!(matches!(neighbour, Ok(()) | Err(Error::InDoubt(_))), "{neighbour:?}");
        answer.await
    };
    assert_eq!(answer, Ok(()));
    fresh.store.write(insert(3)).await.unwrap();
    assert_eq!(ids(&fresh.store).await, [0, 1, 2, 3]);
}
