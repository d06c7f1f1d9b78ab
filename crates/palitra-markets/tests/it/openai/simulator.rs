//! The simulator itself, asked without the adapter: it refuses what OpenAI refuses and keeps its log.

use super::*;
use palitra_sim::openai::key_tag;

const CREATE: &str = "POST /v1/images/generations";
pub(super) const CHAT: &str = "POST /v1/chat/completions";
const SPEECH: &str = "POST /v1/audio/speech";
pub(super) const GOOD: &str =
    r#"{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a cat"}]}"#;

pub(super) fn auth(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json\r\n")
}

#[tokio::test]
async fn requests_are_refused_as_openai_refuses_them() {
    let bench = Bench::new(json!({"keys": ["a-key"]})).await;
    for (head, headers, body, status, code) in [
        (CHAT, "content-type: application/json\r\n".to_owned(), GOOD, 401, Value::Null),
        (CHAT, auth("x-key"), GOOD, 401, json!("invalid_api_key")),
        (CHAT, "authorization: Bearer a-key\r\n".into(), GOOD, 400, Value::Null),
        (CHAT, auth("a-key"), "{", 400, Value::Null),
        (CHAT, auth("a-key"), "{}", 400, Value::Null),
        ("GET /v1/chat/completions", auth("a-key"), "", 404, json!("unknown_url")),
        ("POST /v2/chat/completions", auth("a-key"), GOOD, 404, json!("unknown_url")),
        (CHAT, auth("a-key"), r#"{"model": "gpt-9", "messages": []}"#, 404, json!("model_not_found")),
        (CHAT, auth("a-key"), r#"{"model": "gpt-4o"}"#, 400, json!("missing_required_parameter")),
        (CHAT, auth("a-key"), r#"{"model": "gpt-4o", "messages": []}"#, 400, json!("invalid_value")),
        (
            CHAT,
            auth("a-key"),
            r#"{"model": "gpt-4o", "prompt": "a", "messages": [{"role": "user", "content": "a"}]}"#,
            400,
            json!("unknown_parameter"),
        ),
        (
            CHAT,
            auth("a-key"),
            r#"{"model": "gpt-4o", "messages": [{"role": "tool", "content": "a"}]}"#,
            400,
            json!("invalid_value"),
        ),
        (CREATE, auth("a-key"), r#"{"model": "gpt-4o", "prompt": "a"}"#, 400, json!("invalid_value")),
        (
            CREATE,
            auth("a-key"),
            r#"{"model": "dall-e-3", "prompt": "a", "n": 2}"#,
            400,
            json!("invalid_value"),
        ),
        (
            CREATE,
            auth("a-key"),
            r#"{"model": "gpt-image-1", "prompt": "a", "style": "vivid"}"#,
            400,
            json!("unknown_parameter"),
        ),
        (
            CREATE,
            auth("a-key"),
            r#"{"model": "gpt-image-2", "prompt": "a", "size": "100x100"}"#,
            400,
            json!("invalid_value"),
        ),
        (
            CREATE,
            auth("a-key"),
            r#"{"model": "gpt-image-1", "prompt": "a", "background": "transparent", "output_format": "jpeg"}"#,
            400,
            json!("invalid_value"),
        ),
        (
            SPEECH,
            auth("a-key"),
            r#"{"model": "tts-1", "input": "a", "voice": "bob"}"#,
            400,
            json!("invalid_value"),
        ),
        (
            "POST /v1/images/edits",
            auth("a-key"),
            r#"{"model": "gpt-image-1", "prompt": "a"}"#,
            400,
            Value::Null,
        ),
        (CHAT, auth("a-key"), GOOD, 200, Value::Null),
    ] {
        let (answered, _, answer) = ask(bench.sim.address(), head, &headers, body).await;
        assert_eq!(
            (answered, &answer["error"]["code"]),
            (status, &code),
            "{head} {headers} {body}: {answer}"
        );
    }
    let log = bench.sim.log();
    let [accepted] = log.accepted().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
    assert_eq!(
        (accepted.key.as_str(), accepted.endpoint.as_str()),
        (key_tag("a-key").as_str(), "chat/completions")
    );
    assert_eq!((accepted.prompt.as_str(), accepted.status), ("a cat", Some(200)));
}

#[tokio::test]
async fn forms_are_read_strictly() {
    let bench = Bench::new(json!({})).await;
    let photo = drawn(&bench, "a photo").await;
    let (small, large) = (file("ast_1", photo), file("ast_2", bytes_of(&bench.done(&picture()).await)));
    let not_a_picture = file("ast_3", Bytes::from_static(b"GIF89a"));
    let wrong_type = InputFile { mime: "image/webp".into(), ..small.clone() };
    for (model, input, files, wanted) in [
        ("gpt-image-2", json!({"images": ["ast_1"]}), vec![not_a_picture.clone()], false),
        ("gpt-image-2", json!({"images": ["ast_3"]}), vec![not_a_picture], false),
        ("gpt-image-2", json!({"images": ["ast_1"]}), vec![wrong_type], false),
        (
            "gpt-image-2",
            json!({"images": ["ast_1"], "mask": "ast_2"}),
            vec![small.clone(), large.clone()],
            false,
        ),
        ("gpt-image-2", json!({"images": ["ast_1"], "seed": 5}), vec![small.clone()], false),
        ("gpt-image-2", json!({"images": ["ast_1"], "n": 11}), vec![small.clone()], false),
        ("dall-e-3", json!({"images": ["ast_1"]}), vec![small.clone()], false),
        ("dall-e-2", json!({"images": ["ast_1", "ast_2"]}), vec![small.clone(), large.clone()], false),
        ("gpt-image-2", json!({"images": ["ast_1"], "n": 2, "size": "256x256"}), vec![small], true),
    ] {
        let mut input = input;
        input["prompt"] = json!("a cat");
        let request = Request { files, ..request("edit", model, input) };
        let submitted = bench.submit(&request).await;
        assert_eq!(show_submitted(&submitted) == "Done", wanted, "{:?}: {submitted:?}", request.input);
    }
}

#[tokio::test]
async fn work_counts_as_running_until_it_is_answered() {
    let bench = Bench::with(json!({"latency_ms": 1000}), false, |_| {}).await;
    let one = async { bench.done(&text()).await };
    let two = async { bench.done(&text()).await };
    let clock = async {
        // Both have been taken in when the clock moves: it moves only once they wait for it.
        while bench.sim.log().accepted().count() < 2 {
            tokio::task::yield_now().await;
        }
        bench.clock.advance(Duration::from_secs(1));
    };
    futures_util::future::join3(one, two, clock).await;
    assert_eq!(bench.sim.log().overlap[&key_tag(KEY)], 2);
    bench.sim.follow(json!({"latency_ms": 0}));
    bench.done(&text()).await;
    assert_eq!(bench.sim.log().submissions[2].overlap, 1);
}

#[tokio::test]
async fn a_rule_may_be_about_a_path_and_a_model() {
    let rule = |path: &str, model: &str| json!({"on": "submit", "match_path": path, "match_model": model, "fault": "drop"});
    for (path, model, wanted) in [
        ("chat/completions", "gpt-4o-mini", "Unknown(Unavailable)"),
        ("chat/completions", "gpt-4o", "Done"),
        ("audio/speech", "gpt-4o-mini", "Done"),
    ] {
        let bench = Bench::rule(rule(path, model)).await;
        assert_eq!(show_submitted(&bench.submit(&text()).await), wanted, "{path} {model}");
    }
}
