//! Pictures as a stream of events: early ones while they are drawn, where the market shows them to this process, then each when it is
//! ready.

use super::{
    images::{Answer, created, whole},
    shape,
    waiting::{self, WAIT_MAX},
};
use crate::{
    edge::Told,
    input,
    problem::{self, Problem},
};
use axum::{
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{Stream, StreamExt, stream};
use palitra_domain::{
    early::{self, EarlyPicture},
    i18n::Lang,
};
use palitra_engine::{Early, views::GenerationView};
use serde_json::{Map, Value, json};
use std::{io, sync::Arc};

/// Early pictures cost, so they are asked for only where somebody sees them. A model that has none drops the wish.
pub(super) fn ask_early(
    input: &mut Map<String, Value>,
    asked: Option<usize>,
    is_streamed: bool,
) -> Result<(), Problem> {
    let asked = asked.unwrap_or(0);
    if asked > early::PICTURES_MAX {
        return Err(input::wrong(early::ASKED, "0 to 3").into());
    }
    if is_streamed && asked > 0 {
        input.insert(early::ASKED.to_owned(), Value::from(asked));
    }
    Ok(())
}

/// `partial_image` events, and a `completed` one for each picture; a failure is an `error` event.
pub(super) fn response(answer: Answer) -> Response {
    // Of all pictures from now on: what comes of one while another is told is not missed.
    let early: Vec<Early> = answer.ids.iter().map(|id| answer.door.engine.early(id)).collect();
    let answer = Arc::new(answer);
    let events =
        stream::iter(early).enumerate().flat_map(move |(n, early)| answer.clone().events_of(n, early));
    let events = events.map(Ok::<_, io::Error>);
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events.fuse())).into_response()
}

impl Answer {
    fn events_of(self: Arc<Self>, n: usize, early: Early) -> impl Stream<Item = Bytes> {
        stream::unfold(Some(early), move |early| {
            let answer = self.clone();
            async move { Some(answer.next(n, early?).await) }
        })
    }

    /// The next event of a picture, and who goes on to look on when it was not the last.
    async fn next(&self, n: usize, mut early: Early) -> (Bytes, Option<Early>) {
        let ended = tokio::select! {
            biased;
            picture = early.next() => return (self.shown(&picture), Some(early)),
            ended = waiting::ended(&self.door, &self.caller, &self.ids[n], WAIT_MAX) => ended,
        };
        // What came last may have come with the end.
        let rest = early.rest();
        let last = match ended {
            Ok(Ok(view)) => self.completed(&view).await,
            Ok(Err(problem)) | Err(problem) => Err(problem),
        };
        let last = last.unwrap_or_else(|Problem(failure)| {
            let plain = problem::plain(&failure).unwrap_or(failure);
            event("error", &shape(&Told { failure: &plain, lang: Lang::En, request_id: "" }).body)
        });
        let events: Vec<Bytes> = rest.iter().map(|picture| self.shown(picture)).chain([last]).collect();
        (Bytes::from(events.concat()), None)
    }

    fn shown(&self, picture: &EarlyPicture) -> Bytes {
        let name = format!("{}.partial_image", self.event);
        event(
            &name,
            &json!({
                "type": name, "b64_json": BASE64_STANDARD.encode(&picture.bytes), "partial_image_index": picture.index,
                "created_at": self.door.engine.clock.now().micros() / 1_000_000, "size": "auto", "quality": "auto",
                "background": "auto", "output_format": format_of(picture.media.mime),
            }),
        )
    }

    async fn completed(&self, view: &GenerationView) -> Result<Bytes, Problem> {
        let made = view.assets.first().ok_or_else(|| input::not_found("the picture"))?;
        let picture = BASE64_STANDARD.encode(whole(&self.door, made).await?);
        let size = made.width.zip(made.height).map(|(width, height)| format!("{width}x{height}"));
        let none = json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 0,
            "input_tokens_details": { "text_tokens": 0, "image_tokens": 0 } });
        let name = format!("{}.completed", self.event);
        let data = json!({
            "type": name, "b64_json": picture, "created_at": created(view), "size": size, "quality": "auto",
            "background": "auto", "output_format": format_of(&made.mime), "usage": none,
        });
        Ok(event(&name, &data))
    }
}

fn format_of(mime: &str) -> &str {
    mime.strip_prefix("image/").unwrap_or("png")
}

fn event(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}
