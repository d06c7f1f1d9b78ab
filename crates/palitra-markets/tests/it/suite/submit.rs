//! Submissions that go wrong: refused only when that is certain, sent once whatever happens.

use super::{Complaint, Pace, UnderTest, rules};
use crate::stage::{
    bench::{Bench, Simulator, on},
    parrot, show_submitted,
};
use palitra_domain::market::{ErrorClass, Market, Request, Submitted};
use serde_json::{Value, json};
use std::time::Duration;

rules!([fal, kie, wavespeed, openai, anthropic]:
    s3_38_every_fault_is_refused_or_unknown_and_never_repeated,
    answers_have_a_bound,
    the_wait_that_the_market_asks_for_is_passed_on,
    an_answer_that_comes_too_late_is_unknown_and_the_work_runs,
    an_answer_that_comes_slowly_is_waited_for,
    a_market_that_cannot_be_reached_has_refused_and_one_that_resets_is_unknown,
    s3_21_what_cannot_be_submitted_is_refused_without_a_call,
    s3_20_what_the_market_finds_wrong_is_passed_on,
    an_account_without_money_takes_nothing_new,
    every_submission_has_a_connection_of_its_own,
    fields_that_are_not_known_are_passed_over,
    capabilities_are_what_they_are,
);
rules!([kie, wavespeed, openai, anthropic]: s3_37_what_comes_too_fast_is_refused_and_taken_later);

/// Faults of every market, what becomes of the submission, and whether it is taken in.
fn faults() -> Vec<(Value, &'static str, bool)> {
    vec![
        (json!({"fault": "rate_limited"}), "Refused(RateLimited)", false),
        (json!({"fault": "wrong_key"}), "Refused(Auth)", false),
        (json!({"fault": "error", "status": 400}), "Refused(InvalidInput)", false),
        (json!({"fault": "error", "status": 404}), "Refused(UnknownModel)", false),
        (json!({"fault": "error", "status": 500}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 503}), "Unknown(Unavailable)", false),
        (json!({"fault": "error", "status": 504}), "Unknown(Unavailable)", false),
        (json!({"fault": "error_after", "status": 500}), "Unknown(Unavailable)", true),
        (json!({"fault": "error_after", "status": 504}), "Unknown(Unavailable)", true),
        (json!({"fault": "drop"}), "Unknown(Unavailable)", false),
        (json!({"fault": "drop_after"}), "Unknown(Unavailable)", true),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Unknown(Protocol)", false),
        (json!({"fault": "html"}), "Unknown(Protocol)", true),
        (json!({"fault": "empty"}), "Unknown(Protocol)", true),
        (json!({"fault": "truncated"}), "Unknown(Protocol)", true),
    ]
}

async fn s3_38_every_fault_is_refused_or_unknown_and_never_repeated<S: UnderTest>() {
    let timeout = (json!({"fault": "error", "status": 408}), S::STATUS_408, false);
    for (fault, wanted, taken_in) in faults().into_iter().chain([timeout]).chain(S::submissions()) {
        let bench = Bench::<S>::rule(on("submit", &fault)).await;
        for (count, request) in S::orders().iter().enumerate() {
            let submitted = bench.submit(request).await;
            assert_eq!(show_submitted(&submitted), wanted, "{} {fault}", request.mode);
            let log = bench.sim.log();
            assert_eq!(log.submissions.len(), count + 1, "{fault}: sent once");
            assert_eq!(log.submissions[count].accepted, taken_in, "{fault}");
            if let Submitted::Refused(error) | Submitted::Unknown(error) = submitted {
                let text = format!("{error:?}");
                assert!(!text.contains(S::KEY) && !text.contains("key-secret"), "{text}");
            }
        }
    }
}

async fn answers_have_a_bound<S: UnderTest>() {
    const MIB: usize = 1024 * 1024;
    for (fault, wanted) in [
        (json!({"fault": "malformed"}), "Unknown(Protocol)"),
        (json!({"fault": "huge", "bytes": 4 * MIB + 1}), "Unknown(Protocol)"),
        (json!({"fault": "huge", "bytes": 4 * MIB}), S::TAKEN),
    ] {
        let bench = Bench::<S>::rule(on("submit", &fault)).await;
        assert_eq!(show_submitted(&bench.submit(&S::order()).await), wanted, "{fault}");
        let log = bench.sim.log();
        assert_eq!((log.submissions.len(), log.accepted().count()), (1, 1), "{fault}");
    }
}

async fn the_wait_that_the_market_asks_for_is_passed_on<S: UnderTest>() {
    let rule = json!({"on": "submit", "fault": "rate_limited", "retry_after": "17"});
    let Submitted::Refused(error) = Bench::<S>::rule(rule).await.submit(&S::order()).await else {
        panic!("not refused")
    };
    assert_eq!(error.retry_after, Some(Duration::from_secs(17)));
    assert!(error.class.is_retried());
}

async fn an_answer_that_comes_too_late_is_unknown_and_the_work_runs<S: UnderTest>() {
    let rules = json!([{"on": "submit", "fault": "latency_after", "ms": 60_000}]);
    let bench = Bench::<S>::dialled(rules, |dials| dials.timeouts.answer = Duration::from_millis(1500)).await;
    assert_eq!(show_submitted(&bench.submit(&S::order()).await), "Unknown(Unavailable)");
    assert_eq!(bench.sim.log().accepted().count(), 1);
}

async fn an_answer_that_comes_slowly_is_waited_for<S: UnderTest>() {
    let rules = json!({"rules": [{"on": "submit", "fault": "slow", "bytes": 128, "ms": 20}]});
    let bench = Bench::<S>::with(rules, true, |_| {}).await;
    for request in S::orders() {
        assert_eq!(show_submitted(&bench.submit(&request).await), S::TAKEN, "{}", request.mode);
    }
}

async fn a_market_that_cannot_be_reached_has_refused_and_one_that_resets_is_unknown<S: UnderTest>() {
    let mut bench = Bench::<S>::new(json!({})).await;
    bench.sim.end().await;
    assert_eq!(show_submitted(&bench.submit(&S::order()).await), "Refused(Unavailable)");
    let market = S::adapter(S::settings(parrot::resets().await)).expect("good settings");
    assert_eq!(show_submitted(&market.submit("main", &S::order()).await), "Unknown(Unavailable)");
}

async fn s3_21_what_cannot_be_submitted_is_refused_without_a_call<S: UnderTest>() {
    let bench = Bench::<S>::new(json!({})).await;
    let Submitted::Refused(error) = bench.market.submit("other", &S::order()).await else {
        panic!("not refused")
    };
    assert_eq!(error.class, ErrorClass::Auth);
    assert!(error.message.contains("`other`"), "{}", error.message);
    for (request, wanted) in S::hopeless() {
        assert_eq!(show_submitted(&bench.submit(&request).await), wanted, "{request:?}");
    }
    let log = bench.sim.log();
    assert_eq!((log.submissions.len(), log.prices), (0, 0));
    let unknown = Request { model: "nobody/knows".into(), ..S::order() };
    assert_eq!(show_submitted(&bench.submit(&unknown).await), "Refused(UnknownModel)");
}

async fn s3_20_what_the_market_finds_wrong_is_passed_on<S: UnderTest>() {
    for Complaint { rules, request, message, body } in S::complaints() {
        let bench = Bench::<S>::new(json!({"rules": rules})).await;
        let Submitted::Refused(error) = bench.submit(&request).await else {
            panic!("not refused: {message}")
        };
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::InvalidInput, message));
        assert!(error.body.as_ref().is_some_and(|whole| whole.contains(body)), "{error:?}");
    }
}

/// What runs is still shown: `suite::looks`.
async fn an_account_without_money_takes_nothing_new<S: UnderTest>() {
    let bench = Bench::<S>::new(S::poor()).await;
    assert_eq!(show_submitted(&bench.submit(&S::order()).await), S::TAKEN);
    let Submitted::Refused(error) = bench.submit(&S::order()).await else { panic!("not refused") };
    assert_eq!(error.class, ErrorClass::Credits);
    assert!(error.class.is_critical());
}

async fn s3_37_what_comes_too_fast_is_refused_and_taken_later<S: UnderTest>() {
    let Pace { script, taken, clears_after, retry_after } = S::pace().expect("a market with a limit");
    let bench = Bench::<S>::with(script, false, |_| {}).await;
    for number in 0..taken {
        assert_eq!(show_submitted(&bench.submit(&S::order()).await), S::TAKEN, "{number}");
    }
    let Submitted::Refused(error) = bench.submit(&S::order()).await else { panic!("not refused") };
    assert_eq!((error.class, error.retry_after), (ErrorClass::RateLimited, retry_after));
    assert!(error.class.is_retried());
    bench.clock.advance(clears_after);
    assert_eq!(show_submitted(&bench.submit(&S::order()).await), S::TAKEN);
}

/// What a pool would meet when the other side's idle time ends at the wrong moment.
async fn every_submission_has_a_connection_of_its_own<S: UnderTest>() {
    let base = parrot::says_once(S::GOOD).await;
    let market = S::adapter(S::settings(base)).expect("good settings");
    for _ in 0..3 {
        assert_eq!(show_submitted(&market.submit("main", &S::order()).await), S::TAKEN);
    }
}

async fn fields_that_are_not_known_are_passed_over<S: UnderTest>() {
    let mut good: Value = serde_json::from_str(S::GOOD).expect("JSON");
    parrot::embellish(&mut good);
    for answer in [parrot::ok(&good.to_string()), parrot::chunked(&good.to_string())] {
        let market = S::adapter(S::settings(parrot::says(answer).await)).expect("good settings");
        assert_eq!(show_submitted(&market.submit("main", &S::order()).await), S::TAKEN, "{good}");
    }
}

async fn capabilities_are_what_they_are<S: UnderTest>() {
    use palitra_domain::market::{CancelAnswer, Found, Marker};
    let bench = Bench::<S>::new(json!({})).await;
    assert_eq!(bench.market.capabilities(), S::CAPABILITIES);
    let order = S::order();
    let submitted = bench.submit(&order).await;
    if let (Submitted::Accepted(remote), false) = (submitted, S::CAPABILITIES.cancel) {
        assert_eq!(bench.market.cancel("main", &remote).await, CancelAnswer::Unsupported);
        bench.a_minute_passes();
        assert_eq!(crate::stage::show(&bench.poll(&remote).await), "Done");
    }
    // Nobody has a call that finds work by a mark of ours.
    let opened_at = palitra_domain::Clock::now(&*bench.clock);
    let marker = Marker { generation: order.generation, attempt: 1, model: order.model, opened_at };
    assert!(matches!(bench.market.find("main", &marker).await, Found::Unsupported));
    assert!(bench.sim.log().deleted.is_empty());
}
