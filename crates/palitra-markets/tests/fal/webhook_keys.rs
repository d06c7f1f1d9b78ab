//! The keys that webhooks are checked with: when they are asked for, where, how long they hold. The rule of the signature is
//! tested beside its code.

use super::*;
use palitra_domain::market::{WebhookHint, WebhookRefused};
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// fal's side: what signs.
fn signer(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).expect("32 bytes")
}

fn jwks(numbers: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let keys = numbers.iter().map(|number| {
        let x = BASE64_URL_SAFE_NO_PAD.encode(signer(*number).public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x})
    });
    json!({"keys": keys.collect::<Vec<_>>()}).to_string()
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// A server of keys: gives the answer it has at the moment, counts, and waits with it while the gate is shut.
struct KeyServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<String>>,
    open: watch::Sender<bool>,
}

impl KeyServer {
    async fn start(answer: String) -> KeyServer {
        let listener = TcpListener::bind(local()).await.expect("a port");
        let server = KeyServer {
            address: listener.local_addr().expect("an address"),
            asked: Arc::default(),
            heads: Arc::default(),
            answer: Arc::new(Mutex::new(answer)),
            open: watch::Sender::new(true),
        };
        let (asked, heads) = (Arc::clone(&server.asked), Arc::clone(&server.heads));
        let (answer, open) = (Arc::clone(&server.answer), server.open.subscribe());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, heads, answer, mut open) =
                    (Arc::clone(&asked), Arc::clone(&heads), Arc::clone(&answer), open.clone());
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    let length = stream.read(&mut buffer).await.unwrap_or(0);
                    heads
                        .lock()
                        .expect("a test")
                        .push(String::from_utf8_lossy(&buffer[..length]).to_lowercase());
                    asked.fetch_add(1, Ordering::SeqCst);
                    if open.wait_for(|open| *open).await.is_err() {
                        return;
                    }
                    let answer = answer.lock().expect("a test").clone();
                    // A client that has read enough closes.
                    drop(stream.write_all(answer.as_bytes()).await);
                });
            }
        });
        server
    }

    fn says(&self, answer: String) {
        *self.answer.lock().expect("a test") = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// The adapter, with nothing but the keys here; its other addresses lead nowhere.
    fn fal(&self) -> Fal {
        Fal::new(FalSettings {
            rest_url: format!("http://{}/behind/a/proxy/", self.address),
            headers: vec![("x-operator".into(), Secret::new("operator-secret"))],
            ..settings("http://127.0.0.1:9".into())
        })
        .expect("good settings")
    }
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

fn earlier(than: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_micros(than.micros() - i64::try_from(by.as_micros()).expect("a short time"))
}

/// A webhook as fal sends it, signed now by this key.
fn signed(number: u8, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
    let body = json!({"request_id": "req-1", "gateway_request_id": "gw-1", "status": "OK", "payload": {}})
        .to_string();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let at = now.micros() / 1_000_000;
    let hash = hex(digest(&SHA256, body.as_bytes()).as_ref());
    let signature = signer(number).sign(format!("req-1\nuser-1\n{at}\n{hash}").as_bytes());
    let headers = [
        ("x-fal-webhook-request-id", "req-1".to_owned()),
        ("x-fal-webhook-user-id", "user-1".to_owned()),
        ("x-fal-webhook-timestamp", at.to_string()),
        ("x-fal-webhook-signature", hex(signature.as_ref())),
    ];
    (headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body.into_bytes())
}

/// `ok`, `untrusted` or `unavailable`.
async fn check(fal: &Fal, number: u8, now: Timestamp) -> &'static str {
    let (headers, body) = signed(number, now);
    match fal.verify_webhook("main", &headers, &body, now).await {
        Ok(note) => {
            assert_eq!((note.request_id.as_str(), note.hint), ("req-1", WebhookHint::Finished));
            "ok"
        }
        Err(WebhookRefused::Untrusted(_)) => "untrusted",
        Err(WebhookRefused::Unavailable(_)) => "unavailable",
        Err(WebhookRefused::Unsupported) => "unsupported",
    }
}

#[tokio::test]
async fn keys_are_asked_for_once_at_the_configured_address_and_without_a_key() {
    let server = KeyServer::start(ok(&jwks(&[1, 2]))).await;
    let fal = server.fal();
    for (number, later) in [(1, 0), (2, 1), (1, 1000), (2, 24 * 3600 - 1)] {
        assert_eq!(check(&fal, number, start().plus(Duration::from_secs(later))).await, "ok");
    }
    assert_eq!(server.asked(), 1);
    let heads = server.heads.lock().expect("a test").clone();
    let [head] = heads.as_slice() else { panic!("{heads:?}") };
    assert!(head.starts_with("get /behind/a/proxy/.well-known/jwks.json http/1.1\r\n"), "{head}");
    assert!(head.contains("x-operator: operator-secret\r\n"), "{head}");
    assert!(!head.contains("authorization") && !head.contains("key-secret"), "{head}");
}

#[tokio::test]
async fn what_needs_no_key_to_be_refused_asks_nobody() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    let fal = server.fal();
    let (headers, body) = signed(1, start());
    for (headers, now) in [
        (&headers[1..], start()),
        (&headers[..3], start()),
        (&headers[..], start().plus(Duration::from_secs(301))),
        (&headers[..], earlier(start(), Duration::from_secs(301))),
    ] {
        let refused = fal.verify_webhook("main", headers, &body, now).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{refused:?}");
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_signature_that_is_not_known_asks_again_once_and_not_twice_in_a_minute() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    let fal = server.fal();
    assert_eq!(check(&fal, 1, start()).await, "ok");
    // fal has changed its keys.
    server.says(ok(&jwks(&[2])));
    let rotated = start().plus(10 * MINUTE);
    assert_eq!(check(&fal, 2, rotated).await, "ok");
    assert_eq!(server.asked(), 2);
    for second in 0..60 {
        let now = rotated.plus(Duration::from_secs(second));
        assert_eq!(check(&fal, 3, now).await, "untrusted");
        // The old key went with the old answer.
        assert_eq!(check(&fal, 1, now).await, "untrusted");
        assert_eq!(check(&fal, 2, now).await, "ok");
    }
    assert_eq!(server.asked(), 2);
    assert_eq!(check(&fal, 3, rotated.plus(MINUTE)).await, "untrusted");
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn keys_end_after_a_day_and_a_failing_server_does_not_end_them_before() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    let fal = server.fal();
    assert_eq!(check(&fal, 1, start()).await, "ok");
    server.says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".into());
    // Somebody's forgery makes it ask, in vain.
    assert_eq!(check(&fal, 9, start().plus(MINUTE)).await, "unavailable");
    assert_eq!(server.asked(), 2);
    let last = start().plus(DAY - Duration::from_secs(1));
    assert_eq!(check(&fal, 1, last).await, "ok");
    assert_eq!(server.asked(), 2);
    for second in [0, 1, 59] {
        assert_eq!(check(&fal, 1, start().plus(DAY + Duration::from_secs(second))).await, "unavailable");
    }
    assert_eq!(server.asked(), 3);
    server.says(ok(&jwks(&[1])));
    assert_eq!(check(&fal, 1, start().plus(DAY + MINUTE)).await, "ok");
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_keys_neither_immortal_nor_unreachable() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    let fal = server.fal();
    let year = 365 * DAY;
    for (count, now) in [
        (1, start()),
        // A clock that is read by several at once, in any order.
        (1, earlier(start(), Duration::from_secs(1))),
        (2, start().plus(year)),
        (3, start()),
        (4, earlier(start(), year)),
        (4, earlier(start(), year)),
        (5, start().plus(MINUTE)),
        (5, start().plus(2 * MINUTE)),
    ] {
        assert_eq!(check(&fal, 1, now).await, "ok");
        assert_eq!(server.asked(), count, "{now:?}");
    }
    // Set back, the clock does not hold a refresh up either.
    server.says(ok(&jwks(&[2])));
    assert_eq!(check(&fal, 2, earlier(start(), year)).await, "ok");
    assert_eq!(server.asked(), 6);
}

#[tokio::test]
async fn answers_that_are_no_keys_change_nothing() {
    let far = format!("http://{}/jwks.json", KeyServer::start(ok(&jwks(&[2]))).await.address);
    let padded = |bytes: usize| {
        let keys = jwks(&[2]);
        ok(&format!("{keys}{}", " ".repeat(bytes - keys.len())))
    };
    for (answer, by_new) in [
        (ok(""), "unavailable"),
        (ok("<html>"), "unavailable"),
        (ok(r#"{"keys": []}"#), "unavailable"),
        (ok(r#"{"keys": [{"kty": "RSA"}]}"#), "unavailable"),
        (ok(&jwks(&[2])).replace("200 OK", "404 Not Found"), "unavailable"),
        (format!("HTTP/1.1 302 Found\r\nlocation: {far}\r\ncontent-length: 0\r\n\r\n"), "unavailable"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{".into(), "unavailable"),
        (String::new(), "unavailable"),
        (padded(64 * 1024 + 1), "unavailable"),
        (padded(64 * 1024), "ok"),
    ] {
        let shown = answer.chars().take(60).collect::<String>();
        let server = KeyServer::start(ok(&jwks(&[1]))).await;
        let fal = server.fal();
        assert_eq!(check(&fal, 1, start()).await, "ok");
        server.says(answer);
        let now = start().plus(MINUTE);
        assert_eq!(check(&fal, 2, now).await, by_new, "{shown}");
        assert_eq!(check(&fal, 1, now).await == "ok", by_new == "unavailable", "{shown}");
        assert_eq!(server.asked(), 2, "{shown}");
    }
}

#[tokio::test]
async fn verifications_at_the_same_time_share_one_fetch() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    server.open.send_replace(false);
    let fal = server.fal();
    // The gate is opened by the last in the row, after all the others have asked.
    let all = futures_util::future::join_all((0..16).map(|_| check(&fal, 1, start())));
    let gate = async { server.open.send_replace(true) };
    let (answers, _) = futures_util::future::join(all, gate).await;
    assert_eq!(answers, ["ok"; 16]);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_fetch_along() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    server.open.send_replace(false);
    let fal = server.fal();
    let mut first = Box::pin(check(&fal, 1, start()));
    let mut second = Box::pin(check(&fal, 1, start()));
    std::future::poll_fn(|context| {
        assert!(first.as_mut().poll(context).is_pending());
        assert!(second.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(first);
    server.open.send_replace(true);
    assert_eq!(second.await, "ok");
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_server_of_keys_that_is_silent_is_given_up() {
    let server = KeyServer::start(ok(&jwks(&[1]))).await;
    server.open.send_replace(false);
    let fal = Fal::new(FalSettings {
        rest_url: format!("http://{}", server.address),
        timeouts: palitra_markets::Timeouts { answer: Duration::from_millis(50), ..Default::default() },
        ..settings("http://127.0.0.1:9".into())
    })
    .expect("good settings");
    assert_eq!(check(&fal, 1, start()).await, "unavailable");
}
