//! The balance: a number of credits, or why it is not known.

use super::*;

#[tokio::test]
async fn s3_51_the_balance_is_what_is_left() {
    let bench = Bench::new(json!({"credits": 100})).await;
    assert_eq!(bench.market.credits("main").await, Ok(Millionths::whole(100)));
    let image = request("create", "z-image", json!({"prompt": "a cat", "aspect_ratio": "1:1"}));
    bench.done(&image).await;
    assert_eq!(bench.market.credits("main").await, Ok(Millionths(99_200_000)));
}

#[tokio::test]
async fn a_balance_that_is_not_told_is_an_error() {
    for (fault, wanted) in [
        (json!({"fault": "wrong_key"}), ErrorClass::Auth),
        (json!({"fault": "rate_limited"}), ErrorClass::RateLimited),
        (json!({"fault": "code", "code": 455}), ErrorClass::Unavailable),
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "html"}), ErrorClass::Protocol),
        (json!({"fault": "empty"}), ErrorClass::Protocol),
        (json!({"fault": "truncated"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 5_000_000}), ErrorClass::Protocol),
    ] {
        let told = Bench::rule(bench::on("credit", &fault)).await.market.credits("main").await;
        assert_eq!(told.err().map(|error| error.class), Some(wanted), "{fault}");
    }
    let bench = Bench::new(json!({})).await;
    assert_eq!(bench.market.credits("gone").await.err().map(|error| error.class), Some(ErrorClass::Auth));
}
