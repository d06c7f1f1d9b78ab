//! Callbacks in every wrong way at once: twice, late, early, forged, signed by a stranger, lost. Each way alone is in `hooks`.

use super::stage::Stage;
use crate::crash::scenario::{SUCCEEDED, rule};
use palitra_sim::fal::{Call, Fault};
use std::net::TcpListener;

#[test]
fn callbacks_in_every_wrong_way_harm_nothing() {
    let asked = ["twice", "late", "early", "forged", "stranger", "lost", "slow answer", "plain"];
    let rules = vec![
        rule(Call::Webhook, "twice", Fault::Duplicate {}),
        rule(Call::Webhook, "late", Fault::Latency { ms: 600 }),
        rule(Call::Webhook, "early", Fault::Early {}),
        rule(Call::Webhook, "forged", Fault::Forged {}),
        rule(Call::Webhook, "stranger", Fault::WrongKey {}),
        rule(Call::Webhook, "lost", Fault::Drop {}),
        // The callback comes before the answer to the submission.
        rule(Call::Submit, "slow answer", Fault::LatencyAfter { ms: 500 }),
    ];
    let address = TcpListener::bind("127.0.0.11:0").unwrap().local_addr().unwrap();
    let public_url = format!("http://{address}");
    let settings = [
        ("PALITRA_SERVER__PUBLIC_URL", public_url.as_str()),
        ("PALITRA_SERVER__LISTEN", &address.to_string()),
        // The minute of the safety net passes in seconds.
        ("PALITRA_CLOCK_SCALE", "40"),
    ];
    let stage = Stage::set(rules, &asked, &settings);
    let service = stage.serve_as_set();
    let (_, log) = stage.finish(service, |_| SUCCEEDED);
    assert_eq!(log.submissions.len(), asked.len());
    assert!(log.deliveries.len() >= asked.len(), "{:?}", log.deliveries);
    assert!(log.deliveries.iter().any(|tried| tried.status == Some(401)));
}
