//! Markets that refuse, fail or are paused, through the real program: our books against the market's log, what the operator is told, and
//! what can be changed while a service runs.

use crate::{
    crash::{
        books::Books,
        process::{Process, run},
        scenario::{SUCCEEDED, prompts},
        verdict,
    },
    harness::{DRAWN_BY_FAL, Desk, FLUX, Fal},
};
use palitra_sim::fal::{Call, FalScript, Fault, Rule, key_tag};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
};

const TWO_KEYS: &str = "[{ label = \"second\", key = \"key-2:secret\" }]";

fn always(fault: Fault) -> Rule {
    Rule::new(Call::Submit, fault)
}

fn locked_from(nth: u64) -> Rule {
    Rule { nth: Some(nth), ..always(Fault::Locked {}) }
}

/// So many pictures wait in the queue, left by a run that was killed before it claimed any.
fn queued(fal: &Fal, desk: &Desk, count: usize) {
    let asked: Vec<String> = (1..=count).map(|n| format!("picture {n}")).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    desk.write("deck.json", prompts(&asked));
    let words = [DRAWN_BY_FAL, &["--image-workers", "0"]].concat();
    assert!(run(desk, &words, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
    assert_eq!(fal.log().submissions.len(), 0);
}

fn serve(desk: &Desk) -> Process {
    let service = Process::start(desk, &["serve", "--listen", "127.0.0.1:0"], &[]);
    assert!(service.says("http://"));
    service
}

fn stop(service: Process) -> String {
    service.signal(Signal::TERM);
    let served = service.end().run;
    assert_eq!(served.code, Some(0), "{}", served.stderr);
    served.stderr
}

/// Follows the one batch to its end.
fn watch(desk: &Desk) -> String {
    let batch = Books::read(desk).generations.swap_remove(0).batch.unwrap();
    run(desk, &["jobs", "watch", &batch], &[]).run.stdout
}

fn judge(desk: &Desk, fal: &Fal, wanted: verdict::Endings) {
    let offences = verdict::offences(desk, &fal.log(), wanted);
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn s3_51_with_two_keys_a_lock_of_one_moves_its_work_to_the_other() {
    let fal = Fal::start(FalScript { latency_ms: 100, rules: vec![locked_from(2)], ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__KEYS", TWO_KEYS);
    queued(&fal, &desk, 12);
    let service = serve(&desk);
    assert!(watch(&desk).contains("completed"));
    let log = fal.log();
    let out = log.refused().next().unwrap();
    assert_eq!((log.refused().count(), log.accepted().count()), (1, 12));
    let later = log.submissions.iter().filter(|sent| sent.at_us > out.at_us + 500_000);
    assert!(later.clone().all(|sent| sent.key != out.key), "the locked key was used again");
    let said = stop(service);
    assert!(said.contains("a key cannot be used any more"), "{said}");
    judge(&desk, &fal, |_| SUCCEEDED);
    let doctor = desk.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.stdout.contains("market_credits"), "{}", doctor.stdout);
}

#[test]
fn s3_51_with_one_key_a_lock_stops_the_market_and_gives_the_money_back() {
    let lock = Rule { every: Some(1), ..always(Fault::Locked {}) };
    let fal = Fal::start(FalScript { latency_ms: 100, rules: vec![lock], ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", "2");
    queued(&fal, &desk, 30);
    let service = serve(&desk);
    assert!(watch(&desk).contains("failed"));
    let said = stop(service);
    assert!(said.contains("no key of the market can be used"), "{said}");
    assert!(fal.log().submissions.len() <= 2, "it went on calling");
    judge(&desk, &fal, |_| &["failed market_credits", "cancelled batch_stopped"]);
    assert_eq!(Books::read(&desk).held, 0);
    let shown = desk.json(&["markets", "show", "fal"]);
    assert_eq!(
        (&shown["stopped"]["code"], &shown["keys"][0]["health"]),
        (&"market_credits".into(), &"locked".into())
    );
    let table = desk.run(&["markets", "ls"]).stdout;
    assert!(table.contains("locked since") && table.contains("palitra markets resume fal"), "{table}");
    // Somebody tops up and says so.
    fal.set_script(FalScript::default());
    assert_eq!(desk.json(&["markets", "resume", "fal"])["changed"], true);
    assert_eq!(desk.json(&["markets", "show", "fal"])["stopped"], Value::Null);
    assert_eq!(desk.run(&["doctor"]).code, Some(0));
    assert_eq!(desk.run(&["create", "a cat", "--model", FLUX, "--format", "64x64", "--yes"]).code, Some(0));
    assert_eq!(desk.json(&["markets", "show", "fal"])["keys"][0]["health"], "ok");
}

#[test]
fn a_storm_of_429_with_a_time_is_waited_for_and_without_one_does_not_spin() {
    for retry_after in [Some("1".to_owned()), None] {
        let storm = Rule {
            times: Some(6),
            ..always(Fault::RateLimited {
                retry_after,
                error_type: Some("concurrent_requests_limit".to_owned()),
            })
        };
        let fal = Fal::start(FalScript { latency_ms: 50, rules: vec![storm], ..FalScript::default() });
        let desk = Desk::hurried(&fal).set("PALITRA_MARKETS__FAL__SLOTS", "3");
        queued(&fal, &desk, 9);
        let service = serve(&desk);
        assert!(watch(&desk).contains("completed"));
        stop(service);
        judge(&desk, &fal, |_| SUCCEEDED);
        let log = fal.log();
        assert_eq!((log.refused().count(), log.accepted().count()), (6, 9));
        assert!(log.overlap.values().all(|overlap| *overlap <= 3), "{:?}", log.overlap);
    }
}

#[test]
fn an_outage_opens_the_circuit_and_its_end_closes_it() {
    let away = Rule { times: Some(7), ..always(Fault::Error { status: 429 }) };
    let fal = Fal::start(FalScript { latency_ms: 50, rules: vec![away], ..FalScript::default() });
    let desk = Desk::hurried(&fal).set("PALITRA_MARKETS__FAL__SLOTS", "6");
    queued(&fal, &desk, 12);
    let service = serve(&desk);
    assert!(watch(&desk).contains("completed"));
    let said = stop(service);
    assert!(said.contains("left alone for a while") && said.contains("a key works again"), "{said}");
    judge(&desk, &fal, |_| SUCCEEDED);
    assert_eq!(desk.json(&["markets", "show", "fal"])["keys"][0]["health"], "ok");
}

#[test]
fn what_is_paused_is_not_submitted_to_and_limits_change_while_the_service_runs() {
    let fal = Fal::start(FalScript { latency_ms: 300, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__KEYS", TWO_KEYS);
    queued(&fal, &desk, 16);
    for target in ["fal", "fal/second"] {
        assert_eq!(desk.json(&["markets", "pause", target])["changed"], true);
    }
    let service = serve(&desk);
    let mode = std::fs::metadata(desk.path("palitra-data/control.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Through the control socket from here on: the service has the directory.
    assert_eq!(desk.json(&["markets", "limit", "fal/main", "2"])["keys"][0], "main");
    let unknown = desk.run(&["markets", "pause", "nowhere"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.complaint().1.contains("palitra markets ls"), "{}", unknown.stderr);
    assert_eq!(fal.log().submissions.len(), 0, "a paused market was called");
    let shown = desk.json(&["markets", "show", "fal"]);
    let slots = &shown["keys"][0]["slots"];
    assert_eq!((&slots["limit"], &slots["configured"]), (&2.into(), &10.into()), "{shown}");
    assert_eq!(desk.json(&["markets", "resume", "fal"])["changed"], true);
    assert!(watch(&desk).contains("completed"));
    let tag = |key: &str| fal.log().overlap.get(&key_tag(key)).copied();
    assert_eq!((tag("key-1:secret"), tag("key-2:secret")), (Some(2), None));
    assert_eq!(desk.json(&["markets", "limit", "fal/main", "--reset"])["reset"], true);
    stop(service);
    assert!(!desk.path("palitra-data/control.sock").exists(), "a clean stop takes the socket away");
    assert_eq!(desk.json(&["markets", "show", "fal"])["keys"][0]["slots"]["limit"], 10);
    judge(&desk, &fal, |_| SUCCEEDED);
}

/// One request on the socket: the status, and the document.
fn ask(desk: &Desk, head: &str, body: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(desk.path("palitra-data/control.sock")).unwrap();
    let length = body.len();
    let head = format!(
        "{head} HTTP/1.1\r\nhost: palitra\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn the_control_socket_answers_lists_shows_and_cancels_and_a_stale_one_is_replaced() {
    let fal = Fal::start(FalScript { latency_ms: 60_000, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", "1");
    queued(&fal, &desk, 3);
    let killed = serve(&desk);
    killed.signal(Signal::KILL);
    assert!(killed.end().was_killed());
    assert!(desk.path("palitra-data/control.sock").exists(), "left behind");
    let service = serve(&desk);
    let (status, page) = ask(&desk, "GET /v1/generations?status=queued&limit=2", "");
    assert_eq!((status, page["data"].as_array().unwrap().len()), (200, 2));
    let id = page["data"][0]["id"].as_str().unwrap().to_owned();
    let (status, shown) = ask(&desk, &format!("GET /v1/generations/{id}"), "");
    assert_eq!((status, shown["progress"]["position"].is_number()), (200, true), "{shown}");
    assert_eq!(desk.json(&["jobs", "show", &id])["id"], id.as_str());
    let cancelled = desk.json(&["jobs", "cancel", &id, "--yes"]);
    assert_eq!((&cancelled["cancelled"], &cancelled["status"]), (&true.into(), &"cancelled".into()));
    let again = desk.run(&["jobs", "cancel", &id, "--yes"]);
    assert_eq!(
        (again.code, again.complaint().0.contains("already ended")),
        (Some(1), true),
        "{}",
        again.stderr
    );
    for (head, body, wanted) in [
        ("GET /v1/markets", "", 200),
        ("GET /v1/generations?state=done", "", 422),
        ("GET /v1/generations/gen_none", "", 404),
        ("POST /v1/markets/fal/burn", "{}", 404),
        ("POST /v1/markets/fal/limit", "{\"slots\": 0}", 422),
        ("POST /v1/markets/fal/limit", "{\"slot\": 1}", 422),
        ("GET /v1/nothing", "", 404),
    ] {
        assert_eq!(ask(&desk, head, body).0, wanted, "{head} {body}");
    }
    // What runs at the market is asked to stop there.
    let batch = shown["batch_id"].as_str().unwrap().to_owned();
    let (status, asked) = ask(&desk, &format!("POST /v1/batches/{batch}/cancel"), "");
    assert_eq!((status, asked["id"].as_str()), (200, Some(batch.as_str())));
    assert!(watch(&desk).contains("cancelled"));
    stop(service);
}

#[test]
fn without_a_control_socket_a_directory_in_use_is_said_to_be_and_a_long_path_still_serves() {
    let long = format!("{}/data", "long".repeat(40));
    let desk = Desk::new();
    let service = Process::start(&desk, &["serve", "--listen", "127.0.0.1:0", "--data", &long], &[]);
    assert!(service.says("no control socket"), "it says so");
    assert!(service.says("http://"));
    let refused = desk.run(&["markets", "pause", "sandbox", "--data", &long]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.complaint().0.contains("in use by process"), "{}", refused.stderr);
    assert_eq!(desk.run(&["markets", "ls", "--data", &long]).code, Some(0), "looking is always possible");
    stop(service);
}

#[test]
fn the_start_rate_of_a_key_is_not_exceeded_by_the_program() {
    let fal = Fal::start(FalScript { latency_ms: 10, ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url())
        .set("PALITRA_MARKETS__FAL__RATE_PER_MINUTE", "300")
        .set("PALITRA_MARKETS__FAL__RATE_BURST", "2");
    queued(&fal, &desk, 6);
    let service = serve(&desk);
    assert!(watch(&desk).contains("completed"));
    stop(service);
    judge(&desk, &fal, |_| SUCCEEDED);
    let at: Vec<i64> = fal.log().submissions.iter().map(|sent| sent.at_us).collect();
    // Two at once, then one each fifth of a second; a call may be late, so only the whole can be told.
    assert!(at[5] - at[0] >= 700_000, "{at:?}");
}

#[test]
fn s3_51_killed_while_it_gives_the_money_back_the_next_start_goes_on() {
    let lock = always(Fault::Locked {});
    let fal = Fal::start(FalScript { rules: vec![lock], ..FalScript::default() });
    let desk = Desk::with_fal(&fal.url()).set("PALITRA_MARKETS__FAL__SLOTS", "1");
    // Single pictures, each left in the queue by a command that was killed.
    for n in 1..=4 {
        let prompt = format!("picture {n}");
        let words = ["create", &prompt, "--model", FLUX, "--format", "64x64", "--yes"];
        assert!(run(&desk, &words, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
    }
    for at in ["queued.fail.before:1", "queued.fail.after:1"] {
        let words = ["serve", "--listen", "127.0.0.1:0"];
        assert!(Process::start(&desk, &words, &[("PALITRA_CRASH_AT", at)]).end().was_killed(), "{at}");
        assert!(Books::problems(&desk).is_empty());
        if at.contains("before") {
            assert!(Books::read(&desk).held > 0, "nothing has gone back yet");
        }
    }
    assert_eq!(Books::read(&desk).held, 0);
    judge(&desk, &fal, |_| &["failed market_credits"]);
    assert!(fal.log().accepted().next().is_none());
}

#[test]
fn whoever_starts_work_that_is_paused_is_told_why_it_waits() {
    let desk = Desk::new();
    for target in ["sandbox", "image"] {
        assert_eq!(desk.json(&["markets", "pause", target])["changed"], true);
    }
    let waiting = Process::start(&desk, &["create", "a cat"], &[("LANG", "ru_RU.UTF-8")]);
    assert!(waiting.says("palitra markets resume image"), "the lane");
    assert!(waiting.says("sandbox на паузе"), "the market, in the reader's language");
    waiting.signal(Signal::KILL);
    assert!(waiting.end().was_killed());
    // It was not lost, and neither was its money.
    for target in ["sandbox", "image"] {
        assert_eq!(desk.json(&["markets", "resume", target])["changed"], true);
    }
    assert_eq!(desk.json(&["jobs", "ls"])[0]["status"], "queued");
}
