//! Many clients of one service at once; `cargo xtask bench http` runs it.
//!
//! `crowd pollers|followers name=value …` prints one JSON line on standard output. The clients speak plain HTTP/1.1 over one connection each,
//! with as little around it as there can be: thousands of them share a machine with the service that is measured.

#![expect(clippy::disallowed_methods, reason = "a bench waits and measures real time")]
#![expect(clippy::float_arithmetic, reason = "rates and shares for people; no money")]

mod client;
mod followers;
mod pollers;
mod service;

use client::Client;
use service::Service;
use std::{io::Write, time::Duration};

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failed>;

/// Who comes to whom.
pub(crate) struct Crowd {
    pub(crate) service: Service,
    pub(crate) count: usize,
    /// How long is looked at.
    pub(crate) time: Duration,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let measurement = words.next().unwrap_or_default();
    let (mut service, mut count, mut time) = (Service::default(), 100, Duration::from_secs(10));
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not name=value"))?;
        match name {
            "address" => value.clone_into(&mut service.address),
            "key" => value.clone_into(&mut service.key),
            "process" => service.process = value.parse()?,
            "count" => count = value.parse()?,
            "seconds" => time = Duration::from_secs(value.parse()?),
            _ => return Err(format!("`{name}` is not known").into()),
        }
    }
    let crowd = Crowd { service, count, time };
    let line = match measurement.as_str() {
        "pollers" => pollers::pollers(&crowd).await?,
        "followers" => followers::followers(&crowd).await?,
        other => return Err(format!("`{other}` is no measurement: pollers, followers").into()),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Two digits behind the point are enough for anybody.
pub(crate) fn round(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
