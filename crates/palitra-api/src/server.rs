//! Serving connections: HTTP/1.1 and HTTP/2 without TLS, with a bound on how many there are and on how long their heads may take, and an
//! end that lets what is under way finish.

use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use palitra_domain::Clock;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections at once; more wait until one ends.
const CONNECTIONS_MAX: usize = 16_384;

/// The head of a request has to be there after this long, the first one counted from the connection on (a slow client holds a connection,
/// and nothing else).
const HEAD_TIME: Duration = Duration::from_secs(15);

/// The largest head.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Requests of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 250;

/// After a stop: how long answers that are under way may take.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// Between tries to accept a connection that the machine has no room for.
const OUT_OF_BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop` resolves, then lets what is under way finish.
pub async fn serve(listener: TcpListener, router: Router, clock: &dyn Clock, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (graceful, stopping) = (GracefulShutdown::new(), CancellationToken::new());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room, clock) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        drop(stream.set_nodelay(true));
        let (router, watcher, stopping) = (router.clone(), graceful.watcher(), stopping.clone());
        tokio::spawn(async move {
            // Who has said nothing yet is not waited for when the service stops.
            let said = tokio::select! {
                said = tokio::time::timeout(HEAD_TIME, spoken(&stream)) => said.ok(),
                () = stopping.cancelled() => None,
            };
            if let Some(spoken) = said {
                connection(stream, router, Some(peer), spoken, watcher).await;
            }
            drop(permit);
        });
    }
    stopping.cancel();
    drop(tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await);
}

/// The same on a socket of this machine.
pub async fn serve_unix(
    listener: UnixListener,
    router: Router,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let served = connection(stream, router.clone(), None, Spoken::Unknown, graceful.watcher());
                drop(tokio::spawn(served));
            }
            Err(error) => breathe(&error, &*clock).await,
        }
    }
    drop(tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await);
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>, clock: &dyn Clock) -> Option<Accepted> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            breathe(&error, clock).await;
            None
        }
    }
}

/// Out of file handles, mostly: they come back when connections end.
async fn breathe(error: &io::Error, clock: &dyn Clock) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::warn!(%error, "cannot accept a connection");
        clock.sleep(OUT_OF_BREATH).await;
    }
}

/// What a client begins to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Http1,
    Http2,
    /// The connection finds out, and has twice the room to read for it.
    Unknown,
}

/// By the first word, which stays where it is: HTTP/2 begins with a method that is no other's.
async fn spoken(stream: &TcpStream) -> Spoken {
    let mut word = [0; 4];
    match stream.peek(&mut word).await {
        Ok(4) if word == *b"PRI " => Spoken::Http2,
        Ok(4) => Spoken::Http1,
        Ok(_) | Err(_) => Spoken::Unknown,
    }
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: Option<SocketAddr>,
    spoken: Spoken,
    watcher: Watcher,
) -> impl Future<Output = ()> + Send + 'static {
    let heard = CancellationToken::new();
    let first = heard.clone();
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        first.cancel();
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let builder = match spoken {
        Spoken::Http1 => builder.http1_only(),
        Spoken::Http2 => builder.http2_only(),
        Spoken::Unknown => builder,
    };
    async move {
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = watcher.watch(connection.into_owned());
        tokio::pin!(connection);
        // While it is not known which HTTP is spoken, nothing else counts the time.
        tokio::select! {
            // A client that goes away in the middle is nobody's failure.
            _ = &mut connection => return,
            heard = tokio::time::timeout(HEAD_TIME, heard.cancelled()) => if heard.is_err() { return },
        }
        drop(connection.await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::Instant,
    };

    /// A client of a connection whose router answers after a minute; while the other is kept, the service goes on.
    fn client() -> (DuplexStream, GracefulShutdown) {
        let (ours, theirs) = duplex(4_096);
        let slow = || async {
            drop(tokio::time::timeout(Duration::from_secs(60), std::future::pending::<()>()).await);
            "done"
        };
        let router = Router::new().fallback(slow);
        let graceful = GracefulShutdown::new();
        tokio::spawn(connection(ours, router, None, Spoken::Unknown, graceful.watcher()));
        (theirs, graceful)
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_what_he_wants_in_time_is_hung_up_on() {
        for said in ["", "P", "GET / HT", "GET / HTTP/1.1\r\nhost: here\r\n", "PRI * HTTP/2.0\r\n\r\n"] {
            let ((mut client, _service), began) = (client(), Instant::now());
            client.write_all(said.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            drop(client.read_to_end(&mut heard).await);
            assert_eq!(began.elapsed().as_secs(), HEAD_TIME.as_secs(), "`{said}`");
            assert!(!heard.starts_with(b"HTTP/1.1 200"), "`{said}`");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_heard_waits_for_the_answer_as_long_as_it_takes() {
        let (mut client, _service) = client();
        client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 200") && heard.ends_with("done"), "{heard}");
    }
}
