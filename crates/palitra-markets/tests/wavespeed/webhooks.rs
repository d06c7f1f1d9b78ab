//! Webhooks: registering an address with a submission, what the market then sends there, and telling which work it is about.

use super::*;
use palitra_domain::market::{WebhookHint, WebhookNote, WebhookRefused};

/// A webhook as it came.
struct Came {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Came {
    fn read(request: &str) -> Came {
        let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
        assert!(head.starts_with("POST /hooks/wavespeed/1/t "), "{head}");
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Came { headers, body: body.as_bytes().to_vec() }
    }
}

/// Work whose webhook goes to a stranger, and what came there: after its end, or before any time has passed.
async fn delivered(bench: &Bench, prompt: &str, count: usize, early: bool) -> (RemoteRef, Vec<Came>) {
    let mut stranger = Stranger::start().await;
    let webhook = Some(format!("{}/hooks/wavespeed/1/t", stranger.base()));
    let request = Request { webhook, ..picture(prompt) };
    let before = bench.sim.log().deliveries.len();
    let Submitted::Accepted(remote) = bench.market.submit("main", &request).await else {
        panic!("not accepted")
    };
    if !early {
        bench.a_minute_passes();
    }
    let log = bench.sim.delivered(before + count).await;
    assert!(log.deliveries[before..].iter().all(|delivery| delivery.status == Some(200)), "{log:?}");
    (remote, stranger.heard().iter().map(|request| Came::read(request)).collect())
}

async fn verify(bench: &Bench, came: &Came) -> Result<WebhookNote, WebhookRefused> {
    bench.market.verify_webhook("main", &came.headers, &came.body, bench.clock.now()).await
}

#[tokio::test]
async fn the_end_of_work_is_reported_signed_and_found() {
    let rules = json!([
        {"on": "submit", "match_prompt": "doomed", "fault": "fail"},
        {"on": "submit", "match_prompt": "stopped", "fault": "fail", "status": "cancelled"},
    ]);
    let bench = Bench::new(json!({"rules": rules})).await;
    for (prompt, hint, wanted) in [
        ("a cat", WebhookHint::Finished, "Done"),
        ("doomed", WebhookHint::Failed, "Failed(GenerationFailed)"),
        ("stopped", WebhookHint::Failed, "Cancelled"),
    ] {
        let (remote, came) = delivered(&bench, prompt, 1, false).await;
        let [came] = came.as_slice() else { panic!("one webhook") };
        let note = verify(&bench, came).await.expect("the market's");
        assert_eq!((note.hint, bench.market.is_about(&note, &remote)), (hint, true), "{prompt}");
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{prompt}");
        // The record itself, without an envelope, and with the input.
        let body: Value = serde_json::from_slice(&came.body).expect("JSON");
        assert_eq!((&body["id"], &body["input"]["prompt"]), (&json!(note.request_id), &json!(prompt)));
    }
    // The secret of the key is asked for once.
    assert_eq!(bench.sim.log().secrets, 1);
}

#[tokio::test]
async fn forged_stale_and_foreign_webhooks_are_not_trusted_and_double_ones_say_the_same_twice() {
    for (fault, count, trusted) in
        [("forged", 1, false), ("stale", 1, false), ("wrong_key", 1, false), ("duplicate", 2, true)]
    {
        let bench = Bench::rule(json!({"on": "webhook", "fault": fault})).await;
        let (remote, came) = delivered(&bench, "a cat", count, false).await;
        assert_eq!(came.len(), count, "{fault}");
        for came in &came {
            match verify(&bench, came).await {
                Ok(note) => assert!(trusted && bench.market.is_about(&note, &remote), "{fault}"),
                Err(WebhookRefused::Untrusted(_)) => assert!(!trusted, "{fault}"),
                Err(other) => panic!("{fault}: {other}"),
            }
        }
        // Whatever came, the work is what the record says.
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{fault}");
    }
}

#[tokio::test]
async fn a_good_webhook_that_was_altered_or_kept_is_not_trusted_any_more() {
    let bench = Bench::new(json!({})).await;
    let (_, came) = delivered(&bench, "a cat", 1, false).await;
    let [came] = came.as_slice() else { panic!("one webhook") };
    let mut altered = came.body.clone();
    altered.push(b' ');
    let now = bench.clock.now();
    for (headers, body, now) in [
        (&came.headers[..], &altered[..], now),
        (&[], &came.body[..], now),
        (&came.headers[..], &came.body[..], now.plus(Duration::from_secs(301))),
        (&came.headers[..], &came.body[..], now.minus(Duration::from_secs(361))),
    ] {
        let refused = bench.market.verify_webhook("main", headers, body, now).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{refused:?}");
    }
    assert!(verify(&bench, came).await.is_ok());
}

#[tokio::test]
async fn a_webhook_before_the_end_changes_nothing_but_the_moment_of_the_look() {
    let bench = Bench::rule(json!({"on": "webhook", "fault": "early"})).await;
    let (remote, came) = delivered(&bench, "a cat", 1, true).await;
    let note = verify(&bench, &came[0]).await.expect("the market's");
    assert_eq!(note.hint, WebhookHint::Finished);
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn a_note_belongs_to_the_work_with_its_id_and_finds_work_that_never_told() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
    let note = |id: &str| WebhookNote {
        request_id: id.into(),
        gateway_request_id: None,
        hint: WebhookHint::Finished,
    };
    let ours = note(stored["id"].as_str().expect("an id"));
    assert!(bench.market.is_about(&ours, &remote));
    assert!(!bench.market.is_about(&note("another"), &remote));
    assert!(!bench.market.is_about(&ours, &RemoteRef("{}".into())));
    // Only the note is left of this submission: that is enough to look and to fetch; what it cost is not known.
    let found = bench.market.reference("wavespeed-ai/flux-dev", &ours).expect("a reference");
    assert!(bench.market.is_about(&ours, &found));
    bench.a_minute_passes();
    assert_eq!(outputs(bench.poll(&found).await).cost, None);
    for id in ["", "..", &"x".repeat(300)] {
        assert_eq!(bench.market.reference("wavespeed-ai/flux-dev", &note(id)), None, "{id}");
    }
}

#[tokio::test]
async fn a_webhook_is_registered_with_the_submission_when_it_is_an_address() {
    for (webhook, sent) in [
        (None, None),
        (
            Some("https://pal.example/hooks/wavespeed/att_1/t0k-_~en?a=1&b=%2F#c d"),
            Some("https://pal.example/hooks/wavespeed/att_1/t0k-_~en?a=1&b=%2F#c%20d"),
        ),
        (Some("http://pal.example:8000/hooks/1/t"), Some("http://pal.example:8000/hooks/1/t")),
        (Some("/hooks/wavespeed/1/t"), None),
        (Some("pal.example/hooks"), None),
        (Some("//pal.example/hooks"), None),
        (Some("ftp://pal.example/hooks"), None),
        (Some("javascript:alert(1)"), None),
        (Some("https://"), None),
        (Some(""), None),
    ] {
        let bench = Bench::new(json!({})).await;
        let request = Request { webhook: webhook.map(str::to_owned), ..picture("a cat") };
        assert_eq!(show_submitted(&bench.market.submit("main", &request).await), "Accepted", "{webhook:?}");
        let log = bench.sim.log();
        assert_eq!(log.submissions[0].webhook.as_deref(), sent, "{webhook:?}");
    }
}
