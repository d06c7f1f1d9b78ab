//! fal under test, and what only fal has.

mod happy;
mod headers;
mod platform;
mod signatures;
mod simulator;

use crate::{
    stage::{StepClock, Stranger, ask, bench, png, read, request, show, sides},
    suite::{
        CallsBack, Complaint, Dials, Files, Lists, Made, Pace, Tasks, UnderTest, Uploads, dials, trust::Signs,
    },
};
use palitra_domain::{
    Timestamp,
    market::{Capabilities, ErrorClass, Market, Polled, RemoteRef, Request},
    money::Millionths,
    secret::Secret,
};
use palitra_markets::fal::{Fal, FalSettings};
use palitra_sim::fal::FalSim;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) struct Subject;
type Bench = bench::Bench<Subject>;

const KEY: &str = "1d2c3b4a-key-id:9f8e7d6c-key-secret";

/// Queue, storage and platform at one address.
fn settings(url: String) -> FalSettings {
    FalSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        queue_url: url.clone(),
        rest_url: url.clone(),
        platform_url: url,
        ..FalSettings::default()
    }
}

fn picture(prompt: &str) -> Request {
    let input = json!({"prompt": prompt, "image_size": {"width": 320, "height": 240}, "seed": 7});
    request("create", "fal-ai/flux/dev", input)
}

impl UnderTest for Subject {
    type Sim = FalSim;
    type Settings = FalSettings;
    type Adapter = Fal;

    const NAME: &'static str = "fal";
    const KEY: &'static str = KEY;
    const CAPABILITIES: Capabilities =
        Capabilities { in_process: false, cancel: true, webhooks: true, answers_in_call: false };
    const TAKEN: &'static str = "Accepted";
    const GOOD: &'static str = r#"{"request_id": "r"}"#;
    const CALL: &'static str = "post /fal-ai/flux/dev";
    const CREDENTIALS: &'static str = "authorization: key 1d2c3b4a-key-id:9f8e7d6c-key-secret";
    const STATUS_408: &'static str = "Unknown(Protocol)";
    const WRONG_KEY: (u16, &'static str) =
        (401, "fal answered 401: Authentication is required to access this application.");

    fn settings(base: String) -> FalSettings {
        settings(base)
    }

    fn dials(settings: &mut FalSettings) -> Dials<'_> {
        dials!(settings)
    }

    fn adapter(settings: FalSettings) -> Result<Fal, String> {
        Fal::new(settings).map_err(|error| error.to_string())
    }

    fn odd_settings() -> Vec<(FalSettings, Option<&'static str>)> {
        let settings = FalSettings { queue_url: "queue.fal.run".into(), ..FalSettings::default() };
        vec![(settings, Some("`queue_url` is not an address: `queue.fal.run`"))]
    }

    fn asking(prompt: &str) -> Request {
        picture(prompt)
    }

    fn submissions() -> Vec<(Value, &'static str, bool)> {
        let full = json!({"fault": "rate_limited", "error_type": "concurrent_requests_limit"});
        vec![
            (full, "Refused(ConcurrencyLimited)", false),
            (json!({"fault": "locked"}), "Refused(Credits)", false),
        ]
    }

    fn poor() -> Value {
        json!({"rules": [{"on": "submit", "nth": 2, "fault": "locked"}]})
    }

    /// What comes too fast waits in line.
    fn pace() -> Option<Pace> {
        None
    }

    fn complaints() -> Vec<Complaint> {
        let mut request = picture("a cat");
        request.input["image_size"]["width"] = json!(20_000);
        let message = "fal answered 422: Input should be less than or equal to 4096 (image_size.width)";
        vec![Complaint { rules: json!([]), request, message, body: "less_than_equal" }]
    }

    fn wish(model: &str) -> Value {
        // Kling knows five and ten seconds.
        let seconds = if model.contains("kling") { 10 } else { 8 };
        json!({
            "prompt": "a lighthouse", "text": "Маяк", "width": 1472, "height": 2048, "seed": 1, "images": ["ast_1"],
            "seconds": seconds, "voice": "Rachel", "finetune_id": "f-1", "system": "Write one prompt", "negative": "fog",
        })
    }

    fn by_hand(key: &str) -> (&'static str, String, &'static str) {
        ("POST /fal-ai/flux/dev", simulator::auth(key), simulator::GOOD)
    }
}

impl Tasks for Subject {
    const LOOKS: &'static [&'static str] = &["status", "result"];
    /// A 500 of the result is how fal tells that work has failed, see its headers.
    const LOOK_500: &'static str = "Unreachable(GenerationFailed)";
    const FAILED: &'static str = "fal ";
    const REFERENCES_HOLD_ADDRESSES: bool = true;

    fn looks() -> Vec<(&'static str, Value, &'static str)> {
        vec![
            ("status", json!({"fault": "locked"}), "Unreachable(Credits)"),
            ("result", json!({"fault": "locked"}), "Unreachable(Credits)"),
            ("result", json!({"fault": "error", "status": 502}), "Unreachable(GenerationFailed)"),
        ]
    }

    /// Every error type that fal documents.
    fn ends() -> Vec<(Value, &'static str)> {
        let class = |error_type: &str| match error_type {
            "content_policy_violation" | "no_media_generated" => "Failed(ContentRejected)",
            "image_load_error" | "file_download_error" => "Failed(InputFetch)",
            "generation_timeout" | "request_timeout" | "startup_timeout" | "user_timeout" => {
                "Failed(Timeout)"
            }
            "internal_server_error"
            | "downstream_service_error"
            | "downstream_service_unavailable"
            | "internal_error" => "Failed(GenerationFailed)",
            name if name.starts_with("runner_") => "Failed(GenerationFailed)",
            "client_cancelled" | "client_disconnected" => "Cancelled",
            "concurrent_requests_limit" => "Failed(ConcurrencyLimited)",
            _ => "Failed(InvalidInput)",
        };
        let types = palitra_sim::fal::error_types().map(|(error_type, _)| error_type);
        types.map(|name| (json!({"fault": "fail", "error_type": name}), class(name))).collect()
    }

    fn elsewhere(base: &str) -> Value {
        json!([{"on": "submit", "fault": "foreign_urls", "base": base}])
    }

    fn ended(link: &str) -> Value {
        json!({"status": "COMPLETED", "images": [{"url": link}]})
    }
}

impl Files for Subject {
    /// 1.8 megapixels, rounded up.
    fn linked() -> Request {
        let input = json!({
            "prompt": "a cat", "image_size": {"width": 1792, "height": 1008}, "num_images": 1, "output_format": "png",
            "seed": 42,
        });
        request("create", "fal-ai/flux/dev", input)
    }

    fn made() -> Made {
        let billable_units = Some(Millionths::whole(2));
        Made { sides: (1792, 1008), cost: None, billable_units, seed: Some(42) }
    }

    const PAINTED: &'static str = "a cat 1792x1008 42";

    fn linked_to(base: &str) -> Value {
        json!({"public_url": base})
    }
}

impl Uploads for Subject {
    fn edit(pictures: [&str; 2]) -> Request {
        let input = json!({"prompt": "all in one scene", "image_urls": pictures});
        request("edit", "fal-ai/nano-banana/edit", input)
    }

    const PUT: Option<&'static str> = Some("put");
    const MEDIA: &'static str = "/uploads/";

    fn uploads() -> Vec<(Value, &'static str)> {
        vec![(json!({"fault": "locked"}), "Refused(Credits)")]
    }
}

impl Lists for Subject {
    const LISTING: &'static str = "platform";

    fn listings() -> Vec<(Value, ErrorClass)> {
        vec![(json!({"fault": "error", "status": 403}), ErrorClass::Permission)]
    }
}

impl CallsBack for Subject {
    fn doomed() -> (Value, &'static str) {
        (json!({"fault": "fail", "error_type": "runner_server_error"}), "Failed(GenerationFailed)")
    }

    fn id_of(remote: &RemoteRef) -> String {
        let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
        stored["request_id"].as_str().expect("an id").to_owned()
    }
}
