//! A process that is stopped (SIGSTOP) for longer than its lease: others finish its work, and when it wakes it changes nothing.

use super::town::{Town, stop};
use crate::{
    crash::{books, scenario::rule},
    harness::Desk,
};
use palitra_sim::fal::{Call, Fault};
use palitra_store::{Result, Tx, p};
use rustix::process::Signal;

/// What money, work and media say. Deliveries go on after the end.
fn everything(desk: &Desk) -> Vec<String> {
    books::look(desk, |tx| {
        let tables = ["generation", "attempt", "transfer", "entry", "asset", "book"];
        let mut rows = Vec::new();
        for table in tables {
            let all =
                tx.query(&format!("select cast(row_to_json(t) as text) from {table} t order by 1"), p![])?;
            rows.extend(all.iter().map(|row| row.get(0)).collect::<Result<Vec<String>>>()?);
        }
        Ok(rows)
    })
}

/// Everything that was ordered is at the market.
fn is_at_the_market(tx: &mut Tx<'_>) -> Result<bool> {
    let left = "select count(*) from generation where state <> 'running'";
    Ok(tx.query_one(left, p![])?.get::<i64>(0)? == 0)
}

/// Its place on the list was taken, with its work.
fn was_taken(tx: &mut Tx<'_>) -> Result<bool> {
    let old =
        "select count(*) from generation where state in ('submitting', 'running', 'storing') and epoch = 1";
    Ok(tx.query_one(old, p![])?.get::<i64>(0)? == 0)
}

#[test]
fn s3_a_stopped_process_changes_nothing_when_it_wakes() {
    let town = Town::new(8, 20, vec![rule(Call::Submit, "", Fault::Work { ms: 1_500 })]);
    let batch = town.order(6, 6);
    let zombie = town.worker(&[]);
    town.until(is_at_the_market);
    zombie.signal(Signal::STOP);
    let heir = town.worker(&[]);
    town.until(was_taken);
    town.wait(&batch);
    let before = everything(&town.desk);
    zombie.signal(Signal::CONT);
    assert!(zombie.says("lets go of all its work"));
    assert!(zombie.says("this process is a worker"), "and comes back as another");
    assert_eq!(everything(&town.desk), before);
    stop(zombie);
    stop(heir);
    assert_eq!(everything(&town.desk), before);
    town.judge();
    assert_eq!(town.fal.log().accepted().count(), 6, "nothing was submitted twice");
}

/// It wakes while the others are still at it, several times over.
#[test]
fn s3_processes_that_are_stopped_in_turn_lose_and_repeat_nothing() {
    let town = Town::new(12, 700, Vec::new());
    let batch = town.order(120, 64);
    let workers = [town.worker(&[]), town.worker(&[]), town.worker(&[])];
    for turn in 0..3 {
        let stopped = &workers[turn % workers.len()];
        let place = format!("%, process {}", stopped.id());
        stopped.signal(Signal::STOP);
        // Only others take it off the list, once its work is theirs.
        town.until(move |tx| is_off_the_list(tx, &place));
        stopped.signal(Signal::CONT);
    }
    town.wait(&batch);
    workers.into_iter().for_each(stop);
    town.judge();
}

fn is_off_the_list(tx: &mut Tx<'_>, place: &str) -> Result<bool> {
    let there = tx.query_one("select count(*) from worker where place like $1", p![place])?;
    Ok(there.get::<i64>(0)? == 0)
}
