//! WaveSpeedAI under test, and what only WaveSpeedAI has.

mod happy;
mod listing;
mod money;
mod simulator;
mod uploads;
mod webhook_secrets;
mod webhooks;

use crate::{
    stage::{Stranger, ask, bench, link_of, outputs, parrot, png, read, request, show, sides},
    suite::{
        CallsBack, Complaint, Dials, Files, Lists, Made, Pace, Tasks, UnderTest, Uploads, dials, trust::Signs,
    },
};
use palitra_domain::{
    Clock, Currency, MarketCost, Timestamp,
    market::{Capabilities, ErrorClass, Market, OutputFile, Outputs, Polled, RemoteRef, Request},
    secret::Secret,
};
use palitra_markets::wavespeed::{WaveSpeed, WaveSpeedSettings};
use palitra_sim::wavespeed::WaveSpeedSim;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) struct Subject;
type Bench = bench::Bench<Subject>;

const KEY: &str = "ws-9f8e7d6c-key-secret";

fn settings(base_url: String) -> WaveSpeedSettings {
    WaveSpeedSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        base_url,
        ..WaveSpeedSettings::default()
    }
}

fn picture(prompt: &str) -> Request {
    let input = json!({"prompt": prompt, "size": "320*256", "seed": 7});
    request("create", "wavespeed-ai/flux-dev", input)
}

fn dollars(micros: i64) -> MarketCost {
    MarketCost { micros, currency: Currency::USD }
}

impl UnderTest for Subject {
    type Sim = WaveSpeedSim;
    type Settings = WaveSpeedSettings;
    type Adapter = WaveSpeed;

    const NAME: &'static str = "wavespeed";
    const KEY: &'static str = KEY;
    const CAPABILITIES: Capabilities =
        Capabilities { in_process: false, cancel: false, webhooks: true, answers_in_call: false };
    const TAKEN: &'static str = "Accepted";
    const GOOD: &'static str = r#"{"code": 200, "data": {"id": "r"}}"#;
    const CALL: &'static str = "post /api/v3/wavespeed-ai/flux-dev";
    const CREDENTIALS: &'static str = "authorization: bearer ws-9f8e7d6c-key-secret";
    const TELLS_COSTS: bool = true;
    const STATUS_408: &'static str = "Unknown(Protocol)";
    const WRONG_KEY: (u16, &'static str) = (401, "WaveSpeed answered 401: Invalid API key");

    fn settings(base: String) -> WaveSpeedSettings {
        settings(base)
    }

    fn dials(settings: &mut WaveSpeedSettings) -> Dials<'_> {
        dials!(settings)
    }

    fn adapter(settings: WaveSpeedSettings) -> Result<WaveSpeed, String> {
        WaveSpeed::new(settings).map_err(|error| error.to_string())
    }

    fn odd_settings() -> Vec<(WaveSpeedSettings, Option<&'static str>)> {
        let base = WaveSpeedSettings { base_url: "api.wavespeed.ai".into(), ..WaveSpeedSettings::default() };
        let keys = vec![("main".into(), Secret::new(" "))];
        let blank = WaveSpeedSettings { keys, ..WaveSpeedSettings::default() };
        vec![
            (base, Some("`base_url` is not an address: `api.wavespeed.ai`")),
            (blank, Some("key `main` cannot be sent")),
        ]
    }

    fn asking(prompt: &str) -> Request {
        picture(prompt)
    }

    fn submissions() -> Vec<(Value, &'static str, bool)> {
        vec![
            (json!({"fault": "error", "status": 403}), "Refused(Permission)", false),
            (json!({"fault": "error_inside", "code": 400}), "Refused(InvalidInput)", false),
            (json!({"fault": "error_inside", "code": 429}), "Refused(RateLimited)", false),
            (json!({"fault": "error_inside", "code": 500}), "Unknown(Unavailable)", false),
            (json!({"fault": "no_credits"}), "Refused(Credits)", false),
            (json!({"fault": "no_credits", "status": 400}), "Refused(Credits)", false),
            (json!({"fault": "no_credits", "status": 402}), "Refused(Credits)", false),
        ]
    }

    fn poor() -> Value {
        json!({"balance_micros": 20_000})
    }

    fn pace() -> Option<Pace> {
        let clears_after = Duration::from_secs(60);
        Some(Pace { script: json!({"level": "bronze"}), taken: 10, clears_after, retry_after: None })
    }

    fn complaints() -> Vec<Complaint> {
        let mut request = picture("a cat");
        request.input["size"] = json!("1792*256");
        let message = "WaveSpeed answered 400: property size must be W*H with sides between 256 and 1536";
        vec![Complaint { rules: json!([]), request, message, body: "\"code\":400" }]
    }

    fn wish(_model: &str) -> Value {
        let (cat, face) = ("https://a.example/cat.png", "https://a.example/face.png");
        json!({
            "prompt": "a cat", "width": 1024, "height": 768, "seed": 7, "images": [cat], "face_image": face, "pen": "ink",
        })
    }

    fn by_hand(key: &str) -> (&'static str, String, &'static str) {
        (simulator::FLUX, simulator::auth(key), simulator::GOOD)
    }
}

impl Tasks for Subject {
    const LOOKS: &'static [&'static str] = &["result"];
    const LOOK_500: &'static str = "Unreachable(Unavailable)";
    const FAILED: &'static str = "";
    const REFERENCES_HOLD_ADDRESSES: bool = false;

    fn looks() -> Vec<(&'static str, Value, &'static str)> {
        vec![
            ("result", json!({"fault": "error", "status": 400}), "Unreachable(InvalidInput)"),
            ("result", json!({"fault": "error", "status": 403}), "Unreachable(Permission)"),
            ("result", json!({"fault": "error", "status": 408}), "Unreachable(Protocol)"),
            ("result", json!({"fault": "error_inside", "code": 500}), "Unreachable(Unavailable)"),
            ("result", json!({"fault": "error_inside", "code": 401}), "Unreachable(Auth)"),
            ("result", json!({"fault": "no_credits"}), "Unreachable(Credits)"),
        ]
    }

    fn ends() -> Vec<(Value, &'static str)> {
        vec![
            (json!({"fault": "fail"}), "Failed(GenerationFailed)"),
            (json!({"fault": "fail", "error": "no face detected"}), "Failed(GenerationFailed)"),
            (json!({"fault": "fail", "error": "content flagged as sensitive"}), "Failed(ContentRejected)"),
            (json!({"fault": "fail", "error": "failed to download image"}), "Failed(InputFetch)"),
            (json!({"fault": "fail", "status": "timeout", "error": "too slow"}), "Failed(Timeout)"),
            (json!({"fault": "fail", "status": "cancelled"}), "Cancelled"),
            (json!({"fault": "nsfw"}), "Failed(ContentRejected)"),
            (json!({"fault": "nothing"}), "Failed(GenerationFailed)"),
            (json!({"fault": "inline"}), "Done"),
        ]
    }

    fn elsewhere(base: &str) -> Value {
        let foreign = |on: &str| json!({"on": on, "fault": "foreign_urls", "base": base});
        json!([foreign("submit"), foreign("result")])
    }

    fn ended(link: &str) -> Value {
        json!({"code": 200, "data": {"id": "r1", "status": "completed", "outputs": [link]}})
    }
}

impl Files for Subject {
    fn linked() -> Request {
        let input = json!({"prompt": "a cat", "size": "1024*768", "num_images": 1, "seed": 42, "output_format": "png"});
        request("create", "wavespeed-ai/flux-dev", input)
    }

    fn made() -> Made {
        Made { sides: (1024, 768), cost: Some(dollars(12_000)), billable_units: None, seed: None }
    }

    const PAINTED: &'static str = "a cat 1024x768 42";

    fn linked_to(base: &str) -> Value {
        json!({"public_url": base})
    }
}

impl Uploads for Subject {
    /// The face of one picture into another.
    fn edit(pictures: [&str; 2]) -> Request {
        let [image, face_image] = pictures;
        let input =
            json!({"image": image, "face_image": face_image, "target_index": 0, "output_format": "png"});
        request("swap_face", "wavespeed-ai/image-face-swap", input)
    }

    const PUT: Option<&'static str> = Some("put");
    const MEDIA: &'static str = "/media/";

    fn uploads() -> Vec<(Value, &'static str)> {
        vec![(json!({"fault": "no_credits"}), "Refused(Credits)")]
    }
}

impl Lists for Subject {
    const LISTING: &'static str = "models";

    fn listings() -> Vec<(Value, ErrorClass)> {
        vec![(json!({"fault": "error_inside", "code": 403}), ErrorClass::Permission)]
    }
}

impl CallsBack for Subject {
    const UNTRUSTED: &'static [&'static str] = &["stale"];

    fn doomed() -> (Value, &'static str) {
        (json!({"fault": "fail"}), "Failed(GenerationFailed)")
    }

    fn id_of(remote: &RemoteRef) -> String {
        let stored: Value = serde_json::from_str(&remote.0).expect("JSON");
        stored["id"].as_str().expect("an id").to_owned()
    }
}
