//! The circuit and the states, step by step, with a clock of numbers.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn error(class: ErrorClass, status: u16) -> MarketError {
    MarketError { status: Some(status), ..MarketError::new(class, "no") }
}

fn told(seconds: u64) -> MarketError {
    MarketError { retry_after: Some(Duration::from_secs(seconds)), ..error(ErrorClass::RateLimited, 429) }
}

#[test]
fn five_passing_failures_in_a_row_open_the_circuit_and_one_success_closes_it() {
    let away = error(ErrorClass::Unavailable, 503);
    let mut condition = Condition::FRESH;
    for n in 1..FAILURES_MAX {
        condition = condition.after_failure(&away, at(n), 0, at(n)).unwrap();
        assert_eq!((condition.health, condition.failures), (KeyHealth::Ok, n));
    }
    // One that gets through in between starts the count anew.
    assert_eq!(condition.after_success(at(5), at(6)).unwrap().failures, 0);
    let open = condition.after_failure(&away, at(7), u128::MAX, at(7)).unwrap();
    assert_eq!((open.health, open.rounds, open.since), (KeyHealth::Cooling, 1, at(7)));
    assert!(open.usable_at > at(7) && open.usable_at <= at(12));
    // What was under way when it opened changes nothing, whatever comes of it.
    assert_eq!(open.after_failure(&away, at(6), 0, at(8)), None);
    assert_eq!(open.after_success(at(6), at(8)), None);
    let closed = open.after_success(at(13), at(14)).unwrap();
    assert_eq!(closed, Condition { since: at(14), ..Condition::FRESH });
    assert_eq!(closed.after_success(at(15), at(16)), None, "a healthy key costs no write");
}

#[test]
fn a_circuit_that_does_not_close_stays_open_ever_longer_up_to_five_minutes() {
    let away = error(ErrorClass::Unavailable, 502);
    let mut condition = Condition { failures: FAILURES_MAX - 1, ..Condition::FRESH };
    let mut ceilings = Vec::new();
    let mut now = at(0);
    for _ in 0..12 {
        let longest = (0..50u128).map(|n| condition.after_failure(&away, now, n * 7_919, now).unwrap());
        ceilings.push(longest.map(|open| open.usable_at.since(now)).max().unwrap());
        condition = condition.after_failure(&away, now, 7_919, now).unwrap();
        now = condition.usable_at;
    }
    assert!(ceilings[0] <= Duration::from_secs(5) && ceilings[11] > Duration::from_secs(100), "{ceilings:?}");
    assert!(ceilings.iter().all(|ceiling| *ceiling >= Duration::from_secs(1) && *ceiling <= COOLING_MAX));
}

#[test]
fn a_market_that_says_when_to_come_back_is_believed_at_once_and_the_longest_wins() {
    let first = Condition::FRESH.after_failure(&told(30), at(1), 0, at(1)).unwrap();
    assert_eq!((first.health, first.usable_at, first.rounds), (KeyHealth::Cooling, at(31), 0));
    let second = first.after_failure(&told(10), at(0), 0, at(2)).unwrap();
    assert_eq!(second.usable_at, at(31));
    assert_eq!(second.after_failure(&told(60), at(0), 0, at(3)).unwrap().usable_at, at(63));
}

#[test]
fn s3_51_a_lock_and_a_wrong_key_take_a_key_out_at_once() {
    let cases = [
        (error(ErrorClass::Credits, 403), KeyHealth::Locked, ErrorCode::MarketCredits),
        (error(ErrorClass::Credits, 402), KeyHealth::NoCredit, ErrorCode::MarketCredits),
        (error(ErrorClass::Credits, 429), KeyHealth::NoCredit, ErrorCode::MarketCredits),
        (error(ErrorClass::Auth, 401), KeyHealth::BadKey, ErrorCode::MarketAuth),
    ];
    for (error, health, code) in cases {
        let out = Condition::FRESH.after_failure(&error, at(1), 0, at(2)).unwrap();
        assert_eq!((out.health, out.health.code(), out.health.is_out()), (health, Some(code), true));
        assert!(out.usable_at > at(2 + 14 * 60));
        // A rush of the same news is one piece of news; passing trouble does not make it better.
        assert_eq!(out.after_failure(&error, at(1), 0, at(3)), None);
        assert_eq!(out.after_failure(&told(1), at(4), 0, at(4)), None);
        // What the market took before it said so proves nothing.
        assert_eq!(out.after_success(at(1), at(3)), None);
        assert_eq!(out.after_success(at(5), at(6)).unwrap().health, KeyHealth::Ok);
        assert_eq!(out.tried_again(at(9)).health, KeyHealth::Cooling);
        assert!(out.tried_again(at(9)).usable_at <= at(9), "one may try at once");
    }
    let wrong = Condition::FRESH.after_failure(&error(ErrorClass::Auth, 401), at(1), 0, at(2)).unwrap();
    assert_eq!(wrong.usable_at, NEVER, "it does not become right by waiting");
}

#[test]
fn what_is_the_requests_own_fault_says_nothing_about_the_key() {
    for class in [ErrorClass::InvalidInput, ErrorClass::ContentRejected, ErrorClass::UnknownModel] {
        assert_eq!(Condition::FRESH.after_failure(&error(class, 422), at(1), 0, at(1)), None);
    }
}
