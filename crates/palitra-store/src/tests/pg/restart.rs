//! A server that is crashed, stopped and started again, of its own: the store comes back by itself.

use std::{sync::Arc, time::Duration};

use palitra_domain::{BoxFuture, Clock, Timestamp};
use tokio::sync::watch;
use xtask::postgres::Cluster;

use super::{
    super::{
        harness::{Held, PROBE, assert_pending, ids, insert},
        server::settings,
    },
    Hurry,
};
use crate::{Error, PgSettings, Store};

/// Whoever sleeps wakes when the server is there again.
struct UntilUp(watch::Receiver<bool>);

impl Clock for UntilUp {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        let mut up = self.0.clone();
        Box::pin(async move {
            up.wait_for(|up| *up).await.expect("the test says when it is up");
        })
    }
}

#[tokio::test]
async fn s3_the_store_survives_restarts_of_its_server() {
    let mut cluster = Cluster::start().unwrap();
    let (says, up) = watch::channel(true);
    let store =
        Store::postgres(&PgSettings { clock: Arc::new(UntilUp(up)), ..settings(cluster.url(), 2) }).unwrap();
    let hurried =
        Store::postgres(&PgSettings { clock: Arc::new(Hurry), ..settings(cluster.url(), 1) }).unwrap();
    store.migrate(PROBE).await.unwrap();
    store.write(insert(1)).await.unwrap();

    // By its socket, where passwords and TLS play no part.
    let (port, home) = (cluster.url().rsplit([':', '/']).nth(1).unwrap(), cluster.home().display());
    let socket = format!("postgres:///postgres?user=palitra&host={home}&port={port}");
    assert_eq!(ids(&Store::postgres(&settings(&socket, 1)).unwrap()).await, [1]);

    // A crash, with one transaction open and one that begins while the server is gone.
    let (held, open) = Held::write(&store, |tx| tx.execute("insert into probe(id) values(2)", &[]).map(drop));
    cluster.crash().unwrap();
    says.send(false).unwrap();
    let mut begun = Box::pin(store.post(insert(3)));
    assert_pending(begun.as_mut());
    let gone = hurried.write(insert(4)).await;
    assert!(
        matches!(&gone, Err(Error::Unreachable { place, .. }) if place.starts_with("`127.0.0.1:")),
        "{gone:?}"
    );
    assert!(matches!(hurried.read(|tx| tx.query("select 1", &[])).await, Err(Error::Unreachable { .. })));
    cluster.start_again().unwrap();
    says.send(true).unwrap();
    held.release();
    // The open one meets the end of its connection at its commit.
    let open = open.await;
    assert!(matches!(open, Err(Error::InDoubt(_))), "{open:?}");
    assert_eq!(begun.await, Ok(()));
    assert_eq!(ids(&store).await, [1, 3]);
    hurried.write(insert(5)).await.unwrap();

    // A stop in order tells the clients, and looks no different.
    cluster.stop().unwrap();
    cluster.start_again().unwrap();
    store.write(insert(6)).await.unwrap();
    assert_eq!(ids(&store).await, [1, 3, 5, 6]);
    assert_eq!(ids(&hurried).await, [1, 3, 5, 6]);
}
