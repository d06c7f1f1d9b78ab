//! Callbacks: registering an address, believing what is signed, telling which work a note is about. The rule of the signature is
//! tested beside its code.

use super::*;
use palitra_domain::market::{WebhookHint, WebhookNote, WebhookRefused};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

/// A callback as it came.
struct Callback {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Takes callbacks in as the engine's door does, and hands them on as they came.
struct Door {
    address: std::net::SocketAddr,
    came: mpsc::UnboundedReceiver<Callback>,
}

impl Door {
    async fn open() -> Door {
        let listener = TcpListener::bind(local()).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (tell, came) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = Vec::new();
                let mut buffer = vec![0; 64 * 1024];
                let callback = loop {
                    let length = stream.read(&mut buffer).await.expect("a callback");
                    text.extend_from_slice(&buffer[..length]);
                    if let Some(callback) = whole(&text) {
                        break callback;
                    }
                    assert!(length > 0, "a whole callback");
                };
                tell.send(callback).expect("somebody waits");
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("a simulator");
            }
        });
        Door { address, came }
    }

    fn url(&self) -> String {
        format!("http://{}/hooks/kie/gen_1.1/token", self.address)
    }

    async fn next(&mut self) -> Callback {
        self.came.recv().await.expect("a callback")
    }
}

/// Headers and body, when all of it has come.
fn whole(text: &[u8]) -> Option<Callback> {
    let end = text.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&text[..end]).expect("text");
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse::<usize>().ok()?;
    let body = &text[end + 4..];
    (body.len() == length).then(|| Callback { headers, body: body.to_vec() })
}

impl Bench {
    async fn called_back(&self, door: &Door, prompt: &str) -> RemoteRef {
        let request = Request { webhook: Some(door.url()), ..picture(prompt) };
        accepted(self.kie.submit("main", &request).await)
    }

    async fn check(&self, callback: &Callback) -> Result<WebhookNote, WebhookRefused> {
        self.kie.verify_webhook("main", &callback.headers, &callback.body, self.clock.now()).await
    }
}

fn script(rules: Value) -> Value {
    json!({"webhook_key": WEBHOOK_KEY, "rules": rules})
}

#[tokio::test]
async fn s3_36_a_signed_callback_is_a_note_about_its_work() {
    for (rules, hint) in [
        (json!([]), WebhookHint::Finished),
        (json!([{"on": "submit", "fault": "fail", "code": "501"}]), WebhookHint::Failed),
    ] {
        let (bench, mut door) = (Bench::new(script(rules)).await, Door::open().await);
        let remote = bench.called_back(&door, "a cat").await;
        let other = bench.accepted("a dog").await;
        bench.clock.advance(Duration::from_millis(300));
        let note = bench.check(&door.next().await).await.expect("signed");
        assert_eq!(note, WebhookNote { request_id: task_id(&remote), gateway_request_id: None, hint });
        assert!(bench.kie.is_about(&note, &remote) && !bench.kie.is_about(&note, &other));
        assert!(!bench.kie.is_about(&note, &RemoteRef("{}".into())));
        let log = bench.sim.delivered(1).await;
        assert_eq!(log.deliveries[0].status, Some(200));
    }
}

#[tokio::test]
async fn s3_36_what_is_forged_altered_stale_or_unsigned_is_not_trusted() {
    for fault in ["forged", "stale", "unsigned", "wrong_key"] {
        let rules = json!([{"on": "webhook", "fault": fault}]);
        let (bench, mut door) = (Bench::new(script(rules)).await, Door::open().await);
        bench.called_back(&door, "a cat").await;
        bench.clock.advance(Duration::from_millis(300));
        let refused = bench.check(&door.next().await).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{fault}: {refused:?}");
    }
}

/// Nothing in a callback is a result: the record is the truth, whatever came, twice or too early.
#[tokio::test]
async fn s3_36_callbacks_come_twice_too_early_or_never_and_the_record_is_the_truth() {
    let twice = json!([{"on": "webhook", "fault": "duplicate"}]);
    let (bench, mut door) = (Bench::new(script(twice)).await, Door::open().await);
    let remote = bench.called_back(&door, "a cat").await;
    bench.clock.advance(Duration::from_millis(300));
    for _ in 0..2 {
        let note = bench.check(&door.next().await).await.expect("signed");
        assert!(bench.kie.is_about(&note, &remote));
    }
    let early = json!([{"on": "webhook", "fault": "early"}]);
    let (bench, mut door) = (Bench::new(script(early)).await, Door::open().await);
    let remote = bench.called_back(&door, "a cat").await;
    let note = bench.check(&door.next().await).await.expect("signed");
    assert_eq!(note.hint, WebhookHint::Finished);
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn s3_36_a_note_finds_work_that_never_told() {
    let lost = json!([{"on": "submit", "fault": "drop_after"}]);
    let (bench, mut door) = (Bench::new(script(lost)).await, Door::open().await);
    let request = Request { webhook: Some(door.url()), ..picture("a cat") };
    assert_eq!(show_submitted(&bench.kie.submit("main", &request).await), "Unknown(Unavailable)");
    bench.clock.advance(Duration::from_millis(300));
    let note = bench.check(&door.next().await).await.expect("signed");
    // Only the note is left of this submission: that is enough to look and to fetch.
    let found = bench.kie.reference("google/nano-banana", &note).expect("a reference");
    assert!(bench.kie.is_about(&note, &found));
    assert_eq!(show(&bench.poll(&found).await), "Done");
    let nobody = WebhookNote { request_id: String::new(), ..note };
    assert_eq!(bench.kie.reference("google/nano-banana", &nobody), None);
}

/// KIE has no call that finds a task by a mark of ours.
#[tokio::test]
async fn there_is_no_look_up() {
    use palitra_domain::market::{Found, Marker};
    let bench = Bench::new(json!({})).await;
    bench.accepted("a cat").await;
    let marker = Marker {
        generation: "gen_1".into(),
        attempt: 1,
        model: "google/nano-banana".into(),
        opened_at: bench.clock.now(),
    };
    assert!(matches!(bench.kie.find("main", &marker).await, Found::Unsupported));
}

/// Without the account's key KIE does not sign: then nothing is asked for and nothing believed.
#[tokio::test]
async fn s3_36_callbacks_are_asked_for_only_when_every_key_can_check_them() {
    let keys = |labels: &[&str]| {
        labels.iter().map(|label| ((*label).to_owned(), Secret::new(WEBHOOK_KEY))).collect()
    };
    for (webhook_keys, asked) in
        [(keys(&["main", "spare"]), true), (keys(&["spare"]), false), (keys(&[]), false)]
    {
        let bench = Bench::with(json!({}), false, |settings: &mut KieSettings| {
            settings.keys.push(("spare".into(), Secret::new("another-kie-key")));
            settings.webhook_keys = webhook_keys;
        })
        .await;
        assert_eq!(bench.kie.capabilities().webhooks, asked);
        let address = "https://pal.example/hooks/kie/1/t";
        let request = Request { webhook: Some(address.into()), ..picture("a cat") };
        for key in ["main", "spare"] {
            accepted(bench.kie.submit(key, &request).await);
        }
        for submission in bench.sim.log().submissions {
            assert_eq!(submission.webhook.as_deref(), asked.then_some(address));
        }
    }
    let bench = Bench::with(json!({}), false, |settings| settings.webhook_keys.clear()).await;
    let refused = bench.kie.verify_webhook("main", &[], b"{}", bench.clock.now()).await;
    assert_eq!(refused, Err(WebhookRefused::Unsupported));
}
