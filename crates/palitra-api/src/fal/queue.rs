//! The queue: submit, status, its stream, result, cancel.

use super::{
    output,
    path::{self, Asked},
};
use crate::{
    bring,
    caller::{Maker, sees},
    door::Door,
    edge,
    input::{self, JSON_BYTES_MAX, not_found},
    once,
    problem::Problem,
    v1::QuoteRequest,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use palitra_domain::{
    ErrorCode, GenerationId,
    state::GenerationState,
    webhook::{Callback, Form},
};
use palitra_engine::{
    Caller,
    failure::Failure,
    generations::{Asked as Beside, Created, Once, Wish},
    views::GenerationView,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const REQUEST: HeaderName = HeaderName::from_static("x-fal-request-id");

/// What may stand behind `?`. Clients send more than is read here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Words {
    fal_webhook: Option<String>,
}

pub(super) async fn at(
    State(door): State<Door>,
    Maker(caller): Maker,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let uri = request.uri().clone();
    let root = if uri.path().starts_with("/fal/queue/") { "/fal/queue" } else { "/fal" };
    let headers = request.headers().clone();
    match (request.method().clone(), path::parse(&path)) {
        (Method::POST, Asked::Submit { app }) => {
            let axum::extract::Query(words) = axum::extract::Query::<Words>::try_from_uri(&uri)
                .map_err(|error| input::wrong("fal_webhook", &error.body_text()))?;
            let callback = words.fal_webhook.map(|url| Callback { url, form: Form::Fal });
            submit(&door, &caller, (root, app), callback, (&headers, request.into_body())).await
        }
        (Method::GET, Asked::Status { app, id }) => {
            let view = found(&door, &caller, id).await?;
            Ok(status(&door, &view, (root, app)))
        }
        (Method::GET, Asked::Stream { app, id }) => {
            let view = found(&door, &caller, id).await?;
            Ok(watch(door, caller, view, (root.to_owned(), app.to_owned())))
        }
        (Method::GET, Asked::Result { id, .. }) => {
            let view = found(&door, &caller, id).await?;
            Ok(result(&door, &view, &headers))
        }
        (Method::PUT | Method::POST, Asked::Cancel { id, .. }) => cancel(&door, &caller, id).await,
        _ => Err(Failure::new(ErrorCode::MethodNotAllowed).with("value", request.method().as_str()).into()),
    }
}

/// The input that comes with a submission, made into a wish.
pub(super) async fn wish(
    door: &Door,
    caller: &Caller,
    app: &str,
    (headers, body): (&HeaderMap, Body),
    route: &str,
) -> Result<(Wish, Once), Problem> {
    let bytes: Bytes = input::read(body, JSON_BYTES_MAX, Some(caller.account.clone())).await?;
    let input = if bytes.is_empty() { serde_json::Map::new() } else { input::parse(&bytes)? };
    let once = once::repeated(door, caller, headers, &format!("{route}/{app}"), &bytes)?;
    drop(bytes);
    let mode = mode(door, app, &input);
    let wish = QuoteRequest { model: app.to_owned(), mode, input }.wish(door, caller)?;
    Ok((bring::bring(door, caller, wish).await?, once))
}

/// An app has one operation, a model of ours may have several: the one that takes most of what is given, the first of equals.
fn mode(door: &Door, app: &str, input: &serde_json::Map<String, Value>) -> Option<String> {
    let catalogue = door.engine.catalogue();
    let wish = Value::Object(input.clone());
    let modes = &catalogue.find(app)?.modes;
    let best = modes.iter().min_by_key(|mode| mode.input.fit(&wish).notices.len())?;
    Some(best.name.clone())
}

pub(super) async fn create(door: &Door, wish: Wish, once: Once) -> Result<Created, Problem> {
    let beside = Beside { once: Some(once), ..Beside::default() };
    Ok(door.engine.create_asked(wish, None, beside).await?)
}

async fn submit(
    door: &Door,
    caller: &Caller,
    (root, app): (&str, &str),
    callback: Option<Callback>,
    request: (&HeaderMap, Body),
) -> Result<Response, Problem> {
    let (mut wish, once) = wish(door, caller, app, request, root).await?;
    wish.webhook = callback;
    let created = create(door, wish, once.clone()).await?;
    let id = &created.id;
    let view = door.engine.generation_view(sees(caller).as_ref(), id).await?;
    let mut body = links(door, id, (root, app));
    body["status"] = json!("IN_QUEUE");
    body["queue_position"] = json!(position(&view));
    let response = marked((StatusCode::OK, axum::Json(body)).into_response(), id);
    Ok(once::told(door, caller, &once, vec![id.clone()], response))
}

/// The addresses of a request, which clients use as they are.
fn links(door: &Door, id: &GenerationId, (root, app): (&str, &str)) -> Value {
    let at = door.address(&format!("{root}/{}/requests/{}", path::stem(app), id.as_str()));
    json!({
        "request_id": id, "response_url": at, "status_url": format!("{at}/status"), "cancel_url": format!("{at}/cancel"),
    })
}

pub(super) fn marked(mut response: Response, id: &GenerationId) -> Response {
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST, id);
    }
    response
}

async fn found(door: &Door, caller: &Caller, id: &str) -> Result<GenerationView, Problem> {
    let id = GenerationId::parse(id).map_err(|_| not_found(id))?;
    Ok(door.engine.generation_view(sees(caller).as_ref(), &id).await?)
}

/// How many start before it.
fn position(view: &GenerationView) -> i64 {
    view.place.as_ref().map_or(0, |place| place.before)
}

fn status(door: &Door, view: &GenerationView, at: (&str, &str)) -> Response {
    let body = status_document(door, view, at);
    let code = if view.generation.state.is_terminal() { StatusCode::OK } else { StatusCode::ACCEPTED };
    marked((code, axum::Json(body)).into_response(), &view.generation.id)
}

/// `IN_QUEUE`, `IN_PROGRESS` or `COMPLETED`: a failure is completed, too, and says `error`.
fn status_document(door: &Door, view: &GenerationView, at: (&str, &str)) -> Value {
    let generation = &view.generation;
    let mut body = links(door, &generation.id, at);
    match generation.state {
        GenerationState::Queued => {
            body["status"] = json!("IN_QUEUE");
            body["queue_position"] = json!(position(view));
        }
        state if !state.is_terminal() => {
            body["status"] = json!("IN_PROGRESS");
            body["logs"] = json!([]);
        }
        state => {
            body["status"] = json!("COMPLETED");
            body["logs"] = json!([]);
            let ran = generation.started_at.zip(generation.finished_at);
            let ran_ms = ran.map_or(0, |(began, ended)| ended.since(began).as_millis());
            body["metrics"] = json!({ "inference_time": seconds(ran_ms) });
            if state != GenerationState::Succeeded {
                let (_, kind, said) = output::failed(generation, palitra_domain::i18n::Lang::En);
                let text = said["detail"].as_str().or(said["detail"][0]["msg"].as_str()).unwrap_or_default();
                (body["error"], body["error_type"]) = (json!(text), json!(kind));
            }
        }
    }
    body
}

#[expect(clippy::float_arithmetic, reason = "seconds for people; no money here")]
fn seconds(ms: u128) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX)) / 1_000.0
}

/// Between two looks of a stream.
const LOOK: Duration = Duration::from_millis(500);

/// Status objects as server-sent events, one for each change; the stream ends when it is completed.
fn watch(door: Door, caller: Caller, view: GenerationView, at: (String, String)) -> Response {
    let id = view.generation.id.clone();
    let first = Some((view, Value::Null));
    let events = stream::unfold((door, caller, first), move |(door, caller, state)| {
        let (id, at) = (id.clone(), at.clone());
        async move {
            let (mut view, last) = state?;
            loop {
                let shown = status_document(&door, &view, (&at.0, &at.1));
                let is_over = view.generation.state.is_terminal();
                if shown != last {
                    let line = Bytes::from(format!("data: {shown}\n\n"));
                    let next = (!is_over).then_some((view, shown));
                    return Some((Ok::<_, std::io::Error>(line), (door, caller, next)));
                }
                if door.closing.is_cancelled() {
                    return None;
                }
                door.wait(&id, LOOK).await.ok()?;
                view = door.engine.generation_view(sees(&caller).as_ref(), &id).await.ok()?;
            }
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events.fuse())).into_response()
}

pub(super) fn result(door: &Door, view: &GenerationView, headers: &HeaderMap) -> Response {
    let generation = &view.generation;
    let response = match generation.state {
        GenerationState::Succeeded => axum::Json(output::output(door, view, door.links())).into_response(),
        state if state.is_terminal() => {
            let (status, kind, body) = output::failed(generation, edge::language(headers));
            (status, [("x-fal-error-type", kind)], axum::Json(body)).into_response()
        }
        _ => {
            let body = json!({ "detail": "Request is still in progress", "error_type": "bad_request" });
            (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
        }
    };
    marked(response, &generation.id)
}

async fn cancel(door: &Door, caller: &Caller, id: &str) -> Result<Response, Problem> {
    let view = found(door, caller, id).await?;
    let (status, said) = match door.engine.cancel(&view.generation.id).await {
        Ok(_) => (StatusCode::ACCEPTED, "CANCELLATION_REQUESTED"),
        Err(error) if error.code == ErrorCode::AlreadyFinished => {
            (StatusCode::BAD_REQUEST, "ALREADY_COMPLETED")
        }
        Err(error) => return Err(error.into()),
    };
    Ok(marked((status, axum::Json(json!({ "status": said }))).into_response(), &view.generation.id))
}
