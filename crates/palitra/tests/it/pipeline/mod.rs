//! The pipeline of S0 through the command line, judged by what the simulated market has seen and by what the run says.

mod flow;
mod pace;
mod stops;
mod words;

use crate::harness::{Desk, Fal, ROUTER};
use palitra_sim::fal::{Call, EndpointScript, FalScript, Fault, Rule, Submission};
use serde_json::Value;

/// A market that takes this long for a picture and for a prompt.
fn takes(picture_ms: u64, prompt_ms: u64) -> FalScript {
    let endpoints = [(ROUTER.to_owned(), EndpointScript { latency_ms: prompt_ms })].into();
    FalScript { latency_ms: picture_ms, endpoints, ..FalScript::default() }
}

/// A fault of one call for requests whose prompt has this word in it.
fn when(on: Call, word: &str, fault: Fault) -> Rule {
    Rule { match_prompt: Some(word.to_owned()), ..Rule::new(on, fault) }
}

/// The market's own failure of a submitted request.
fn fails(word: &str) -> Rule {
    when(Call::Submit, word, Fault::Fail { error_type: "runner_server_error".to_owned() })
}

/// Prompts that name their slide: `picture-07.`.
fn numbered(count: u32) -> Vec<String> {
    (1..=count).map(|n| format!("picture-{n:02}. a quiet harbour in the morning")).collect()
}

/// The most requests under way at one time, when each takes `takes_ms` from the moment it was accepted.
fn overlap(submissions: &[Submission], takes_ms: i64) -> usize {
    let under_way = |at: i64| {
        submissions.iter().filter(|other| other.at_us <= at && at < other.at_us + takes_ms * 1000).count()
    };
    submissions.iter().map(|submission| under_way(submission.at_us)).max().unwrap_or(0)
}

/// When each generation of a model was claimed, in microseconds of the program's own clock, in order.
fn starts(desk: &Desk, model: &str) -> Vec<i64> {
    let jobs = desk.json(&["jobs", "ls", "--limit", "1000"]);
    let jobs = jobs.as_array().unwrap().iter().filter(|job| job["model"] == model);
    let mut starts: Vec<i64> = jobs.map(|job| micros(&job["started_at"])).collect();
    starts.sort_unstable();
    starts
}

fn micros(time: &Value) -> i64 {
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// `slides[].status` of a report, in the order of the deck.
fn statuses(report: &Value) -> Vec<&str> {
    report["slides"].as_array().unwrap().iter().map(|slide| slide["status"].as_str().unwrap()).collect()
}

/// A run that is expected to end with this code; its document.
fn document(desk: &Desk, words: &[&str], code: i32) -> Value {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = desk.run(&words);
    assert_eq!(run.code, Some(code), "{words:?}\n{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.stdout))
}

/// One picture was drawn for each, and it is where the report says.
fn drawn(desk: &Desk, _fal: &Fal, out: &str, report: &Value) -> usize {
    let files = report["slides"].as_array().unwrap().iter().filter_map(|slide| slide["file"].as_str());
    files
        .filter(|file| {
            std::fs::read(desk.path(out).join(file)).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG"))
        })
        .count()
}
