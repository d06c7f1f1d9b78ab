//! A database that several processes set up, and what one finds that comes while others work.

use super::{
    harness::{Fresh, on_every_database},
    shop::{commit, id, key, number, open},
};
use crate::{
    MIGRATIONS,
    installation::{self, Progress},
    markets,
    workers::{self, NewWorker},
};
use std::time::Duration;

on_every_database!(MIGRATIONS =>
    who_comes_while_others_work_adds_keys_and_changes_none,
    a_database_tells_how_far_it_is,
);

const SLOTS: &str = "select count(*) from slot where kind = 'key' and retiring = 0";

async fn who_comes_while_others_work_adds_keys_and_changes_none(fresh: Fresh) {
    open(&fresh, 4).await;
    assert!(!commit(&fresh, installation::is_shared).await);
    commit(&fresh, |tx| {
        let new = NewWorker { id: &id(1), place: "here", roles: "worker" };
        workers::register(tx, &new, Duration::from_secs(60))
    })
    .await;
    assert!(commit(&fresh, installation::is_shared).await);
    // Another limit for a key that is known, and a key that is not.
    let two = || [key("main", 7, 9), key("more", 8, 2)];
    commit(&fresh, move |tx| markets::add_keys(tx, &two())).await;
    assert_eq!(number(&fresh, SLOTS).await, 4 + 2);
    // Without keys of its own it takes none away.
    commit(&fresh, |tx| markets::add_keys(tx, &[])).await;
    assert_eq!(number(&fresh, SLOTS).await, 4 + 2);
    // One that was taken out of the settings comes back.
    commit(&fresh, |tx| markets::configure_keys(tx, &[key("main", 9, 4)])).await;
    assert_eq!(number(&fresh, SLOTS).await, 4);
    commit(&fresh, move |tx| markets::add_keys(tx, &two())).await;
    assert_eq!(number(&fresh, SLOTS).await, 4 + 2);
}

async fn a_database_tells_how_far_it_is(fresh: Fresh) {
    let about = commit(&fresh, installation::about).await;
    assert!(!about.version.is_empty());
    assert_eq!(usize::try_from(about.migrations), Ok(MIGRATIONS.len()));
    let progress = |files| fresh.store.read(move |tx| installation::progress(tx, files));
    assert_eq!(progress(MIGRATIONS).await, Ok(Progress::UpToDate));
    assert!(progress(&[]).await.is_err(), "a newer version was here");
    let more: &'static [_] = Vec::leak([MIGRATIONS, &[("999_more", "select 1;")]].concat());
    assert_eq!(progress(more).await, Ok(Progress::Behind));
}

#[tokio::test]
async fn an_empty_database_is_told_from_one_of_ours() {
    for fresh in [Fresh::sqlite(&[]).await, Fresh::postgres(&[]).await] {
        let progress = fresh.store.read(|tx| installation::progress(tx, MIGRATIONS)).await;
        assert_eq!(progress, Ok(Progress::Empty));
    }
}
