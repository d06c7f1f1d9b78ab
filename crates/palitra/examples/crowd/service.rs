//! The service that the crowd comes to, and what `/proc` says of its process.

use crate::{Client, Result};
use serde_json::{Value, json};
use std::fs;

/// Of the kernel's interface, on every platform we know.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Default)]
pub(crate) struct Service {
    /// `127.0.0.1:8000`.
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) process: u32,
}

impl Service {
    /// CPU time of its process so far, seconds.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process))?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        Ok(ticks.sum::<f64>() / TICKS_PER_SECOND)
    }

    /// Resident memory, KB of 1,024 bytes.
    pub(crate) fn resident_kb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no `VmRSS`")?;
        Ok(line.split_whitespace().next().ok_or("no number in `VmRSS`")?.parse()?)
    }

    /// Orders one thing; answers its id.
    pub(crate) async fn order(&self, client: &mut Client, model: &str) -> Result<String> {
        let body = json!({ "model": model, "input": { "prompt": "a lighthouse" } }).to_string();
        let answer: Value = serde_json::from_slice(&client.post("/v1/generations", &body).await?)?;
        let id = answer["id"].as_str().ok_or_else(|| format!("not taken: {answer}"))?;
        Ok(id.to_owned())
    }
}
