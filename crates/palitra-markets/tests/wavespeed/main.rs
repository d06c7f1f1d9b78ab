//! The WaveSpeedAI adapter against the WaveSpeedAI simulator, over real sockets: what a script makes the market do, and what the adapter
//! makes of it. Time is a clock that only these tests move.

mod files;
mod happy;
mod keys;
mod listing;
mod models;
mod money;
mod poll;
mod simulator;
mod simulator_files;
mod submit;
mod uploads;
mod webhook_secrets;
mod webhooks;

use palitra_domain::{
    BoxFuture, Clock, Timestamp,
    market::{ErrorClass, Market, OutputFile, Outputs, Polled, RemoteRef, Request, Submitted},
    objects::ByteStream,
    secret::Secret,
};
use palitra_markets::wavespeed::{WaveSpeed, WaveSpeedSettings};
use palitra_sim::wavespeed::{WaveSpeedScript, WaveSpeedSim};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

const KEY: &str = "ws-9f8e7d6c-key-secret";

/// Stands still until a test moves it; in a hurry, it jumps over every sleep.
struct StepClock {
    now: watch::Sender<Timestamp>,
    hurry: bool,
}

impl StepClock {
    fn new(hurry: bool) -> Arc<StepClock> {
        let start = Timestamp::from_micros(1_795_000_000_000_000);
        Arc::new(StepClock { now: watch::Sender::new(start), hurry })
    }

    fn advance(&self, duration: Duration) {
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

/// A simulator, an adapter that is pointed at it, and their clock.
struct Bench {
    clock: Arc<StepClock>,
    sim: WaveSpeedSim,
    market: WaveSpeed,
}

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

fn settings(base_url: String) -> WaveSpeedSettings {
    WaveSpeedSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        base_url,
        ..WaveSpeedSettings::default()
    }
}

impl Bench {
    async fn new(script: Value) -> Bench {
        Bench::with(script, false, |_| {}).await
    }

    async fn with(script: Value, hurry: bool, change: impl FnOnce(&mut WaveSpeedSettings)) -> Bench {
        let clock = StepClock::new(hurry);
        let script: WaveSpeedScript = serde_json::from_value(script).expect("a script");
        let sim = WaveSpeedSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>)
            .await
            .expect("a simulator");
        let mut settings = settings(format!("http://{}", sim.address()));
        change(&mut settings);
        let market = WaveSpeed::new(settings).expect("good settings");
        Bench { clock, sim, market }
    }

    /// One rule and nothing else.
    async fn rule(rule: Value) -> Bench {
        Bench::new(json!({"rules": [rule]})).await
    }

    async fn submit(&self, prompt: &str) -> Submitted {
        self.market.submit("main", &picture(prompt)).await
    }

    async fn accepted(&self, prompt: &str) -> RemoteRef {
        match self.submit(prompt).await {
            Submitted::Accepted(remote) => remote,
            other => panic!("not accepted: {other:?}"),
        }
    }

    async fn poll(&self, remote: &RemoteRef) -> Polled {
        self.market.poll("main", remote).await
    }

    fn a_minute_passes(&self) {
        self.clock.advance(Duration::from_secs(60));
    }

    /// A picture from submission to its link.
    async fn made(&self, prompt: &str) -> String {
        let remote = self.accepted(prompt).await;
        self.a_minute_passes();
        link_of(&outputs(self.poll(&remote).await))
    }
}

fn picture(prompt: &str) -> Request {
    Request {
        generation: "gen_1".into(),
        attempt: 1,
        model: "wavespeed-ai/flux-dev".into(),
        mode: "create".into(),
        input: json!({"prompt": prompt, "size": "320*256", "seed": 7}),
        files: Vec::new(),
        spool: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    }
}

/// The face of one picture into another.
fn face_swap(image: &str, face_image: &str) -> Request {
    Request {
        model: "wavespeed-ai/image-face-swap".into(),
        mode: "swap_face".into(),
        input: json!({"image": image, "face_image": face_image, "target_index": 0, "output_format": "png"}),
        ..picture("")
    }
}

fn outputs(polled: Polled) -> Outputs {
    match polled {
        Polled::Done(outputs) => outputs,
        other => panic!("not done: {other:?}"),
    }
}

fn link_of(outputs: &Outputs) -> String {
    match outputs.files.as_slice() {
        [OutputFile::Link(link)] => link.clone(),
        other => panic!("not one link: {other:?}"),
    }
}

/// `Refused(Auth)`, `Unknown(Protocol)`, …
fn show_submitted(submitted: &Submitted) -> String {
    match submitted {
        Submitted::Accepted(_) => "Accepted".into(),
        Submitted::Done(_) => "Done".into(),
        Submitted::Refused(error) => format!("Refused({:?})", error.class),
        Submitted::Unknown(error) => format!("Unknown({:?})", error.class),
    }
}

/// `Pending`, `Failed(Timeout)`, …
fn show(polled: &Polled) -> String {
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
async fn read(mut stream: ByteStream) -> Result<Vec<u8>, std::io::ErrorKind> {
    use futures_util::StreamExt;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| error.kind())?);
    }
    Ok(bytes)
}

/// The class with which a link is refused.
async fn refused(market: &WaveSpeed, link: &str) -> ErrorClass {
    market.fetch(link).await.err().unwrap_or_else(|| panic!("{link} was opened")).class
}

/// Somebody else's server: answers 200 with nothing and remembers every request as it came.
struct Stranger {
    address: SocketAddr,
    heard: mpsc::UnboundedReceiver<String>,
}

impl Stranger {
    async fn start() -> Stranger {
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

    fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything heard so far.
    fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

/// The base of a server that answers everything with this body.
async fn says(body: &str) -> String {
    let listener = TcpListener::bind(local()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 64 * 1024];
            assert!(stream.read(&mut buffer).await.expect("a request") > 0);
            stream.write_all(answer.as_bytes()).await.expect("a listening client");
        }
    });
    format!("http://{address}")
}

/// One plain HTTP call, for talking to the simulator without the adapter. Status, headers and body.
async fn ask(address: SocketAddr, head: &str, headers: &str, body: &str) -> (u16, String, Value) {
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
