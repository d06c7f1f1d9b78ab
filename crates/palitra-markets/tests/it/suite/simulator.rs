//! What the simulators share, asked without an adapter: script and log are served, the log outlives them, a painter may make the pictures.
//! What each of them refuses stands in its market's folder.

use super::{Files, UnderTest, rules};
use crate::stage::{
    StepClock, ask,
    bench::{Bench, Simulator},
    read,
};
use palitra_domain::market::Market;
use palitra_sim::fal::{FalLog, Painter, key_tag};
use serde_json::{Value, json};
use std::sync::Arc;

rules!([fal, kie, wavespeed, openai, anthropic]: the_log_and_the_script_are_served, the_log_file_outlives_the_simulator);
rules!([fal, kie, wavespeed]: a_painter_makes_the_pictures_when_there_is_one);

async fn the_log_and_the_script_are_served<S: UnderTest>() {
    let in_call = S::CAPABILITIES.answers_in_call;
    let bench = Bench::<S>::new(if in_call { json!({}) } else { json!({"concurrency": 1}) }).await;
    let address = bench.sim.address();
    let (head, headers, body) = S::by_hand("a:b");
    let (status, _, health) = ask(address, "GET /_sim/health", "", "").await;
    assert_eq!((status, health), (200, json!({"market": S::NAME, "ok": true})));
    for _ in 0..3 {
        assert_eq!(ask(address, head, &headers, body).await.0, 200);
    }
    let script = json!({"rules": [{"on": "submit", "fault": "error_after", "status": 500}]}).to_string();
    assert_eq!(ask(address, "POST /_sim/script", "", &script).await.0, 200);
    assert_eq!(ask(address, head, &headers, body).await.0, 500);
    for (script, complaint) in [
        (r#"{"rulse": []}"#, "rulse"),
        (r#"{"rules": [{"on": "submit", "fault": "expired"}]}"#, "cannot happen"),
    ] {
        let (status, _, said) = ask(address, "POST /_sim/script", "", script).await;
        assert_eq!(status, 422);
        assert!(said["error"].as_str().is_some_and(|error| error.contains(complaint)), "{said}");
    }
    let (_, _, log) = ask(address, "GET /_sim/log", "", "").await;
    let log: FalLog = serde_json::from_value(log).expect("the log's own shape");
    let orders: Vec<u64> = log.submissions.iter().map(|submission| submission.order).collect();
    assert_eq!(orders, [1, 2, 3, 4]);
    let statuses: Vec<Option<u16>> = log.submissions.iter().map(|submission| submission.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(200), Some(500)]);
    assert!(log.submissions.iter().all(|submission| submission.key == key_tag("a:b")));
    // Ghosts count, and what waits: the fourth is there although its client was told nothing. What is answered in the call has ended.
    let at_once = if in_call { 1 } else { 4 };
    assert_eq!(log.overlap[&key_tag("a:b")], at_once);
    assert_eq!(log.accepted().filter(|submission| !submission.answered).count(), 1);
}

async fn the_log_file_outlives_the_simulator<S: UnderTest>() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let rules = json!([{"on": "submit", "nth": 2, "fault": "drop_after"}]);
    let bench = Bench::<S>::new(json!({"log_file": path, "rules": rules})).await;
    for (prompt, wanted) in [("a cat", S::TAKEN), ("a dog", "Unknown(Unavailable)")] {
        assert_eq!(crate::stage::show_submitted(&bench.asked(prompt).await), wanted);
    }
    drop(bench);
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shown: Vec<_> = lines
        .iter()
        .map(|line| ["event", "accepted", "answered", "prompt"].map(|name| line[name].clone()))
        .collect();
    assert_eq!(
        shown,
        [
            [json!("submission"), json!(true), json!(true), json!("a cat")],
            [json!("submission"), json!(true), json!(false), json!("a dog")]
        ]
    );
}

async fn a_painter_makes_the_pictures_when_there_is_one<S: Files>() {
    let clock = StepClock::new(false);
    let painter: Painter = Arc::new(|asked| {
        format!("{} {}x{} {}", asked.prompt, asked.width, asked.height, asked.seed).into_bytes()
    });
    let sim = S::Sim::begin(json!({}), &clock, Some(painter)).await;
    let settings = S::settings(format!("http://{}", sim.address()));
    let bench = Bench::<S> { market: S::adapter(settings).expect("good settings"), clock, sim };
    let link = bench.link(&S::linked()).await;
    let bytes = read(bench.market.fetch(&link).await.expect("a file")).await.expect("a whole file");
    let painted = String::from_utf8(bytes).expect("what was painted");
    assert!(painted.starts_with(S::PAINTED), "{painted}");
}
