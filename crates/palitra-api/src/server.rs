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
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections at once; more wait until one ends.
const CONNECTIONS_MAX: usize = 16_384;

/// The head of the first request has to be there so long after the connection (a slow client holds a connection, and nothing else).
const HEAD_TIME: Duration = Duration::from_secs(15);

/// The head of the next one so long after the last answer: proxies keep connections open for a minute, and choose one that they think open.
const NEXT_HEAD_TIME: Duration = Duration::from_secs(75);

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
            let by = Instant::now() + HEAD_TIME;
            // Who has said nothing yet is not waited for when the service stops.
            tokio::select! {
                said = tokio::time::timeout_at(by, is_http2(&stream)) => if let Ok(is_http2) = said {
                    connection(stream, router, Some(peer), is_http2, by, watcher).await;
                },
                () = stopping.cancelled() => {}
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
                let by = Instant::now() + HEAD_TIME;
                drop(tokio::spawn(connection(stream, router.clone(), None, None, by, graceful.watcher())));
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

/// By the first word, which stays where it is: HTTP/2 begins with a method that is no other's. `None` where less than a word has come: then
/// the connection finds out, and has twice the room to read for it.
async fn is_http2(stream: &TcpStream) -> Option<bool> {
    let mut word = [0; 4];
    let read = stream.peek(&mut word).await.ok()?;
    (read == word.len()).then_some(word == *b"PRI ")
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: Option<SocketAddr>,
    is_http2: Option<bool>,
    by: Instant,
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
    builder.http1().timer(TokioTimer::new()).header_read_timeout(NEXT_HEAD_TIME).max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let builder = match is_http2 {
        Some(true) => builder.http2_only(),
        Some(false) => builder.http1_only(),
        None => builder,
    };
    async move {
        // The one with upgrades asks again which HTTP it is. No route has any.
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = watcher.watch(connection.into_owned());
        tokio::pin!(connection);
        tokio::select! {
            // A client that goes away in the middle is nobody's failure.
            _ = &mut connection => return,
            heard = tokio::time::timeout_at(by, heard.cancelled()) => if heard.is_err() { return },
        }
        drop(connection.await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::oneshot,
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
        let by = Instant::now() + HEAD_TIME;
        tokio::spawn(connection(ours, router, None, None, by, graceful.watcher()));
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

    #[tokio::test(start_paused = true)]
    async fn who_was_answered_may_think_longer_about_his_next_wish() {
        let (mut client, _service) = client();
        let asks = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";
        let mut heard = [0; 512];
        for pause in [0, NEXT_HEAD_TIME.as_secs() - 1] {
            drop(tokio::time::timeout(Duration::from_secs(pause), std::future::pending::<()>()).await);
            client.write_all(asks).await.unwrap();
            let read = client.read(&mut heard).await.unwrap();
            assert!(heard[..read].ends_with(b"done"), "{}", String::from_utf8_lossy(&heard[..read]));
        }
        let answered = Instant::now();
        assert_eq!(client.read(&mut heard).await.unwrap(), 0);
        assert_eq!(answered.elapsed().as_secs(), NEXT_HEAD_TIME.as_secs());
    }

    struct NoClock;

    impl Clock for NoClock {
        fn now(&self) -> palitra_domain::Timestamp {
            palitra_domain::Timestamp::default()
        }

        fn sleep(&self, _: Duration) -> palitra_domain::BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    /// What a client of the whole server hears until it is hung up on, or until the text has come. Each part of what it says is read before
    /// the next one is sent, as far as a client can see to that.
    async fn heard(said: &[&[u8]], until: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let service = tokio::spawn(async move {
            let router = Router::new().fallback(|| async { "done" });
            serve(listener, router, &NoClock, async { drop(stopped.await) }).await;
        });
        let mut client = TcpStream::connect(address).await.unwrap();
        client.set_nodelay(true).unwrap();
        for part in said {
            client.write_all(part).await.unwrap();
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains(until)
            && client.read_buf(&mut heard).await.unwrap_or(0) > 0
        {}
        drop(client);
        stop.send(()).unwrap();
        service.await.unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    }

    #[tokio::test]
    async fn both_kinds_of_http_are_served_however_their_first_word_comes() {
        let one = b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";
        // The preface, empty settings, and a request of the first stream whose header fields are numbers of the static table (RFC 7541, A).
        let two: &[u8] =
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x07\x01\x05\0\0\0\x01\x82\x86\x84\x41\x02me";
        for at in [1, one.len()] {
            let (first, rest) = one.split_at(at);
            let heard = heard(&[first, rest], "done").await;
            assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        }
        for at in [1, two.len()] {
            let (first, rest) = two.split_at(at);
            let heard = heard(&[first, rest], "done").await;
            assert!(heard.contains("done") && !heard.contains("HTTP/1.1"), "{heard}");
        }
    }

    #[tokio::test]
    async fn the_first_word_decides_and_the_connection_does_not_look_again() {
        let heard = heard(&[b"PRI / HTTP/1.1\r\nhost: here\r\n\r\n"], "HTTP/1.1").await;
        assert!(!heard.contains("HTTP/1.1"), "{heard}");
    }
}
