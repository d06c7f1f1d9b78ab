//! What PostgreSQL alone does: collisions, lost connections, restarts, sessions, schemas, TLS, and several
//! processes at once.

mod claims;
mod collisions;
mod connecting;
mod farewell;
mod hints;
mod limits;
mod losses;
mod proxy;
mod restart;
mod schema;
mod session;
mod tls;

use std::time::Duration;

use palitra_domain::{BoxFuture, Clock, Timestamp};

/// Waits for nothing.
struct Hurry;

impl Clock for Hurry {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
