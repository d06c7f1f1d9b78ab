//! What the market saw: every submission, accepted or refused, every upload, and how much ran at once. Checkers read it.

use palitra_domain::{Timestamp, recipe::hex};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// The whole log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WaveSpeedLog {
    /// In the order in which they came.
    pub submissions: Vec<Submission>,
    pub uploads: Vec<UploadEntry>,
    /// Records that were deleted, by id.
    pub deleted: Vec<String>,
    /// Per key the most work that was accepted and not finished at one time, waiting and abandoned work included.
    pub overlap: BTreeMap<String, u32>,
    /// Webhooks, each try one.
    pub deliveries: Vec<Delivery>,
    /// How often somebody asked for a result.
    pub looks: u64,
    /// How often somebody asked for a price.
    pub prices: u64,
    /// How often somebody asked for the secret of webhooks.
    pub secrets: u64,
}

impl WaveSpeedLog {
    pub fn accepted(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.iter().filter(|submission| submission.accepted)
    }

    pub fn refused(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.iter().filter(|submission| !submission.accepted)
    }
}

/// One POST of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    /// Counts submissions, from 1.
    pub order: u64,
    /// Microseconds UTC.
    pub at_us: i64,
    /// [`key_tag`] of the key, empty when there was none.
    pub key: String,
    pub model: String,
    /// Given to accepted submissions only.
    pub id: Option<String>,
    pub prompt: String,
    /// The whole body, `null` when it was not JSON.
    pub input: Value,
    /// The work runs and would be billed.
    pub accepted: bool,
    /// The answer tells the client the truth: an accepted one its id, a refused one that it was refused.
    pub answered: bool,
    /// The status of the answer; none when the connection was closed instead.
    pub status: Option<u16>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// `webhook` of the query.
    pub webhook: Option<String>,
    /// What is taken for it, in millionths of a dollar.
    pub price_micros: i64,
    /// Work of this key that was accepted and not finished, this one included.
    pub overlap: u32,
}

/// One file that somebody asked to put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadEntry {
    pub key: String,
    pub file_name: String,
    pub content_type: String,
    pub size: u64,
    /// Its bytes came.
    pub stored: bool,
}

/// One try to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: String,
    pub prompt: String,
    /// What was answered; none when nobody did.
    pub status: Option<u16>,
}

/// A key as the log names it: never the key itself.
pub fn key_tag(key: &str) -> String {
    if key.is_empty() {
        return String::new();
    }
    format!("key-{}", hex(&Sha256::digest(key.as_bytes())[..4]))
}

/// One line of the log file.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Submission(&'a Submission),
}

/// The log while it is written.
pub(super) struct Journal {
    pub(super) log: WaveSpeedLog,
    order: u64,
    file: Option<File>,
}

impl Journal {
    pub(super) fn open(path: Option<&Path>) -> io::Result<Journal> {
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Journal { log: WaveSpeedLog::default(), order: 0, file })
    }

    pub(super) fn submission(&mut self, at: Timestamp, mut submission: Submission) {
        self.order += 1;
        (submission.order, submission.at_us) = (self.order, at.micros());
        if submission.accepted {
            let highest = self.log.overlap.entry(submission.key.clone()).or_default();
            *highest = (*highest).max(submission.overlap);
        }
        self.write(&Line::Submission(&submission));
        self.log.submissions.push(submission);
    }

    /// One `write` of one whole line: it is there for a checker even when this process is killed next.
    fn write(&mut self, line: &Line<'_>) {
        let Some(file) = &mut self.file else { return };
        let mut text = serde_json::to_string(line).expect("a log line is plain data");
        text.push('\n');
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::error!(%error, "the simulator's log file cannot be written");
        }
    }
}
