//! Keys: who gets to see them, and what happens when they are wrong or locked.

use super::*;

#[tokio::test]
async fn addresses_of_another_origin_are_rebuilt_and_never_see_the_key() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::rule(json!({"on": "submit", "fault": "foreign_urls", "base": stranger.base()})).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
    bench.fal.cancel("main", &remote).await;
    // A reference stored under other settings is checked again.
    let moved = RemoteRef(remote.0.replace(&bench.sim.url(), &stranger.base()));
    assert_ne!(moved, remote);
    assert_eq!(show(&bench.poll(&moved).await), "Done");
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirected_submission_is_not_followed() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::rule(json!({"on": "submit", "fault": "redirect", "location": stranger.base()})).await;
    assert_eq!(show_submitted(&bench.submit("a cat").await), "Unknown(Protocol)");
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn links_are_opened_without_credentials_and_private_ones_only_when_allowed() {
    let mut stranger = Stranger::start().await;
    for allowed in [true, false] {
        let bench = Bench::with(json!({"public_url": stranger.base()}), false, |settings| {
            settings.allow_private_links = allowed;
            settings.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        })
        .await;
        let link = bench.made("a cat").await;
        assert!(link.starts_with(&stranger.base()));
        assert_eq!(bench.fal.fetch(&link).await.is_ok(), allowed);
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("get /files/"), "{request}");
            for secret in ["authorization", "key-secret", "operator", "cookie", "referer"] {
                assert!(!request.contains(secret), "{request}");
            }
        }
    }
}

#[tokio::test]
async fn the_key_and_the_operators_headers_go_to_the_configured_origin() {
    let mut stranger = Stranger::start().await;
    let fal = Fal::new(FalSettings {
        headers: vec![("X-Fal-Store-IO".into(), Secret::new("0"))],
        ..settings(format!("{}/behind/a/proxy", stranger.base()))
    })
    .expect("good settings");
    assert_eq!(show_submitted(&fal.submit("main", &picture("a cat")).await), "Unknown(Protocol)");
    let [request] = stranger.heard().try_into().expect("one request");
    let request = request.to_lowercase();
    assert!(request.starts_with("post /behind/a/proxy/fal-ai/flux/dev http/1.1\r\n"), "{request}");
    for header in [
        format!("authorization: key {KEY}\r\n"),
        "x-fal-store-io: 0\r\n".into(),
        "x-fal-request-timeout: 150\r\n".into(),
        "x-fal-object-lifecycle-preference: {\"expiration_duration_seconds\":604800}\r\n".into(),
        "content-type: application/json\r\n".into(),
    ] {
        assert!(request.contains(&header), "{header} in {request}");
    }
    // fal's own retries stay on (docs/markets.md).
    assert!(!request.contains("x-fal-no-retry"), "{request}");
}

#[tokio::test]
async fn a_wrong_key_is_refused_everywhere_and_shown_nowhere() {
    let bench = Bench::new(json!({"keys": ["another:key"]})).await;
    let Submitted::Refused(error) = bench.submit("a cat").await else { panic!("not refused") };
    assert_eq!((error.class, error.status), (ErrorClass::Auth, Some(401)));
    assert!(error.class.is_critical());
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains("key-secret"), "{log}");
}

#[tokio::test]
async fn a_locked_account_takes_nothing_new_and_still_shows_what_runs() {
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let locked = json!({"rules": [{"on": "submit", "fault": "locked"}]});
    bench.sim.set_script(serde_json::from_value(locked).expect("a script")).expect("a good one");
    assert_eq!(show_submitted(&bench.submit("a dog").await), "Refused(Credits)");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_at_the_start() {
    let refused = |change: fn(&mut FalSettings)| {
        let mut settings = FalSettings::default();
        change(&mut settings);
        Fal::new(settings).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let message = refused(|settings| settings.queue_url = "queue.fal.run".into());
    assert_eq!(message.as_deref(), Some("`queue_url` is not an address: `queue.fal.run`"));
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new("a\nb"))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message = refused(|settings| settings.headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
}
