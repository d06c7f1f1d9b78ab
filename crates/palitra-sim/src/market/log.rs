//! What a simulated market saw: every submission, accepted or refused, every cancel, and how much ran at once. Checkers read it.

use palitra_domain::Timestamp;
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
pub struct Log {
    /// In the order in which they came.
    pub submissions: Vec<Submission>,
    pub cancels: Vec<Cancel>,
    /// Per key the most requests that were accepted and not finished at one time, waiting and abandoned ones included.
    pub overlap: BTreeMap<String, u32>,
    /// Webhooks, each try one.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    /// How often somebody asked for a status.
    #[serde(default)]
    pub looks: u64,
    /// How often somebody asked for a price.
    #[serde(default)]
    pub prices: u64,
    /// How often somebody asked for the secret of webhooks.
    #[serde(default)]
    pub secrets: u64,
    /// Records that were deleted, by id.
    #[serde(default)]
    pub deleted: Vec<String>,
    /// Files that were announced for upload, in order.
    #[serde(default)]
    pub uploads: Vec<Upload>,
}

impl Log {
    pub fn accepted(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.iter().filter(|submission| submission.accepted)
    }

    pub fn refused(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.iter().filter(|submission| !submission.accepted)
    }
}

/// One POST of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Submission {
    /// Counts submissions and cancels together, from 1.
    pub order: u64,
    /// Microseconds UTC.
    pub at_us: i64,
    /// [`key_tag`] of the key, empty when there was none.
    pub key: String,
    /// fal's endpoint, the model of KIE and WaveSpeedAI, the path of a market that answers in the call.
    pub endpoint: String,
    /// The market's id of the work; given to accepted submissions only.
    pub request_id: Option<String>,
    pub prompt: String,
    /// The whole body, `null` when it was not JSON.
    pub input: Value,
    /// The request runs and would be billed.
    pub accepted: bool,
    /// The answer tells the client the truth: an accepted one its id, a refused one that it was refused.
    pub answered: bool,
    /// The status of the answer; none when the connection was closed instead.
    pub status: Option<u16>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The address that was registered for a callback.
    pub webhook: Option<String>,
    /// What WaveSpeedAI takes for it, in millionths of a dollar.
    #[serde(default)]
    pub price_micros: i64,
    /// Requests of this key that were accepted and not finished, this one included.
    pub overlap: u32,
}

impl Submission {
    /// As it came: neither accepted nor refused yet. `key` is the key that was sent; the log names it by its tag.
    pub(crate) fn asked(key: Option<&str>, endpoint: &str, prompt: &str, input: Value) -> Submission {
        Submission {
            order: 0,
            at_us: 0,
            key: key_tag(key.unwrap_or_default()),
            endpoint: endpoint.to_owned(),
            request_id: None,
            prompt: prompt.to_owned(),
            input,
            accepted: false,
            answered: true,
            status: None,
            reason: None,
            webhook: None,
            price_micros: 0,
            overlap: 0,
        }
    }
}

/// One request to stop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancel {
    pub order: u64,
    pub at_us: i64,
    pub key: String,
    pub request_id: String,
    /// fal: `CANCELLATION_REQUESTED`, `ALREADY_COMPLETED` or `NOT_FOUND`.
    pub outcome: String,
}

/// One file on its way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// [`key_tag`] of the key.
    pub key: String,
    pub file_name: String,
    pub content_type: String,
    /// How long the file is that was put; none when it never was.
    pub bytes: Option<u64>,
}

/// One try to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub request_id: String,
    pub prompt: String,
    /// What was answered; none when nobody did.
    pub status: Option<u16>,
}

/// A key as the log names it: never the key itself.
pub fn key_tag(key: &str) -> String {
    if key.is_empty() {
        return String::new();
    }
    let digest = Sha256::digest(key.as_bytes());
    let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("key-{hex}")
}

/// One line of the log file.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Submission(&'a Submission),
    Cancel(&'a Cancel),
}

/// The log while it is written.
pub(crate) struct Journal {
    log: Log,
    order: u64,
    file: Option<File>,
}

impl Journal {
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Journal> {
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Journal { log: Log::default(), order: 0, file })
    }

    pub(crate) fn submission(&mut self, at: Timestamp, mut submission: Submission) {
        self.order += 1;
        (submission.order, submission.at_us) = (self.order, at.micros());
        if submission.accepted {
            let highest = self.log.overlap.entry(submission.key.clone()).or_default();
            *highest = (*highest).max(submission.overlap);
        }
        self.write(&Line::Submission(&submission));
        self.log.submissions.push(submission);
    }

    pub(crate) fn cancel(&mut self, at: Timestamp, mut cancel: Cancel) {
        self.order += 1;
        (cancel.order, cancel.at_us) = (self.order, at.micros());
        self.write(&Line::Cancel(&cancel));
        self.log.cancels.push(cancel);
    }

    pub(crate) fn delivery(&mut self, delivery: Delivery) {
        self.log.deliveries.push(delivery);
    }

    /// Its place, for [`Journal::uploaded`].
    pub(crate) fn upload(&mut self, upload: Upload) -> usize {
        self.log.uploads.push(upload);
        self.log.uploads.len() - 1
    }

    pub(crate) fn uploaded(&mut self, place: usize, bytes: u64) {
        if let Some(upload) = self.log.uploads.get_mut(place) {
            upload.bytes = Some(bytes);
        }
    }

    pub(crate) fn look(&mut self) {
        self.log.looks += 1;
    }

    pub(crate) fn price(&mut self) {
        self.log.prices += 1;
    }

    pub(crate) fn secret(&mut self) {
        self.log.secrets += 1;
    }

    pub(crate) fn deleted(&mut self, id: &str) {
        self.log.deleted.push(id.to_owned());
    }

    pub(crate) fn snapshot(&self) -> Log {
        self.log.clone()
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
