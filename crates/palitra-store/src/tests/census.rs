//! Counting rows: every table that is counted exists on every database, and what is not there is none.

use super::{
    harness::{Fresh, on_every_database},
    shop::{anna, commit, create, open, wanted},
};
use crate::{MIGRATIONS, census};

on_every_database!(MIGRATIONS => rows_are_counted_by_table_and_by_state,);

async fn rows_are_counted_by_table_and_by_state(fresh: Fresh) {
    open(&fresh, 3).await;
    commit(&fresh, |tx| create(tx, &anna(), &[wanted(1), wanted(2)])).await;
    let census = fresh.store.read(census::take).await.unwrap();
    let wanted = [
        ("generation", 2),
        ("generation.queued", 2),
        ("generation.running", 0),
        ("attempt", 0),
        ("transfer", 4),
        ("entry", 4),
        ("slot", 3),
        ("slot.taken", 0),
        ("no such table", 0),
    ];
    for (name, count) in wanted {
        assert_eq!(census.get(name), count, "{name}");
    }
}
