//! What every test of a market needs: a market under test (`bench`), servers that are not the market's (`parrot`, `gate`, a [`Stranger`]), objects
//! in memory (`shelf`), a clock that only tests move, words for outcomes, plain HTTP.

pub(crate) mod bench;
pub(crate) mod gate;
pub(crate) mod parrot;
pub(crate) mod shelf;

use palitra_domain::{
    BoxFuture, Clock, Timestamp,
    market::{InputFile, OutputFile, Outputs, Polled, Request, Submitted},
    objects::ByteStream,
};
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

/// Stands still until a test moves it; in a hurry, it jumps over every sleep.
pub(crate) struct StepClock {
    now: watch::Sender<Timestamp>,
    hurry: bool,
}

impl StepClock {
    pub(crate) fn new(hurry: bool) -> Arc<StepClock> {
        Arc::new(StepClock { now: watch::Sender::new(StepClock::start()), hurry })
    }

    /// Where every clock starts.
    pub(crate) fn start() -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000)
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| *now = now.plus(duration));
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.now().plus(duration);
        if self.hurry {
            self.advance(duration);
        }
        let mut now = self.now.subscribe();
        Box::pin(async move {
            now.wait_for(|now| *now >= until).await.expect("the clock outlives its sleepers");
        })
    }
}

pub(crate) fn local() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

pub(crate) fn outputs(polled: Polled) -> Outputs {
    match polled {
        Polled::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn link_of(outputs: &Outputs) -> String {
    match outputs.files.as_slice() {
        [OutputFile::Link(link)] => link.clone(),
        other => panic!("not one link: {other:?}"),
    }
}

/// `Refused(Auth)`, `Unknown(Protocol)`, …
pub(crate) fn show_submitted(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Accepted(_) => "Accepted".into(),
        Submitted::Done(_) => "Done".into(),
        Submitted::Refused(error) => format!("Refused({:?})", error.class),
        Submitted::Unknown(error) => format!("Unknown({:?})", error.class),
    }
}

/// `Pending`, `Failed(Timeout)`, …
pub(crate) fn show(polled: &Polled) -> String {
    match polled {
        Polled::Pending { .. } => "Pending".into(),
        Polled::Done(_) => "Done".into(),
        Polled::Failed(error) => format!("Failed({:?})", error.class),
        Polled::Cancelled => "Cancelled".into(),
        Polled::NotFound => "NotFound".into(),
        Polled::Unreachable(error) => format!("Unreachable({:?})", error.class),
    }
}

/// The whole stream, or the kind of the error it ended with.
pub(crate) async fn read(mut stream: ByteStream) -> Result<Vec<u8>, std::io::ErrorKind> {
    use futures_util::StreamExt;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| error.kind())?);
    }
    Ok(bytes)
}

/// Somebody else's server: answers 200 with nothing and remembers every request as it came.
pub(crate) struct Stranger {
    pub(crate) address: SocketAddr,
    heard: mpsc::UnboundedReceiver<String>,
}

impl Stranger {
    pub(crate) async fn start() -> Stranger {
        let listener = TcpListener::bind(local()).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 64 * 1024];
                let length = stream.read(&mut buffer).await.unwrap_or(0);
                if tell.send(String::from_utf8_lossy(&buffer[..length]).into_owned()).is_err() {
                    return;
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.expect("a listening client");
            }
        });
        Stranger { address, heard }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The one request that was heard, in lower case.
    pub(crate) fn heard_once(&mut self) -> String {
        let [request] = self.heard().try_into().expect("one request");
        request.to_lowercase()
    }

    /// Nothing that speaks for the operator came with a request.
    pub(crate) fn knows_nothing(request: &str) {
        for secret in ["authorization", "x-api-key", "key-secret", "operator", "cookie", "referer"] {
            assert!(!request.contains(secret), "{secret} in {request}");
        }
    }

    /// Everything heard so far.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

/// One plain HTTP call, for talking to the simulator without the adapter. Status, headers and body.
pub(crate) async fn ask(address: SocketAddr, head: &str, headers: &str, body: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Width and height of a PNG.
pub(crate) fn sides(bytes: &[u8]) -> (u32, u32) {
    assert_eq!(palitra_domain::media_type::sniff(bytes).map(|media| media.extension), Some("png"));
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

/// An input file of 300 × 200; a header is all that the simulators read.
pub(crate) fn png(id: &str) -> InputFile {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend([0, 0, 1, 44, 0, 0, 0, 200]);
    InputFile { id: id.into(), mime: "image/png".into(), extension: "png".into(), bytes: bytes.into() }
}

/// A request without files, for a market of its own.
pub(crate) fn request(mode: &str, model: &str, input: Value) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: model.into(),
        mode: mode.into(),
        input,
        files: Vec::new(),
        spool: None,
        early: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}
