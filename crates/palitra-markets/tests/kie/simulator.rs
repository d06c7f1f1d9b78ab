//! The simulator itself, asked without the adapter: it refuses what KIE refuses and keeps its log.

use super::*;
use palitra_sim::kie::{KieLog, Painter, key_tag};

const CREATE: &str = "POST /api/v1/jobs/createTask";
const GOOD: &str = r#"{"model": "z-image", "input": {"prompt": "a cat", "aspect_ratio": "1:1"}}"#;

fn auth(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n")
}

async fn sim(script: Value) -> (KieSim, Arc<StepClock>) {
    let clock = StepClock::new(false);
    let script = serde_json::from_value(script).expect("a script");
    let sim =
        KieSim::start(script, local(), Arc::clone(&clock) as Arc<dyn Clock>).await.expect("a simulator");
    (sim, clock)
}

#[tokio::test]
async fn tasks_are_refused_as_kie_refuses_them() {
    for plain_http in [false, true] {
        let (sim, _clock) = sim(json!({"keys": ["k"], "plain_http": plain_http})).await;
        for (headers, body, code) in [
            (String::new(), GOOD, 401),
            ("authorization: Key k\r\n".into(), GOOD, 401),
            ("x-api-key: k\r\n".into(), GOOD, 401),
            (auth("other"), GOOD, 401),
            (auth("k"), "{", 400),
            (auth("k"), r#"{"model": "z-image", "input": {}, "webhook": "https://a.example"}"#, 400),
            (auth("k"), r#"{"model": "nano-banana", "input": {}}"#, 422),
            (auth("k"), r#"{"model": "z-image", "input": {"prompt": "a"}}"#, 422),
            (
                auth("k"),
                r#"{"model": "z-image", "input": {"prompt": "a", "aspect_ratio": "1:1", "seed": 1}}"#,
                422,
            ),
            (
                auth("k"),
                r#"{"model": "z-image", "input": {"prompt": "a", "aspect_ratio": "1:1"}, "callBackUrl": "a.example"}"#,
                422,
            ),
            (auth("k"), GOOD, 200),
        ] {
            let (status, _, answer) = ask(sim.address(), CREATE, &headers, body).await;
            assert_eq!(answer["code"], json!(code), "{headers} {body}: {answer}");
            assert_eq!(status, if plain_http { code } else { 200 }, "{headers} {body}");
        }
        let log = sim.log();
        let [accepted] = log.accepted().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
        assert_eq!(accepted.key, key_tag("k"));
        let reasons: Vec<_> = log.refused().filter_map(|refused| refused.reason.as_deref()).collect();
        assert_eq!(reasons.len(), 10);
        assert_eq!(reasons[8], "seed is not a field of z-image");
        assert_eq!(ask(sim.address(), "GET /api/v1/nothing", &auth("k"), "").await.0, 404);
    }
}

#[tokio::test]
async fn a_record_is_shown_to_its_key_with_everything_that_kie_says() {
    let (sim, clock) = sim(json!({"concurrency": 1})).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (_, _, answer) = ask(sim.address(), CREATE, &auth("k"), GOOD).await;
        ids.push(answer["data"]["taskId"].as_str().expect("an id").to_owned());
    }
    let get = async |id: &str, key: &str| {
        let head = format!("GET /api/v1/jobs/recordInfo?taskId={id}");
        ask(sim.address(), &head, &auth(key), "").await.2
    };
    assert_eq!(get("", "k").await["code"], json!(400));
    for (id, key) in [("none", "k"), (ids[0].as_str(), "other")] {
        assert_eq!(get(id, key).await, json!({"code": 422, "msg": "recordInfo is null", "data": null}));
    }
    let states = async || {
        [get(&ids[0], "k").await, get(&ids[1], "k").await].map(|record| record["data"]["state"].clone())
    };
    assert_eq!(states().await, ["waiting", "waiting"]);
    clock.advance(Duration::from_millis(100));
    assert_eq!(states().await, ["generating", "queuing"]);
    let pending = get(&ids[0], "k").await;
    assert_eq!((&pending["data"]["resultJson"], &pending["data"]["successFlag"]), (&json!(""), &json!(0)));
    clock.advance(Duration::from_secs(1));
    let record = get(&ids[0], "k").await["data"].take();
    let result: Value = serde_json::from_str(record["resultJson"].as_str().expect("a text")).expect("JSON");
    assert_eq!(result, json!({"resultUrls": [format!("{}/files/{}.png", sim.url(), ids[0])]}));
    assert_eq!(record["response"], result);
    let param: Value = serde_json::from_str(record["param"].as_str().expect("a text")).expect("JSON");
    let input: Value = serde_json::from_str(param["input"].as_str().expect("a text")).expect("JSON");
    assert_eq!(input["prompt"], json!("a cat"));
    assert_eq!((&record["creditsConsumed"], &record["costTime"]), (&json!(0.8), &json!(300)));
    let path = format!("GET /files/{}.png", ids[0]);
    assert_eq!(ask(sim.address(), &path, &auth("k"), "").await.0, 400, "credentials for a public file");
}

#[tokio::test]
async fn the_log_and_the_script_are_served() {
    let (sim, _clock) = sim(json!({"concurrency": 1})).await;
    let (status, _, health) = ask(sim.address(), "GET /_sim/health", "", "").await;
    assert_eq!((status, health), (200, json!({"market": "kie", "ok": true})));
    for _ in 0..3 {
        ask(sim.address(), CREATE, &auth("k"), GOOD).await;
    }
    let script = json!({"rules": [{"on": "submit", "fault": "error_after", "status": 500}]}).to_string();
    assert_eq!(ask(sim.address(), "POST /_sim/script", "", &script).await.0, 200);
    assert_eq!(ask(sim.address(), CREATE, &auth("k"), GOOD).await.0, 500);
    let (status, _, complaint) = ask(sim.address(), "POST /_sim/script", "", r#"{"rulse": []}"#).await;
    assert_eq!(status, 422);
    assert!(complaint["error"].as_str().is_some_and(|error| error.contains("rulse")), "{complaint}");
    let (_, _, log) = ask(sim.address(), "GET /_sim/log", "", "").await;
    let log: KieLog = serde_json::from_value(log).expect("the log's own shape");
    let orders: Vec<u64> = log.submissions.iter().map(|submission| submission.order).collect();
    assert_eq!(orders, [1, 2, 3, 4]);
    // Ghosts count: the fourth runs although its client was told nothing.
    assert_eq!(log.overlap[&key_tag("k")], 4);
    assert_eq!(log.accepted().filter(|submission| !submission.answered).count(), 1);
}

#[tokio::test]
async fn the_log_file_outlives_the_simulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let (sim, _clock) =
        sim(json!({"log_file": path, "rules": [{"on": "submit", "nth": 2, "fault": "drop_after"}]})).await;
    ask(sim.address(), CREATE, &auth("k"), GOOD).await;
    let kie = Kie::new(settings(sim.url())).expect("good settings");
    assert_eq!(show_submitted(&kie.submit("main", &picture("a dog")).await), "Unknown(Unavailable)");
    drop(sim);
    let text = std::fs::read_to_string(path).expect("a file");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shown: Vec<_> =
        lines.iter().map(|line| (&line["accepted"], &line["answered"], &line["prompt"])).collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(shown, [(yes, yes, &json!("a cat")), (yes, no, &json!("a dog"))]);
}

#[tokio::test]
async fn uploads_are_refused_as_kie_refuses_them() {
    let (sim, _clock) = sim(json!({"keys": ["k"]})).await;
    let post = async |path: &str, headers: &str, body: &str| {
        ask(sim.address(), &format!("POST /api/{path}"), headers, body).await.2
    };
    for (path, headers, body, code) in [
        ("file-base64-upload", String::new(), r#"{"base64Data": "aGk=", "uploadPath": "a"}"#, 401),
        ("file-base64-upload", auth("k"), r#"{"base64Data": "aGk="}"#, 400),
        ("file-base64-upload", auth("k"), r#"{"base64Data": "%", "uploadPath": "a"}"#, 400),
        ("file-base64-upload", auth("k"), r#"{"base64Data": "aGk=", "uploadPath": "../a"}"#, 400),
        ("file-base64-upload", auth("k"), r#"{"base64Data": "aGk=", "uploadPath": "a", "x": "y"}"#, 400),
        (
            "file-base64-upload",
            auth("k"),
            r#"{"base64Data": "data:text/plain;base64,aGk=", "uploadPath": "a"}"#,
            200,
        ),
        ("file-stream-upload", auth("k"), "{}", 400),
        ("file-url-upload", auth("k"), r#"{"fileUrl": "https://a.example/1", "uploadPath": "a"}"#, 400),
    ] {
        let answer = post(path, &headers, body).await;
        assert_eq!(answer["code"], json!(code), "{path} {body}: {answer}");
    }
    // The same name overwrites.
    for data in ["aGk=", "aG8="] {
        let body = json!({"base64Data": data, "uploadPath": "a/b", "fileName": "c.txt"}).to_string();
        let answer = post("file-base64-upload", &auth("k"), &body).await;
        assert_eq!(answer["data"]["downloadUrl"], json!(format!("{}/uploads/a/b/c.txt", sim.url())));
    }
    let kie = Kie::new(settings(sim.url())).expect("good settings");
    let stream = kie.fetch(&format!("{}/uploads/a/b/c.txt", sim.url())).await.expect("a file");
    assert_eq!(read(stream).await, Ok(b"ho".to_vec()));
}

#[tokio::test]
async fn a_painter_makes_the_pictures_when_there_is_one() {
    let clock = StepClock::new(false);
    let painter: Painter =
        Arc::new(|asked| format!("{} {}x{}", asked.prompt, asked.width, asked.height).into_bytes());
    let sim = KieSim::start_painted(
        KieScript::default(),
        local(),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Some(painter),
    )
    .await
    .expect("a simulator");
    let bench = Bench { kie: Kie::new(settings(sim.url())).expect("good settings"), clock, sim };
    let link = bench.made("a cat").await;
    let bytes = read(bench.kie.fetch(&link).await.expect("a file")).await.expect("a whole file");
    assert_eq!(bytes, b"a cat 1024x768");
}
