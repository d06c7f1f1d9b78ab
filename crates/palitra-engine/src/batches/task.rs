//! A batch in the words of S1: a task with words, a state, and a progress that never falls (S1-11…S1-20, S1-27, S1-38).

use super::follow::Progress;
use crate::{Engine, Error, Result};
use palitra_domain::{BatchId, ErrorCode, Timestamp, state::BatchState};
use palitra_store::batches::{self as rows, Batch, Done, Stage};
use serde::Serialize;

/// `{task_id, status, progress, total_words, completed_words, …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    pub task_id: BatchId,
    /// `pending`, `processing`, `completed`, `failed`, `cancelled`; doors put it into words by `status-…`.
    pub status: &'static str,
    /// Ended well, and some words did not succeed.
    pub partial: bool,
    /// 0 to 100: words that have ended, of all; 100 at the end only.
    pub progress: i64,
    /// The same as two numbers, for a bar.
    pub progress_detail: ProgressDetail,
    pub total_words: i64,
    pub completed_words: i64,
    pub succeeded_words: i64,
    pub failed_words: Vec<String>,
    /// Words that have changed in their list since: their results are kept.
    pub stale_words: Vec<u32>,
    pub created_at: String,
    pub updated_at: String,
}

/// S1-38.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProgressDetail {
    pub total: i64,
    pub current: i64,
}

/// What the rows say.
struct Seen {
    batch: Batch,
    stages: Vec<Stage>,
    done: Done,
    began_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    failed: Vec<(u32, String)>,
    stale: Vec<u32>,
}

impl Engine {
    pub async fn task(&self, id: &BatchId) -> Result<Task> {
        let wanted = id.clone();
        let read = self.store.read(move |tx| {
            let Some(batch) = rows::find(tx, &wanted)? else { return Ok(None) };
            let stages = rows::stages(tx, &wanted)?;
            let (done, (began_at, changed_at)) = (rows::done(tx, &wanted)?, rows::moved(tx, &wanted)?);
            let failed = if done.failed > 0 { rows::failed_items(tx, &wanted)? } else { Vec::new() };
            let later = rows::last_of(tx, (&batch.account, batch.livemode), batch.kind, &batch.source)?;
            let stale = match later.filter(|later| later.id != batch.id) {
                Some(later) => rows::changed_items(tx, &batch.id, &later.id)?,
                None => Vec::new(),
            };
            Ok(Some(Seen { batch, stages, done, began_at, changed_at, failed, stale }))
        });
        Ok(task(read.await?.ok_or_else(|| Error::new(ErrorCode::NotFound).with("value", id))?))
    }
}

fn task(seen: Seen) -> Task {
    let Seen { batch, stages, done, began_at, changed_at, failed, stale } = seen;
    let succeeded = done.ended - done.failed;
    let has_begun = began_at.is_some() || stages.iter().any(|stage| stage.succeeded + stage.failed > 0);
    let status = match batch.state {
        BatchState::Processing if has_begun => "processing",
        BatchState::Processing => "pending",
        // S1-20: when every word has failed, the task has.
        BatchState::Completed if succeeded == 0 && done.items > 0 => "failed",
        state => state.as_str(),
    };
    let times = [Some(batch.created_at), changed_at, batch.finished_at];
    Task {
        task_id: batch.id,
        status,
        partial: status == "completed" && done.failed > 0,
        progress: Progress { state: batch.state, stages, done, eta: None }.percent(),
        progress_detail: ProgressDetail { total: done.items, current: done.ended },
        total_words: done.items,
        completed_words: done.ended,
        succeeded_words: succeeded,
        failed_words: failed.into_iter().map(|(_, title)| title).collect(),
        stale_words: stale,
        created_at: batch.created_at.rfc3339(),
        updated_at: times.into_iter().flatten().max().unwrap_or(batch.created_at).rfc3339(),
    }
}
