//! `palitra serve`: what a process of the service does, by its roles; and the address it answers at, `/healthz` and `/metrics` whatever
//! its roles.

use super::{Result, Session, stop};
use crate::{
    args::Serve,
    config::Role,
    control, crash,
    failure::{Failure, Phrase},
    hooks, metrics, rehearsal,
    wiring::{self, App, io_failure},
};
use axum::{Router, routing::get};
use palitra_api::Door;
use palitra_domain::ErrorCode;
use palitra_engine::Webhooks;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(session: &Session, args: &Serve) -> Result<()> {
    let app = session.open().await?;
    let settings = &session.config().server;
    // Many workers on one machine share one file of settings.
    let listen = if settings.roles.is_worker_alone() && args.listen.is_none() {
        settings.worker_listen
    } else {
        settings.listen
    };
    let bound = async {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        std::io::Result::Ok((listener, address))
    };
    let (listener, address) = bound.await.map_err(|error| cannot_listen(listen, error))?;
    let door = wiring::door(session.config(), app.engine.clone(), Some(address))?;
    app.engine.send_webhooks(wiring::sending(session.config(), &door)?);
    // Both are made before work starts: who starts the service hears that it listens before he hears of work.
    let (router, operator) = (routes(session, &app, &door), palitra_api::operator(door.clone()));
    app.engine.does(format!("{} at {address}", settings.roles));
    let running = match settings.roles.has(Role::Worker) {
        true => {
            app.engine.retry_keys().await?;
            Some(app.engine.start(None).await?)
        }
        false => None,
    };
    let control = control::open(operator, app.engine.clock.clone(), &session.cli.data);
    if let Some(file) = crash::rehearsal_socket(&session.environment) {
        rehearsal::listen(app.engine.clone(), file).map_err(|error| io_failure(file, error))?;
    }
    // Whoever knows that it listens may stop it.
    let stop = running.as_ref().map_or_else(CancellationToken::new, palitra_engine::Running::stopper);
    let signalled = stop::first_signal(stop);
    session
        .console
        .document(&json!({ "listening": address.to_string(), "roles": settings.roles.to_string() }));
    session.console.note(
        &session.console.text("serve-listening", &[("address", (&format!("http://{address}")).into())]),
    );
    let console = session.console;
    let closing = door.clone();
    let stopped = async move {
        signalled.await;
        closing.close();
        console.note(&console.text("draining", &[]));
    };
    palitra_api::server::serve(listener, router, &*app.engine.clock, stopped).await;
    if let Some(running) = running {
        running.drain().await;
    }
    drop(control);
    app.close().await;
    session.console.note(&session.console.text("serve-stopped", &[]));
    Ok(())
}

/// Every route, by role: what a process without the role does not answer.
fn routes(session: &Session, app: &App, door: &Door) -> Router {
    let server = &session.config().server;
    let mut router =
        Router::new().route("/healthz", get(|| async { "ok\n" })).merge(metrics::router(app.engine.clone()));
    if server.roles.has(Role::Api) {
        router = router.merge(palitra_api::router(door.clone()));
    }
    // Without an address of its own nobody outside can call this service. Whoever submits gives that address away, and any process with
    // the role `api` takes the call.
    if let Some(public_url) = server.public_url.clone().filter(|url| !url.is_empty()) {
        app.engine
            .take_webhooks(Webhooks { public_url, unknown_wait: session.config().engine.unknown_wait() });
        if server.roles.has(Role::Api) {
            router = router.merge(hooks::router(app.engine.clone()));
        }
    }
    router
}

/// The address is taken, or is none of this machine.
pub(super) fn cannot_listen(address: SocketAddr, error: std::io::Error) -> Failure {
    let failure = Failure::new(ErrorCode::CannotListen).with("place", address.to_string());
    match error.kind() {
        std::io::ErrorKind::AddrInUse => failure.with("why", Phrase::new("listen-taken")),
        _ => failure.with("why", error.to_string()),
    }
}
