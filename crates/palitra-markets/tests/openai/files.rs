//! Pictures behind links (DALL·E, compatible servers): what is passed on as it comes, and what is refused.

use super::*;
use std::io::ErrorKind;

async fn linked(bench: &Bench) -> String {
    let input = json!({"prompt": "a cat", "size": "256x256", "response_format": "url"});
    link_of(&bench.done(&request("create", "dall-e-2", input)).await)
}

#[tokio::test]
async fn a_linked_picture_is_fetched_without_a_key() {
    let bench = Bench::new(json!({})).await;
    let link = linked(&bench).await;
    assert!(link.starts_with(bench.sim.url().trim_end_matches("/v1")), "{link}");
    let stream = bench.market.fetch(&link).await.expect("a file");
    assert_eq!(sides(&read(stream).await.expect("a whole file")), (256, 256));
}

#[tokio::test]
async fn s3_47_a_missing_file_has_expired_and_a_failing_server_is_asked_again() {
    for (fault, wanted) in [
        (json!({"fault": "expired"}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 403}), ErrorClass::ResultExpired),
        (json!({"fault": "error", "status": 400}), ErrorClass::Protocol),
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "redirect", "location": "https://127.0.0.1:9/a.png"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 100 * 1024 * 1024 + 1}), ErrorClass::Protocol),
    ] {
        let mut rule = fault.clone();
        (rule["on"], rule["times"]) = (json!("file"), json!(1));
        let bench = Bench::rule(rule).await;
        let link = linked(&bench).await;
        assert_eq!(refused(&bench.market, &link).await, wanted, "{fault}");
        assert!(bench.market.fetch(&link).await.is_ok(), "{fault}, fetched again");
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_ends_with_an_error() {
    let bench = Bench::rule(json!({"on": "file", "fault": "truncated"})).await;
    let link = linked(&bench).await;
    let stream = bench.market.fetch(&link).await.expect("headers come at once");
    assert_eq!(read(stream).await, Err(ErrorKind::UnexpectedEof));
}
