//! Clients that look at their generation again and again, as most do: each has one of its own, a few of them at work and the others in line.

use crate::{Client, Crowd, Result, now, round};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Between two looks of one client, as `Retry-After` tells them.
const EVERY: Duration = Duration::from_secs(2);

/// Takes longer than the bench.
const MODEL: &str = "sandbox/artist";

/// How much of the service's processor they take.
pub(crate) async fn pollers(crowd: &Crowd) -> Result<Value> {
    let service = &crowd.service;
    let mut orders = Client::connect(service).await?;
    let looks = Arc::new(AtomicU64::new(0));
    let mut pollers = tokio::task::JoinSet::new();
    for n in 0..crowd.count {
        let id = service.order(&mut orders, MODEL).await?;
        let mut client = Client::connect(service).await?;
        let late = EVERY.mul_f64(f64::from(u32::try_from(n)?) / f64::from(u32::try_from(crowd.count)?));
        let looks = looks.clone();
        pollers.spawn(async move {
            tokio::time::sleep(late).await;
            let mut next = tokio::time::interval(EVERY);
            loop {
                next.tick().await;
                if let Err(error) = client.get(&format!("/v1/generations/{id}")).await {
                    return error;
                }
                looks.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // Everybody has looked once.
    tokio::time::sleep(EVERY + EVERY).await;
    let (started, cpu, before) = (now(), service.cpu_s()?, looks.load(Ordering::Relaxed));
    tokio::select! {
        () = tokio::time::sleep(crowd.time) => {}
        Some(failed) = pollers.join_next() => return Err(format!("a poller failed: {}", failed?).into()),
    }
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), service.cpu_s()? - cpu);
    let looks = f64::from(u32::try_from(looks.load(Ordering::Relaxed) - before)?);
    Ok(json!({
        "count": crowd.count,
        "per_s": round(looks / seconds),
        "cpu_pct_of_one_core": round(cpu / seconds * 100.0),
        "cpu_ms_each": round(cpu / looks * 1e3),
    }))
}
