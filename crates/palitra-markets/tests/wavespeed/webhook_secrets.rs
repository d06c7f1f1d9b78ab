//! The secrets that webhooks are checked with: when they are asked for, where, how long they hold. The rule of the signature is
//! tested beside its code.

use super::*;
use palitra_domain::{
    market::{WebhookHint, WebhookRefused},
    recipe::hex,
};
use ring::hmac;
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// The answer with this secret.
fn secret(text: &str) -> String {
    ok(&json!({"code": 200, "message": "success", "data": {"secret": format!("whsec_{text}")}}).to_string())
}

/// A server of secrets: gives the answer it has at the moment, counts, and waits with it while the gate is shut.
struct SecretServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<String>>,
    open: watch::Sender<bool>,
}

impl SecretServer {
    async fn start(answer: String) -> SecretServer {
        let listener = TcpListener::bind(local()).await.expect("a port");
        let server = SecretServer {
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

    /// The adapter with two keys.
    fn market(&self) -> WaveSpeed {
        let mut settings = settings(format!("http://{}/behind/a/proxy/", self.address));
        settings.keys.push(("second".into(), Secret::new("ws-another-key")));
        settings.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        WaveSpeed::new(settings).expect("good settings")
    }
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

/// A webhook as WaveSpeedAI sends it, signed now with this secret.
fn signed(secret: &str, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>) {
    let body = json!({"id": "task-1", "status": "completed", "outputs": []}).to_string();
    let at = now.micros() / 1_000_000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hex(hmac::sign(&key, format!("msg-1.{at}.{body}").as_bytes()).as_ref());
    let headers = [
        ("webhook-id", "msg-1".to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", format!("v3,{signature}")),
    ];
    (headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body.into_bytes())
}

/// `ok`, `untrusted` or `unavailable`.
async fn check_for(market: &WaveSpeed, label: &str, secret: &str, now: Timestamp) -> &'static str {
    let (headers, body) = signed(secret, now);
    match market.verify_webhook(label, &headers, &body, now).await {
        Ok(note) => {
            assert_eq!((note.request_id.as_str(), note.hint), ("task-1", WebhookHint::Finished));
            "ok"
        }
        Err(WebhookRefused::Untrusted(_)) => "untrusted",
        Err(WebhookRefused::Unavailable(why)) => {
            assert!(!why.contains("whsec") && !why.contains("two") && !why.contains("key-secret"), "{why}");
            "unavailable"
        }
        Err(WebhookRefused::Unsupported) => "unsupported",
    }
}

async fn check(market: &WaveSpeed, secret: &str, now: Timestamp) -> &'static str {
    check_for(market, "main", secret, now).await
}

#[tokio::test]
async fn a_secret_is_asked_for_once_at_the_configured_address_with_its_key() {
    let server = SecretServer::start(secret("one")).await;
    let market = server.market();
    for later in [0, 1, 1000, 24 * 3600 - 1] {
        assert_eq!(check(&market, "one", start().plus(Duration::from_secs(later))).await, "ok");
    }
    assert_eq!(server.asked(), 1);
    // The second key has a secret of its own.
    server.says(secret("two"));
    assert_eq!(check_for(&market, "second", "two", start()).await, "ok");
    assert_eq!(check(&market, "one", start()).await, "ok");
    let heads = server.heads.lock().expect("a test").clone();
    let [first, second] = heads.as_slice() else { panic!("{heads:?}") };
    for (head, key) in [(first, KEY), (second, "ws-another-key")] {
        assert!(head.starts_with("get /behind/a/proxy/api/v3/webhook/secret http/1.1\r\n"), "{head}");
        assert!(head.contains("x-operator: operator-secret\r\n"), "{head}");
        assert!(head.contains(&format!("authorization: bearer {key}\r\n")), "{head}");
    }
}

#[tokio::test]
async fn what_needs_no_secret_to_be_refused_asks_nobody() {
    let server = SecretServer::start(secret("one")).await;
    let market = server.market();
    let (headers, body) = signed("one", start());
    for (headers, now) in [
        (&headers[1..], start()),
        (&headers[..2], start()),
        (&headers[..], start().plus(Duration::from_secs(301))),
        (&headers[..], start().minus(Duration::from_secs(301))),
    ] {
        let refused = market.verify_webhook("main", headers, &body, now).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{refused:?}");
    }
    // A key that is gone has no secret to ask for.
    assert_eq!(check_for(&market, "gone", "one", start()).await, "unavailable");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_signature_that_is_not_known_asks_again_once_and_not_twice_in_a_minute() {
    let server = SecretServer::start(secret("one")).await;
    let market = server.market();
    assert_eq!(check(&market, "one", start()).await, "ok");
    // The operator has regenerated the secret.
    server.says(secret("two"));
    let rotated = start().plus(10 * MINUTE);
    assert_eq!(check(&market, "two", rotated).await, "ok");
    assert_eq!(server.asked(), 2);
    for second in 0..60 {
        let now = rotated.plus(Duration::from_secs(second));
        assert_eq!(check(&market, "three", now).await, "untrusted");
        // The old secret went with the old answer.
        assert_eq!(check(&market, "one", now).await, "untrusted");
        assert_eq!(check(&market, "two", now).await, "ok");
    }
    assert_eq!(server.asked(), 2);
    assert_eq!(check(&market, "three", rotated.plus(MINUTE)).await, "untrusted");
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn a_secret_ends_after_a_day_and_a_failing_server_does_not_end_it_before() {
    let server = SecretServer::start(secret("one")).await;
    let market = server.market();
    assert_eq!(check(&market, "one", start()).await, "ok");
    server.says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".into());
    // Somebody's forgery makes it ask, in vain.
    assert_eq!(check(&market, "nine", start().plus(MINUTE)).await, "unavailable");
    assert_eq!(server.asked(), 2);
    let last = start().plus(DAY - Duration::from_secs(1));
    assert_eq!(check(&market, "one", last).await, "ok");
    assert_eq!(server.asked(), 2);
    for second in [0, 1, 59] {
        let now = start().plus(DAY + Duration::from_secs(second));
        assert_eq!(check(&market, "one", now).await, "unavailable");
    }
    assert_eq!(server.asked(), 3);
    server.says(secret("one"));
    assert_eq!(check(&market, "one", start().plus(DAY + MINUTE)).await, "ok");
    assert_eq!(server.asked(), 4);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_a_secret_neither_immortal_nor_unreachable() {
    let server = SecretServer::start(secret("one")).await;
    let market = server.market();
    let year = 365 * DAY;
    for (count, now) in [
        (1, start()),
        // A clock that is read by several at once, in any order.
        (1, start().minus(Duration::from_secs(1))),
        (2, start().plus(year)),
        (3, start()),
        (4, start().minus(year)),
        (4, start().minus(year)),
        (5, start().plus(MINUTE)),
        (5, start().plus(2 * MINUTE)),
    ] {
        assert_eq!(check(&market, "one", now).await, "ok");
        assert_eq!(server.asked(), count, "{now:?}");
    }
}

#[tokio::test]
async fn answers_that_hold_no_secret_change_nothing_and_are_not_repeated_to_anybody() {
    let far = format!("http://{}/secret", SecretServer::start(secret("two")).await.address);
    let data = |data: Value| ok(&json!({"code": 200, "data": data}).to_string());
    for answer in [
        ok(""),
        ok("<html>"),
        ok("{}"),
        data(json!(null)),
        data(json!({"secret": ""})),
        data(json!({"secret": "whsec_"})),
        data(json!({"secret": ["whsec_two"]})),
        data(json!("whsec_two")),
        data(json!({"secret": "x".repeat(1000)})),
        ok(r#"{"code": 403, "message": "whsec_two", "data": {"secret": "whsec_two"}}"#),
        secret("two").replace("200 OK", "404 Not Found"),
        format!("HTTP/1.1 302 Found\r\nlocation: {far}\r\ncontent-length: 0\r\n\r\n"),
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{".into(),
        String::new(),
    ] {
        let shown = answer.chars().take(80).collect::<String>();
        let server = SecretServer::start(secret("one")).await;
        let market = server.market();
        assert_eq!(check(&market, "one", start()).await, "ok");
        server.says(answer);
        let now = start().plus(MINUTE);
        assert_eq!(check(&market, "two", now).await, "unavailable", "{shown}");
        assert_eq!(check(&market, "one", now).await, "ok", "{shown}");
        assert_eq!(server.asked(), 2, "{shown}");
    }
}

#[tokio::test]
async fn verifications_at_the_same_time_share_one_fetch() {
    let server = SecretServer::start(secret("one")).await;
    server.open.send_replace(false);
    let market = server.market();
    // The gate is opened by the last in the row, after all the others have asked.
    let all = futures_util::future::join_all((0..16).map(|_| check(&market, "one", start())));
    let gate = async { server.open.send_replace(true) };
    let (answers, _) = futures_util::future::join(all, gate).await;
    assert_eq!(answers, ["ok"; 16]);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_fetch_along() {
    let server = SecretServer::start(secret("one")).await;
    server.open.send_replace(false);
    let market = server.market();
    let mut first = Box::pin(check(&market, "one", start()));
    let mut second = Box::pin(check(&market, "one", start()));
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
async fn a_server_of_secrets_that_is_silent_is_given_up() {
    let server = SecretServer::start(secret("one")).await;
    server.open.send_replace(false);
    let mut settings = settings(format!("http://{}", server.address));
    settings.timeouts.answer = Duration::from_millis(50);
    let market = WaveSpeed::new(settings).expect("good settings");
    assert_eq!(check(&market, "one", start()).await, "unavailable");
}

#[tokio::test]
async fn a_regenerated_secret_is_learned_from_the_market() {
    let bench = Bench::new(json!({})).await;
    for asked in [1, 2] {
        let mut stranger = Stranger::start().await;
        let webhook = Some(format!("{}/hook", stranger.base()));
        let request = Request { webhook, ..picture("a cat") };
        assert_eq!(show_submitted(&bench.market.submit("main", &request).await), "Accepted");
        bench.a_minute_passes();
        bench.sim.delivered(asked).await;
        let [came] = stranger.heard().try_into().expect("one webhook");
        let (head, body) = came.split_once("\r\n\r\n").expect("head and body");
        let headers: Vec<(String, String)> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let now = bench.clock.now();
        let verified = bench.market.verify_webhook("main", &headers, body.as_bytes(), now).await;
        assert!(verified.is_ok(), "{verified:?}");
        assert_eq!(bench.sim.log().secrets, u64::try_from(asked).expect("small"));
        bench.sim.rotate_secrets();
    }
}
