//! Callbacks: registering an address, believing what is signed, telling which work a note is about. Nothing in a callback is a result: the
//! record is the truth, whatever came, twice or too early. The rule of each signature is tested beside its code.

use super::{CallsBack, rules};
use crate::stage::{
    Stranger,
    bench::{Bench, Simulator, accepted},
    show, show_submitted,
};
use palitra_domain::{
    Clock,
    market::{Market, RemoteRef, Request, WebhookHint, WebhookNote, WebhookRefused},
};
use serde_json::{Value, json};
use std::time::Duration;

rules!([fal, kie, wavespeed]:
    s3_36_the_end_of_work_is_reported_signed_and_found,
    s3_36_what_is_forged_or_foreign_is_not_trusted_and_what_comes_twice_says_the_same_twice,
    s3_36_a_good_callback_that_was_altered_or_kept_is_not_trusted_any_more,
    s3_36_a_callback_before_the_end_changes_nothing_but_the_moment_of_the_look,
    s3_36_a_note_belongs_to_the_work_with_its_id_and_finds_work_that_never_told,
    a_callback_is_registered_with_the_submission_when_it_is_an_address,
);

/// A callback as it came.
struct Came {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Came {
    fn read(request: &str) -> Came {
        let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
        assert!(head.starts_with("POST /hooks/m/1/t "), "{head}");
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Came { headers, body: body.as_bytes().to_vec() }
    }
}

async fn bench<S: CallsBack>(rules: Value) -> Bench<S> {
    let mut script = S::signing();
    script["rules"] = rules;
    Bench::new(script).await
}

/// Submits, lets the work end unless it is `early`, and what came then.
async fn called<S: CallsBack>(
    bench: &Bench<S>,
    stranger: &mut Stranger,
    prompt: &str,
    count: usize,
    early: bool,
) -> (String, Vec<Came>) {
    let webhook = Some(format!("{}/hooks/m/1/t", stranger.base()));
    let submitted = bench.submit(&Request { webhook, ..S::asking(prompt) }).await;
    let before = bench.sim.log().deliveries.len();
    if !early {
        bench.a_minute_passes();
    }
    let log = bench.sim.delivered(before + count).await;
    assert!(log.deliveries[before..].iter().all(|delivery| delivery.status == Some(200)), "{log:?}");
    let came: Vec<Came> = stranger.heard().iter().map(|request| Came::read(request)).collect();
    assert_eq!(came.len(), count);
    let reference = match submitted {
        palitra_domain::market::Submitted::Accepted(remote) => remote.0,
        other => show_submitted(&other),
    };
    (reference, came)
}

async fn verified<S: CallsBack>(bench: &Bench<S>, came: &Came) -> Result<WebhookNote, WebhookRefused> {
    bench.market.verify_webhook("main", &came.headers, &came.body, bench.clock.now()).await
}

async fn s3_36_the_end_of_work_is_reported_signed_and_found<S: CallsBack>() {
    let (fault, wanted) = S::doomed();
    let mut rule = crate::stage::bench::on("submit", &fault);
    rule["match_prompt"] = json!("doomed");
    let bench = bench::<S>(json!([rule])).await;
    let other = bench.accepted("a dog").await;
    let mut stranger = Stranger::start().await;
    for (prompt, hint, wanted) in
        [("a cat", WebhookHint::Finished, "Done"), ("doomed", WebhookHint::Failed, wanted)]
    {
        let (reference, came) = called(&bench, &mut stranger, prompt, 1, false).await;
        let remote = RemoteRef(reference);
        let note = verified(&bench, &came[0]).await.expect("the market's");
        assert_eq!((note.hint, note.request_id.as_str()), (hint, S::id_of(&remote).as_str()), "{prompt}");
        assert!(bench.market.is_about(&note, &remote) && !bench.market.is_about(&note, &other));
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{prompt}");
    }
}

async fn s3_36_what_is_forged_or_foreign_is_not_trusted_and_what_comes_twice_says_the_same_twice<
    S: CallsBack,
>() {
    let untrusted = ["forged", "wrong_key"].into_iter().chain(S::UNTRUSTED.iter().copied());
    for (fault, count) in untrusted.map(|fault| (fault, 1)).chain([("duplicate", 2)]) {
        let bench = bench::<S>(json!([{"on": "webhook", "fault": fault}])).await;
        let mut stranger = Stranger::start().await;
        let (reference, came) = called(&bench, &mut stranger, "a cat", count, false).await;
        let remote = RemoteRef(reference);
        for came in &came {
            match verified(&bench, came).await {
                Ok(note) => assert!(count == 2 && bench.market.is_about(&note, &remote), "{fault}"),
                Err(WebhookRefused::Untrusted(_)) => assert_eq!(count, 1, "{fault}"),
                Err(other) => panic!("{fault}: {other}"),
            }
        }
        // Whatever came, the work is what the record says.
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{fault}");
    }
}

async fn s3_36_a_good_callback_that_was_altered_or_kept_is_not_trusted_any_more<S: CallsBack>() {
    let bench = bench::<S>(json!([])).await;
    let mut stranger = Stranger::start().await;
    let (_, came) = called(&bench, &mut stranger, "a cat", 1, false).await;
    let (came, now) = (&came[0], bench.clock.now());
    // Where the body is not signed, the id in it is.
    let altered = String::from_utf8(came.body.clone())
        .expect("text")
        .replace(&verified(&bench, came).await.expect("good").request_id, "another");
    for (headers, body, now) in [
        (&came.headers[..], altered.as_bytes(), now),
        (&[], &came.body[..], now),
        (&came.headers[..], &came.body[..], now.plus(Duration::from_secs(301))),
        (&came.headers[..], &came.body[..], now.minus(Duration::from_secs(361))),
    ] {
        let refused = bench.market.verify_webhook("main", headers, body, now).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{refused:?}");
    }
    assert!(verified(&bench, came).await.is_ok());
}

async fn s3_36_a_callback_before_the_end_changes_nothing_but_the_moment_of_the_look<S: CallsBack>() {
    let bench = bench::<S>(json!([{"on": "webhook", "fault": "early"}])).await;
    let mut stranger = Stranger::start().await;
    let (reference, came) = called(&bench, &mut stranger, "a cat", 1, true).await;
    let remote = RemoteRef(reference);
    assert_eq!(verified(&bench, &came[0]).await.expect("the market's").hint, WebhookHint::Finished);
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

async fn s3_36_a_note_belongs_to_the_work_with_its_id_and_finds_work_that_never_told<S: CallsBack>() {
    let bench = bench::<S>(json!([{"on": "submit", "nth": 2, "fault": "drop_after"}])).await;
    let known = bench.accepted("a dog").await;
    let mut stranger = Stranger::start().await;
    let (submitted, came) = called(&bench, &mut stranger, "a cat", 1, false).await;
    assert_eq!(submitted, "Unknown(Unavailable)");
    let note = verified(&bench, &came[0]).await.expect("the market's");
    // Only the note is left of this submission: that is enough to look, to fetch and to stop.
    let model = S::order().model;
    let found = bench.market.reference(&model, &note).expect("a reference");
    assert!(bench.market.is_about(&note, &found) && !bench.market.is_about(&note, &known));
    assert!(!bench.market.is_about(&note, &RemoteRef("{}".into())));
    assert_eq!(show(&bench.poll(&found).await), "Done");
    let nobodys = WebhookNote { request_id: String::new(), ..note };
    assert_eq!(bench.market.reference(&model, &nobodys), None);
}

async fn a_callback_is_registered_with_the_submission_when_it_is_an_address<S: CallsBack>() {
    for (webhook, sent) in [
        (None, None),
        (
            Some("https://pal.example/hooks/m/att_1/t0k-_~en?a=1&b=%2F#c d"),
            Some("https://pal.example/hooks/m/att_1/t0k-_~en?a=1&b=%2F#c%20d"),
        ),
        (Some("http://pal.example:8000/hooks/m/1/t"), Some("http://pal.example:8000/hooks/m/1/t")),
        (Some("http://127.0.0.1:8000/hooks/m/1/t"), Some("http://127.0.0.1:8000/hooks/m/1/t")),
        (Some("/hooks/m/1/t"), None),
        (Some("pal.example/hooks"), None),
        (Some("//pal.example/hooks"), None),
        (Some("ftp://pal.example/hooks"), None),
        (Some("javascript:alert(1)"), None),
        (Some("https://"), None),
        (Some(""), None),
    ] {
        let bench = Bench::<S>::new(json!({})).await;
        accepted(bench.submit(&Request { webhook: webhook.map(str::to_owned), ..S::order() }).await);
        assert_eq!(bench.sim.log().submissions[0].webhook.as_deref(), sent, "{webhook:?}");
    }
}
