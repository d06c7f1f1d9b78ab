//! `palitra serve`: the scheduler, callbacks of markets, `/healthz` and `/metrics`.

use super::{Result, Session, stop};
use crate::{
    crash,
    failure::{Failure, Phrase},
    hooks, metrics, rehearsal,
    wiring::io_failure,
};
use axum::{Router, routing::get};
use palitra_domain::ErrorCode;
use palitra_engine::Webhooks;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpListener;

pub(super) async fn run(session: &Session) -> Result<()> {
    let app = session.open().await?;
    let listen = session.config().server.listen;
    let bound = async {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        std::io::Result::Ok((listener, address))
    };
    let (listener, address) = bound.await.map_err(|error| cannot_listen(listen, error))?;
    let mut router =
        Router::new().route("/healthz", get(|| async { "ok\n" })).merge(metrics::router(app.engine.clone()));
    // Without an address of its own nobody outside can call this service.
    if let Some(public_url) = session.config().server.public_url.clone().filter(|url| !url.is_empty()) {
        app.engine
            .take_webhooks(Webhooks { public_url, unknown_wait: session.config().engine.unknown_wait() });
        router = router.merge(hooks::router(app.engine.clone()));
    }
    app.engine.retry_keys().await?;
    let running = app.engine.start(None).await?;
    if let Some(file) = crash::rehearsal_socket(&session.environment) {
        rehearsal::listen(app.engine.clone(), file).map_err(|error| io_failure(file, error))?;
    }
    session.console.document(&json!({ "listening": address.to_string() }));
    session.console.note(
        &session.console.text("serve-listening", &[("address", (&format!("http://{address}")).into())]),
    );
    let (stop, console) = (running.stopper(), session.console);
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            stop::first_signal(stop).await;
            console.note(&console.text("draining", &[]));
        })
        .await;
    running.drain().await;
    app.close().await;
    session.console.note(&session.console.text("serve-stopped", &[]));
    served.map_err(|error| Failure::new(ErrorCode::Internal).with("why", error.to_string()))
}

/// The address is taken, or is none of this machine.
pub(super) fn cannot_listen(address: SocketAddr, error: std::io::Error) -> Failure {
    let failure = Failure::new(ErrorCode::CannotListen).with("place", address.to_string());
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.with("why", Phrase::new("listen-taken")),
        _ => failure.with("why", error.to_string()),
    }
}
