//! What Anthropic is told in a header, and what it says in its own way.

use super::*;

#[tokio::test]
async fn the_version_of_the_api_is_said_once_and_is_the_operators_where_they_say_one() {
    let mut stranger = Stranger::start().await;
    for (headers, version) in [
        (vec![], "2023-06-01"),
        (vec![("Anthropic-Version".into(), Secret::new("2024-01-01"))], "2024-01-01"),
    ] {
        let market = Anthropic::new(AnthropicSettings { headers, ..settings(stranger.base()) });
        let market = market.expect("good settings");
        market.submit("main", &Subject::text()).await;
        let heard = stranger.heard_once();
        assert!(heard.contains(&format!("anthropic-version: {version}\r\n")), "{heard}");
        assert_eq!(heard.matches("anthropic-version").count(), 1, "{heard}");
        assert_eq!(heard.matches(&format!("x-api-key: {KEY}\r\n")).count(), 1, "{heard}");
        assert!(!heard.contains("authorization"), "{heard}");
    }
}

#[tokio::test]
async fn an_overloaded_market_is_asked_again() {
    let rule = json!({"on": "submit", "fault": "error", "status": 529});
    let Submitted::Refused(error) = Bench::rule(rule).await.submit(&Subject::text()).await else {
        panic!("not refused")
    };
    assert!(error.class.is_retried());
}

#[tokio::test]
async fn blocks_and_errors_of_tomorrow_are_passed_over() {
    let body = r#"{"id": 5, "type": "message", "container": {}, "content": [{"type": "server_tool_use", "input": {}}, {"type": "text", "text": "a cat", "mood": 1}], "stop_reason": "of_tomorrow", "context_management": null, "usage": {"input_tokens": 1, "output_tokens": 2, "server_tool_use": {}}}"#;
    let market = Anthropic::new(settings(parrot::says(parrot::chunked(body)).await)).expect("good settings");
    let outputs = bench::done(market.submit("main", &Subject::text()).await);
    assert_eq!(
        (outputs.text.as_deref(), outputs.kilo_tokens.map(|units| units.0)),
        (Some("a cat"), Some(3000))
    );
    let error = parrot::ok(r#"{"type": "error", "error": {"type": "of_tomorrow", "message": "x"}}"#);
    let market = Anthropic::new(settings(parrot::says(error).await)).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &Subject::text()).await), "Unknown(Protocol)");
}

#[tokio::test]
async fn links_are_never_part_of_an_answer_and_private_ones_are_not_opened() {
    let bench = Bench::new(json!({})).await;
    let class = bench::refused(&bench.market, "https://127.0.0.1:9/a.txt").await;
    assert_eq!(class, ErrorClass::Protocol);
}
