//! Scripts of every market: read strictly, checked, and fired as counted.

use super::{About, BadScript, Faults};
use crate::{
    anthropic::Anthropic,
    fal::{self, Fal, FalScript},
    in_call::{self, InCall, Script},
    kie::Kie,
    market::sim::Simulated,
    openai::OpenAi,
    wavespeed::WaveSpeed,
};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

const SCRIPT: &str = r#"
keys = ["k"]
latency_ms = 50

[[rules]]
on = "submit"
match_prompt = "lighthouse"
match_model = "gpt-image-1"
match_path = "images/edits"
nth = 2
fault = "drop_after"

[[rules]]
on = "submit"
every = 3
times = 1
fault = "rate_limited"
retry_after = "2"

[[rules]]
on = "submit"
fault = "latency"
ms = 7
"#;

#[test]
fn scripts_are_read_and_rules_fire_as_counted() {
    use in_call::{Call, Fault};
    let script: Script = toml::from_str(SCRIPT).expect("a good script");
    InCall(&OpenAi).check(&script).expect("rules that can happen");
    let mut faults = Faults::<Fault>::new(&script.rules);
    let about = |path, model, prompt| About { path, model, prompt };
    let mut fired = Vec::new();
    for call in [
        about("images/edits", "gpt-image-1", "a lighthouse"),
        about("images/edits", "gpt-image-1", "a boat"),
        about("images/edits", "gpt-image-2", "a lighthouse"),
        about("images/generations", "gpt-image-1", "a lighthouse"),
        about("images/edits", "gpt-image-1", "the lighthouse"),
        about("images/edits", "gpt-image-1", "the lighthouse"),
    ] {
        fired.push(faults.plan(Call::Submit, call).fault);
    }
    let limited = Fault::RateLimited { retry_after: Some("2".into()) };
    // The second lighthouse of the first rule, and the third call of the second, which has then fired its one time.
    assert_eq!(fired, [None, None, Some(limited), None, Some(Fault::DropAfter {}), None]);
    assert_eq!(faults.plan(Call::Submit, About::default()).delay_before, Duration::from_millis(7));
    assert_eq!(faults.plan(Call::File, About::default()).delay_before, Duration::ZERO);
}

#[test]
fn every_rule_counts_every_match_and_the_first_one_wins() {
    use fal::{Call, Fault};
    let script: FalScript = toml::from_str(
        r#"
        rules = [
            { on = "submit", match_endpoint = "e", match_prompt = "lighthouse", nth = 2, fault = "drop_after" },
            { on = "submit", every = 3, times = 1, fault = "locked" },
        ]"#,
    )
    .expect("a good script");
    let mut faults = Faults::<Fault>::new(&script.rules);
    let prompts = ["a lighthouse", "a boat", "the lighthouse", "lighthouse", "a", "b", "c", "d", "e"];
    let fired: Vec<Option<Fault>> =
        prompts.iter().map(|prompt| faults.plan(Call::Submit, About::of("e", prompt)).fault).collect();
    let mut wanted = vec![None; prompts.len()];
    // The third call matches both; the second rule has fired its one time then, unseen.
    wanted[2] = Some(Fault::DropAfter {});
    assert_eq!(fired, wanted);
}

/// What is said of a script that cannot be read, or be followed.
fn refused<M: Simulated>(market: &M, text: &str) -> Option<String> {
    match toml::from_str::<M::Script>(text) {
        Ok(script) => market.check(&script).err().map(|bad| bad.to_string()),
        Err(error) => Some(error.message().to_owned()),
    }
}

/// Mistakes that are mistakes everywhere.
fn refuses_mistakes<M: Simulated>(market: &M) {
    for (text, complaint) in [
        ("latency = 5", "unknown field"),
        ("[[rules]]\non = \"submit\"\nfault = \"drop\"\nnht = 2", "unknown field"),
        ("[[rules]]\non = \"submit\"\nfault = \"dorp\"", "unknown variant"),
        ("[[rules]]\non = \"submit\"\nfault = \"latency\"", "missing field"),
        ("[[rules]]\non = \"download\"\nfault = \"drop\"", "unknown variant"),
        ("[[rules]]\non = \"file\"\nfault = \"drop_after\"", "rule 1: `drop_after` cannot happen on `file`"),
        ("[[rules]]\non = \"submit\"\nfault = \"expired\"", "rule 1: `expired` cannot happen on `submit`"),
        ("[[rules]]\non = \"submit\"\nfault = \"early\"", "rule 1: `early` cannot happen on `submit`"),
        (
            "[[rules]]\non = \"submit\"\nfault = \"error\"\nstatus = 200",
            "rule 1: `200` is not an error status",
        ),
        (
            "[[rules]]\non = \"submit\"\nfault = \"error_after\"\nstatus = 600",
            "rule 1: `600` is not an error",
        ),
        ("[[rules]]\non = \"submit\"\nfault = \"drop\"\nnth = 0", "rule 1: `nth` counts from 1"),
        ("[[rules]]\non = \"submit\"\nfault = \"drop\"\nevery = 0", "rule 1: `every` counts from 1"),
        ("[[rules]]\non = \"submit\"\nfault = \"drop\"\ntimes = 0", "rule 1: `times` counts from 1"),
    ] {
        let said = refused(market, text).unwrap_or_else(|| panic!("{}: {text}", market.name()));
        assert!(said.contains(complaint), "{}: {text}: {said}", market.name());
    }
}

#[test]
fn a_script_with_a_mistake_is_refused() {
    refuses_mistakes(&fal::market());
    refuses_mistakes(&Kie);
    refuses_mistakes(&WaveSpeed);
    refuses_mistakes(&InCall(&OpenAi));
    refuses_mistakes(&InCall(&Anthropic));
}

#[test]
fn a_script_with_a_mistake_of_its_market_is_refused() {
    let fal: Fal = fal::market();
    let rule = |rule: &str| format!("rules = [{{ {rule} }}]");
    for (said, wanted) in [
        (refused(&fal, "concurrency = 0"), "`concurrency` counts from 1"),
        (
            refused(&fal, &rule(r#"on = "submit", fault = "fail", error_type = "bad_luck""#)),
            "rule 1: `bad_luck` is not an error type of fal",
        ),
        (
            refused(&fal, &rule(r#"on = "submit", match_path = "a", fault = "drop""#)),
            "rule 1: the calls of this market have no paths to match",
        ),
        (refused(&Kie, "concurrency = 0"), "`concurrency` counts from 1"),
        (
            refused(&Kie, &rule(r#"on = "file", fault = "invisible""#)),
            "rule 1: `invisible` cannot happen on `file`",
        ),
        (
            refused(&Kie, &rule(r#"on = "submit", fault = "code", code = 418"#)),
            "rule 1: `418` is not an error code of KIE",
        ),
        (refused(&WaveSpeed, "concurrency = 0"), "`concurrency` counts from 1"),
        (refused(&WaveSpeed, "images_per_minute = 0"), "`images_per_minute` counts from 1"),
        (refused(&WaveSpeed, "discount_percent = 101"), "`discount_percent` is at most 100"),
        (
            refused(&WaveSpeed, &rule(r#"on = "submit", fault = "stale""#)),
            "rule 1: `stale` cannot happen on `submit`",
        ),
        (
            refused(&WaveSpeed, &rule(r#"on = "submit", fault = "fail", status = "lost""#)),
            "rule 1: `lost` is not an end of work",
        ),
        (refused(&InCall(&OpenAi), "requests_per_minute = 0"), "`requests_per_minute` counts from 1"),
        (
            refused(&InCall(&OpenAi), &rule(r#"on = "file", fault = "refuse""#)),
            "rule 1: `refuse` cannot happen on `file`",
        ),
        // Anthropic has no files.
        (
            refused(&InCall(&Anthropic), &rule(r#"on = "file", fault = "drop""#)),
            "rule 1: `drop` cannot happen on `file`",
        ),
    ] {
        assert_eq!(said.as_deref(), Some(wanted));
    }
    assert!(refused(&WaveSpeed, "level = \"platinum\"").is_some_and(|said| said.contains("unknown variant")));
}

#[test]
fn settings_by_model_are_read() {
    let fal: FalScript = toml::from_str("endpoints.\"openrouter/router\".latency_ms = 5").expect("a script");
    assert_eq!(fal.endpoints["openrouter/router"].latency_ms, 5);
    let openai: Script =
        toml::from_str("latency_ms = 50\nmodels.\"gpt-image-1\".latency_ms = 5").expect("a script");
    assert_eq!((openai.latency_ms("gpt-image-1"), openai.latency_ms("tts-1")), (5, 50));
    let kie: crate::kie::KieScript = toml::from_str("models.\"z-image\".latency_ms = 5").expect("a script");
    assert_eq!(kie.models["z-image"].latency_ms, 5);
    let wavespeed: crate::wavespeed::WaveSpeedScript =
        toml::from_str("level = \"bronze\"\nmodels.\"wavespeed-ai/flux-dev\".latency_ms = 5")
            .expect("a script");
    assert_eq!((wavespeed.models["wavespeed-ai/flux-dev"].latency_ms, wavespeed.concurrency()), (5, 3));
}

/// Written and read again it is the same.
fn survives<M: Simulated<Script: Serialize>>(text: &str) {
    let script: M::Script = toml::from_str(text).expect("a good script");
    let value = |script: &M::Script| serde_json::to_value(script).expect("plain data");
    let again: M::Script = serde_json::from_value(value(&script)).expect("what was just written");
    assert_eq!(value(&again), value(&script));
}

#[test]
fn a_script_survives_writing_and_reading() {
    survives::<Fal>(SCRIPT);
    survives::<Kie>(SCRIPT);
    survives::<WaveSpeed>(SCRIPT);
    survives::<InCall>(SCRIPT);
}

#[test]
fn what_is_wrong_has_values() {
    let script: FalScript = serde_json::from_value(json!({"rules": [{"on": "file", "fault": "drop_after"}]}))
        .expect("well-formed");
    let wanted = BadScript::Misplaced { rule: 1, fault: "drop_after".into(), on: "file".into() };
    assert_eq!(script.check(), Err(wanted));
}
