//! Processes that start together on an empty database, and what one asks of the others.

use super::town::{Town, stop};
use crate::{
    crash::{books, process::Process},
    harness::Desk,
};
use palitra_store::{Result, Tx, p};
use rustix::process::Signal;

#[test]
fn s3_processes_that_start_together_set_an_empty_database_up_once() {
    let town = Town::new(7, 20, Vec::new());
    // By the real clock: how long leaving may take is meant for it.
    let clock = [("PALITRA_CLOCK_SCALE", "1")];
    let start = || Process::start(&town.desk, &["serve", "--roles", "worker"], &clock);
    let workers: Vec<Process> = (0..4).map(|_| start()).collect();
    for worker in &workers {
        assert!(worker.says("listening on http://"), "one did not start");
    }
    let counted = books::look(&town.desk, |tx| {
        ["account", "price_book", "installation", "market_key where market = 'fal'", "worker"]
            .map(|table| count(tx, table))
            .into_iter()
            .collect::<Result<Vec<_>>>()
    });
    assert_eq!(counted, [1, 1, 1, 1, 4]);
    let slots = books::look(&town.desk, |tx| count(tx, "slot where market = 'fal' and kind = 'key'"));
    assert_eq!(slots, 7);
    let doctor = town.desk.json(&["doctor"]);
    let said = |what: &str| doctor.as_array().unwrap().iter().filter(|found| found["what"] == what).count();
    assert_eq!((said("worker"), said("database")), (4, 1));
    let leads = doctor.to_string().matches(", leads").count();
    assert_eq!(leads, 1, "{doctor}");
    workers.into_iter().for_each(stop);
    // Who leaves in order leaves nothing.
    assert_eq!(books::look(&town.desk, |tx| count(tx, "worker")), 0);
    assert_eq!(books::look(&town.desk, |tx| count(tx, "leader")), 0);
}

fn count(tx: &mut Tx<'_>, table: &str) -> Result<i64> {
    tx.query_one(&format!("select count(*) from {table}"), p![])?.get(0)
}

/// A process without the role `worker` starts nothing, a command does its own work and nobody else's, and what is queued is done by
/// whoever works, although every hint is lost.
#[test]
fn s3_each_role_does_its_part() {
    let town = Town::new(7, 20, Vec::new());
    let batch = town.order(4, 4);
    let door = Process::start(&town.desk, &["serve", "--roles", "api", "--listen", "127.0.0.1:0"], &[]);
    assert!(door.says("listening on http://"));
    let made = town.desk.run(&[
        "create",
        "a cat",
        "--model",
        "sandbox/artist",
        "--format",
        "64x64",
        "-o",
        "cat.png",
    ]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(town.fal.log().submissions.is_empty(), "somebody else's work was started");
    let worker = town.worker(&[]);
    town.database.end_connections("palitra hints");
    town.wait(&batch);
    // With nobody to work a look says so instead of waiting for ever.
    stop(worker);
    let next = town.order(2, 2);
    let watch = town.desk.run(&["jobs", "watch", &next]);
    assert!(watch.stderr.contains("no process works with this database now"), "{}", watch.stderr);
    let worker = town.worker(&[]);
    town.wait(&next);
    stop(worker);
    door.signal(Signal::TERM);
    assert_eq!(door.end().run.code, Some(0));
    town.judge();
}

#[test]
fn s4_a_database_that_cannot_be_used_is_explained() {
    let town = Town::new(7, 20, Vec::new());
    let url = town.desk.database_url().unwrap().to_owned();
    let (place, _) = url.rsplit_once('/').unwrap();
    let (_, host) = place.rsplit_once('@').unwrap();
    for (url, code, error, hint) in [
        (
            "postgres://palitra:x@127.0.0.1:1/a".to_owned(),
            1,
            "cannot connect to `127.0.0.1:1`",
            "start the server",
        ),
        (
            format!("postgres://palitra:hush@{host}/postgres"),
            1,
            "does not let us in: 28P01",
            "check user, password",
        ),
        (
            format!("{place}/nowhere_at_all"),
            1,
            "does not let us in: 3D000",
            "check user, password and database",
        ),
        (format!("{url}?sslmode=verify-ca"), 2, "`database.url`", "mend it"),
    ] {
        let run = Desk::new().set("PALITRA_DATABASE__URL", &url).run(&["jobs", "ls"]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        let (said, advice) = run.complaint();
        assert!(said.contains(error) && advice.contains(hint), "{}", run.stderr);
        assert!(!run.stderr.contains("hush"), "{}", run.stderr);
        let russian = Desk::new().set("PALITRA_DATABASE__URL", &url).run(&["jobs", "ls", "--lang", "ru"]);
        assert!(
            russian.complaint().1.chars().any(|letter| ('а'..='я').contains(&letter)),
            "{}",
            russian.stderr
        );
    }
}
