//! Server-sent events: of an account, of a batch, of one generation. Each event has an id; who comes back with the last one that he has
//! seen (`Last-Event-ID`) is told what he has missed, from the database, whichever process he comes to.

mod batch;
mod generation;

use crate::{
    caller::{Reader, sees},
    door::Door,
    problem::Problem,
    refusals::Refusals,
    told,
};
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderName,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use palitra_domain::{
    Timestamp,
    state::{BatchState, GenerationState},
};
use palitra_engine::{
    Error,
    news::{News, Position, What},
    webhooks::Subject,
};
use serde_json::{Value, json};
use std::{collections::HashSet, future::ready, io, sync::Arc, time::Duration};
use utoipa_axum::{router::OpenApiRouter, routes};

/// A line that says nothing, so that everybody between knows that we are there.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(account)).merge(batch::routes()).merge(generation::routes())
}

const LAST: HeaderName = HeaderName::from_static("last-event-id");

/// `1796084400000000.dlv_…`: when it was, and what.
fn id_of(position: &Position) -> String {
    format!("{}.{}", position.at.micros(), position.id)
}

fn last_seen(headers: &HeaderMap) -> Option<Position> {
    let (at, id) = headers.get(LAST)?.to_str().ok()?.split_once('.')?;
    Some(Position { at: Timestamp::from_micros(at.parse().ok()?), id: id.chars().take(60).collect() })
}

fn event(id: &str, name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("id: {id}\nevent: {name}\ndata: {data}\n\n"))
}

/// The answer, with a heartbeat where nothing happens.
fn answer(door: &Door, events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let with_heartbeats = stream::unfold((Box::pin(events), door.clone()), |(mut events, door)| async move {
        let next = tokio::select! {
            next = events.next() => next?,
            () = door.engine.clock.sleep(HEARTBEAT) => Bytes::from_static(b": still here\n\n"),
            () = door.closing.cancelled() => return None,
        };
        Some((Ok::<_, io::Error>(next), (events, door)))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    // The first line goes out at once: whoever waits for it knows that he is heard of.
    let hello = stream::once(async { Ok(Bytes::from_static(b"retry: 2000\n\n")) });
    (headers, axum::body::Body::from_stream(hello.chain(with_heartbeats).fuse())).into_response()
}

/// Follow the account
///
/// Ends of generations and batches, and late results, with their documents: `generation.succeeded`, `generation.failed`,
/// `generation.cancelled`, `generation.late_result`, `batch.completed`, `batch.failed`, `batch.cancelled`. After `events.missed` more has
/// happened than is told again: list what you need. After a restart of the service something may come twice, with the same id. What is written down late is told late, and again to
/// who comes back within a minute of his last event. Who reads too slowly is let go, and comes back with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "stream_events", tag = "events", security(("key" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")),
    responses((status = 200, description = "Events without end", body = String, content_type = "text/event-stream"), Refusals)
)]
async fn account(
    State(door): State<Door>,
    Reader(caller): Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let owner = sees(&caller);
    // Followed before the past is read: nothing falls between.
    let news = door.engine.follow_news(owner.clone());
    let since = last_seen(&headers);
    let missed = match &since {
        Some(since) => door.engine.missed(owner.as_ref(), since.clone()).await?,
        None => Some(Vec::new()),
    };
    let is_lost = missed.is_none();
    let first = missed.unwrap_or_default();
    let mut told: HashSet<Position> = first.iter().map(|news| news.position.clone()).chain(since).collect();
    let live = stream::unfold(news, |mut news| async move { Some((news.recv().await?, news)) });
    // What was told of the past is not told again.
    let live = live.filter(move |news| ready(!told.remove(&news.position)));
    let warning = is_lost.then(|| event("0.", "events.missed", &json!({})));
    let of = door.clone();
    let lines = stream::iter(first).map(Arc::new).chain(live).then(move |news| {
        let door = of.clone();
        async move { line(&door, &news).await }
    });
    Ok(answer(&door, stream::iter(warning).chain(readable(lines))))
}

/// Ends at the first that cannot be read: who comes back with the last one that he was told is told this one, too.
fn readable<E>(lines: impl Stream<Item = Result<Option<Bytes>, E>>) -> impl Stream<Item = Bytes> {
    lines.take_while(|line| ready(line.is_ok())).filter_map(|line| ready(line.ok().flatten()))
}

/// One event; nothing where what it is about has left.
async fn line(door: &Door, news: &News) -> Result<Option<Bytes>, Error> {
    let (name, subject) = match &news.what {
        What::Generation { id, state, .. } => {
            let name = match state {
                GenerationState::Succeeded => "generation.succeeded",
                GenerationState::Cancelled => "generation.cancelled",
                _ => "generation.failed",
            };
            (name, Subject::Generation(id.clone()))
        }
        What::Late(id) => ("generation.late_result", Subject::Generation(id.clone())),
        What::Batch { id, state } => {
            let name = match state {
                BatchState::Completed => "batch.completed",
                BatchState::Cancelled => "batch.cancelled",
                _ => "batch.failed",
            };
            (name, Subject::Batch(id.clone()))
        }
    };
    let Some(data) = told::document(door, &subject, door.links()).await? else { return Ok(None) };
    let data = json!({ "type": name, "timestamp": news.position.at.rfc3339(), "data": data });
    Ok(Some(event(&id_of(&news.position), name, &data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_left_is_passed_over_and_what_cannot_be_read_just_now_is_not() {
        let lines = [Ok(Some("one")), Ok(None), Ok(Some("two")), Err("database away"), Ok(Some("three"))];
        let lines = lines.map(|line| line.map(|line| line.map(Bytes::from)));
        assert_eq!(readable(stream::iter(lines)).collect::<Vec<_>>().await, ["one", "two"]);
    }
}
