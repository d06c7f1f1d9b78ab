//! Clients that follow the events of one account: what each of them costs in memory, and how soon all of them have heard of an end.

use crate::{Client, Crowd, Result, now, round};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Connections that are being made at once.
const TOGETHER: usize = 64;

/// Done at once.
const MODEL: &str = "sandbox/noop";

/// Events that are waited for.
const EVENTS: usize = 5;

/// How long an event may take to be called lost.
const LOST: Duration = Duration::from_secs(30);

pub(crate) async fn followers(crowd: &Crowd) -> Result<Value> {
    let service = &crowd.service;
    let mut orders = Client::connect(service).await?;
    // Statements are prepared and threads have their stacks before it is weighed.
    for _ in 0..100 {
        service.order(&mut orders, MODEL).await?;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let alone = service.resident_kb()?;
    let (heard, mut hears) = mpsc::channel::<Instant>(crowd.count);
    let mut left = crowd.count;
    while left > 0 {
        let mut coming = tokio::task::JoinSet::new();
        for _ in 0..left.min(TOGETHER) {
            let service = service.clone();
            coming.spawn(async move {
                let mut client = Client::connect(&service).await?;
                client.follow("/v1/events").await?;
                client.see("retry: 2000\n\n").await?;
                Ok::<_, crate::Failed>(client)
            });
        }
        left -= coming.len();
        for client in coming.join_all().await {
            let (mut client, heard) = (client?, heard.clone());
            tokio::spawn(async move {
                while client.see("event: generation.succeeded\n").await.is_ok() {
                    heard.send(now()).await.ok();
                }
            });
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = service.resident_kb()?;
    let mut reached = Vec::with_capacity(EVENTS);
    let cpu = service.cpu_s()?;
    for _ in 0..EVENTS {
        let ordered = now();
        service.order(&mut orders, MODEL).await?;
        let mut last = ordered;
        for n in 0..crowd.count {
            let at = tokio::time::timeout(LOST, hears.recv()).await;
            let at = at.map_err(|_| format!("{n} of {} heard of an end", crowd.count))?;
            last = last.max(at.ok_or("nobody is left")?);
        }
        reached.push(last.duration_since(ordered).as_secs_f64());
    }
    let cpu = (service.cpu_s()? - cpu) / f64::from(u32::try_from(EVENTS)?);
    let told = service.resident_kb()?;
    reached.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(crowd.count)?);
    Ok(json!({
        "count": crowd.count,
        "kb_each": round((idle - alone) / count),
        "kb_each_after_events": round((told - alone) / count),
        "reached_all_s": round(reached[EVENTS / 2]),
        "reached_all_max_s": round(reached[EVENTS - 1]),
        "cpu_s_per_event": round(cpu),
    }))
}
