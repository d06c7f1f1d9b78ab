//! KIE under test, and what only KIE has.

mod account;
mod callbacks;
mod codes;
mod happy;
mod keys;
mod listing;
mod models;
mod simulator;
mod uploads;

use crate::{
    stage::{Stranger, ask, bench, link_of, outputs, read, request, show, show_submitted},
    suite::{CallsBack, Complaint, Dials, Files, Lists, Made, Pace, Tasks, UnderTest, Uploads, dials},
};
use palitra_domain::{
    Clock, Currency, MarketCost,
    market::{Capabilities, ErrorClass, Market, RemoteRef, Request},
    money::Millionths,
    secret::Secret,
};
use palitra_markets::kie::{Kie, KieSettings};
use palitra_sim::kie::KieSim;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) struct Subject;
type Bench = bench::Bench<Subject>;

const KEY: &str = "9f8e7d6c5b4a-kie-key-secret";
const WEBHOOK_KEY: &str = "hmac-of-the-account";

/// API and uploads at one address.
fn settings(url: String) -> KieSettings {
    KieSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        webhook_keys: vec![("main".into(), Secret::new(WEBHOOK_KEY))],
        base_url: url.clone(),
        upload_url: url,
        ..KieSettings::default()
    }
}

fn picture(prompt: &str) -> Request {
    let input = json!({"prompt": prompt, "aspect_ratio": "4:3", "output_format": "png"});
    request("create", "google/nano-banana", input)
}

impl UnderTest for Subject {
    type Sim = KieSim;
    type Settings = KieSettings;
    type Adapter = Kie;

    const NAME: &'static str = "kie";
    const KEY: &'static str = KEY;
    const CAPABILITIES: Capabilities =
        Capabilities { in_process: false, cancel: false, webhooks: true, answers_in_call: false };
    const TAKEN: &'static str = "Accepted";
    const GOOD: &'static str = r#"{"code": 200, "msg": "success", "data": {"taskId": "t"}}"#;
    const CALL: &'static str = "post /api/v1/jobs/createtask";
    const CREDENTIALS: &'static str = "authorization: bearer 9f8e7d6c5b4a-kie-key-secret";
    const STATUS_408: &'static str = "Unknown(Timeout)";
    const WRONG_KEY: (u16, &'static str) = (200, "KIE answered 401: You do not have access permissions");

    fn settings(base: String) -> KieSettings {
        settings(base)
    }

    fn dials(settings: &mut KieSettings) -> Dials<'_> {
        dials!(settings)
    }

    fn adapter(settings: KieSettings) -> Result<Kie, String> {
        Kie::new(settings).map_err(|error| error.to_string())
    }

    fn odd_settings() -> Vec<(KieSettings, Option<&'static str>)> {
        let base = KieSettings { base_url: "api.kie.ai".into(), ..KieSettings::default() };
        let upload_url = "https://a:b@kieai.redpandaai.co".into();
        let upload = KieSettings { upload_url, ..KieSettings::default() };
        let webhook_keys = vec![("main".into(), Secret::new("x"))];
        let nobodys = KieSettings { webhook_keys, ..KieSettings::default() };
        vec![
            (base, Some("`base_url` is not an address: `api.kie.ai`")),
            (upload, Some("`upload_url` is not an address: `https://a:b@kieai.redpandaai.co`")),
            (nobodys, Some("the webhook key of `main` is empty or belongs to no key")),
        ]
    }

    fn asking(prompt: &str) -> Request {
        picture(prompt)
    }

    fn submissions() -> Vec<(Value, &'static str, bool)> {
        vec![
            (json!({"fault": "no_credits"}), "Refused(Credits)", false),
            (json!({"fault": "code_after", "code": 500}), "Unknown(Unavailable)", true),
            (json!({"fault": "code_after", "code": 408}), "Unknown(Timeout)", true),
        ]
    }

    fn poor() -> Value {
        json!({"credits": 7})
    }

    fn pace() -> Option<Pace> {
        let clears_after = Duration::from_secs(10);
        Some(Pace { script: json!({}), taken: 20, clears_after, retry_after: None })
    }

    fn complaints() -> Vec<Complaint> {
        let words = "prompt contains characters that are not supported";
        let rules = json!([{"on": "submit", "fault": "code", "code": 422, "message": words}]);
        let message = "KIE answered 422: prompt contains characters that are not supported";
        vec![Complaint { rules, request: picture("a cat"), message, body: words }]
    }

    /// KIE's packs are gone through in `models`, by what is simulated.
    fn wish(_model: &str) -> Value {
        json!({})
    }

    fn by_hand(key: &str) -> (&'static str, String, &'static str) {
        (simulator::CREATE, simulator::auth(key), simulator::GOOD)
    }
}

impl Tasks for Subject {
    const LOOKS: &'static [&'static str] = &["status"];
    const LOOK_500: &'static str = "Unreachable(Unavailable)";
    /// Then a flag tells.
    const BLANK_STATUS: &'static str = "Done";
    const FAILED: &'static str = "KIE failed: ";
    const REFERENCES_HOLD_ADDRESSES: bool = false;

    fn looks() -> Vec<(&'static str, Value, &'static str)> {
        vec![
            ("status", json!({"fault": "error", "status": 408}), "Unreachable(Timeout)"),
            ("status", json!({"fault": "error", "status": 404}), "Unreachable(Protocol)"),
            ("status", json!({"fault": "invisible"}), "NotFound"),
        ]
    }

    fn ends() -> Vec<(Value, &'static str)> {
        let flagged = "Your content was flagged as violating content policies";
        let fail = |code: &str| json!({"fault": "fail", "code": code});
        vec![
            (fail("400"), "Failed(InvalidInput)"),
            (fail("408"), "Failed(Timeout)"),
            (fail("422"), "Failed(InvalidInput)"),
            (fail("451"), "Failed(InputFetch)"),
            (fail("500"), "Failed(GenerationFailed)"),
            (fail("501"), "Failed(GenerationFailed)"),
            (fail("531"), "Failed(GenerationFailed)"),
            (fail("odd"), "Failed(GenerationFailed)"),
            (json!({"fault": "fail", "code": "400", "message": flagged}), "Failed(ContentRejected)"),
        ]
    }

    fn elsewhere(base: &str) -> Value {
        json!([{"on": "submit", "fault": "foreign_links", "base": base}])
    }

    fn ended(link: &str) -> Value {
        let result = json!({"resultUrls": [link]}).to_string();
        json!({"code": 200, "data": {"taskId": "r1", "state": "success", "resultJson": result}})
    }
}

impl Files for Subject {
    fn linked() -> Request {
        let input = json!({"prompt": "a cat", "aspect_ratio": "16:9", "output_format": "png"});
        request("create", "google/nano-banana", input)
    }

    /// Four credits of half a cent.
    fn made() -> Made {
        let cost = Some(MarketCost { micros: 20_000, currency: Currency::USD });
        Made { sides: (1024, 576), cost, billable_units: Some(Millionths::whole(4)), seed: None }
    }

    const PAINTED: &'static str = "a cat 1024x576 ";

    fn linked_to(base: &str) -> Value {
        json!({"public_url": base})
    }
}

impl Uploads for Subject {
    fn edit(pictures: [&str; 2]) -> Request {
        let input = json!({"prompt": "more light", "image_urls": pictures});
        request("edit", "google/nano-banana-edit", input)
    }

    const PUT: Option<&'static str> = None;
    const MEDIA: &'static str = "/uploads/palitra/";

    fn uploads() -> Vec<(Value, &'static str)> {
        vec![
            (json!({"fault": "code", "code": 400}), "Refused(InputFetch)"),
            (json!({"fault": "code", "code": 500}), "Refused(Unavailable)"),
        ]
    }
}

impl Lists for Subject {
    const LISTING: &'static str = "models";

    fn listings() -> Vec<(Value, ErrorClass)> {
        vec![(json!({"fault": "code", "code": 455}), ErrorClass::Unavailable)]
    }
}

impl CallsBack for Subject {
    const UNTRUSTED: &'static [&'static str] = &["stale", "unsigned"];

    fn signing() -> Value {
        json!({"webhook_key": WEBHOOK_KEY})
    }

    fn doomed() -> (Value, &'static str) {
        (json!({"fault": "fail", "code": "501"}), "Failed(GenerationFailed)")
    }

    fn id_of(remote: &RemoteRef) -> String {
        let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
        stored["task_id"].as_str().expect("an id").to_owned()
    }
}
