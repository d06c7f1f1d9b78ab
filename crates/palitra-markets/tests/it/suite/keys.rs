//! Keys: who gets to see them, and what happens when they are wrong. No key leaves the operator's origins.

use super::{Files, InCall, Tasks, UnderTest, rules};
use crate::stage::{
    Stranger,
    bench::{Bench, Simulator, refused},
    link_of, outputs, show, show_submitted,
};
use palitra_domain::{
    market::{ErrorClass, Market, Polled, RemoteRef, Submitted},
    secret::Secret,
};
use serde_json::json;

rules!([fal, kie, wavespeed, openai, anthropic]:
    a_redirected_submission_is_not_followed,
    the_key_and_the_operators_headers_go_to_the_configured_origin,
    s3_51_a_wrong_key_is_refused_and_shown_nowhere,
);
rules!([fal, kie, wavespeed]: a_redirected_look_is_not_followed, nothing_that_the_market_says_moves_a_call);
rules!([openai, anthropic]: work_does_not_outlive_its_call);
rules!([fal, kie, wavespeed, openai]: links_are_opened_without_credentials_and_private_ones_only_when_allowed);

async fn a_redirected_submission_is_not_followed<S: UnderTest>() {
    let mut stranger = Stranger::start().await;
    let rule = json!({"on": "submit", "fault": "redirect", "location": stranger.base()});
    let bench = Bench::<S>::rule(rule).await;
    for request in S::orders() {
        assert_eq!(show_submitted(&bench.submit(&request).await), "Unknown(Protocol)");
    }
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

async fn a_redirected_look_is_not_followed<S: Tasks>() {
    let mut stranger = Stranger::start().await;
    for call in S::LOOKS {
        let rule = json!({"on": call, "times": 1, "fault": "redirect", "location": stranger.base()});
        let bench = Bench::<S>::rule(rule).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Protocol)", "{call}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{call}");
    }
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

/// Answers and references may hold any address; none of them is asked.
async fn nothing_that_the_market_says_moves_a_call<S: Tasks>() {
    let mut stranger = Stranger::start().await;
    let bench = Bench::<S>::new(json!({"rules": S::elsewhere(&stranger.base())})).await;
    let remote = bench.accepted("a cat").await;
    assert!(!remote.0.contains(&stranger.base()), "{remote:?}");
    assert_eq!(show(&bench.poll(&remote).await), "Pending");
    bench.a_minute_passes();
    let link = match bench.poll(&remote).await {
        Polled::Done(outputs) => link_of(&outputs),
        other => panic!("not done: {other:?}"),
    };
    if link.starts_with(&stranger.base()) {
        assert_eq!(refused(&bench.market, &link).await, ErrorClass::Protocol);
    }
    bench.market.cancel("main", &remote).await;
    // A reference stored under other settings is checked again.
    let moved = RemoteRef(remote.0.replace(&bench.root(), &stranger.base()));
    assert_eq!(moved != remote, S::REFERENCES_HOLD_ADDRESSES);
    outputs(bench.poll(&moved).await);
    assert_eq!(stranger.heard(), Vec::<String>::new());
}

async fn work_does_not_outlive_its_call<S: InCall>() {
    use palitra_domain::market::CancelAnswer;
    let bench = Bench::<S>::new(json!({})).await;
    let remote = RemoteRef("{}".into());
    assert_eq!(show(&bench.poll(&remote).await), "NotFound");
    assert_eq!(bench.market.cancel("main", &remote).await, CancelAnswer::Unsupported);
    assert!(bench.sim.log().submissions.is_empty());
}

async fn links_are_opened_without_credentials_and_private_ones_only_when_allowed<S: Files>() {
    let mut stranger = Stranger::start().await;
    for allowed in [true, false] {
        let hurry = S::CAPABILITIES.answers_in_call;
        let bench = Bench::<S>::with(S::linked_to(&stranger.base()), hurry, |settings| {
            let dials = S::dials(settings);
            *dials.allow_private_links = allowed;
            *dials.headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
        })
        .await;
        let link = bench.link(&S::linked()).await;
        assert!(link.starts_with(&stranger.base()), "{link}");
        assert_eq!(bench.market.fetch(&link).await.is_ok(), allowed);
        let heard = stranger.heard();
        assert_eq!(heard.len(), usize::from(allowed), "{heard:?}");
        for request in heard {
            let request = request.to_lowercase();
            assert!(request.starts_with("get /files/"), "{request}");
            Stranger::knows_nothing(&request);
        }
    }
}

async fn the_key_and_the_operators_headers_go_to_the_configured_origin<S: UnderTest>() {
    let mut stranger = Stranger::start().await;
    let mut settings = S::settings(format!("{}/behind/a/proxy{}/", stranger.base(), S::BASE));
    *S::dials(&mut settings).headers = vec![("X-Operator".into(), Secret::new("0"))];
    let market = S::adapter(settings).expect("good settings");
    // An answer without a body is none.
    assert_eq!(show_submitted(&market.submit("main", &S::order()).await), "Unknown(Protocol)");
    let heard: Vec<String> = stranger.heard().iter().map(|request| request.to_lowercase()).collect();
    let (verb, path) = S::CALL.split_once(' ').expect("verb and path");
    let head = format!("{verb} /behind/a/proxy{}{path} http/1.1\r\n", S::BASE);
    let calls = heard.iter().filter(|request| request.starts_with(&head)).count();
    assert_eq!(calls, 1, "{head} in {heard:?}");
    for request in &heard {
        assert!(request.contains(&format!("{}\r\n", S::CREDENTIALS)), "{request}");
        assert!(request.contains("x-operator: 0\r\n"), "{request}");
        assert!(request.contains("content-type: application/json\r\n"), "{request}");
        assert!(request.contains("content-length: "), "{request}");
    }
}

async fn s3_51_a_wrong_key_is_refused_and_shown_nowhere<S: UnderTest>() {
    let bench = Bench::<S>::new(json!({"keys": ["another:key"]})).await;
    let Submitted::Refused(error) = bench.submit(&S::order()).await else { panic!("not refused") };
    let (status, message) = S::WRONG_KEY;
    assert_eq!(
        (error.class, error.status, error.message.as_str()),
        (ErrorClass::Auth, Some(status), message)
    );
    assert!(error.class.is_critical());
    assert!(error.body.is_some_and(|body| !body.contains(S::KEY)));
    let log = serde_json::to_string(&bench.sim.log()).expect("plain data");
    assert!(!log.contains(S::KEY) && !log.contains("key-secret"), "{log}");
}
