//! Looking at accepted work: what ends it, and what only hides it for a while.

use super::{Tasks, rules};
use crate::stage::{
    bench::{Bench, Simulator, once},
    link_of, outputs, parrot, show, show_submitted,
};
use palitra_domain::{
    market::{Market, Polled, RemoteRef, WebhookHint, WebhookNote},
    secret::Secret,
};
use serde_json::{Value, json};
use std::time::Duration;

rules!([fal, kie, wavespeed]:
    s3_20_every_end_has_its_class,
    trouble_with_a_look_does_not_end_the_work,
    s3_19_unknown_words_are_pending_for_as_long_as_they_come,
    work_that_the_market_does_not_know_is_not_found,
    an_answer_that_comes_too_late_is_looked_for_again,
    a_slow_answer_is_waited_for,
    a_look_that_cannot_be_had_and_an_account_without_money_leave_the_work_alone,
    fields_that_are_not_known_are_passed_over,
);

async fn s3_20_every_end_has_its_class<S: Tasks>() {
    for (fault, wanted) in S::ends() {
        let bench = Bench::<S>::rule(crate::stage::bench::on("submit", &fault)).await;
        let remote = bench.accepted("a cat").await;
        assert!(matches!(bench.poll(&remote).await, Polled::Pending { position: None }), "{fault}");
        bench.a_minute_passes();
        let polled = bench.poll(&remote).await;
        assert_eq!(show(&polled), wanted, "{fault}");
        if let Polled::Failed(error) = polled {
            assert!(error.body.is_some() && error.message.starts_with(S::FAILED), "{fault}: {error:?}");
        }
    }
}

/// Faults of every market that say nothing about the work: it is looked at again, and then it is done.
async fn trouble_with_a_look_does_not_end_the_work<S: Tasks>() {
    let everywhere = [
        (json!({"fault": "error", "status": 500}), S::LOOK_500),
        (json!({"fault": "error", "status": 503}), S::LOOK_500),
        (json!({"fault": "rate_limited", "retry_after": "1"}), "Unreachable(RateLimited)"),
        (json!({"fault": "wrong_key"}), "Unreachable(Auth)"),
        (json!({"fault": "drop"}), "Unreachable(Unavailable)"),
        (json!({"fault": "redirect", "location": "http://127.0.0.1:9/"}), "Unreachable(Protocol)"),
        (json!({"fault": "html"}), "Unreachable(Protocol)"),
        (json!({"fault": "empty"}), "Unreachable(Protocol)"),
        (json!({"fault": "truncated"}), "Unreachable(Protocol)"),
        (json!({"fault": "malformed"}), "Unreachable(Protocol)"),
        (json!({"fault": "huge", "bytes": 5_000_000}), "Unreachable(Protocol)"),
    ];
    let calls = S::LOOKS.iter();
    let everywhere =
        calls.flat_map(|call| everywhere.iter().map(move |(fault, wanted)| (*call, fault.clone(), *wanted)));
    let unknown = (S::LOOKS[0], json!({"fault": "unknown_status", "word": "warming_up"}), "Pending");
    for (call, fault, wanted) in everywhere.chain([unknown]).chain(S::looks()) {
        let bench = Bench::<S>::rule(once(call, &fault)).await;
        let remote = bench.accepted("a cat").await;
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), wanted, "{call} {fault}");
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{call} {fault}, looked at again");
        assert_eq!(bench.sim.log().submissions.len(), 1);
    }
}

async fn s3_19_unknown_words_are_pending_for_as_long_as_they_come<S: Tasks>() {
    let words = ["FAILED", "WARMING_UP", "succeeded", "deleted"].map(|word| (word, "Pending"));
    for (word, wanted) in words.into_iter().chain([("", S::BLANK_STATUS)]) {
        let bench =
            Bench::<S>::rule(json!({"on": S::LOOKS[0], "fault": "unknown_status", "word": word})).await;
        let remote = bench.accepted("a cat").await;
        for _ in 0..3 {
            bench.a_minute_passes();
            assert_eq!(show(&bench.poll(&remote).await), wanted, "{word}");
        }
    }
}

async fn work_that_the_market_does_not_know_is_not_found<S: Tasks>() {
    let bench = Bench::<S>::new(json!({})).await;
    let remote = bench.accepted("a cat").await;
    // A market that has forgotten everything, and a key that is not the work's.
    let other = Bench::<S>::new(json!({})).await;
    let moved = RemoteRef(remote.0.replace(&bench.root(), &other.root()));
    assert_eq!(show(&other.poll(&moved).await), "NotFound");
    let changed = bench.again(|dials| dials.keys[0].1 = Secret::new("another:key"));
    assert_eq!(show(&changed.poll("main", &remote).await), "NotFound");
    // A reference that is none of ours, and a key that is gone: the work may still be there.
    assert_eq!(show(&bench.poll(&RemoteRef("{}".into())).await), "Unreachable(Protocol)");
    assert_eq!(show(&bench.market.poll("gone", &remote).await), "Unreachable(Auth)");
}

async fn an_answer_that_comes_too_late_is_looked_for_again<S: Tasks>() {
    for call in S::LOOKS {
        let rules = json!([{"on": call, "times": 1, "fault": "latency", "ms": 60_000}]);
        let bench =
            Bench::<S>::dialled(rules, |dials| dials.timeouts.answer = Duration::from_millis(1500)).await;
        let remote = bench.accepted("a cat").await;
        assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Unavailable)", "{call}");
        bench.a_minute_passes();
        assert_eq!(show(&bench.poll(&remote).await), "Done", "{call}");
    }
}

async fn a_slow_answer_is_waited_for<S: Tasks>() {
    let slow = S::LOOKS.iter().map(|call| json!({"on": call, "fault": "slow", "bytes": 16, "ms": 100}));
    let bench = Bench::<S>::with(json!({"rules": slow.collect::<Vec<_>>()}), true, |_| {}).await;
    let remote = bench.accepted("a cat").await;
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
}

async fn a_look_that_cannot_be_had_and_an_account_without_money_leave_the_work_alone<S: Tasks>() {
    let mut bench = Bench::<S>::new(S::poor()).await;
    let remote = bench.accepted("a cat").await;
    assert_eq!(show_submitted(&bench.asked("a dog").await), "Refused(Credits)");
    bench.a_minute_passes();
    assert_eq!(show(&bench.poll(&remote).await), "Done");
    bench.sim.end().await;
    assert_eq!(show(&bench.poll(&remote).await), "Unreachable(Unavailable)");
}

async fn fields_that_are_not_known_are_passed_over<S: Tasks>() {
    let link = "https://a.example/1.png";
    for embellished in [false, true] {
        let mut ended: Value = S::ended(link);
        if embellished {
            parrot::embellish(&mut ended);
        }
        let base = parrot::says(parrot::ok(&ended.to_string())).await;
        let market = S::adapter(S::settings(base)).expect("good settings");
        let note =
            WebhookNote { request_id: "r1".into(), gateway_request_id: None, hint: WebhookHint::Finished };
        let remote = market.reference(&S::order().model, &note).expect("a reference");
        assert_eq!(link_of(&outputs(market.poll("main", &remote).await)), link, "{ended}");
    }
}
