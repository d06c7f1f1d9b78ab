//! What callbacks are checked with, where that is asked from the market (fal: public keys, WaveSpeedAI: a secret): when it is asked for, where,
//! and how long it holds. The rule of the signature is tested beside its code.

use super::{CallsBack, rules};
use crate::stage::{StepClock, gate::Gate, parrot};
use palitra_domain::{
    Timestamp,
    market::{Market, WebhookHint, WebhookRefused},
    secret::Secret,
};
use std::time::Duration;

rules!([fal, wavespeed]:
    it_is_asked_for_once_at_the_configured_address,
    what_needs_none_to_be_refused_asks_nobody,
    a_signature_that_is_not_known_asks_again_once_and_not_twice_in_a_minute,
    it_ends_after_a_day_and_a_failing_server_does_not_end_it_before,
    a_clock_that_jumps_makes_it_neither_immortal_nor_unreachable,
    answers_that_hold_none_change_nothing_and_are_not_repeated_to_anybody,
    verifications_at_the_same_time_share_one_fetch,
    a_caller_who_leaves_does_not_take_the_fetch_along,
    a_server_that_is_silent_is_given_up,
);

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Signs its callbacks; what they are checked with has a number here.
pub(crate) trait Signs: CallsBack {
    /// The first line with which it is asked for, below the API's address, in lower case, and whether the key goes along.
    const ASKED_AT: &'static str;
    const ASKED_WITH_KEY: bool;
    /// The body that gives out this one.
    fn gives(number: u8) -> String;
    /// Answers that give out none.
    fn gives_none() -> Vec<String>;
    /// A callback about `req-1` that has finished, signed now by this one.
    fn signed(number: u8, now: Timestamp) -> (Vec<(String, String)>, Vec<u8>);
}

fn start() -> Timestamp {
    StepClock::start()
}

async fn gate<S: Signs>(number: u8) -> Gate {
    Gate::start(parrot::ok(&S::gives(number))).await
}

fn market<S: Signs>(gate: &Gate) -> S::Adapter {
    let mut settings = S::settings(format!("{}/behind/a/proxy/", gate.base()));
    *S::dials(&mut settings).headers = vec![("x-operator".into(), Secret::new("operator-secret"))];
    S::adapter(settings).expect("good settings")
}

/// `ok`, `untrusted` or `unavailable`.
async fn check<S: Signs>(market: &S::Adapter, number: u8, now: Timestamp) -> &'static str {
    let (headers, body) = S::signed(number, now);
    match market.verify_webhook("main", &headers, &body, now).await {
        Ok(note) => {
            assert_eq!((note.request_id.as_str(), note.hint), ("req-1", WebhookHint::Finished));
            "ok"
        }
        Err(WebhookRefused::Untrusted(_)) => "untrusted",
        Err(WebhookRefused::Unavailable(why)) => {
            assert!(!why.contains("whsec") && !why.contains("secret-") && !why.contains(S::KEY), "{why}");
            "unavailable"
        }
        Err(WebhookRefused::Unsupported) => "unsupported",
    }
}

async fn it_is_asked_for_once_at_the_configured_address<S: Signs>() {
    let gate = gate::<S>(1).await;
    let market = market::<S>(&gate);
    for later in [0, 1, 1000, 24 * 3600 - 1] {
        assert_eq!(check::<S>(&market, 1, start().plus(Duration::from_secs(later))).await, "ok");
    }
    assert_eq!(gate.asked(), 1);
    let [head] = gate.heads().try_into().expect("one question");
    assert!(head.starts_with(&format!("get /behind/a/proxy{} http/1.1\r\n", S::ASKED_AT)), "{head}");
    assert!(head.contains("x-operator: operator-secret\r\n"), "{head}");
    assert_eq!(head.contains(&format!("{}\r\n", S::CREDENTIALS)), S::ASKED_WITH_KEY, "{head}");
    assert_eq!(head.contains("authorization"), S::ASKED_WITH_KEY, "{head}");
}

async fn what_needs_none_to_be_refused_asks_nobody<S: Signs>() {
    let gate = gate::<S>(1).await;
    let market = market::<S>(&gate);
    let (headers, body) = S::signed(1, start());
    for (headers, now) in [
        (&headers[1..], start()),
        (&headers[..headers.len() - 1], start()),
        (&headers[..], start().plus(Duration::from_secs(301))),
        (&headers[..], start().minus(Duration::from_secs(301))),
    ] {
        let refused = market.verify_webhook("main", headers, &body, now).await;
        assert!(matches!(refused, Err(WebhookRefused::Untrusted(_))), "{refused:?}");
    }
    assert_eq!(gate.asked(), 0);
}

async fn a_signature_that_is_not_known_asks_again_once_and_not_twice_in_a_minute<S: Signs>() {
    let gate = gate::<S>(1).await;
    let market = market::<S>(&gate);
    assert_eq!(check::<S>(&market, 1, start()).await, "ok");
    // The market has changed it.
    gate.says(parrot::ok(&S::gives(2)));
    let rotated = start().plus(10 * MINUTE);
    assert_eq!(check::<S>(&market, 2, rotated).await, "ok");
    assert_eq!(gate.asked(), 2);
    for second in 0..60 {
        let now = rotated.plus(Duration::from_secs(second));
        assert_eq!(check::<S>(&market, 3, now).await, "untrusted");
        // The old one went with the old answer.
        assert_eq!(check::<S>(&market, 1, now).await, "untrusted");
        assert_eq!(check::<S>(&market, 2, now).await, "ok");
    }
    assert_eq!(gate.asked(), 2);
    assert_eq!(check::<S>(&market, 3, rotated.plus(MINUTE)).await, "untrusted");
    assert_eq!(gate.asked(), 3);
}

async fn it_ends_after_a_day_and_a_failing_server_does_not_end_it_before<S: Signs>() {
    let gate = gate::<S>(1).await;
    let market = market::<S>(&gate);
    assert_eq!(check::<S>(&market, 1, start()).await, "ok");
    gate.says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".into());
    // Somebody's forgery makes it ask, in vain.
    assert_eq!(check::<S>(&market, 9, start().plus(MINUTE)).await, "unavailable");
    assert_eq!(gate.asked(), 2);
    let last = start().plus(DAY - Duration::from_secs(1));
    assert_eq!(check::<S>(&market, 1, last).await, "ok");
    assert_eq!(gate.asked(), 2);
    for second in [0, 1, 59] {
        let now = start().plus(DAY + Duration::from_secs(second));
        assert_eq!(check::<S>(&market, 1, now).await, "unavailable");
    }
    assert_eq!(gate.asked(), 3);
    gate.says(parrot::ok(&S::gives(1)));
    assert_eq!(check::<S>(&market, 1, start().plus(DAY + MINUTE)).await, "ok");
    assert_eq!(gate.asked(), 4);
}

async fn a_clock_that_jumps_makes_it_neither_immortal_nor_unreachable<S: Signs>() {
    let gate = gate::<S>(1).await;
    let market = market::<S>(&gate);
    let year = 365 * DAY;
    for (count, now) in [
        (1, start()),
        // A clock that is read by several at once, in any order.
        (1, start().minus(Duration::from_secs(1))),
        (2, start().plus(year)),
        (3, start()),
        (4, start().minus(year)),
        (4, start().minus(year)),
        (5, start().plus(MINUTE)),
        (5, start().plus(2 * MINUTE)),
    ] {
        assert_eq!(check::<S>(&market, 1, now).await, "ok");
        assert_eq!(gate.asked(), count, "{now:?}");
    }
    // Set back, the clock does not hold a refresh up either.
    gate.says(parrot::ok(&S::gives(2)));
    assert_eq!(check::<S>(&market, 2, start().minus(year)).await, "ok");
    assert_eq!(gate.asked(), 6);
}

async fn answers_that_hold_none_change_nothing_and_are_not_repeated_to_anybody<S: Signs>() {
    let far = gate::<S>(2).await;
    let everywhere = [
        parrot::ok(""),
        parrot::ok("<html>"),
        parrot::ok("{}"),
        parrot::ok(&S::gives(2)).replace("200 OK", "404 Not Found"),
        format!("HTTP/1.1 302 Found\r\nlocation: {}/a\r\ncontent-length: 0\r\n\r\n", far.base()),
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{".into(),
        String::new(),
        parrot::ok(&format!("{}{}", S::gives(2), " ".repeat(5_000_000))),
    ];
    for answer in everywhere.into_iter().chain(S::gives_none()) {
        let shown = answer.chars().take(80).collect::<String>();
        let gate = gate::<S>(1).await;
        let market = market::<S>(&gate);
        assert_eq!(check::<S>(&market, 1, start()).await, "ok");
        gate.says(answer);
        let now = start().plus(MINUTE);
        assert_eq!(check::<S>(&market, 2, now).await, "unavailable", "{shown}");
        assert_eq!(check::<S>(&market, 1, now).await, "ok", "{shown}");
        assert_eq!(gate.asked(), 2, "{shown}");
    }
    assert_eq!(far.asked(), 0);
}

async fn verifications_at_the_same_time_share_one_fetch<S: Signs>() {
    let gate = gate::<S>(1).await;
    gate.shut();
    let market = market::<S>(&gate);
    // The gate is opened by the last in the row, after all the others have asked.
    let all = futures_util::future::join_all((0..16).map(|_| check::<S>(&market, 1, start())));
    let (answers, ()) = futures_util::future::join(all, async { gate.open() }).await;
    assert_eq!(answers, ["ok"; 16]);
    assert_eq!(gate.asked(), 1);
}

async fn a_caller_who_leaves_does_not_take_the_fetch_along<S: Signs>() {
    let gate = gate::<S>(1).await;
    gate.shut();
    let market = market::<S>(&gate);
    let mut first = Box::pin(check::<S>(&market, 1, start()));
    let mut second = Box::pin(check::<S>(&market, 1, start()));
    std::future::poll_fn(|context| {
        assert!(first.as_mut().poll(context).is_pending());
        assert!(second.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(first);
    gate.open();
    assert_eq!(second.await, "ok");
    assert_eq!(gate.asked(), 1);
}

async fn a_server_that_is_silent_is_given_up<S: Signs>() {
    let gate = gate::<S>(1).await;
    gate.shut();
    let mut settings = S::settings(gate.base());
    S::dials(&mut settings).timeouts.answer = Duration::from_millis(50);
    let market = S::adapter(settings).expect("good settings");
    assert_eq!(check::<S>(&market, 1, start()).await, "unavailable");
}
