//! Keys: who gets to see them, and what happens when they are wrong or without money.

use super::*;

#[tokio::test]
async fn addresses_that_point_elsewhere_are_never_asked_and_never_see_the_key() {
    let mut stranger = Stranger::start().await;
    let foreign = |on: &str| json!({"on": on, "fault": "foreign_urls", "base": stranger.base()});
    let bench = Bench::new(json!({"rules": [foreign("submit"), foreign("result")]})).await;
    let remote = bench.accepted("a cat").await;
    assert!(!remote.0.contains(&stranger.base()), "{remote:?}");
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirected_call_is_not_followed() {
    let mut stranger = Stranger::start().await;
    let redirect = |on: &str| json!({"rules": [{"on": on, "times": 1, "fault": "redirect", "location": stranger.base()}]});
    let bench = Bench::new(redirect("submit")).await;
    assert_eq!(show_submitted(&bench.submit("a cat").await), "Unknown(Protocol)");
    let bench = Bench::new(redirect("result")).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Protocol)");
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
        assert_eq!(bench.market.fetch(&link).await.is_ok(), allowed);
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
    let market = WaveSpeed::new(WaveSpeedSettings {
        headers: vec![("X-Client".into(), Secret::new("palitra"))],
        ..settings(format!("{}/behind/a/proxy", stranger.base()))
    })
    .expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &picture("a cat")).await), "Unknown(Protocol)");
    let reference = RemoteRef(r#"{"model": "wavespeed-ai/flux-dev", "id": "a b/../c"}"#.into());
    assert_eq!(show(&market.poll("main", &reference).await), "Unreachable(Protocol)");
    let heads: Vec<String> = stranger.heard().iter().map(|request| request.to_lowercase()).collect();
    let [price, submission, look] = heads.as_slice() else { panic!("{heads:?}") };
    for (request, head) in [
        (price, "post /behind/a/proxy/api/v3/model/price http/1.1\r\n"),
        (submission, "post /behind/a/proxy/api/v3/wavespeed-ai/flux-dev http/1.1\r\n"),
        (look, "get /behind/a/proxy/api/v3/predictions/a%20b%2f..%2fc/result http/1.1\r\n"),
    ] {
        assert!(request.starts_with(head), "{request}");
        for header in [format!("authorization: bearer {KEY}\r\n"), "x-client: palitra\r\n".into()] {
            assert!(request.contains(&header), "{header} in {request}");
        }
    }
    assert!(submission.contains("content-type: application/json\r\n"), "{submission}");
    // The price is asked for the very body that is sent.
    let body = |request: &str| request.split_once("\r\n\r\n").expect("a body").1.to_owned();
    let question: Value = serde_json::from_str(&body(price)).expect("JSON");
    let sent: Value = serde_json::from_str(&body(submission)).expect("JSON");
    assert_eq!(question, json!({"model_id": "wavespeed-ai/flux-dev", "inputs": sent}));
}

#[tokio::test]
async fn a_wrong_key_is_refused_everywhere_and_shown_nowhere() {
    let bench = Bench::new(json!({"keys": ["another-key"]})).await;
    let Submitted::Refused(error) = bench.submit("a cat").await else { panic!("not refused") };
    assert_eq!((error.class, error.status), (ErrorClass::Auth, Some(401)));
    assert!(error.class.is_critical());
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains("key-secret"), "{log}");
}

#[tokio::test]
async fn an_account_without_money_takes_nothing_new_and_still_shows_what_runs() {
    let bench = Bench::new(json!({"balance_micros": 20_000})).await;
    let remote = bench.accepted("a cat").await;
    let Submitted::Refused(error) = bench.submit("a dog").await else { panic!("not refused") };
    assert_eq!(error.class, ErrorClass::Credits);
    assert!(error.class.is_critical());
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_at_the_start() {
    let refused = |change: fn(&mut WaveSpeedSettings)| {
        let mut settings = WaveSpeedSettings::default();
        change(&mut settings);
        WaveSpeed::new(settings).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let message = refused(|settings| settings.base_url = "api.wavespeed.ai".into());
    assert_eq!(message.as_deref(), Some("`base_url` is not an address: `api.wavespeed.ai`"));
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new("a\nb"))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new(" "))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message = refused(|settings| settings.headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
}
