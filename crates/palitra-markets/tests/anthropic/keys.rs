//! Keys: who gets to see them, and what happens when they are wrong.

use super::*;

#[tokio::test]
async fn a_redirected_call_is_not_followed() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::rule(json!({"on": "submit", "fault": "redirect", "location": stranger.base()})).await;
    assert_eq!(show_submitted(&bench.submit(&text()).await), "Unknown(Protocol)");
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn the_key_and_the_operators_headers_go_to_the_configured_origin() {
    let mut stranger = Stranger::start().await;
    for (headers, version) in [
        (vec![], "2023-06-01"),
        (vec![("Anthropic-Version".into(), Secret::new("2024-01-01"))], "2024-01-01"),
    ] {
        let settings =
            AnthropicSettings { headers, ..settings(format!("{}/behind/a/proxy/", stranger.base())) };
        let market = Anthropic::new(settings).expect("good settings");
        // An answer without a body is none.
        assert_eq!(show_submitted(&market.submit("main", &text()).await), "Unknown(Protocol)");
        let [heard] = stranger.heard().try_into().expect("one call");
        let heard = heard.to_lowercase();
        assert!(heard.starts_with("post /behind/a/proxy/v1/messages http/1.1\r\n"), "{heard}");
        for header in [
            format!("x-api-key: {KEY}\r\n"),
            format!("anthropic-version: {version}\r\n"),
            "content-type: application/json\r\n".into(),
        ] {
            assert_eq!(heard.matches(&header).count(), 1, "{header} in {heard}");
        }
        assert!(!heard.contains("authorization"), "{heard}");
        assert_eq!(heard.matches("anthropic-version").count(), 1, "{heard}");
    }
}

#[tokio::test]
async fn s3_51_a_wrong_key_is_refused_and_shown_nowhere_though_the_market_repeats_it() {
    let bench = Bench::new(json!({"keys": ["another-key"]})).await;
    let Submitted::Refused(error) = bench.submit(&text()).await else { panic!("not refused") };
    assert_eq!((error.class, error.status), (ErrorClass::Auth, Some(401)));
    assert!(error.class.is_critical());
    assert_eq!(error.message, "127.0.0.1 answered 401: invalid x-api-key: [redacted]");
    assert!(error.body.is_some_and(|body| body.contains("[redacted]") && !body.contains("key-secret")));
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains("key-secret"), "{log}");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_at_the_start() {
    let refused = |change: fn(&mut AnthropicSettings)| {
        let mut settings = AnthropicSettings::default();
        change(&mut settings);
        Anthropic::new(settings).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let message = refused(|settings| settings.base_url = "api.anthropic.com".into());
    assert_eq!(message.as_deref(), Some("`base_url` is not an address: `api.anthropic.com`"));
    for key in ["", "a\nb"] {
        let keys = vec![("main".into(), Secret::new(key))];
        let settings = AnthropicSettings { keys, ..AnthropicSettings::default() };
        let message = Anthropic::new(settings).err().map(|error| error.to_string());
        assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    }
    let message = refused(|settings| settings.headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
}

#[tokio::test]
async fn links_are_never_part_of_an_answer_and_private_ones_are_not_opened() {
    let bench = Bench::new(json!({})).await;
    let error = bench.market.fetch("https://127.0.0.1:9/a.txt").await.err().expect("refused");
    assert_eq!(error.class, ErrorClass::Protocol);
}
