//! Seen from outside: one generation followed by its id through the log, and the page of metrics, both of the real service.

use crate::{
    crash::{
        process::{Process, run},
        scenario::prompts,
    },
    harness::{DRAWN_BY_FAL, Desk, Fal},
};
use palitra::metrics::families::{self, Kind};
use palitra_sim::fal::{Call, FalScript, Fault, Rule};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

/// A deck waits in the queue, and a service that logs JSON carries it out.
struct Stage {
    desk: Desk,
    _fal: Fal,
    address: SocketAddr,
}

impl Stage {
    fn set(rules: Vec<Rule>, asked: &[&str]) -> Stage {
        let fal = Fal::start(FalScript { latency_ms: 50, rules, ..FalScript::default() });
        let address = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap();
        let desk = Desk::with_fal(&fal.url())
            .set("PALITRA_SERVER__LISTEN", &address.to_string())
            .set("PALITRA_TELEMETRY__FORMAT", "json")
            .set("PALITRA_TELEMETRY__LEVEL", "debug");
        desk.write("deck.json", prompts(asked));
        assert!(run(&desk, DRAWN_BY_FAL, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
        Stage { desk, _fal: fal, address }
    }

    /// Serves until the deck is done; answers what was logged, and the page of metrics at the end.
    fn serve(&self) -> (Vec<Value>, String) {
        let service = Process::start(&self.desk, &["serve"], &[]);
        assert!(service.says("http://"));
        let batch =
            self.desk.json(&["jobs", "ls", "--limit", "1"])[0]["batch_id"].as_str().unwrap().to_owned();
        let watch = run(&self.desk, &["jobs", "watch", &batch], &[("PALITRA_TELEMETRY__LEVEL", "off")]).run;
        assert!(watch.stdout.contains("completed"), "{}{}", watch.stdout, watch.stderr);
        let page = self.get("/metrics");
        service.signal(Signal::TERM);
        let said = service.end().run.stderr;
        (said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(), page)
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: palitra\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
        body.to_owned()
    }
}

#[test]
fn a_generation_is_followed_by_its_id_through_the_log() {
    let busy = Fault::RateLimited { retry_after: Some("0".to_owned()), error_type: None };
    let once =
        Rule { match_prompt: Some("red fox".to_owned()), times: Some(1), ..Rule::new(Call::Submit, busy) };
    let long = format!("grey wolf {}", "howls ".repeat(60));
    let stage = Stage::set(vec![once], &["red fox", &long]);
    let (log, _) = stage.serve();
    let shown = stage.desk.json(&["jobs", "ls", "--text", "red fox"]);
    let (id, account, batch) = (&shown[0]["id"], &shown[0]["account_id"], &shown[0]["batch_id"]);
    let lines: Vec<&Value> = log.iter().filter(|line| line["generation.id"] == *id).collect();
    let story: Vec<(&str, i64)> = lines
        .iter()
        .map(|line| (line["message"].as_str().unwrap(), line["attempt"].as_i64().unwrap()))
        .collect();
    let wanted = [
        ("submitting", 1),
        ("refused, will try again", 1),
        ("queued again", 1),
        ("submitting", 2),
        ("accepted", 2),
        ("the market is done", 2),
        ("ended", 2),
    ];
    assert_eq!(story, wanted);
    for line in &lines {
        assert_eq!((&line["market"], &line["key"]), (&Value::from("fal"), &Value::from("main")), "{line}");
        assert_eq!((&line["account.id"], &line["batch.id"]), (account, batch), "{line}");
        assert!(line["worker.id"].as_str().unwrap().starts_with("wrk_"), "{line}");
    }
    let end = lines.last().unwrap();
    assert_eq!(end["state"], "succeeded");
    assert!(end["duration_ms"].is_u64(), "{end}");
    // Neither the key nor what somebody asked for at length.
    let all = log.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains("key-1:secret"), "a key was logged");
    assert!(!all.contains(&"howls ".repeat(17)), "a prompt was logged");
}

#[test]
fn every_metric_is_on_the_page_and_counts_what_happened() {
    let fail = Rule {
        match_prompt: Some("wolf".to_owned()),
        ..Rule::new(Call::Submit, Fault::Error { status: 422 })
    };
    let stage = Stage::set(vec![fail], &["red fox", "grey wolf", "blue whale"]);
    let (_, page) = stage.serve();
    let has = |line: &str| assert!(page.lines().any(|known| known == line), "`{line}` is not on\n{page}");
    has(r#"palitra_submissions_total{market="fal",outcome="accepted"} 2"#);
    has(r#"palitra_submissions_total{market="fal",outcome="refused"} 1"#);
    has(r#"palitra_generations_ended_total{market="fal",state="succeeded"} 2"#);
    has(r#"palitra_generations_ended_total{market="fal",state="failed"} 1"#);
    has(r#"palitra_errors_total{market="fal",class="invalid_input"} 1"#);
    has(r#"palitra_generation_wait_seconds_count{market="fal",lane="image"} 3"#);
    has(r#"palitra_generation_run_seconds_count{market="fal",lane="image"} 3"#);
    has(r#"palitra_slots_limit{market="fal",key="main"} 10"#);
    has(r#"palitra_slots_taken{market="fal",key="main"} 0"#);
    has("palitra_database_up 1");
    has("palitra_timers 0");
    // Every sample is of a family of the table, with its labels; each family comes once, with help and type.
    let mut seen = BTreeSet::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let family = families::ALL.iter().find(|family| match family.kind {
            Kind::Histogram => name
                .strip_prefix(family.name)
                .is_some_and(|part| ["_bucket", "_sum", "_count"].contains(&part)),
            Kind::Counter | Kind::Gauge => name == family.name,
        });
        let family = family.unwrap_or_else(|| panic!("{line} is of no family"));
        let given: Vec<&str> = labels
            .trim_end_matches('}')
            .split("\",")
            .filter_map(|label| label.split_once('=').map(|(label, _)| label))
            .filter(|label| *label != "le")
            .collect();
        assert_eq!(given, family.labels, "{line}");
        seen.insert(family.name);
    }
    for name in &seen {
        assert_eq!(page.matches(&format!("# TYPE {name} ")).count(), 1, "{name}");
    }
    // What is empty, or of PostgreSQL alone, has no sample now.
    let absent: Vec<&str> =
        families::ALL.iter().map(|family| family.name).filter(|name| !seen.contains(name)).collect();
    let may_be_absent = [
        "palitra_lease_age_seconds",
        "palitra_ledger_problems",
        "palitra_ledger_drift",
        "palitra_ledger_checked_seconds",
        "palitra_queue_depth",
        "palitra_queue_oldest_seconds",
        "palitra_generations_under_way",
        "palitra_outbox_depth",
        "palitra_outbox_due_seconds",
    ];
    assert!(absent.iter().all(|name| may_be_absent.contains(name)), "never shown: {absent:?}");
}
