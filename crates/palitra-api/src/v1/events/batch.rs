//! Events of one batch: each step that has ended, and at least once a second, while it runs, how far it is (S0-20…S0-23, S1-38).

use super::{answer, event, id_of, last_seen};
use crate::{
    caller::{Reader, sees},
    documents::batch::StageDocument,
    door::Door,
    input::Id,
    problem::Problem,
    refusals::Refusals,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use palitra_domain::{
    BatchId, Timestamp,
    state::{BatchState, GenerationState},
};
use palitra_engine::{
    batches::Follower,
    news::{Ended, LAG, Position},
};
use serde_json::{Value, json};
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// Counters come when they change, and at least so often (S0-23).
const AT_LEAST: Duration = Duration::from_secs(1);

/// Steps that one look tells.
const TOLD_MAX: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(batch))
}

/// Follow a batch
///
/// `prompt_ready`, `image_ready`, `audio_ready`, `result_ready` and `step_failed` as steps end, `progress` when something has changed and at
/// least each second while it runs, and `done` at the end. With `Last-Event-ID` from there on; else from the beginning.
/// A step may be told twice where another one has come late.
#[utoipa::path(
    get, path = "/v1/batches/{id}/events", operation_id = "stream_batch_events", tag = "events", security(("key" = [])),
    params(
        ("id" = String, Path, description = "`bat_…`"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")
    ),
    responses((status = 200, description = "Events until its end", body = String, content_type = "text/event-stream"), Refusals)
)]
async fn batch(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<BatchId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    door.engine.batch_view(sees(&caller).as_ref(), &id).await?;
    let (position, told) = seen(&headers).unwrap_or_else(|| (Position::at(Timestamp::default()), 0));
    let following = Following {
        door: door.clone(),
        id,
        position,
        told,
        follower: None,
        is_over: false,
        is_first: true,
        shown: None,
    };
    let looks = stream::unfold(following, |mut following| async move {
        let events = following.look().await?;
        Some((stream::iter(events), following))
    });
    Ok(answer(&door, looks.flatten()))
}

/// An id of ours: where somebody has got to, and how many steps he was told.
fn stamp(position: &Position, told: u32) -> String {
    format!("{}.{told}", id_of(position))
}

fn seen(headers: &HeaderMap) -> Option<(Position, u32)> {
    let Position { at, id } = last_seen(headers)?;
    let (id, told) = id.split_once('.')?;
    Some((Position { at, id: id.to_owned() }, told.parse().ok()?))
}

struct Following {
    door: Door,
    id: BatchId,
    position: Position,
    /// How many steps were told that had ended up to there.
    told: u32,
    /// Knows how long such steps take.
    follower: Option<Follower>,
    is_over: bool,
    is_first: bool,
    /// The progress that was told last, and when.
    shown: Option<(Value, Timestamp)>,
}

impl Following {
    /// What has happened since the last look; `None` after the end, and when it cannot be read.
    async fn look(&mut self) -> Option<Vec<Bytes>> {
        if self.is_over {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            self.door.engine.clock.sleep(LOOK).await;
        }
        let engine = &self.door.engine;
        if self.follower.is_none() {
            self.follower = Some(engine.follow(&self.id).await.ok()?);
        }
        // The state is read before the steps: at the end all of them are there.
        let progress = self.follower.as_ref()?.count().await.ok()?;
        let mut events = Vec::new();
        // A step that was committed late is somewhere before: the last minute is told once more.
        if engine.ended_up_to(&self.id, self.position.clone()).await.ok()? > self.told {
            self.position = Position::at(self.position.at.minus(LAG));
            self.told = engine.ended_up_to(&self.id, self.position.clone()).await.ok()?;
        }
        loop {
            let ended = engine.ended_in(&self.id, self.position.clone(), TOLD_MAX).await.ok()?;
            let is_full = ended.len() == usize::try_from(TOLD_MAX).unwrap_or(usize::MAX);
            for step in ended {
                self.position = step.position.clone();
                self.told += 1;
                events.push(event(&stamp(&self.position, self.told), name(&step), &data(&step)));
            }
            if !is_full {
                break;
            }
        }
        let task = engine.task(&self.id).await.ok()?;
        let stages: Vec<StageDocument> = progress.stages.iter().map(StageDocument::from).collect();
        let shown = json!({
            "batch_id": self.id, "percent": progress.percent(), "status": progress.state, "stages": stages,
            "eta_s": progress.eta.map(|eta| eta.as_secs() + u64::from(eta.subsec_nanos() > 0)), "task": task,
        });
        self.is_over = progress.state != BatchState::Processing;
        let now = self.door.engine.clock.now();
        let is_news =
            self.shown.as_ref().is_none_or(|(last, at)| *last != shown || now.since(*at) >= AT_LEAST);
        if self.is_over || is_news {
            let name = if self.is_over { "done" } else { "progress" };
            events.push(event(&stamp(&self.position, self.told), name, &shown));
            self.shown = Some((shown, now));
        }
        Some(events)
    }
}

fn name(step: &Ended) -> &'static str {
    match (step.state, step.step.as_str()) {
        (GenerationState::Succeeded, "prompt") => "prompt_ready",
        (GenerationState::Succeeded, "picture") => "image_ready",
        (GenerationState::Succeeded, "speech") => "audio_ready",
        (GenerationState::Succeeded, _) => "result_ready",
        _ => "step_failed",
    }
}

fn data(step: &Ended) -> Value {
    json!({
        "number": step.number, "title": step.title, "step": step.step, "generation_id": step.generation, "status": step.state,
        "error": step.error,
    })
}
