//! The listening side: accepts connections, and can close one without an answer, which `axum::serve` cannot.

use axum::{Router, body::Body, http::Response};
use hyper::{server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use std::io;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Marks a response that must never be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub(super) struct HangUp;

/// Serves until it is dropped; then every connection is closed at once, as when a process dies.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone()));
                }
                Err(error) => tracing::warn!(%error, "the simulator could not accept a connection"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Without it small answers wait for the other side's delayed acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = TowerToHyperService::new(router);
    let answer = hyper::service::service_fn(move |request| {
        let answer = service.call(request);
        async move {
            let response: Response<Body> = answer.await.unwrap_or_else(|never| match never {});
            if response.extensions().get::<HangUp>().is_some() {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            Ok(response)
        }
    });
    // An error here is a client that went away, or a hang-up that the script asked for.
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await {
        tracing::debug!(%error, "a connection to the simulator ended early");
    }
}
