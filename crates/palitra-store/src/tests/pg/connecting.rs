//! Where no connection comes about, the error says where and why, and never with which password.

use std::{net::TcpListener, time::Duration};

use super::super::{
    harness::Fresh,
    server::{settings, through, with_database},
};
use crate::{Error, Store};

const WRONG: &str = "not-this-password";

fn failure(url: &str) -> String {
    let mut settings = settings(url, 1);
    settings.connect_timeout = Duration::from_millis(200);
    match Store::postgres(&settings) {
        Err(error @ Error::Unreachable { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn assert_tells(why: &str, parts: &[&str], password: &str) {
    assert!(why.starts_with("the database is unavailable: cannot connect to `127.0.0.1:"), "{why}");
    for part in parts {
        assert!(why.contains(part), "`{part}` is missing: {why}");
    }
    assert!(!why.contains(password) && !why.contains(WRONG), "{why}");
}

#[tokio::test]
async fn s4_no_connection_is_explained_without_the_password() {
    let fresh = Fresh::postgres(&[]).await;
    let url = fresh.database().url();
    let (user, password) = fresh.database().credentials();

    let why = failure(&fresh.database().url_as(&user, WRONG));
    assert_tells(&why, &["28P01 password authentication failed", "as `palitra`"], &password);

    let why = failure(&with_database(url, "nowhere"));
    assert_tells(&why, &["3D000 database \"nowhere\" does not exist", "database `nowhere`"], &password);

    // Bound, and closed again: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let why = failure(&through(url, port).0);
    assert_tells(&why, &[&format!("`127.0.0.1:{port}`"), "Connection refused"], &password);

    // Takes the connection and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let why = failure(&through(url, silent.local_addr().unwrap().port()).0);
    assert_tells(&why, &["the server does not answer"], &password);
}
