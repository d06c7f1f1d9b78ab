//! Servers that speak OpenAI's language in their own way (`providers.md` §8.3).

use super::*;

async fn answered(request: &Request, answer: String) -> Submitted {
    let market = OpenAi::new(settings(format!("{}/v1", parrot::says(answer).await))).expect("good settings");
    market.submit("main", request).await
}

#[tokio::test]
async fn a_server_without_keys_is_sent_none() {
    let mut stranger = Stranger::start().await;
    let keys = vec![("local".into(), Secret::new(""))];
    let market = OpenAi::new(OpenAiSettings { keys, ..settings(stranger.base()) }).expect("good settings");
    assert_eq!(show_submitted(&market.submit("local", &text()).await), "Unknown(Protocol)");
    let [heard] = stranger.heard().try_into().expect("one call");
    assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
}

#[tokio::test]
async fn answers_without_usage_and_with_more_than_is_known_are_understood() {
    let chat = r#"{"model": "llama", "timings": {"tps": 9.5}, "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a cat", "reasoning": "…", "tool_calls": []}}]}"#;
    let outputs = bench::done(answered(&text(), parrot::chunked(chat)).await);
    assert_eq!((outputs.text.as_deref(), outputs.billable_units), (Some("a cat"), None));
    let pictures = r#"{"id": "1", "created": 1, "data": [{"embedding": null, "index": 0, "url": "/generated-images/b64.png"}], "usage": {"prompt_tokens": 0}}"#;
    let request = request("create", "stablediffusion", json!({"prompt": "a", "size": "512x512"}));
    let link = link_of(&bench::done(answered(&request, parrot::ok(pictures)).await));
    assert!(link.starts_with("http://127.0.0.1:") && link.ends_with("/generated-images/b64.png"), "{link}");
}

#[tokio::test]
async fn errors_of_every_shape_have_their_class() {
    let head = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    for (answer, wanted) in [
        (head("400 Bad Request", r#"{"error": "n is too large"}"#), "Refused(InvalidInput)"),
        (head("404 Not Found", "404 page not found"), "Refused(UnknownModel)"),
        (head("401 Unauthorized", r#"{"detail": "Not authenticated"}"#), "Refused(Auth)"),
        (
            head(
                "402 Payment Required",
                r#"{"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}}"#,
            ),
            "Refused(Credits)",
        ),
        (head("500 Internal Server Error", r#"{"error": "CUDA out of memory"}"#), "Unknown(Unavailable)"),
        (head("200 OK", r#"{"error": {"message": "no endpoints", "code": 404}}"#), "Refused(UnknownModel)"),
    ] {
        assert_eq!(show_submitted(&answered(&picture(), answer.clone()).await), wanted, "{answer}");
    }
}
