//! One run: everything is started, faults happen, checkpoints judge, and everything that was started is ended.

use crate::{
    database::Database,
    dice::Dice,
    faults::Scene,
    forward::Forward,
    judge::{self, Verdict},
    load::Load,
    market::{Market, Mood},
    options::{Backend, Options},
    report::{self, Gauges},
    services::{Service, Stage, program},
};
use palitra_sim::fal::key_tag;
use std::{
    fs::{self, File},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::signal::unix::{SignalKind, signal};

/// Between two checkpoints.
const ROUND: Duration = Duration::from_secs(150);

/// Longer than a lost callback (a minute and the usual run) and a dead lease together.
const SETTLES_WITHIN: Duration = Duration::from_secs(240);

/// Keys with their slots. A ghost keeps its slot for five minutes, so there are many; the narrow key is always full.
const KEYS: [(&str, u32); 3] = [("key-1:secret", 400), ("key-2:secret", 400), ("key-3:secret", 6)];

const ACCOUNTS: usize = 8;

/// Whether it was clean.
pub(crate) fn run(options: &Options, store: Backend) -> bool {
    fs::create_dir_all(&options.folder).unwrap();
    let folder = options.folder.canonicalize().unwrap().join(format!("{}-{}", store.word(), options.seed));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    println!(
        "soak {} · seed {} · {} min · {} a second · {}",
        store.word(),
        options.seed,
        options.minutes,
        options.rate,
        folder.display()
    );
    let mut scene = set(options, store, &folder);
    let end = Instant::now() + Duration::from_secs(options.minutes * 60);
    let stop = stop_on_signals();
    let is_over = || Instant::now() >= end || stop.load(Ordering::SeqCst);
    let (mut gauges, mut number) = (Gauges::default(), 0);
    let verdict = loop {
        number += 1;
        let round = Instant::now() + ROUND;
        scene.market.be(Mood::Fair);
        scene.load.go_on();
        while Instant::now() < round && !is_over() {
            scene.step();
            watch(&scene, &mut gauges);
        }
        let verdict = checkpoint(&mut scene, &mut gauges, &folder);
        report::checkpoint(number, &verdict);
        if !verdict.offences.is_empty() || is_over() {
            break verdict;
        }
    };
    let faults = scene.counts.clone();
    report::end((options, store, &folder), (&verdict, &faults, gauges));
    let is_clean = verdict.offences.is_empty();
    scene.load.end();
    drop(scene);
    if is_clean {
        fs::remove_dir_all(&folder).ok();
    }
    is_clean
}

/// A soak that is told to stop ends with a checkpoint, and ends what it started.
fn stop_on_signals() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut term = signal(SignalKind::terminate()).unwrap();
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        });
        told.store(true, Ordering::SeqCst);
    });
    stop
}

/// Everybody is at work.
fn set(options: &Options, store: Backend, folder: &Path) -> Scene {
    let market = Market::start(&folder.join("market.jsonl"));
    let database = Database::new(store, folder.join("palitra-data/palitra.db"));
    let forward = Forward::start();
    let count = if store == Backend::Sqlite { 1 } else { options.processes };
    let mut services: Vec<Service> = (1..=count).map(|n| Service::new(format!("service-{n}"))).collect();
    forward.set(services.iter().map(|service| service.address).collect());
    let stage = Stage {
        program: program(),
        folder: folder.to_owned(),
        environment: environment(&market, &database, &forward),
        store,
    };
    let accounts: Vec<String> = (1..=ACCOUNTS).map(|n| format!("soak-{n}")).collect();
    for (n, account) in accounts.iter().enumerate() {
        let credit = if n + 1 == ACCOUNTS { "100" } else { "90000000" };
        let (code, said) = stage.run(&["keys", "create", "--account", account, "--credit", credit], &[]);
        assert_eq!(code, Some(0), "{said}");
    }
    for service in &mut services {
        service.start(&stage, &[]);
    }
    for service in &mut services {
        assert!(service.is_up(&stage), "{} does not come up: see {}", service.name, folder.display());
    }
    let sockets = services.iter().map(|service| stage.socket(&service.name)).collect();
    let (load, _) = Load::start(options.seed, options.rate, &accounts, sockets);
    let diary = File::create(folder.join("diary.txt")).unwrap();
    let limits = KEYS.iter().map(|(key, slots)| (label(key), *slots)).collect();
    let chance = Dice::new(options.seed, 1);
    Scene::new((stage, services), (market, database), (load, chance), (limits, diary))
}

fn environment(market: &Market, database: &Database, forward: &Forward) -> Vec<(String, String)> {
    let url = market.url();
    let mut settings = vec![
        ("PALITRA_DATABASE__URL", database.url()),
        ("PALITRA_SERVER__PUBLIC_URL", format!("http://{}", forward.address)),
        ("PALITRA_ENGINE__UNKNOWN_WAIT_S", "3".to_owned()),
        ("PALITRA_ENGINE__DRAIN_S", "10".to_owned()),
        ("PALITRA_ENGINE__ACCOUNT_RUNNING_MAX", "150".to_owned()),
        // Past these bounds work waits for an hour, and no checkpoint would end.
        ("PALITRA_ENGINE__HOUSE_LOSS_HOUR_MINOR", "0".to_owned()),
        ("PALITRA_ENGINE__HOUSE_LOSS_DAY_MINOR", "0".to_owned()),
        ("PALITRA_TELEMETRY__FORMAT", "json".to_owned()),
        ("PALITRA_MARKETS__FAL__KEYS", format!("[{}]", KEYS.map(key).join(", "))),
    ];
    for name in ["QUEUE_URL", "RUN_URL", "REST_URL", "PLATFORM_URL"] {
        settings.push((["PALITRA_MARKETS__FAL__", name].concat().leak(), url.clone()));
    }
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn key((key, slots): (&str, u32)) -> String {
    let label = label(key);
    format!("{{ label = \"{label}\", key = \"{key}\", slots = {slots} }}")
}

fn label(key: &str) -> String {
    key.split(':').next().unwrap_or_default().to_owned()
}

fn watch(scene: &Scene, gauges: &mut Gauges) {
    for service in &scene.services {
        gauges.resident_kb_max = gauges.resident_kb_max.max(service.resident_kb().unwrap_or(0));
    }
}

/// Nothing new comes in, everything ends, and the judge looks.
fn checkpoint(scene: &mut Scene, gauges: &mut Gauges, folder: &Path) -> Verdict {
    scene.note("checkpoint");
    scene.calm();
    scene.load.pause();
    let open = scene.settle(SETTLES_WITHIN);
    watch(scene, gauges);
    gauges.dead_rows_max = gauges.dead_rows_max.max(scene.database.dead_rows());
    let log = scene.market.log();
    let ledger = scene.load.ledger.lock().unwrap();
    let slots = KEYS.iter().map(|(key, slots)| (key_tag(key), *slots)).collect();
    let mut verdict =
        judge::judge(&scene.database, &log, &ledger, &slots, &folder.join("palitra-data/objects"));
    verdict.offences.extend(gauges.offences());
    if open != 0 {
        verdict.offences.push(format!("{open} have not ended after {} s", SETTLES_WITHIN.as_secs()));
    }
    for (code, count) in &ledger.refused {
        verdict.counts.insert(format!("refused {code}"), *count);
    }
    verdict.counts.insert("tries without an answer".to_owned(), ledger.unanswered);
    let starts = scene.services.iter().map(Service::starts).sum::<u32>();
    verdict.counts.insert("starts of services".to_owned(), u64::from(starts));
    if !verdict.offences.is_empty() {
        fs::write(folder.join("market-log.json"), serde_json::to_string(&log).unwrap()).unwrap();
        fs::write(folder.join("offences.txt"), verdict.offences.join("\n")).unwrap();
    }
    verdict
}
