//! One measurement of the engine, its catalogue or an adapter in a process of its own; `cargo xtask bench engine` and `bench markets` run
//! them all.
//!
//! `engine MEASUREMENT name=value …` prints one JSON line on standard output. The real engine, schema and store, and the sandbox's
//! `noop` at a price; what stands in for a market far away is in `market`.

#![expect(clippy::float_arithmetic, reason = "rates and shares for people; no money")]

mod adapter;
mod adopt;
mod catalogue;
mod fair;
mod latency;
mod market;
mod options;
mod place;
mod rate;
mod simulated;
mod usage;
mod wait;

use options::Options;
use serde_json::Value;
use std::io::Write;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failed>;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    match options.measurement.as_str() {
        "rate" => rate::rate(&options).await,
        "latency" => latency::latency(&options).await,
        "wait" => wait::wait(&options).await,
        "adopt" => adopt::adopt(&options).await,
        "fair" => fair::fair(&options).await,
        "catalogue" => catalogue::catalogue(&options).await,
        "adapter" => adapter::adapter(&options).await,
        "simulated" => simulated::simulated(&options).await,
        other => {
            Err(format!("`{other}` is no measurement: rate, latency, wait, adopt, fair, catalogue, adapter")
                .into())
        }
    }
}

/// One result, at once: its reader may be about to kill this process.
fn report(mut line: Value, options: &Options) -> Result<()> {
    line["measurement"] = options.measurement.as_str().into();
    line["store"] = options.store_name().into();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
