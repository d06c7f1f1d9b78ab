//! Anthropic under test, and what only Anthropic has.

mod happy;
mod simulator;
mod submit;

use crate::{
    stage::{Stranger, ask, bench, parrot, request, show_submitted},
    suite::{Complaint, Dials, InCall, Pace, UnderTest, dials},
};
use palitra_domain::{
    market::{Capabilities, ErrorClass, Market, Request, Submitted},
    secret::Secret,
};
use palitra_markets::anthropic::{Anthropic, AnthropicSettings};
use palitra_sim::anthropic::AnthropicSim;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) struct Subject;
type Bench = bench::Bench<Subject>;

const KEY: &str = "an-9f8e7d6c-key-secret";
const MODEL: &str = "claude-haiku-4-5";

fn settings(base_url: String) -> AnthropicSettings {
    AnthropicSettings {
        keys: vec![("main".into(), Secret::new(KEY))],
        base_url,
        ..AnthropicSettings::default()
    }
}

impl UnderTest for Subject {
    type Sim = AnthropicSim;
    type Settings = AnthropicSettings;
    type Adapter = Anthropic;

    const NAME: &'static str = "anthropic";
    const KEY: &'static str = KEY;
    const CAPABILITIES: Capabilities =
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true };
    const TAKEN: &'static str = "Done";
    const GOOD: &'static str =
        r#"{"content": [{"type": "text", "text": "a"}], "usage": {"input_tokens": 1, "output_tokens": 2}}"#;
    const CALL: &'static str = "post /v1/messages";
    const CREDENTIALS: &'static str = "x-api-key: an-9f8e7d6c-key-secret";
    const STATUS_408: &'static str = "Unknown(Unavailable)";
    /// The simulator repeats the key.
    const WRONG_KEY: (u16, &'static str) = (401, "127.0.0.1 answered 401: invalid x-api-key: [redacted]");

    fn settings(base: String) -> AnthropicSettings {
        settings(base)
    }

    fn dials(settings: &mut AnthropicSettings) -> Dials<'_> {
        dials!(settings)
    }

    fn adapter(settings: AnthropicSettings) -> Result<Anthropic, String> {
        Anthropic::new(settings).map_err(|error| error.to_string())
    }

    fn odd_settings() -> Vec<(AnthropicSettings, Option<&'static str>)> {
        let base = AnthropicSettings { base_url: "api.anthropic.com".into(), ..AnthropicSettings::default() };
        let keys = vec![("main".into(), Secret::new(""))];
        let blank = AnthropicSettings { keys, ..AnthropicSettings::default() };
        vec![
            (base, Some("`base_url` is not an address: `api.anthropic.com`")),
            (blank, Some("key `main` cannot be sent")),
        ]
    }

    fn asking(prompt: &str) -> Request {
        request("write", MODEL, json!({"prompt": prompt, "max_tokens": 500}))
    }

    fn submissions() -> Vec<(Value, &'static str, bool)> {
        let error = |status: u16| json!({"fault": "error", "status": status});
        let inside = |code: &str| json!({"fault": "error_inside", "code": code});
        vec![
            (json!({"fault": "no_credits"}), "Refused(Credits)", false),
            (error(401), "Refused(Auth)", false),
            (error(402), "Refused(Credits)", false),
            (error(403), "Refused(Permission)", false),
            (error(409), "Refused(Unavailable)", false),
            (error(413), "Refused(InvalidInput)", false),
            (error(429), "Refused(RateLimited)", false),
            (error(529), "Refused(Unavailable)", false),
            (inside("rate_limit_error"), "Refused(RateLimited)", false),
            (inside("overloaded_error"), "Unknown(Unavailable)", false),
            (json!({"fault": "refuse"}), "Refused(ContentRejected)", true),
            (json!({"fault": "nothing"}), "Refused(GenerationFailed)", true),
        ]
    }

    fn poor() -> Value {
        json!({"rules": [{"on": "submit", "nth": 2, "fault": "no_credits"}]})
    }

    fn pace() -> Option<Pace> {
        Some(Pace {
            script: json!({"requests_per_minute": 1, "latency_ms": 0}),
            taken: 1,
            clears_after: Duration::from_secs(60),
            retry_after: Some(Duration::from_secs(6)),
        })
    }

    fn hopeless() -> Vec<(Request, &'static str)> {
        vec![
            (request("create", MODEL, json!({"prompt": "a"})), "Refused(UnknownModel)"),
            (request("write", MODEL, json!({"prompt": " "})), "Refused(InvalidInput)"),
        ]
    }

    fn complaints() -> Vec<Complaint> {
        let seed = "127.0.0.1 answered 400: seed: Extra inputs are not permitted";
        let hot = "127.0.0.1 answered 400: temperature: Input should be a number from 0 to 1";
        [(json!({"prompt": "a", "seed": 5}), seed), (json!({"prompt": "a", "temperature": 1.5}), hot)]
            .map(|(input, message)| Complaint {
                rules: json!([]),
                request: request("write", MODEL, input),
                message,
                body: "invalid_request_error",
            })
            .into()
    }

    fn wish(_model: &str) -> Value {
        json!({"prompt": "a lighthouse", "system": "Write one prompt", "width": 1472, "height": 2048})
    }

    fn by_hand(key: &str) -> (&'static str, String, &'static str) {
        (simulator::MESSAGES, simulator::head(key), simulator::GOOD)
    }
}

impl InCall for Subject {
    fn text() -> Request {
        Subject::asking("tides and the moon")
    }
}
