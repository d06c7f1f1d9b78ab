//! The simulator itself, asked without the adapter: it refuses what KIE refuses and keeps its log.

use super::*;
use palitra_sim::kie::key_tag;

pub(super) const CREATE: &str = "POST /api/v1/jobs/createTask";
pub(super) const GOOD: &str = r#"{"model": "z-image", "input": {"prompt": "a cat", "aspect_ratio": "1:1"}}"#;

pub(super) fn auth(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n")
}

#[tokio::test]
async fn tasks_are_refused_as_kie_refuses_them() {
    for plain_http in [false, true] {
        let sim = Bench::new(json!({"keys": ["k"], "plain_http": plain_http})).await.sim;
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
    let Bench { sim, clock, .. } = Bench::new(json!({"concurrency": 1})).await;
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
async fn uploads_are_refused_as_kie_refuses_them() {
    let sim = Bench::new(json!({"keys": ["k"]})).await.sim;
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
