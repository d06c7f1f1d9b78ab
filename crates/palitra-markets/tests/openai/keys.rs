//! Keys: who gets to see them, and what happens when they are wrong.

use super::*;

#[tokio::test]
async fn a_redirected_call_is_not_followed() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::rule(json!({"on": "submit", "fault": "redirect", "location": stranger.base()})).await;
    for request in [picture(), text(), speech()] {
        assert_eq!(show_submitted(&bench.submit(&request).await), "Unknown(Protocol)");
    }
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn links_are_opened_without_credentials_and_foreign_ones_only_when_allowed() {
    let mut stranger = Stranger::start().await;
    for allowed in [true, false] {
        let rule = json!({"on": "submit", "fault": "foreign_links", "base": stranger.base()});
        let bench = Bench::with(json!({"rules": [rule]}), true, |settings| {
            settings.allow_private_links = allowed;
            settings.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        })
        .await;
        let input = json!({"prompt": "a cat", "size": "256x256", "response_format": "url"});
        let link = link_of(&bench.done(&request("create", "dall-e-2", input)).await);
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
    let market = OpenAi::new(OpenAiSettings {
        headers: vec![("OpenAI-Project".into(), Secret::new("proj_1"))],
        ..settings(format!("{}/behind/a/proxy/v1/", stranger.base()))
    })
    .expect("good settings");
    for (request, path) in
        [(picture(), "images/generations"), (speech(), "audio/speech"), (text(), "chat/completions")]
    {
        // An answer without a body is none.
        assert_eq!(show_submitted(&market.submit("main", &request).await), "Unknown(Protocol)");
        let [heard] = stranger.heard().try_into().expect("one call");
        let heard = heard.to_lowercase();
        assert!(heard.starts_with(&format!("post /behind/a/proxy/v1/{path} http/1.1\r\n")), "{heard}");
        for header in [
            format!("authorization: bearer {KEY}\r\n"),
            "openai-project: proj_1\r\n".into(),
            "content-type: application/json\r\n".into(),
            "content-length: ".into(),
        ] {
            assert!(heard.contains(&header), "{header} in {heard}");
        }
    }
}

#[tokio::test]
async fn s3_51_a_wrong_key_is_refused_and_shown_nowhere_though_the_market_repeats_it() {
    let bench = Bench::new(json!({"keys": ["another-key"]})).await;
    let Submitted::Refused(error) = bench.submit(&picture()).await else { panic!("not refused") };
    assert_eq!((error.class, error.status), (ErrorClass::Auth, Some(401)));
    assert!(error.class.is_critical());
    assert_eq!(error.message, "127.0.0.1 answered 401: Incorrect API key provided: [redacted].");
    assert!(error.body.is_some_and(|body| body.contains("[redacted]") && !body.contains("key-secret")));
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains("key-secret"), "{log}");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_at_the_start() {
    let refused = |change: fn(&mut OpenAiSettings)| {
        let mut settings = OpenAiSettings::default();
        change(&mut settings);
        OpenAi::new(settings).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let message = refused(|settings| settings.base_url = "api.openai.com/v1".into());
    assert_eq!(message.as_deref(), Some("`base_url` is not an address: `api.openai.com/v1`"));
    let message = refused(|settings| settings.base_url = "https://a:b@api.openai.com/v1".into());
    assert_eq!(message.as_deref(), Some("`base_url` is not an address: `https://a:b@api.openai.com/v1`"));
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new("a\nb"))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message = refused(|settings| settings.headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
    // OpenAI wants a key, a server of one's own may have none.
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new(" "))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let none = refused(|settings| {
        settings.keys = vec![("local".into(), Secret::new(""))];
        settings.base_url = "http://127.0.0.1:11434/v1".into();
    });
    assert_eq!(none, None);
}
