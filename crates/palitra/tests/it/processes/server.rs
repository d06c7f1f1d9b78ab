//! A server of its own that crashes and is restarted under processes at work.

use super::{
    database::Database,
    town::{Town, stop},
};
use xtask::postgres::Cluster;

#[test]
fn s3_a_server_that_crashes_and_comes_back_costs_nothing() {
    let mut cluster = Cluster::start().unwrap();
    let town = Town::on(Database::on(cluster.url()), 12, 700, Vec::new());
    let batch = town.order(90, 64);
    let workers = [town.worker(&[]), town.worker(&[])];
    for crashes in [true, false, true] {
        town.until(|tx| {
            let sql = "select count(case when state = 'running' then 1 end), count(case when state <> 'succeeded' then 1 end) from generation";
            let row = tx.query_one(sql, palitra_store::p![])?;
            Ok(row.get::<i64>(0)? > 3 || row.get::<i64>(1)? == 0)
        });
        if crashes {
            cluster.crash().unwrap()
        } else {
            cluster.stop().unwrap()
        }
        cluster.start_again().unwrap();
    }
    town.wait(&batch);
    workers.into_iter().for_each(stop);
    town.judge();
    drop(town);
    drop(cluster);
}
