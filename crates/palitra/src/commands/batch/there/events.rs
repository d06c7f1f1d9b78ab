//! The events of a batch at a service (`GET /v1/batches/{id}/events`), one after another. A stream that breaks off is gone on with from its last
//! event, so that nothing is missed; what is told twice is heard once.

use super::read;
use crate::{commands::batch::files::Shelf, control::Service, failure::Failure};
use bytes::BytesMut;
use futures_util::StreamExt;
use palitra_domain::{
    BatchId, ErrorCode, GenerationId,
    objects::ByteStream,
    state::{BatchState, StepKind},
};
use palitra_engine::batches::{BatchEvent, Done, Progress};
use serde_json::Value;
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

/// The longest event that is read.
const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How often in a row a stream may break off before it has told anything.
const BROKEN_MAX: u32 = 100;

pub(in crate::commands) struct Events {
    shelf: Arc<Shelf>,
    path: String,
    stream: Option<ByteStream>,
    /// What has come of the next event.
    read: BytesMut,
    /// The id of the last one.
    last: Option<String>,
    ready: VecDeque<BatchEvent>,
    /// Items and steps that were told.
    told: HashSet<(Option<u64>, Option<StepKind>)>,
    counted: Option<Progress>,
    broken: u32,
    is_over: bool,
}

impl Events {
    pub(super) fn new(shelf: Arc<Shelf>, batch: &BatchId) -> Events {
        Events {
            shelf,
            path: format!("/v1/batches/{batch}/events"),
            stream: None,
            read: BytesMut::new(),
            last: None,
            ready: VecDeque::new(),
            told: HashSet::new(),
            counted: None,
            broken: 0,
            is_over: false,
        }
    }

    /// Where it stood when the service last said so.
    pub(in crate::commands) fn counted(&self) -> Option<Progress> {
        self.counted.clone()
    }

    /// `None` after the end of the batch.
    pub(in crate::commands) async fn next(&mut self) -> Result<Option<BatchEvent>, Failure> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.is_over {
                return Ok(None);
            }
            match self.block().await? {
                Some(block) => {
                    self.broken = 0;
                    self.take(&block)?;
                }
                // Broken off, or the service stops: it is asked again.
                None if self.broken < BROKEN_MAX => {
                    self.broken += 1;
                    self.stream = None;
                    self.read.clear();
                    self.shelf.clock.sleep(Duration::from_millis(200)).await;
                }
                None => return Err(read::unreadable("its events break off")),
            }
        }
    }

    /// The lines of one event.
    async fn block(&mut self) -> Result<Option<String>, Failure> {
        if self.stream.is_none() {
            let (shelf, path, last) = (self.shelf.clone(), &self.path, self.last.clone());
            let headers: Vec<(&str, &str)> =
                last.as_deref().map(|last| ("last-event-id", last)).into_iter().collect();
            let opened = Service::insist(&*shelf.clock, async || {
                shelf.service.stream(shelf.lang, path, &headers).await
            });
            self.stream = Some(opened.await?);
        }
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let block = self.read.split_to(end + 2);
                return Ok(Some(String::from_utf8_lossy(&block).into_owned()));
            }
            if self.read.len() > EVENT_BYTES_MAX {
                return Err(read::unreadable("an event without end"));
            }
            let Some(stream) = &mut self.stream else { return Ok(None) };
            match stream.next().await {
                Some(Ok(bytes)) => self.read.extend_from_slice(&bytes),
                Some(Err(_)) | None => return Ok(None),
            }
        }
    }

    fn take(&mut self, block: &str) -> Result<(), Failure> {
        let of = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|value| value.strip_prefix(' ').unwrap_or(value))
        };
        // A heartbeat.
        let (Some(name), Some(data)) = (of("event"), of("data")) else { return Ok(()) };
        let data: Value = serde_json::from_str(data).map_err(|error| read::unreadable(&error.to_string()))?;
        self.last = of("id").map(str::to_owned);
        match name {
            "progress" | "done" => {
                let progress = progress(&data);
                self.is_over = name == "done";
                self.counted = Some(progress.clone());
                self.ready.push_back(BatchEvent::Counted(progress));
            }
            // After a while some are told once more.
            _ => {
                let step = (data["number"].as_u64(), data["step"].as_str().and_then(StepKind::parse));
                if self.told.insert(step) {
                    self.ready.extend(ended(name, &data));
                }
            }
        }
        Ok(())
    }
}

fn ended(name: &str, data: &Value) -> Option<BatchEvent> {
    let number = u32::try_from(data["number"].as_u64()?).ok()?;
    let kind = StepKind::parse(data["step"].as_str()?)?;
    if name == "step_failed" {
        let code = data["error"].as_str().and_then(ErrorCode::parse).unwrap_or(ErrorCode::Internal);
        return Some(BatchEvent::Failed { number, kind, code });
    }
    let generation = GenerationId::parse(data["generation_id"].as_str()?).ok()?;
    Some(BatchEvent::Ready { number, kind, generation })
}

fn progress(data: &Value) -> Progress {
    let state = data["status"].as_str().and_then(BatchState::parse).unwrap_or(BatchState::Processing);
    let number = |name: &str| data["task"][name].as_i64().unwrap_or(0);
    let (ended, succeeded) = (number("completed_words"), number("succeeded_words"));
    Progress {
        state,
        stages: read::stages(&data["stages"]),
        done: Done { items: number("total_words"), ended, failed: ended - succeeded },
        eta: data["eta_s"].as_u64().map(Duration::from_secs),
    }
}
