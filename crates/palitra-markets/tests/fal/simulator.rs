//! The simulator itself, asked without the adapter: it refuses what fal refuses and keeps its log.

use super::*;
use palitra_sim::fal::{FalLog, key_tag};

const GOOD: &str = r#"{"prompt": "a cat"}"#;

fn auth(key: &str) -> String {
    format!("authorization: Key {key}\r\ncontent-type: application/json\r\n")
}

async fn sim(script: Value) -> (FalSim, Arc<StepClock>) {
    let clock = StepClock::new(false);
    let script = serde_json::from_value(script).expect("a script");
    let sim =
        FalSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>).await.expect("a simulator");
    (sim, clock)
}

#[tokio::test]
async fn requests_are_refused_as_fal_refuses_them() {
    let (sim, _clock) = sim(json!({"keys": ["a:b"]})).await;
    for (head, headers, body, status) in [
        ("POST /fal-ai/flux/dev", String::new(), GOOD, 401),
        ("POST /fal-ai/flux/dev", "authorization: Bearer a:b\r\n".into(), GOOD, 401),
        ("POST /fal-ai/flux/dev", auth("x:y"), GOOD, 401),
        ("POST /fal-ai/fluks", auth("a:b"), GOOD, 404),
        ("POST /fal-ai/flux", auth("a:b"), GOOD, 404),
        ("POST /fal-ai/flux/dev", auth("a:b"), "{", 422),
        ("POST /fal-ai/flux/dev", auth("a:b"), r#"{"prompt": "a", "width": 5}"#, 422),
        ("GET /fal-ai/flux/dev", auth("a:b"), "", 404),
        ("POST /fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fa.example%2Fhook", auth("a:b"), GOOD, 200),
    ] {
        let (answered, _, answer) = ask(sim.address(), head, &headers, body).await;
        assert_eq!(answered, status, "{head} {headers} {body}: {answer}");
    }
    let log = sim.log();
    let [accepted] = log.accepted().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
    assert_eq!(accepted.webhook.as_deref(), Some("https://a.example/hook"));
    assert_eq!(accepted.key, key_tag("a:b"));
    let reasons: Vec<_> = log.refused().filter_map(|refused| refused.reason.as_deref()).collect();
    assert_eq!(reasons.len(), 7);
    assert_eq!(reasons[6], "[\"body\",\"width\"] \"Extra inputs are not permitted\"");
}

#[tokio::test]
async fn work_is_shown_to_its_key_under_owner_and_alias_only() {
    let (sim, clock) = sim(json!({})).await;
    let (_, head, answer) = ask(sim.address(), "POST /fal-ai/flux/dev", &auth("a:b"), GOOD).await;
    let id = answer["request_id"].as_str().expect("an id").to_owned();
    assert!(head.contains(&format!("x-fal-request-id: {id}")));
    assert_eq!(answer["status_url"], json!(format!("{}/fal-ai/flux/requests/{id}/status", sim.url())));
    let get = async |path: String, key: &str| {
        let (status, _, body) = ask(sim.address(), &format!("GET {path}"), &auth(key), "").await;
        (status, body)
    };
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}/status?logs=1"), "a:b").await;
    assert_eq!((status, &body["status"]), (202, &json!("IN_PROGRESS")));
    assert!(body["logs"].is_array());
    assert_eq!(get(format!("/fal-ai/flux/requests/{id}"), "a:b").await.0, 400);
    assert_eq!(get(format!("/fal-ai/flux/dev/requests/{id}/status"), "a:b").await.0, 404);
    assert_eq!(get(format!("/fal-ai/flux/requests/{id}/status"), "c:d").await.0, 404);
    assert_eq!(
        get("/fal-ai/flux/requests/none/status".into(), "a:b").await,
        (404, json!({"status": "NOT_FOUND"}))
    );
    clock.advance(Duration::from_secs(1));
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}/status"), "a:b").await;
    assert_eq!((status, &body["status"], &body["logs"]), (200, &json!("COMPLETED"), &Value::Null));
    let (status, body) = get(format!("/fal-ai/flux/requests/{id}"), "a:b").await;
    assert_eq!(
        (status, &body["images"][0]["width"], &body["has_nsfw_concepts"]),
        (200, &json!(1024), &json!([false]))
    );
    assert_eq!(get(format!("/files/{id}.png"), "a:b").await.0, 400, "credentials for a public file");
}

#[tokio::test]
async fn the_log_and_the_script_are_served() {
    let (sim, _clock) = sim(json!({"concurrency": 1})).await;
    let (status, _, health) = ask(sim.address(), "GET /_sim/health", "", "").await;
    assert_eq!((status, health), (200, json!({"market": "fal", "ok": true})));
    for _ in 0..3 {
        ask(sim.address(), "POST /fal-ai/flux/dev", &auth("a:b"), GOOD).await;
    }
    let script = json!({"rules": [{"on": "submit", "fault": "error_after", "status": 500}]}).to_string();
    assert_eq!(ask(sim.address(), "POST /_sim/script", "", &script).await.0, 200);
    assert_eq!(ask(sim.address(), "POST /fal-ai/flux/dev", &auth("a:b"), GOOD).await.0, 500);
    let (status, _, complaint) = ask(sim.address(), "POST /_sim/script", "", r#"{"rulse": []}"#).await;
    assert_eq!(status, 422);
    assert!(complaint["error"].as_str().is_some_and(|error| error.contains("rulse")), "{complaint}");
    let (_, _, log) = ask(sim.address(), "GET /_sim/log", "", "").await;
    let log: FalLog = serde_json::from_value(log).expect("the log's own shape");
    let orders: Vec<u64> = log.submissions.iter().map(|submission| submission.order).collect();
    assert_eq!(orders, [1, 2, 3, 4]);
    // Ghosts count: the fourth runs although its client was told nothing.
    assert_eq!(log.overlap[&key_tag("a:b")], 4);
    assert_eq!(log.accepted().filter(|submission| !submission.answered).count(), 1);
}

#[tokio::test]
async fn the_log_file_outlives_the_simulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let (sim, _clock) =
        sim(json!({"log_file": path, "rules": [{"on": "submit", "nth": 2, "fault": "drop_after"}]})).await;
    ask(sim.address(), "POST /fal-ai/flux/dev", &auth("a:b"), GOOD).await;
    let fal = Fal::new(settings(sim.url())).expect("good settings");
    assert_eq!(show_submitted(&fal.submit("main", &picture("a dog")).await), "Unknown(Unavailable)");
    ask(sim.address(), "PUT /fal-ai/flux/requests/none/cancel", &auth("a:b"), "").await;
    drop(sim);
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shown: Vec<_> =
        lines.iter().map(|line| (&line["event"], &line["accepted"], &line["answered"])).collect();
    let (submission, yes, no) = (&json!("submission"), &json!(true), &json!(false));
    assert_eq!(
        shown,
        [(submission, yes, yes), (submission, yes, no), (&json!("cancel"), &Value::Null, &Value::Null)]
    );
    assert_eq!((&lines[1]["prompt"], &lines[1]["overlap"]), (&json!("a dog"), &json!(1)));
}

#[tokio::test]
async fn a_painter_makes_the_pictures_when_there_is_one() {
    let clock = StepClock::new(false);
    let painter: palitra_sim::fal::Painter = Arc::new(|asked| {
        format!("{} {}x{} {}", asked.prompt, asked.width, asked.height, asked.seed).into_bytes()
    });
    let sim = FalSim::start_painted(
        FalScript::default(),
        local(),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Some(painter),
    )
    .await
    .expect("a simulator");
    let bench = Bench { fal: Fal::new(settings(sim.url())).expect("good settings"), clock, sim };
    let link = bench.made("a cat").await;
    let bytes = read(bench.fal.fetch(&link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(bytes, b"a cat 320x240 7");
}
