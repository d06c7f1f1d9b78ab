//! Money: the price before the run is the cost of the run, and what is left of the balance.

use super::*;
/// The cost that the outputs of one run report.
async fn cost_of_a_run(bench: &Bench) -> Option<MarketCost> {
    bench.done(&picture("a cat")).await.cost
}

#[tokio::test]
async fn s3_15_the_price_before_the_run_is_the_cost_of_the_run() {
    let bench = Bench::new(json!({})).await;
    assert_eq!(bench.market.price("main", &picture("a cat")).await, Ok(dollars(12_000)));
    assert_eq!(cost_of_a_run(&bench).await, Some(dollars(12_000)));
    let log = bench.sim.log();
    // Asked once on its own and once for the submission; looks ask for none.
    assert_eq!((log.prices, log.submissions[0].price_micros), (2, 12_000));
}

#[tokio::test]
async fn a_discount_counts() {
    let bench = Bench::new(json!({"discount_percent": 33})).await;
    assert_eq!(bench.market.price("main", &picture("a cat")).await, Ok(dollars(8_040)));
    assert_eq!(cost_of_a_run(&bench).await, Some(dollars(8_040)));
}

/// Whatever goes wrong with the price, the picture is made; only its cost is unknown.
#[tokio::test]
async fn a_price_that_cannot_be_had_does_not_stop_the_submission() {
    for (fault, wanted) in [
        (json!({"fault": "error", "status": 500}), ErrorClass::Unavailable),
        (json!({"fault": "error", "status": 404}), ErrorClass::Protocol),
        (json!({"fault": "error_inside", "code": 400}), ErrorClass::InvalidInput),
        (json!({"fault": "rate_limited"}), ErrorClass::RateLimited),
        (json!({"fault": "drop"}), ErrorClass::Unavailable),
        (json!({"fault": "html"}), ErrorClass::Protocol),
        (json!({"fault": "empty"}), ErrorClass::Protocol),
        (json!({"fault": "truncated"}), ErrorClass::Protocol),
        (json!({"fault": "malformed"}), ErrorClass::Protocol),
        (json!({"fault": "huge", "bytes": 5_000_000}), ErrorClass::Protocol),
        (json!({"fault": "wrong_key"}), ErrorClass::Auth),
        (json!({"fault": "no_credits"}), ErrorClass::Credits),
    ] {
        let bench = Bench::rule(bench::on("price", &fault)).await;
        let error = bench.market.price("main", &picture("a cat")).await.expect_err("no price");
        assert_eq!(error.class, wanted, "{fault}");
        assert_eq!(cost_of_a_run(&bench).await, None, "{fault}");
    }
}

#[tokio::test]
async fn a_silent_price_is_not_waited_for() {
    let rules = json!({"rules": [{"on": "price", "fault": "latency", "ms": 60_000}]});
    let bench = Bench::with(rules, false, |settings| settings.price_within = Duration::from_millis(50)).await;
    assert_eq!(cost_of_a_run(&bench).await, None);
}

#[tokio::test]
async fn amounts_that_cannot_be_read_are_no_amounts() {
    for (data, price, balance) in [
        (json!({"price": 0.012, "balance": 1.5}), Some(dollars(12_000)), Some(1_500_000)),
        (
            json!({"price": 0.012, "discounted_price": 0.01, "currency": "USD", "balance": 0}),
            Some(dollars(10_000)),
            Some(0),
        ),
        (
            json!({"price": 0.012, "discounted_price": null, "balance": -0.25}),
            Some(dollars(12_000)),
            Some(-250_000),
        ),
        (json!({"price": -1, "balance": "1.5"}), None, None),
        (json!({"price": "0.012"}), None, None),
        (json!({"price": 1, "currency": "dollars", "balance": null}), None, None),
        (json!({"price": 1e30, "balance": 1e30}), None, None),
        (json!({}), None, None),
        (json!(null), None, None),
    ] {
        let body = json!({"code": 200, "message": "success", "data": data}).to_string();
        let market = WaveSpeed::new(settings(parrot::says(parrot::ok(&body)).await)).expect("good settings");
        let answer = market.price("main", &picture("a cat")).await.map_err(|error| error.class);
        assert_eq!(answer, price.ok_or(ErrorClass::Protocol), "{data}");
        let answer = market.balance("main").await.map_err(|error| error.class);
        assert_eq!(answer.map(|left| left.micros), balance.ok_or(ErrorClass::Protocol), "{data}");
    }
}

#[tokio::test]
async fn the_balance_falls_with_every_run_and_failed_work_is_refunded() {
    let rules = json!([{"on": "submit", "match_prompt": "doomed", "fault": "fail"}]);
    let bench = Bench::new(json!({"balance_micros": 1_000_000, "rules": rules})).await;
    for (prompt, left) in [("a cat", 988_000), ("doomed", 988_000), ("a dog", 976_000)] {
        bench.accepted(prompt).await;
        let balance = bench.market.balance("main").await.expect("a balance");
        assert_eq!((balance.micros, balance.currency), (left, Currency::USD), "{prompt}");
    }
    let gone = bench.market.balance("gone").await.expect_err("no such key");
    assert_eq!(gone.class, ErrorClass::Auth);
    let bench = Bench::rule(json!({"on": "balance", "fault": "wrong_key"})).await;
    assert_eq!(bench.market.balance("main").await.expect_err("refused").class, ErrorClass::Auth);
}
