//! River for Rust under the load of `cargo xtask bench engine`: no-op jobs end to end in one process, producers each waiting for the
//! answer to their last insert. No ledger, no fairness, no slots: a row in, a row done.
//!
//! `river sqlite FILE JOBS PRODUCERS` or `river postgres URL JOBS PRODUCERS`; JSON lines on standard output.

use riverqueue::{
    Client, QueueConfig, WorkContext, WorkOutcome, Workers,
    migrate::{PostgresMigrator, SqliteMigrator},
    sqlx::{
        postgres::PgPoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};
use std::{
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, riverqueue::JobArgs)]
#[river(kind = "noop")]
struct Noop {
    n: u64,
}

/// Between two fetches: the default, and what makes it fastest here.
const COOLDOWNS: [Option<u64>; 2] = [None, Some(5)];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [store, place, jobs, producers] = words.as_slice() else {
        return Err("river STORE PLACE JOBS PRODUCERS".into());
    };
    let (jobs, producers) = (jobs.parse()?, producers.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for cooldown in COOLDOWNS {
        runtime.block_on(run(store, place, jobs, producers, cooldown))?;
    }
    Ok(())
}

async fn run(store: &str, place: &str, jobs: u64, producers: u64, cooldown: Option<u64>) -> Result<()> {
    let done = Arc::new(AtomicU64::new(0));
    let mut workers = Workers::new();
    let counted = done.clone();
    workers.add_fn(move |_: WorkContext, _: riverqueue::Job<Noop>| {
        let counted = counted.clone();
        async move {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(WorkOutcome::Complete)
        }
    })?;
    let queue = QueueConfig::new(100);
    let client = if store == "sqlite" {
        // As durable as ours: a write-ahead log that is synced at each commit.
        let options = SqliteConnectOptions::new().filename(place).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let options = options.busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        SqliteMigrator::new(pool.clone()).migrate_up().await?;
        let builder = Client::builder(pool).workers(workers).queue("default", queue);
        match cooldown {
            Some(cooldown) => builder.fetch_cooldown(Duration::from_millis(cooldown)).build()?,
            None => builder.build()?,
        }
    } else {
        let pool = PgPoolOptions::new().max_connections(10).connect(place).await?;
        PostgresMigrator::new(pool.clone()).migrate_up().await?;
        let builder = Client::builder(pool).workers(workers).queue("default", queue);
        match cooldown {
            Some(cooldown) => builder.fetch_cooldown(Duration::from_millis(cooldown)).build()?,
            None => builder.build()?,
        }
    };
    let mut running = client.start()?;
    for n in 0..20 {
        client.insert(Noop { n }).await?;
    }
    until(&done, 20).await?;

    let (started, cpu) = (Instant::now(), cpu_s()?);
    let producing = (0..producers).map(|first| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut n = first;
            while n < jobs {
                client.insert(Noop { n }).await?;
                n += producers;
            }
            Result::Ok(())
        })
    });
    for task in producing.collect::<Vec<_>>() {
        task.await??;
    }
    until(&done, 20 + jobs).await?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_s()? - cpu);
    let (rate, each) = (jobs as f64 / wall, cpu * 1e3 / jobs as f64);
    let fetch = cooldown.map_or("default".to_owned(), |cooldown| format!("{cooldown} ms"));
    println!(
        r#"{{"peer":"River for Rust, {store}, fetch cooldown {fetch}","store":"{store}","test":"e2e","count":{jobs},"producers":{producers},"per_s":{rate:.0},"cpu_ms_each":{each:.4}}}"#
    );
    running.stop_and_cancel().await.ok();
    Ok(())
}

async fn until(done: &AtomicU64, count: u64) -> Result<()> {
    let started = Instant::now();
    while done.load(Ordering::Relaxed) < count {
        if started.elapsed() > Duration::from_secs(120) {
            return Err(format!("only {} of {count} after two minutes", done.load(Ordering::Relaxed)).into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Of this process, seconds.
fn cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Ok(fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0)
}
