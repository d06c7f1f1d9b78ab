//! Callbacks of the market, through the real service: they bring results although looks are far apart, and harm nothing when they are
//! forged, double, early, late or lost.
//!
//! Work is left in the queue by a run that was killed before it claimed any; the service does it.

use crate::{
    crash::{
        books::Books,
        process::{Process, run},
        scenario::{SUCCEEDED, prompts, rule},
        verdict,
    },
    harness::{Desk, Fal},
};
use palitra_sim::fal::{Call, FalLog, FalScript, Fault, Rule};
use rustix::process::Signal;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

const WORDS: &[&str] = &[
    "slides",
    "deck.json",
    "-o",
    "out",
    "--model",
    "fal-ai/flux/dev",
    "--format",
    "64x64",
    "--gate",
    "0",
    "--image-workers",
    "8",
    "--yes",
];

/// A service with an address of its own that the market can call.
struct Stage {
    fal: Fal,
    desk: Desk,
    address: SocketAddr,
}

impl Stage {
    /// One slide for each prompt waits in the queue.
    fn set(rules: Vec<Rule>, asked: &[&str], settings: &[(&str, &str)]) -> Stage {
        let fal = Fal::start(FalScript { latency_ms: 400, rules, ..FalScript::default() });
        // Nothing else is bound to this address of the machine.
        let address = TcpListener::bind("127.0.0.7:0").unwrap().local_addr().unwrap();
        let desk = Desk::with_fal(&fal.url()).set("PALITRA_SERVER__PUBLIC_URL", &format!("http://{address}"));
        let desk = settings.iter().fold(desk, |desk, (name, value)| desk.set(name, value));
        desk.write("deck.json", prompts(asked));
        let stage = Stage { fal, desk, address };
        assert!(run(&stage.desk, WORDS, &[("PALITRA_CRASH_AT", "queued.claim.before:1")]).was_killed());
        stage
    }

    fn service(&self, settings: &[(&str, &str)]) -> Process {
        let address = self.address.to_string();
        let words = ["serve", "--listen", address.as_str()];
        Process::start(&self.desk, &words, settings)
    }

    /// A service that is ready.
    fn serve(&self) -> Process {
        let service = self.service(&[]);
        assert!(service.says("http://"));
        service
    }

    /// Waits for the end of the deck, stops the service, and judges. Answers what the market saw.
    fn finish(&self, service: Process) -> FalLog {
        let batch = Books::read(&self.desk).generations.swap_remove(0).batch.unwrap();
        let watch = run(&self.desk, &["jobs", "watch", &batch], &[]).run;
        assert!(watch.stdout.contains("completed"), "{}{}", watch.stdout, watch.stderr);
        self.stop(service, |_| SUCCEEDED)
    }

    /// Stops the service, and judges.
    fn stop(&self, service: Process, endings: verdict::Endings) -> FalLog {
        service.signal(Signal::TERM);
        let served = service.end().run;
        assert_eq!(served.code, Some(0), "{}", served.stderr);
        assert!(!served.stderr.contains("/hooks/"), "a token was logged\n{}", served.stderr);
        let log = self.fal.log();
        let offences = verdict::offences(&self.desk, &log, endings);
        assert!(offences.is_empty(), "{}", offences.join("\n"));
        log
    }

    /// The status of a POST, or of a GET without a body.
    fn ask(&self, path: &str, body: Option<&[u8]>) -> u16 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: palitra\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        // Whoever is refused early need not be read to the end.
        drop(stream.write_all(body));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
    }
}

/// What was answered to the webhooks of a prompt.
fn answers(log: &FalLog, prompt: &str) -> Vec<Option<u16>> {
    log.deliveries.iter().filter(|tried| tried.prompt == prompt).map(|tried| tried.status).collect()
}

#[test]
fn callbacks_bring_results_although_looks_are_far_apart() {
    let rules = vec![
        rule(Call::Webhook, "twice", Fault::Duplicate {}),
        rule(Call::Webhook, "late", Fault::Latency { ms: 1_500 }),
        // Before the answer to the submission, which comes after the work has ended.
        rule(Call::Submit, "overtaken", Fault::LatencyAfter { ms: 1_500 }),
    ];
    let asked = ["plain", "twice", "late", "overtaken"];
    let stage = Stage::set(rules, &asked, &[]);
    let service = stage.serve();
    stage.fal.delivered(5);
    let log = stage.finish(service);
    for prompt in asked {
        let wanted = if prompt == "twice" { 2 } else { 1 };
        assert_eq!(answers(&log, prompt), vec![Some(204); wanted], "{prompt}");
    }
    // One look for each picture, and one more where the second call came in time.
    assert!((4..=5).contains(&log.looks), "{} looks", log.looks);
    for submission in &log.submissions {
        let webhook = submission.webhook.as_deref().unwrap();
        assert!(webhook.starts_with(&format!("http://{}/hooks/fal/gen_", stage.address)), "{webhook}");
    }
}

#[test]
fn a_callback_before_its_time_is_not_believed() {
    let rules = vec![
        rule(Call::Webhook, "early", Fault::Early {}),
        rule(Call::Submit, "early", Fault::Work { ms: 1_000 }),
    ];
    let stage = Stage::set(rules, &["early"], &[]);
    let service = stage.serve();
    stage.fal.delivered(1);
    let log = stage.finish(service);
    assert_eq!(answers(&log, "early"), [Some(204)]);
    assert!(log.looks > 1, "the record was not looked at again");
}

/// The clock runs 40 times as fast, so the minute of the safety net is over in seconds.
#[test]
fn what_is_forged_or_lost_leaves_the_work_to_the_safety_net() {
    let rules = vec![
        rule(Call::Webhook, "forged", Fault::Forged {}),
        rule(Call::Webhook, "stranger", Fault::WrongKey {}),
        rule(Call::Webhook, "lost", Fault::Drop {}),
    ];
    let stage = Stage::set(rules, &["forged", "stranger", "lost"], &[("PALITRA_CLOCK_SCALE", "40")]);
    let service = stage.serve();
    stage.fal.delivered(2);
    let log = stage.finish(service);
    for prompt in ["forged", "stranger"] {
        assert_eq!(answers(&log, prompt)[0], Some(401), "{prompt}");
    }
    assert!(answers(&log, "lost").is_empty());
    assert_eq!(log.looks, 3);
}

#[test]
fn without_the_keys_of_the_market_a_callback_is_asked_for_again() {
    let nobody = TcpListener::bind("127.0.0.8:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let stage = Stage::set(Vec::new(), &["plain"], &[("PALITRA_MARKETS__FAL__REST_URL", &url)]);
    let service = stage.serve();
    let log = stage.fal.delivered(2);
    assert_eq!(answers(&log, "plain")[..2], [Some(503); 2]);
    service.signal(Signal::KILL);
    service.end();
    // The next process looks at once.
    stage.finish(stage.serve());
}

/// The market took it, the process died before it had written that down; the callback tells the next process where the work is.
#[test]
fn a_callback_finds_work_whose_submission_never_told() {
    let stage = Stage::set(vec![rule(Call::Submit, "crash", Fault::Work { ms: 1_500 })], &["crash"], &[]);
    let service = stage.service(&[("PALITRA_CRASH_AT", "submitting.accept.before:1")]);
    assert!(service.end().was_killed());
    let log = stage.finish(stage.serve());
    assert_eq!(log.accepted().count(), 1, "it was submitted again");
    let attempts = Books::read(&stage.desk).attempts;
    let states: Vec<&str> = attempts.iter().map(|attempt| attempt.state.as_str()).collect();
    assert_eq!(states, ["succeeded"]);
}

/// The same without a crash: the answer to the submission got lost.
#[test]
fn a_callback_finds_work_whose_answer_was_lost() {
    let stage = Stage::set(vec![rule(Call::Submit, "lost", Fault::DropAfter {})], &["lost"], &[]);
    let service = stage.serve();
    let log = stage.finish(service);
    assert_eq!(log.accepted().count(), 1, "it was submitted again");
}

#[test]
fn the_door_opens_to_the_token_of_the_attempt_and_only_to_what_the_market_signed() {
    let rules = vec![
        rule(Call::Webhook, "works", Fault::Drop {}),
        rule(Call::Submit, "works", Fault::Work { ms: 60_000 }),
    ];
    let stage = Stage::set(rules, &["quick", "works"], &[]);
    let service = stage.serve();
    stage.fal.delivered(1);
    let log = stage.fal.log();
    let path = |prompt: &str| {
        let webhook =
            log.submissions.iter().find(|sent| sent.prompt == prompt).unwrap().webhook.clone().unwrap();
        webhook.strip_prefix(&format!("http://{}", stage.address)).unwrap().to_owned()
    };
    let (ours, other) = (path("works"), path("quick"));
    let token = ours.rsplit('/').next().unwrap();
    assert_eq!((token.len(), other.ends_with(token)), (32, false));
    let large = vec![b' '; 1024 * 1024 + 1];
    for (path, body, status) in [
        (ours.clone(), Some(&b"{}"[..]), 401),
        (ours.clone(), Some(&large[..]), 413),
        (ours.clone(), None, 405),
        // Wrong before anything is read.
        (format!("{ours}0"), Some(&large[..]), 404),
        (ours.replace(token, &"0".repeat(32)), Some(b"{}"), 404),
        (ours.replace(token, other.rsplit('/').next().unwrap()), Some(b"{}"), 404),
        (ours.replace(".1/", ".2/"), Some(b"{}"), 404),
        (ours.replace(".1/", "/"), Some(b"{}"), 404),
        (ours.replace("/fal/", "/sandbox/"), Some(b"{}"), 404),
        (ours.replace("/gen_", "/bat_"), Some(b"{}"), 404),
        ("/hooks/fal".to_owned(), Some(b"{}"), 404),
        ("/healthz".to_owned(), None, 200),
    ] {
        assert_eq!(stage.ask(&path, body), status, "{path}");
    }
    service.signal(Signal::KILL);
    assert!(service.end().was_killed());
}

#[test]
fn without_an_address_of_its_own_a_service_asks_for_no_calls() {
    let stage = Stage::set(Vec::new(), &["plain"], &[("PALITRA_SERVER__PUBLIC_URL", "")]);
    let service = stage.serve();
    assert_eq!(stage.ask("/hooks/fal/x.1/y", Some(b"{}")), 404);
    let log = stage.finish(service);
    assert!(log.submissions.iter().all(|sent| sent.webhook.is_none()));
    assert!(log.deliveries.is_empty());
}

/// Nothing is heard of the first submission for a second, so a second follows; then the first brings its result. It is charged once, and
/// the market is asked to stop the other.
#[test]
fn s3_a_late_callback_brings_the_result_while_the_second_submission_runs() {
    let nth = |nth, fault| Rule { nth: Some(nth), ..rule(Call::Submit, "twice", fault) };
    let rules = vec![
        nth(1, Fault::DropAfter {}),
        nth(1, Fault::Work { ms: 2_000 }),
        nth(2, Fault::Work { ms: 60_000 }),
    ];
    let stage = Stage::set(rules, &["twice"], &[("PALITRA_ENGINE__UNKNOWN_WAIT_S", "1")]);
    let service = stage.serve();
    assert!(service.says("asked the market to stop what nobody waits for"));
    let log = stage.finish(service);
    assert_eq!(log.accepted().count(), 2);
    let second = log.accepted().nth(1).and_then(|taken| taken.request_id.clone());
    assert_eq!(Some(log.cancels[0].request_id.clone()), second);
    let books = Books::read(&stage.desk);
    let states: Vec<&str> = books.attempts.iter().map(|attempt| attempt.state.as_str()).collect();
    assert!(matches!(states[..], ["succeeded", "abandoned" | "cancelled"]), "{states:?}");
    assert_eq!(books.assets.len(), 1);
}

/// The money went back when nothing was heard; the result is a gift, and the generation stays failed.
#[test]
fn s3_a_callback_after_the_void_brings_a_gift() {
    let rules = vec![
        rule(Call::Submit, "gift", Fault::DropAfter {}),
        rule(Call::Submit, "gift", Fault::Work { ms: 3_000 }),
    ];
    let settings = [("PALITRA_ENGINE__UNKNOWN_WAIT_S", "1"), ("PALITRA_ENGINE__UNKNOWN", "fail")];
    let stage = Stage::set(rules, &["gift"], &settings);
    let service = stage.serve();
    assert!(service.says("a result came late"), "nothing was given");
    let log = stage.stop(service, |_| &["failed outcome_unknown"]);
    assert_eq!(log.accepted().count(), 1);
    let books = Books::read(&stage.desk);
    assert_eq!((books.assets.len(), books.cash, books.held), (1, 0, 0));
    assert_eq!(
        (books.attempts[0].state.as_str(), books.attempts[0].paid_by.as_str()),
        ("succeeded", "house")
    );
}
