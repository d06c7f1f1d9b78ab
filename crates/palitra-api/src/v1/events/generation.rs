//! Events of one generation: each change of its state, with its document, until it has ended.

use super::{answer, event, last_seen};
use crate::{
    caller::{Reader, sees},
    documents::generation::{self, GenerationDocument},
    door::Door,
    edge,
    input::Id,
    problem::Problem,
    refusals::Refusals,
};
use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use futures_util::stream;
use palitra_domain::{GenerationId, i18n::Lang};
use palitra_engine::views::GenerationView;
use serde_json::json;
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Between two looks: its end is told at once.
const LOOK: Duration = Duration::from_millis(500);

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(generation))
}

/// Follow a generation
///
/// `generation` with its document whenever its state or its place in the line has changed; the stream ends with it.
#[utoipa::path(
    get, path = "/v1/generations/{id}/events", operation_id = "stream_generation_events", tag = "events", security(("key" = [])),
    params(
        ("id" = String, Path, description = "`gen_…`"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")
    ),
    responses((status = 200, description = "Events until its end", body = String, content_type = "text/event-stream"), Refusals)
)]
async fn generation(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<GenerationId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = door.engine.generation_view(sees(&caller).as_ref(), &id).await?;
    let seen = last_seen(&headers).map(|position| format!("{}.{}", position.at.micros(), position.id));
    let following = Following { door: door.clone(), lang: edge::language(&headers), view: Some(view), seen };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((event, following))
    });
    Ok(answer(&door, events))
}

struct Following {
    door: Door,
    lang: Lang,
    /// `None` after its end.
    view: Option<GenerationView>,
    /// Id of the last event.
    seen: Option<String>,
}

impl Following {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let view = self.view.take()?;
            let id = stamp(&view);
            let is_over = view.generation.state.is_terminal();
            let is_new = self.seen.as_ref() != Some(&id);
            if !is_over {
                self.view = Some(view.clone());
            }
            if is_new {
                let shown: GenerationDocument = generation::document(&self.door, &view, self.lang);
                self.seen = Some(id.clone());
                return Some(event(&id, "generation", &json!(shown)));
            }
            let of = view.generation.id;
            self.door.wait(&of, LOOK).await.ok()?;
            if !is_over {
                self.view = Some(self.door.engine.generation_view(None, &of).await.ok()?);
            }
        }
    }
}

/// What an event is told by: when it changed last, its state, and its place.
fn stamp(view: &GenerationView) -> String {
    let place = view.place.as_ref().map_or(-1, |place| place.before);
    format!("{}.{}{place}", view.generation.updated_at.micros(), view.generation.state.as_str())
}
