//! OpenAI under test, and what only OpenAI has, or a server that speaks its language.

mod compatible;
mod early;
mod happy;
mod keys;
mod simulator;
mod submit;

use crate::{
    stage::{Stranger, ask, bench, bench::Simulator, link_of, parrot, png, request, show_submitted, sides},
    suite::{Complaint, Dials, Files, InCall, Made, Pace, UnderTest, dials},
};
use bytes::Bytes;
use palitra_domain::{
    market::{Capabilities, InputFile, Market, OutputFile, Outputs, Request, Submitted},
    secret::Secret,
};
use palitra_markets::openai::{OpenAi, OpenAiSettings};
use palitra_sim::openai::OpenAiSim;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) struct Subject;
type Bench = bench::Bench<Subject>;

const KEY: &str = "oa-9f8e7d6c-key-secret";

fn settings(base_url: String) -> OpenAiSettings {
    OpenAiSettings { keys: vec![("main".into(), Secret::new(KEY))], base_url, ..OpenAiSettings::default() }
}

/// A small picture: of the simulated models this one draws any size.
fn picture() -> Request {
    request("create", "gpt-image-2", json!({"prompt": "a cat", "size": "320x256"}))
}

fn speech() -> Request {
    request("speak", "tts-1", json!({"input": "hello", "voice": "alloy", "response_format": "wav"}))
}

fn text() -> Request {
    Subject::asking("tides and the moon")
}

/// A real PNG of the simulator.
async fn drawn(bench: &Bench, prompt: &str) -> Bytes {
    let input = json!({"prompt": prompt, "size": "256x256"});
    bytes_of(&bench.done(&request("create", "dall-e-2", input)).await)
}

fn file(id: &str, bytes: Bytes) -> InputFile {
    InputFile { bytes, ..png(id) }
}

fn bytes_of(outputs: &Outputs) -> Bytes {
    match outputs.files.as_slice() {
        [OutputFile::Bytes(bytes)] => bytes.clone(),
        other => panic!("not one file: {other:?}"),
    }
}

impl UnderTest for Subject {
    type Sim = OpenAiSim;
    type Settings = OpenAiSettings;
    type Adapter = OpenAi;

    const NAME: &'static str = "openai";
    const BASE: &'static str = "/v1";
    const KEY: &'static str = KEY;
    const CAPABILITIES: Capabilities =
        Capabilities { in_process: false, cancel: false, webhooks: false, answers_in_call: true };
    const TAKEN: &'static str = "Done";
    const GOOD: &'static str = r#"{"choices": [{"message": {"content": "a"}}]}"#;
    const CALL: &'static str = "post /chat/completions";
    const CREDENTIALS: &'static str = "authorization: bearer oa-9f8e7d6c-key-secret";
    const STATUS_408: &'static str = "Unknown(Unavailable)";
    /// The market repeats the key.
    const WRONG_KEY: (u16, &'static str) =
        (401, "127.0.0.1 answered 401: Incorrect API key provided: [redacted].");

    fn settings(base: String) -> OpenAiSettings {
        settings(base)
    }

    fn dials(settings: &mut OpenAiSettings) -> Dials<'_> {
        dials!(settings)
    }

    fn adapter(settings: OpenAiSettings) -> Result<OpenAi, String> {
        OpenAi::new(settings).map_err(|error| error.to_string())
    }

    fn odd_settings() -> Vec<(OpenAiSettings, Option<&'static str>)> {
        let at = |base_url: &str| OpenAiSettings { base_url: base_url.into(), ..OpenAiSettings::default() };
        let with = |label: &str, key: &str, settings: OpenAiSettings| OpenAiSettings {
            keys: vec![(label.into(), Secret::new(key))],
            ..settings
        };
        vec![
            (at("api.openai.com/v1"), Some("`base_url` is not an address: `api.openai.com/v1`")),
            (
                at("https://a:b@api.openai.com/v1"),
                Some("`base_url` is not an address: `https://a:b@api.openai.com/v1`"),
            ),
            // OpenAI wants a key, a server of one's own may have none.
            (with("main", " ", OpenAiSettings::default()), Some("key `main` cannot be sent")),
            (with("local", "", at("http://127.0.0.1:11434/v1")), None),
        ]
    }

    fn asking(prompt: &str) -> Request {
        request("write", "gpt-4o-mini", json!({"prompt": prompt}))
    }

    fn orders() -> Vec<Request> {
        let edit = json!({"prompt": "a", "images": ["ast_1"], "size": "320x256"});
        let edit = Request { files: vec![png("ast_1")], ..request("edit", "gpt-image-2", edit) };
        let streamed = json!({"prompt": "a cat", "size": "320x256", "partial_images": 2});
        let streamed = request("create", "gpt-image-2", streamed);
        vec![picture(), edit, streamed, text(), speech()]
    }

    fn submissions() -> Vec<(Value, &'static str, bool)> {
        let error = |status: u16| json!({"fault": "error", "status": status});
        let coded = |status: u16, code: &str| json!({"fault": "error", "status": status, "code": code});
        vec![
            (json!({"fault": "no_credits"}), "Refused(Credits)", false),
            (coded(400, "moderation_blocked"), "Refused(ContentRejected)", false),
            (coded(400, "content_policy_violation"), "Refused(ContentRejected)", false),
            (coded(400, "billing_hard_limit_reached"), "Refused(Credits)", false),
            (error(401), "Refused(Auth)", false),
            (error(402), "Refused(Credits)", false),
            (error(403), "Refused(Permission)", false),
            (coded(404, "model_not_found"), "Refused(UnknownModel)", false),
            (error(409), "Refused(Unavailable)", false),
            (error(413), "Refused(InvalidInput)", false),
            (error(422), "Refused(InvalidInput)", false),
            (coded(429, "rate_limit_exceeded"), "Refused(RateLimited)", false),
            (coded(429, "slow_down"), "Refused(RateLimited)", false),
            (coded(429, "insufficient_quota"), "Refused(Credits)", false),
            (coded(429, "credit_balance_exhausted"), "Refused(Credits)", false),
            (coded(429, "project_spend_limit_exceeded"), "Refused(Credits)", false),
            (error(499), "Unknown(Unavailable)", false),
            (coded(503, "server_is_overloaded"), "Unknown(Unavailable)", false),
            (
                json!({"fault": "error_inside", "code": "moderation_blocked"}),
                "Refused(ContentRejected)",
                false,
            ),
            (json!({"fault": "error_inside"}), "Unknown(Protocol)", false),
        ]
    }

    fn poor() -> Value {
        json!({"rules": [{"on": "submit", "nth": 2, "fault": "no_credits"}]})
    }

    fn pace() -> Option<Pace> {
        Some(Pace {
            script: json!({"requests_per_minute": 2, "latency_ms": 0}),
            taken: 2,
            clears_after: Duration::from_secs(60),
            // OpenAI's own headers.
            retry_after: Some(Duration::from_secs(6)),
        })
    }

    fn hopeless() -> Vec<(Request, &'static str)> {
        vec![
            (request("animate", "gpt-image-2", json!({"prompt": "a"})), "Refused(UnknownModel)"),
            (request("create", "gpt-image-2", json!({"prompt": " "})), "Refused(InvalidInput)"),
            (request("speak", "tts-1", json!({"voice": "alloy"})), "Refused(InvalidInput)"),
            (
                request("edit", "gpt-image-2", json!({"prompt": "a", "images": ["ast_9"]})),
                "Refused(InvalidInput)",
            ),
        ]
    }

    fn complaints() -> Vec<Complaint> {
        let sizes = "127.0.0.1 answered 400: Invalid value for 'size': it should be one of 'auto', '1024x1024', '1536x1024', '1024x1536'.";
        [
            (
                request("create", "gpt-image-1", json!({"prompt": "a", "response_format": "b64_json"})),
                "127.0.0.1 answered 400: Unknown parameter: 'response_format'.",
            ),
            (request("create", "gpt-image-1", json!({"prompt": "a", "size": "1x1"})), sizes),
            (
                request("write", "gpt-5-mini", json!({"prompt": "a", "max_tokens": 5})),
                "127.0.0.1 answered 400: Unknown parameter: 'max_tokens'.",
            ),
            (
                request("speak", "tts-1", json!({"input": "a", "voice": "alloy", "instructions": "x"})),
                "127.0.0.1 answered 400: Unknown parameter: 'instructions'.",
            ),
        ]
        .map(|(request, message)| Complaint {
            rules: json!([]),
            request,
            message,
            body: "invalid_request_error",
        })
        .into()
    }

    fn wish(_model: &str) -> Value {
        json!({
            "prompt": "a lighthouse", "text": "Маяк", "system": "Write one prompt", "width": 1472, "height": 2048,
            "images": ["ast_1"], "seed": 7, "pen": "ink",
        })
    }

    fn by_hand(key: &str) -> (&'static str, String, &'static str) {
        (simulator::CHAT, simulator::auth(key), simulator::GOOD)
    }
}

impl InCall for Subject {
    fn text() -> Request {
        text()
    }
}

impl Files for Subject {
    fn linked() -> Request {
        let input = json!({"prompt": "a cat", "size": "256x256", "response_format": "url"});
        request("create", "dall-e-2", input)
    }

    fn made() -> Made {
        Made { sides: (256, 256), cost: None, billable_units: None, seed: None }
    }

    const PAINTED: &'static str = "a cat 256x256";

    fn linked_to(base: &str) -> Value {
        json!({"rules": [{"on": "submit", "fault": "foreign_links", "base": base}]})
    }
}
