//! Keys: who gets to see them, and what happens when they are wrong.

use super::*;

#[tokio::test]
async fn redirected_calls_are_not_followed() {
    let mut stranger = Stranger::start().await;
    let redirect = |on: &str| json!({"on": on, "fault": "redirect", "location": stranger.base()});
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let rules = ["submit", "status", "credit", "upload"].map(redirect);
    bench.script(json!({"rules": rules}));
    assert_eq!(show_submitted(&bench.submit("a dog").await), "Unknown(Protocol)");
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Protocol)");
    assert_eq!(bench.kie.credits("main").await.err().map(|error| error.class), Some(ErrorClass::Protocol));
    let refused = bench.kie.upload_link("main", "https://a.example/1.png").await;
    assert_eq!(refused.err().map(|error| error.class), Some(ErrorClass::Protocol));
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

/// A reference holds an id, an answer may hold anything: neither moves a call.
#[tokio::test]
async fn nothing_that_the_market_says_moves_a_call() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::rule(json!({"on": "submit", "fault": "foreign_links", "base": stranger.base()})).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    let link = link_of(&outputs(bench.poll(&remote).await));
    assert!(link.starts_with(&stranger.base()));
    assert_eq!(refused(&bench.kie, &link).await, ErrorClass::Protocol);
    let moved = json!({"model": "z-image", "task_id": format!("x&u={}#/../..", stranger.base()), "url": stranger.base()});
    assert_eq!(show(&bench.poll(&RemoteRef(moved.to_string())).await), "NotFound");
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
        assert_eq!(bench.kie.fetch(&link).await.is_ok(), allowed);
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("get /files/"), "{request}");
            for secret in ["authorization", "kie-secret", "operator", "cookie", "referer"] {
                assert!(!request.contains(secret), "{request}");
            }
        }
    }
}

#[tokio::test]
async fn the_key_and_the_operators_headers_go_to_the_configured_origins() {
    let (mut api, mut uploads) = (Stranger::start().await, Stranger::start().await);
    let kie = Kie::new(KieSettings {
        headers: vec![("X-Operator".into(), Secret::new("0"))],
        upload_url: format!("{}/uploads", uploads.base()),
        ..settings(format!("{}/behind/a/proxy/", api.base()))
    })
    .expect("good settings");
    let webhook = Some("https://pal.example/hooks/kie/1/t".to_owned());
    let request = Request { webhook, ..picture("a cat") };
    assert_eq!(show_submitted(&kie.submit("main", &request).await), "Unknown(Protocol)");
    let remote = RemoteRef(r#"{"model":"z-image","task_id":"a b&c/d"}"#.into());
    assert_eq!(show(&kie.poll("main", &remote).await), "Unreachable(Protocol)");
    assert!(kie.credits("main").await.is_err());
    assert!(kie.upload_link("main", "https://a.example/1.png").await.is_err());
    let heard: Vec<String> = [api.heard(), uploads.heard()].concat();
    let heard: Vec<String> = heard.iter().map(|request| request.to_lowercase()).collect();
    for (request, start) in heard.iter().zip([
        "post /behind/a/proxy/api/v1/jobs/createtask http/1.1\r\n",
        "get /behind/a/proxy/api/v1/jobs/recordinfo?taskid=a+b%26c%2fd http/1.1\r\n",
        "get /behind/a/proxy/api/v1/chat/credit http/1.1\r\n",
        "post /uploads/api/file-url-upload http/1.1\r\n",
    ]) {
        assert!(request.starts_with(start), "{start} {request}");
        assert!(request.contains(&format!("authorization: bearer {KEY}\r\n")), "{request}");
        assert!(request.contains("x-operator: 0\r\n"), "{request}");
    }
    assert_eq!(heard.len(), 4);
    assert!(heard[0].contains(r#""callbackurl":"https://pal.example/hooks/kie/1/t""#), "{}", heard[0]);
    assert!(!heard.concat().contains(WEBHOOK_KEY), "{heard:?}");
}

#[tokio::test]
async fn s3_51_a_wrong_key_is_refused_everywhere_and_shown_nowhere() {
    let bench = Bench::new(json!({"keys": ["another-key"]})).await;
    let Submitted::Refused(error) = bench.submit("a cat").await else { panic!("not refused") };
    assert_eq!((error.class, error.status), (ErrorClass::Auth, Some(200)));
    assert!(error.class.is_critical());
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains("kie-secret"), "{log}");
}

#[tokio::test]
async fn s3_51_an_account_without_credits_takes_nothing_new_and_still_shows_what_runs() {
    let bench = Bench::new(json!({"credits": 7})).await;
    let remote = bench.accepted("a cat").await;
    let Submitted::Refused(error) = bench.submit("a dog").await else { panic!("not refused") };
    assert_eq!(error.class, ErrorClass::Credits);
    assert!(error.class.is_critical());
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_at_the_start() {
    let refused = |change: fn(&mut KieSettings)| {
        let mut settings = KieSettings::default();
        change(&mut settings);
        Kie::new(settings).err().map(|error| error.to_string())
    };
    assert_eq!(refused(|_| {}), None);
    let message = refused(|settings| settings.base_url = "api.kie.ai".into());
    assert_eq!(message.as_deref(), Some("`base_url` is not an address: `api.kie.ai`"));
    let message = refused(|settings| settings.upload_url = "https://a:b@kieai.redpandaai.co".into());
    assert_eq!(message.as_deref(), Some("`upload_url` is not an address: `https://a:b@kieai.redpandaai.co`"));
    let message = refused(|settings| settings.keys = vec![("main".into(), Secret::new("a\nb"))]);
    assert_eq!(message.as_deref(), Some("key `main` cannot be sent"));
    let message = refused(|settings| settings.headers = vec![("bad name".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("header `bad name` cannot be sent"));
    let message = refused(|settings| settings.webhook_keys = vec![("main".into(), Secret::new("x"))]);
    assert_eq!(message.as_deref(), Some("the webhook key of `main` is empty or belongs to no key"));
}
