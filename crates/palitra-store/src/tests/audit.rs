//! What was done stays written down, and is found by what it was done to.

use super::{
    harness::{Fresh, on_every_database},
    shop::{at, commit},
};
use crate::{
    MIGRATIONS,
    audit::{self, Entry, Filter},
};
use palitra_domain::{AuditId, audit::Action};

on_every_database!(MIGRATIONS => entries_are_listed_newest_first_and_filtered);

fn entry(n: u64, action: Action, subject: &str) -> Entry {
    Entry {
        id: AuditId::new(at(1), n.into()),
        at: at(1),
        who: "operator".to_owned(),
        action,
        subject: subject.to_owned(),
        about: format!("entry {n}"),
    }
}

async fn entries_are_listed_newest_first_and_filtered(fresh: Fresh) {
    let all = || {
        [
            entry(1, Action::Credit, "anna"),
            entry(2, Action::MarketPause, "fal"),
            entry(3, Action::Credit, "boris"),
            entry(4, Action::Refund, "anna"),
        ]
    };
    commit(&fresh, move |tx| all().iter().try_for_each(|entry| audit::insert(tx, entry))).await;
    let listed = async |filter: Filter| {
        let found = fresh.store.read(move |tx| audit::list(tx, &filter)).await.unwrap();
        assert!(found.iter().all(|entry| all().contains(entry)));
        found.iter().map(|entry| entry.about.clone()).collect::<Vec<_>>().join(", ")
    };
    let ten = || Filter { limit: 10, ..Filter::default() };
    assert_eq!(listed(ten()).await, "entry 4, entry 3, entry 2, entry 1");
    assert_eq!(listed(Filter { limit: 2, ..ten() }).await, "entry 4, entry 3");
    let before = Some(entry(3, Action::Credit, "").id);
    assert_eq!(listed(Filter { before, ..ten() }).await, "entry 2, entry 1");
    assert_eq!(listed(Filter { subject: Some("anna".to_owned()), ..ten() }).await, "entry 4, entry 1");
    assert_eq!(listed(Filter { action: Some(Action::Credit), ..ten() }).await, "entry 3, entry 1");
    let since = |when| fresh.store.write(move |tx| audit::count_since(tx, Action::Credit, at(when)));
    assert_eq!((since(0).await, since(1).await, since(2).await), (Ok(2), Ok(2), Ok(0)));
}
