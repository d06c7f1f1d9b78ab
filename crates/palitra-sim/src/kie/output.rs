//! What finished tasks give: `resultJson` and the files behind its links.

use super::{
    Market,
    envelope::{Refusal, failing},
    models::Makes,
    schema,
    script::{Call, Fault},
    world::{Ending, Task},
};
use crate::{
    film::{self, Wish},
    market::{
        answer::Answer,
        picture::{self, Picture},
        script::About,
    },
    voice,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Response, StatusCode, header},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The `resultJson` of a task that did not fail.
pub(super) fn result(task: &Task, market: &Market, id: &str) -> String {
    let base = match &task.new.ending {
        Ending::Result(text) => return text.clone(),
        Ending::Foreign(base) => base.clone(),
        _ => market.root(),
    };
    let links: Vec<String> =
        (0..count(task)).map(|number| format!("{base}/files/{}", file_name(task, id, number))).collect();
    let mut result = json!({"resultUrls": links});
    if task.new.input["return_last_frame"] == json!(true) {
        result["lastFrameUrl"] = json!(format!("{base}/files/{id}_last.png"));
    }
    if task.new.ending == Ending::TwiceEncoded {
        return json!(result.to_string()).to_string();
    }
    result.to_string()
}

/// How many files were asked for: `max_images`, or `num_images`, which is a text.
fn count(task: &Task) -> u64 {
    let input = &task.new.input;
    let text = input["num_images"].as_str().and_then(|count| count.parse().ok());
    text.or_else(|| input["max_images"].as_u64()).unwrap_or(1)
}

fn file_name(task: &Task, id: &str, number: u64) -> String {
    let extension = extension(task);
    if number == 0 { format!("{id}.{extension}") } else { format!("{id}_{number}.{extension}") }
}

fn extension(task: &Task) -> &'static str {
    match task.new.model.makes {
        Makes::Pictures => "png",
        Makes::Video => "mp4",
        Makes::Speech => "wav",
    }
}

/// The bytes of a file and their type.
pub(super) fn make(task: &Task, market: &Market, number: u64) -> (&'static str, Bytes) {
    let new = &task.new;
    match new.model.makes {
        Makes::Pictures => ("image/png", Bytes::from(draw(task, market, number))),
        Makes::Video => ("video/mp4", Bytes::from(video(&new.prompt, seconds_asked(&new.input)))),
        Makes::Speech => {
            let voice = new.input["voice"].as_str().unwrap_or_default();
            ("audio/wav", Bytes::from(voice::speak(&new.prompt, voice, 0)))
        }
    }
}

fn draw(task: &Task, market: &Market, number: u64) -> Vec<u8> {
    let (width, height) = schema::size_of(&task.new.input);
    let asked = task.new.input["seed"].as_i64();
    let seed = asked.unwrap_or_else(|| picture::seed_of(&task.new.prompt));
    let seed = seed.wrapping_add(i64::try_from(number).unwrap_or(0));
    let asked = Picture { prompt: &task.new.prompt, width, height, seed };
    match &market.painter {
        Some(paint) => paint(&asked),
        None => picture::blocks(&asked),
    }
}

/// A text or a number; five where the model takes none.
fn seconds_asked(input: &Value) -> u64 {
    let asked = &input["duration"];
    asked.as_u64().or_else(|| asked.as_str()?.parse().ok()).unwrap_or(5)
}

/// A small film as long as was asked, at most as long as one of ours.
fn video(prompt: &str, seconds: u64) -> Vec<u8> {
    let seconds = u32::try_from(seconds).unwrap_or(film::SECONDS_MAX).clamp(1, film::SECONDS_MAX);
    let wish = Wish { prompt, width: film::SIDE_MIN, height: film::SIDE_MIN, seconds, seed: 0 };
    film::film(&wish, None).unwrap_or_default()
}

/// `GET /files/{name}`: public, as KIE's are; credentials are refused like a signed storage link refuses them.
pub(super) async fn get_file(
    State(market): State<Arc<Market>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let (found, plan) = {
        let mut inner = market.lock();
        let found = find(&inner, &name, market.clock.now());
        let about = found.as_ref().map(|(task, _)| (task.new.model.id, task.new.prompt.clone()));
        let (model, prompt) = about.unwrap_or_default();
        (found, inner.faults.plan(Call::File, About::of(model, &prompt)))
    };
    market.clock.sleep(plan.delay_before).await;
    let answer = match (Refusal::by(plan.fault.as_ref(), true), found) {
        (Some(refusal), _) => refusal.answer(true),
        _ if headers.contains_key(header::AUTHORIZATION) => failing(400),
        _ if plan.fault == Some(Fault::Expired {}) => failing(404),
        (None, Some((task, number))) => {
            let (content_type, bytes) = make(&task, &market, number);
            Answer::bytes(content_type, bytes)
        }
        (None, None) => Answer::json(StatusCode::NOT_FOUND, &Value::Null),
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

/// The task and the number of a file that exists by now.
pub(super) fn find(inner: &super::Inner, name: &str, now: palitra_domain::Timestamp) -> Option<(Task, u64)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (id, number) = match stem.split_once('_') {
        Some((id, number)) => (id, number.parse().ok()?),
        None => (stem, 0),
    };
    let task = inner.state.world.find(id)?;
    let made = task.ends <= now && number < count(task) && extension == self::extension(task);
    made.then(|| (task.clone(), number))
}
