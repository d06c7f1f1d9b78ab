//! Keys at calls that only KIE has: two addresses, credits, uploads by address, ids in a query.

use super::{bench::Simulator, *};

#[tokio::test]
async fn redirected_calls_are_not_followed() {
    let mut stranger = Stranger::start().await;
    let redirect = |on: &str| json!({"on": on, "fault": "redirect", "location": stranger.base()});
    let bench = Bench::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    let rules = ["submit", "status", "credit", "upload"].map(redirect);
    bench.sim.follow(json!({"rules": rules}));
    assert_eq!(show_submitted(&bench.asked("a dog").await), "Unknown(Protocol)");
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Protocol)");
    assert_eq!(bench.market.credits("main").await.err().map(|error| error.class), Some(ErrorClass::Protocol));
    let refused = bench.market.upload_link("main", "https://a.example/1.png").await;
    assert_eq!(refused.err().map(|error| error.class), Some(ErrorClass::Protocol));
    assert_eq!(stranger.heard(), Vec::<String>::new());
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

/// A reference holds an id, and an id moves no call.
#[tokio::test]
async fn an_id_is_no_address() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::new(json!({})).await;
    let moved = json!({"model": "z-image", "task_id": format!("x&u={}#/../..", stranger.base()), "url": stranger.base()});
    assert_eq!(show(&bench.poll(&RemoteRef(moved.to_string())).await), "NotFound");
    assert_eq!(stranger.heard(), Vec::<String>::new());
}
