//! `/fal/run/{app}`: the answer is the result. A client that goes away finds it in the queue all the same: the work goes on and is kept.

use super::{output, queue};
use crate::{
    caller::{Maker, sees},
    door::Door,
    once,
    problem::Problem,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use palitra_domain::{GenerationId, i18n::Lang, state::GenerationState};
use palitra_engine::Caller;
use serde_json::json;
use std::time::Duration;

/// The longest that an answer is waited for.
const RUN_MAX: Duration = Duration::from_secs(600);

const TIMEOUT: HeaderName = HeaderName::from_static("x-fal-request-timeout");
const TIMEOUT_TYPE: HeaderName = HeaderName::from_static("x-fal-request-timeout-type");

pub(super) async fn run(
    State(door): State<Door>,
    Maker(caller): Maker,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let path = path.trim_matches('/');
    // `{app}/stream` where there is no model of that name.
    let streamed = path.strip_suffix("/stream").filter(|_| door.engine.first_mode(path).is_err());
    let app = streamed.unwrap_or(path);
    let (wish, once) = queue::wish(&door, &caller, app, (&headers, request.into_body()), "/fal/run").await?;
    let id = queue::create(&door, wish, once.clone()).await?.id;
    if streamed.is_some() {
        let response = queue::marked(stream_of(door.clone(), caller.clone(), id.clone()), &id);
        return Ok(once::told(&door, &caller, &once, vec![id], response));
    }
    let patience = patience(&headers);
    door.wait(&id, patience.unwrap_or(RUN_MAX).min(RUN_MAX)).await?;
    let view = door.engine.generation_view(sees(&caller).as_ref(), &id).await?;
    let state = view.generation.state;
    if state == GenerationState::Succeeded {
        let response = queue::result(&door, &view, &headers);
        Ok(once::told(&door, &caller, &once, vec![id], response))
    } else if state.is_terminal() {
        once::failed(&door, &caller, &once, &[id]).await?;
        Ok(queue::result(&door, &view, &headers))
    } else {
        // Whoever asks again waits for the same.
        let body = json!({ "detail": "The request was not done in time; it goes on in the queue", "error_type": "request_timeout" });
        let late = queue::marked((StatusCode::GATEWAY_TIMEOUT, axum::Json(body)).into_response(), &id);
        Ok(match patience {
            Some(_) => ([(TIMEOUT_TYPE, "user")], late).into_response(),
            None => late,
        })
    }
}

/// What the client is ready to wait, in seconds.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(TIMEOUT)?.to_str().ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The output as one event.
fn stream_of(door: Door, caller: Caller, id: GenerationId) -> Response {
    let event = async move {
        door.wait(&id, RUN_MAX).await.map_err(std::io::Error::other)?;
        let view =
            door.engine.generation_view(sees(&caller).as_ref(), &id).await.map_err(std::io::Error::other)?;
        let data = match view.generation.state {
            GenerationState::Succeeded => output::output(&door, &view, door.links()),
            state if state.is_terminal() => output::failed(&view.generation, Lang::En).2,
            _ => return Err(std::io::Error::other("it goes on in the queue")),
        };
        Ok::<_, std::io::Error>(Bytes::from(format!("data: {data}\n\n")))
    };
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream::once(event).fuse())).into_response()
}
