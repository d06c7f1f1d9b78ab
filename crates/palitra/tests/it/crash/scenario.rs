//! The table of scenarios. Together they reach every row of the transition table.

use super::verdict::Endings;
use crate::harness::deck;
use palitra_sim::fal::{Call, FalScript, Fault, Rule};

/// A deck, a market with its faults, a command, and how everything has to end whenever the command is killed and repeated.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) script: FalScript,
    pub(super) deck: String,
    pub(super) settings: Vec<(&'static str, &'static str)>,
    /// A run before, and the point where it is killed: what the command finds.
    pub(super) before: Option<(Vec<&'static str>, &'static str)>,
    /// What the deck has become since.
    pub(super) edited: Option<String>,
    /// `DECK` stands for the deck, `BATCH` and `GENERATION` for the ids that the run before left.
    pub(super) words: Vec<&'static str>,
    /// The command is a service: it is stopped when nothing is left to do. `ADDRESS` is where the market can call it.
    pub(super) serves: bool,
    /// Killed at points of this event only, where the others have been played; empty: at all.
    pub(super) only: &'static str,
    /// Exit codes of the command, and endings: the first unharmed, any after a kill.
    pub(super) codes: &'static [i32],
    pub(super) endings: Endings,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            name: "",
            script: FalScript { latency_ms: 20, ..FalScript::default() },
            deck: deck(3),
            settings: Vec::new(),
            before: None,
            edited: None,
            words: slides(&[]),
            serves: false,
            only: "",
            codes: &[0],
            endings: |_| SUCCEEDED,
        }
    }
}

/// `palitra slides` of the deck, small. Whatever fails, the rest goes on.
fn slides(more: &[&'static str]) -> Vec<&'static str> {
    gated("0", more)
}

fn gated(gate: &'static str, more: &[&'static str]) -> Vec<&'static str> {
    [&["slides", "DECK", "-o", "out", "--format", "64x64", "--yes", "--gate", gate], more].concat()
}

const FAL: &[&str] = &["--model", "fal-ai/flux/dev"];

/// Slides that bring their prompts along, as JSON.
pub(crate) fn prompts<T: AsRef<str>>(prompts: &[T]) -> String {
    let slide = |prompt: &str| serde_json::json!({ "title": prompt, "content": "words", "prompt": prompt });
    serde_json::Value::from_iter(prompts.iter().map(|prompt| slide(prompt.as_ref()))).to_string()
}

fn script(latency_ms: u64, rules: Vec<Rule>) -> FalScript {
    FalScript { latency_ms, rules, ..FalScript::default() }
}

pub(crate) fn rule(on: Call, prompt: &str, fault: Fault) -> Rule {
    let match_prompt = Some(prompt.to_owned());
    Rule { match_prompt, ..Rule::new(on, fault) }
}

fn once(rule: Rule) -> Rule {
    Rule { times: Some(1), ..rule }
}

pub(crate) const SUCCEEDED: &[&str] = &["succeeded"];

pub(super) fn all() -> Vec<Scenario> {
    [plain(), troubled(), continued(), cancelled(), found()].into_iter().flatten().collect()
}

fn plain() -> Vec<Scenario> {
    vec![
        Scenario { name: "pictures of a market", words: slides(FAL), ..Scenario::default() },
        Scenario { name: "sandbox", ..Scenario::default() },
        Scenario {
            name: "a writer at a market, and one answer without English",
            script: script(
                20,
                vec![rule(
                    Call::Submit,
                    "Slide topic 2",
                    Fault::Says { text: "Только по-русски".to_owned() },
                )],
            ),
            // A second between two prompts takes 50 ms.
            settings: vec![("PALITRA_CLOCK_SCALE", "20")],
            words: slides(&[FAL, &["--prompt-model", "openrouter/router"]].concat()),
            endings: |generation| match generation.prompt.as_str() {
                "" => &["failed empty_prompt"],
                _ => SUCCEEDED,
            },
            ..Scenario::default()
        },
        Scenario {
            name: "pictures inside the market's answer",
            script: script(20, vec![rule(Call::Submit, "", Fault::Inline {})]),
            deck: prompts(&["alpha", "beta"]),
            words: slides(FAL),
            ..Scenario::default()
        },
    ]
}

fn troubled() -> Vec<Scenario> {
    let busy = || Fault::RateLimited { retry_after: Some("0".to_owned()), error_type: None };
    let rejected = || Fault::Fail { error_type: "content_policy_violation".to_owned() };
    vec![
        Scenario {
            name: "refusals",
            script: script(
                20,
                vec![
                    once(rule(Call::Submit, "alpha", busy())),
                    rule(Call::Submit, "beta", Fault::Error { status: 422 }),
                ],
            ),
            deck: prompts(&["alpha", "beta", "gamma"]),
            words: slides(FAL),
            endings: |generation| match generation.prompt.as_str() {
                "beta" => &["failed invalid_input"],
                _ => SUCCEEDED,
            },
            ..Scenario::default()
        },
        Scenario {
            name: "lost answers",
            script: script(
                20,
                vec![
                    once(rule(Call::Submit, "alpha", Fault::DropAfter {})),
                    once(rule(Call::Submit, "beta", Fault::ErrorAfter { status: 502 })),
                    rule(Call::Submit, "gamma", Fault::DropAfter {}),
                ],
            ),
            deck: prompts(&["alpha", "beta", "gamma"]),
            words: slides(FAL),
            endings: |generation| match generation.prompt.as_str() {
                "gamma" => &["failed outcome_unknown"],
                _ => SUCCEEDED,
            },
            ..Scenario::default()
        },
        Scenario {
            name: "failures of accepted work",
            script: script(
                20,
                vec![
                    rule(Call::Submit, "alpha", rejected()),
                    rule(Call::File, "beta", Fault::Html {}),
                    rule(Call::File, "gamma", Fault::Expired {}),
                ],
            ),
            deck: prompts(&["alpha", "beta", "gamma", "delta"]),
            words: slides(FAL),
            endings: |generation| match generation.prompt.as_str() {
                "alpha" => &["failed content_rejected"],
                "beta" => &["failed bad_result"],
                "gamma" => &["failed result_expired"],
                _ => SUCCEEDED,
            },
            ..Scenario::default()
        },
        Scenario {
            name: "pictures that are cut off, once and always",
            script: script(
                20,
                vec![
                    once(rule(Call::File, "alpha", Fault::Malformed {})),
                    rule(Call::File, "beta", Fault::Malformed {}),
                ],
            ),
            deck: prompts(&["alpha", "beta"]),
            words: slides(FAL),
            endings: |generation| match generation.prompt.as_str() {
                "beta" => &["failed unacceptable_result", "failed outcome_unknown"],
                // There is one try at the house's cost: after a kill nobody knows what became of it, or it is the one that was cut off.
                _ => &["succeeded", "failed outcome_unknown", "failed unacceptable_result"],
            },
            ..Scenario::default()
        },
        Scenario {
            name: "work that never ends",
            script: script(20, vec![rule(Call::Submit, "alpha", Fault::Work { ms: 600_000 })]),
            deck: prompts(&["alpha", "beta"]),
            // The longest run of five minutes passes in a second.
            settings: vec![("PALITRA_CLOCK_SCALE", "300")],
            // One after another: whoever looks when a run is over does not end it in the middle of a step.
            words: slides(&[FAL, &["--image-workers", "1"]].concat()),
            // After a kill the other one may have had its five minutes, too, before anybody looks at it again.
            endings: |generation| match generation.prompt.as_str() {
                "alpha" => &["timed_out timed_out"],
                _ => &["succeeded", "timed_out timed_out"],
            },
            ..Scenario::default()
        },
        Scenario {
            name: "a batch that stops while something runs",
            script: script(
                300,
                vec![
                    rule(Call::Submit, "alpha", Fault::Latency { ms: 100 }),
                    rule(Call::Submit, "alpha", Fault::Error { status: 422 }),
                ],
            ),
            deck: prompts(&["alpha", "beta", "gamma"]),
            words: gated("100", FAL),
            codes: &[4],
            // A repeated run begins with what is missing: a slot is free for gamma then. What was unknown is not submitted again once
            // the batch has stopped.
            endings: |generation| match generation.prompt.as_str() {
                "alpha" => &["failed invalid_input"],
                "beta" => &["succeeded", "cancelled batch_stopped"],
                _ => &["cancelled batch_stopped", "succeeded"],
            },
            ..Scenario::default()
        },
    ]
}

/// What only a start after a kill does.
fn continued() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "sandbox, killed while it drew",
            before: Some((slides(&[]), "queued.claim.after:2")),
            ..Scenario::default()
        },
        Scenario {
            name: "sandbox, killed with a picture in memory",
            deck: prompts(&["alpha", "beta"]),
            before: Some((slides(&[]), "submitting.answer.after:1")),
            ..Scenario::default()
        },
        Scenario {
            name: "the deck has changed since",
            script: script(300, Vec::new()),
            deck: prompts(&["alpha", "beta"]),
            before: Some((slides(FAL), "submitting.accept.after:2")),
            edited: Some(prompts(&["alpha", "gamma", "beta"])),
            words: slides(FAL),
            ..Scenario::default()
        },
    ]
}

fn cancelled() -> Vec<Scenario> {
    let long = || FalScript { latency_ms: 60_000, ..FalScript::default() };
    let create =
        || vec!["create", "alpha", "-o", "out", "--model", "fal-ai/flux/dev", "--format", "64x64", "--yes"];
    let hurried = || vec![("PALITRA_CLOCK_SCALE", "20")];
    vec![
        Scenario {
            // Alpha runs, beta's answer is under way, the others wait.
            name: "cancel a batch",
            script: FalScript {
                rules: vec![rule(Call::Submit, "beta", Fault::LatencyAfter { ms: 30_000 })],
                ..long()
            },
            deck: prompts(&["alpha", "beta", "gamma", "delta"]),
            settings: hurried(),
            before: Some((slides(FAL), "submitting.accept.after:1")),
            words: vec!["jobs", "cancel", "BATCH", "--yes"],
            codes: &[0, 1],
            endings: |_| &["cancelled cancelled"],
            ..Scenario::default()
        },
        Scenario {
            // Alpha is made and paid for; the wish comes too late for it.
            name: "cancel a batch with a picture half stored",
            deck: prompts(&["alpha", "beta"]),
            before: Some((slides(&[FAL, &["--image-workers", "1"]].concat()), "storing.settle.before:1")),
            words: vec!["jobs", "cancel", "BATCH", "--yes"],
            codes: &[0, 1],
            endings: |generation| match generation.prompt.as_str() {
                "alpha" => SUCCEEDED,
                _ => &["cancelled cancelled"],
            },
            ..Scenario::default()
        },
        Scenario {
            name: "cancel a batch in the sandbox",
            deck: prompts(&["alpha", "beta", "gamma"]),
            before: Some((slides(&[]), "queued.claim.after:1")),
            words: vec!["jobs", "cancel", "BATCH", "--yes"],
            codes: &[0, 1],
            endings: |_| &["cancelled cancelled"],
            ..Scenario::default()
        },
        Scenario {
            name: "cancel one that waits",
            before: Some((create(), "queued.claim.before:1")),
            words: vec!["jobs", "cancel", "GENERATION", "--yes"],
            codes: &[0, 1],
            endings: |_| &["cancelled cancelled"],
            ..Scenario::default()
        },
        Scenario {
            name: "cancel one that runs",
            script: long(),
            settings: hurried(),
            before: Some((create(), "submitting.accept.after:1")),
            words: vec!["jobs", "cancel", "GENERATION", "--yes"],
            codes: &[0, 1],
            endings: |_| &["cancelled cancelled"],
            ..Scenario::default()
        },
    ]
}

/// The answer to the first submission gets lost and nothing is heard for long enough; then its callback comes.
fn found() -> Vec<Scenario> {
    let first = |work| {
        let first = |fault| Rule { nth: Some(1), ..rule(Call::Submit, "alpha", fault) };
        vec![first(Fault::DropAfter {}), first(Fault::Work { ms: work })]
    };
    let second = |fault| Rule { nth: Some(2), ..rule(Call::Submit, "alpha", fault) };
    let busy = Fault::RateLimited { retry_after: Some("90".to_owned()), error_type: None };
    let scenario = |name, only, seconds: Vec<Rule>| Scenario {
        name,
        only,
        script: script(20, [first(3_000), seconds].concat()),
        deck: prompts(&["alpha"]),
        // The wait for the callback takes 0.1 s, the second try after a refusal 9 s; the callback comes after 3 s.
        settings: vec![("PALITRA_CLOCK_SCALE", "10"), ("PALITRA_ENGINE__UNKNOWN_WAIT_S", "1")],
        before: Some((slides(FAL), "queued.claim.before:1")),
        words: vec!["serve", "--listen", "ADDRESS"],
        serves: true,
        ..Scenario::default()
    };
    vec![
        scenario("found while the second waits", "queued.adopt", vec![second(busy)]),
        scenario(
            "found while the second is sent",
            "submitting.adopt",
            vec![second(Fault::LatencyAfter { ms: 12_000 }), second(Fault::Work { ms: 60_000 })],
        ),
        scenario("found while the second runs", "running.adopt", vec![second(Fault::Work { ms: 60_000 })]),
    ]
}
