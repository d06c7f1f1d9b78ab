//! A batch: its task in the words of S1, its stages, and, where it is asked for, its items.

use crate::door::Door;
use palitra_engine::{
    Result,
    batches::{Batch, Stage},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A manifest that is being carried out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchDocument {
    #[schema(example = "bat_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    pub(crate) id: String,
    /// `slides`, `words` or `run`.
    pub(crate) kind: String,
    /// `processing`, `completed`, `failed` or `cancelled`.
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) livemode: String,
    pub(crate) account_id: String,
    /// Why it failed or was stopped.
    pub(crate) error: Option<String>,
    /// How far it is: words that have ended, of all, and those that failed.
    #[schema(value_type = Object)]
    pub(crate) task: Value,
    /// Steps by their kind.
    pub(crate) stages: Vec<StageDocument>,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Stage)]
pub(crate) struct StageDocument {
    pub(crate) step: String,
    pub(crate) total: i64,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    pub(crate) skipped: i64,
}

impl From<&Stage> for StageDocument {
    fn from(stage: &Stage) -> StageDocument {
        StageDocument {
            step: stage.kind.as_str().to_owned(),
            total: stage.total,
            succeeded: stage.succeeded,
            failed: stage.failed,
            skipped: stage.skipped,
        }
    }
}

pub(crate) async fn document(door: &Door, batch: &Batch) -> Result<BatchDocument> {
    let stages = door.engine.stages(&batch.id).await?;
    let task = door.engine.task(&batch.id).await?;
    Ok(BatchDocument {
        id: batch.id.as_str().to_owned(),
        kind: batch.kind.as_str().to_owned(),
        status: batch.state.as_str().to_owned(),
        title: batch.title.clone(),
        livemode: batch.livemode.as_str().to_owned(),
        account_id: batch.account.as_str().to_owned(),
        error: batch.error.or(batch.stop).map(|code| code.name().to_owned()),
        task: serde_json::to_value(task).unwrap_or_default(),
        stages: stages.iter().map(StageDocument::from).collect(),
        created_at: batch.created_at.rfc3339(),
        finished_at: batch.finished_at.map(palitra_domain::Timestamp::rfc3339),
    })
}
