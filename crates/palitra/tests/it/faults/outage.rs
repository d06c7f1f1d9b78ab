//! The market is away, answers with errors, is slow, or says that it is too much; then it comes back.

use super::stage::Stage;
use crate::crash::scenario::{SUCCEEDED, rule};
use palitra_sim::fal::{Call, Fault, Rule};

/// Pauses between tries pass in moments.
const HURRIED: &[(&str, &str)] = &[("PALITRA_CLOCK_SCALE", "20"), ("PALITRA_ENGINE__RETRIES_MAX", "64")];

const ASKED: &[&str] = &["alpha", "beta", "gamma", "delta"];

fn times(times: u64, on: Call, fault: Fault) -> Rule {
    Rule { times: Some(times), ..rule(on, "", fault) }
}

/// Refused connections are known to have cost nothing: everything is tried again until somebody listens.
#[test]
fn while_nobody_listens_work_waits_and_is_submitted_once() {
    let mut stage = Stage::without_market(ASKED, HURRIED);
    let service = stage.serve();
    for _ in 0..8 {
        assert!(service.says("refused, will try again"));
    }
    stage.open_market(Vec::new());
    let (books, log) = stage.finish(service, |_| SUCCEEDED);
    assert_eq!(log.accepted().count(), ASKED.len());
    assert!(books.attempts.iter().all(|attempt| attempt.paid_by == "account"), "nothing was unknown");
}

/// Looks and downloads that fail change nothing; the market has the work.
#[test]
fn while_looks_and_downloads_fail_nothing_is_submitted_again() {
    let rules = vec![
        times(6, Call::Status, Fault::Error { status: 503 }),
        times(4, Call::Status, Fault::Drop {}),
        times(2, Call::Status, Fault::LatencyAfter { ms: 700 }),
        times(3, Call::Result, Fault::Error { status: 500 }),
        times(2, Call::Result, Fault::Malformed {}),
        times(2, Call::File, Fault::Drop {}),
        times(1, Call::File, Fault::Truncated {}),
    ];
    let stage = Stage::set(rules, ASKED, HURRIED);
    let service = stage.serve();
    let (_, log) = stage.finish(service, |_| SUCCEEDED);
    assert_eq!(log.submissions.len(), ASKED.len());
}

/// An error of the server says nothing about the work: at most one submission more, at the house's cost, and never a third.
#[test]
fn errors_of_the_server_are_unknown_outcomes_and_resubmitted_once() {
    let rules = vec![
        times(2, Call::Submit, Fault::ErrorAfter { status: 502 }),
        times(3, Call::Submit, Fault::Error { status: 503 }),
        times(1, Call::Submit, Fault::Drop {}),
    ];
    let stage = Stage::set(rules, ASKED, HURRIED);
    let service = stage.serve();
    let (books, _) = stage.finish(service, |_| &["succeeded", "failed outcome_unknown"]);
    assert!(books.attempts.iter().any(|attempt| attempt.reason == "unknown" && attempt.paid_by == "house"));
}

/// Too many requests, for a while: refused unbilled, so all of it is tried again and nothing is paid by the house. The key cools for
/// minutes, which pass in a second.
#[test]
fn a_storm_of_429_costs_nothing_and_passes() {
    let busy = Fault::RateLimited { retry_after: Some("1".to_owned()), error_type: None };
    let full =
        Fault::RateLimited { retry_after: None, error_type: Some("concurrent_requests_limit".to_owned()) };
    // Each call counts for both: the first three are of the one kind, the next five of the other.
    let rules = vec![
        times(3, Call::Submit, full),
        times(8, Call::Submit, busy.clone()),
        times(9, Call::Status, busy),
    ];
    let stage =
        Stage::set(rules, ASKED, &[("PALITRA_CLOCK_SCALE", "40"), ("PALITRA_ENGINE__RETRIES_MAX", "64")]);
    let service = stage.serve();
    let (books, log) = stage.finish(service, |_| SUCCEEDED);
    assert_eq!(log.accepted().count(), ASKED.len());
    let refused = books.attempts.iter().filter(|attempt| attempt.state == "refused").count();
    assert_eq!(refused, log.refused().count(), "each refusal is an attempt of its own");
    assert_eq!(refused, 8);
    assert!(books.attempts.iter().all(|attempt| attempt.paid_by == "account"));
}
