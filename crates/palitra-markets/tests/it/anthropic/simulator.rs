//! The simulator itself, asked without the adapter: it refuses what Anthropic refuses and keeps its log.

use super::*;
use palitra_sim::anthropic::key_tag;

pub(super) const MESSAGES: &str = "POST /v1/messages";
pub(super) const GOOD: &str =
    r#"{"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "a cat"}]}"#;

pub(super) fn head(key: &str) -> String {
    format!("x-api-key: {key}\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n")
}

#[tokio::test]
async fn requests_are_refused_as_anthropic_refuses_them() {
    let bench = Bench::new(json!({"keys": ["a-key"]})).await;
    let of = |fields: &str| format!(r#"{{"model": "claude-haiku-4-5", {fields}}}"#);
    let said = r#""messages": [{"role": "user", "content": "a"}]"#;
    for (line, headers, body, status, kind) in [
        (MESSAGES, String::new(), GOOD.to_owned(), 401, "authentication_error"),
        (MESSAGES, head("x-key"), GOOD.into(), 401, "authentication_error"),
        (
            MESSAGES,
            "x-api-key: a-key\r\ncontent-type: application/json\r\n".into(),
            GOOD.into(),
            400,
            "invalid_request_error",
        ),
        (
            MESSAGES,
            head("a-key").replace("2023-06-01", "2029-01-01"),
            GOOD.into(),
            400,
            "invalid_request_error",
        ),
        (MESSAGES, head("a-key"), "{".into(), 400, "invalid_request_error"),
        (MESSAGES, head("a-key"), of(said), 400, "invalid_request_error"),
        (MESSAGES, head("a-key"), of(&format!(r#""max_tokens": 0, {said}"#)), 400, "invalid_request_error"),
        (MESSAGES, head("a-key"), of(r#""max_tokens": 9, "messages": []"#), 400, "invalid_request_error"),
        (
            MESSAGES,
            head("a-key"),
            of(r#""max_tokens": 9, "messages": [{"role": "system", "content": "a"}]"#),
            400,
            "invalid_request_error",
        ),
        (
            MESSAGES,
            head("a-key"),
            of(r#""max_tokens": 9, "messages": [{"role": "user", "content": " "}]"#),
            400,
            "invalid_request_error",
        ),
        (
            MESSAGES,
            head("a-key"),
            of(&format!(r#""max_tokens": 9, "prompt": "a", {said}"#)),
            400,
            "invalid_request_error",
        ),
        (MESSAGES, head("a-key"), GOOD.replace("haiku-4-5", "haiku-9"), 404, "not_found_error"),
        ("POST /v1/complete", head("a-key"), GOOD.into(), 404, "not_found_error"),
        ("GET /v1/messages", head("a-key"), String::new(), 404, "not_found_error"),
    ] {
        let (answered, _, answer) = ask(bench.sim.address(), line, &headers, &body).await;
        assert_eq!(
            (answered, answer["error"]["type"].as_str()),
            (status, Some(kind)),
            "{line} {headers} {body}: {answer}"
        );
        assert_eq!(answer["type"], json!("error"));
    }
    let bearer = head("a-key").replace("x-api-key: ", "authorization: Bearer ");
    for headers in [head("a-key"), bearer] {
        let (status, answer_head, answer) = ask(bench.sim.address(), MESSAGES, &headers, GOOD).await;
        assert_eq!((status, answer["stop_reason"].as_str()), (200, Some("end_turn")));
        assert!(answer_head.contains("request-id: req_"), "{answer_head}");
    }
    let log = bench.sim.log();
    assert_eq!((log.accepted().count(), log.refused().count()), (2, 14));
    assert!(log.accepted().all(|accepted| accepted.key == key_tag("a-key") && accepted.prompt == "a cat"));
}

#[tokio::test]
async fn a_reason_is_logged_and_there_are_no_files_to_make_rules_about() {
    let bench = Bench::rule(json!({"on": "submit", "nth": 2, "fault": "error", "status": 529})).await;
    let address = bench.sim.address();
    for status in [200, 529, 200] {
        assert_eq!(ask(address, MESSAGES, &head("a-key"), GOOD).await.0, status);
    }
    assert_eq!(bench.sim.log().submissions[1].reason.as_deref(), Some("the script says so"));
    for script in [r#"{"rules": [{"on": "file", "fault": "expired"}]}"#, r#"{"level": 1}"#] {
        assert_eq!(ask(address, "POST /_sim/script", "", script).await.0, 422, "{script}");
    }
}
