//! What works: texts, each answered in the call.

use super::*;

#[tokio::test]
async fn texts_are_written_translated_and_checked() {
    let bench = Bench::new(json!({})).await;
    for mode in ["write", "translate", "check"] {
        let input = json!({"prompt": "tides and the moon", "system": "be brief", "max_tokens": 500, "temperature": 0.5});
        let outputs = bench.done(&request(mode, MODEL, input)).await;
        assert!(outputs.text.is_some_and(|text| text.len() > 20) && outputs.files.is_empty(), "{mode}");
        let tokens = outputs.kilo_tokens.expect("usage").0;
        assert!(tokens > 0 && tokens % 1000 == 0, "{tokens}");
    }
    let log = bench.sim.log();
    let submission = &log.submissions[0];
    let messages = json!([{"role": "user", "content": "tides and the moon"}]);
    let wanted = json!({"system": "be brief", "max_tokens": 500, "temperature": 0.5, "messages": messages, "model": "claude-haiku-4-5"});
    assert_eq!((submission.endpoint.as_str(), &submission.input), ("v1/messages", &wanted));
    assert!(submission.accepted && submission.answered);
}

#[tokio::test]
async fn what_the_model_thinks_is_no_text_and_a_bound_cuts_what_it_says() {
    let bench = Bench::rule(json!({"on": "submit", "fault": "says", "text": "абвгдежз и дальше"})).await;
    let input =
        json!({"prompt": "say it", "max_tokens": 2, "thinking": {"type": "enabled", "budget_tokens": 1024}});
    assert_eq!(bench.done(&request("write", MODEL, input)).await.text.as_deref(), Some("абвгдежз"));
    // A bound of ours where the input names none.
    let bare = bench.done(&request("write", MODEL, json!({"prompt": "say it"}))).await;
    assert_eq!(bare.text.as_deref(), Some("абвгдежз и дальше"));
}
