//! What finished requests give: the bare output of the model, its billable units, and the files behind its links.

use super::{
    Market,
    schema::{self, Makes},
    script::{Call, Fault},
    text,
    world::{Ending, Work},
};
use crate::market::{
    answer::Answer,
    picture::{self, Picture},
    tokens,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Number, Value, json};

/// The result of a request that did not fail.
pub(super) fn answer(work: &Work, market: &Market, id: &str) -> Answer {
    let (body, units) = match work.new.endpoint.makes {
        Makes::Pictures => pictures(work, market, id),
        Makes::Text => written(work),
    };
    Answer::json(StatusCode::OK, &body).with("x-fal-billable-units", &units)
}

/// Units of a picture: megapixels, each picture rounded up.
fn pictures(work: &Work, market: &Market, id: &str) -> (Value, String) {
    let input = &work.new.input;
    let (width, height) = schema::size_of(input);
    let count = count(work);
    let link = |number: u64| {
        if work.new.ending == Ending::Inline || input.get("sync_mode") == Some(&Value::Bool(true)) {
            return format!("data:image/png;base64,{}", STANDARD.encode(draw(work, market, number)));
        }
        format!("{}/files/{}", market.base(), file_name(id, number))
    };
    let images: Vec<Value> = (0..count)
        .map(|number| {
            json!({"url": link(number), "content_type": "image/png", "width": width, "height": height})
        })
        .collect();
    let refused = vec![work.new.ending == Ending::Nsfw; images.len()];
    let body = json!({
        "images": images,
        "timings": {"inference": seconds(work)},
        "seed": seed_of(work),
        "has_nsfw_concepts": refused,
        "prompt": work.new.prompt,
    });
    let megapixels = (u64::from(width) * u64::from(height)).div_ceil(1_000_000);
    (body, (megapixels * count).to_string())
}

/// Units of a text: thousands of tokens, which makes them fractions as they can be with fal.
fn written(work: &Work) -> (Value, String) {
    let output = match &work.new.ending {
        Ending::OutputError(_) => String::new(),
        Ending::Says(text) => text.clone(),
        _ => text::answer(&work.new.prompt),
    };
    let system = work.new.input.get("system_prompt").and_then(Value::as_str).unwrap_or_default();
    let tokens_in = tokens::count(&work.new.prompt) + tokens::count(system);
    let tokens_out = tokens::count(&output);
    let mut body = json!({
        "output": output,
        "reasoning": null,
        "partial": false,
        "usage": {"input_tokens": tokens_in, "output_tokens": tokens_out},
    });
    body["error"] = match &work.new.ending {
        Ending::OutputError(message) => json!(message),
        _ => Value::Null,
    };
    (body, thousandths(tokens_in + tokens_out))
}

/// The running time in seconds, as fal reports it.
pub(super) fn seconds(work: &Work) -> Value {
    let text = thousandths(usize::try_from(work.ran_ms()).unwrap_or(usize::MAX));
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

fn thousandths(value: usize) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}

fn count(work: &Work) -> u64 {
    work.new.input.get("num_images").and_then(Value::as_u64).unwrap_or(1)
}

/// The seed that was asked for, or one made of the prompt.
fn seed_of(work: &Work) -> i64 {
    let asked = work.new.input.get("seed").and_then(Value::as_i64);
    asked.unwrap_or_else(|| picture::seed_of(&work.new.prompt))
}

fn file_name(id: &str, number: u64) -> String {
    if number == 0 { format!("{id}.png") } else { format!("{id}_{number}.png") }
}

fn draw(work: &Work, market: &Market, number: u64) -> Vec<u8> {
    let (width, height) = schema::size_of(&work.new.input);
    if work.new.ending == Ending::Nsfw {
        return picture::black(width, height);
    }
    let seed = seed_of(work).wrapping_add(i64::try_from(number).unwrap_or(0));
    let asked = Picture { prompt: &work.new.prompt, width, height, seed };
    match &market.painter {
        Some(paint) => paint(&asked),
        None => picture::blocks(&asked),
    }
}

/// `GET /files/{id}.png`: public, as fal's are; credentials are refused like a signed storage link refuses them.
pub(super) async fn file(market: &Market, name: &str, headers: &HeaderMap) -> Response<Body> {
    let found = {
        let mut inner = market.lock();
        let work = find(&inner, name);
        let about = work.as_ref().map(|(work, _)| (work.new.endpoint.id, work.new.prompt.clone()));
        let (endpoint, prompt) = about.unwrap_or_default();
        (work, inner.faults.plan(Call::File, endpoint, &prompt))
    };
    let (work, plan) = found;
    market.clock.sleep(plan.delay_before).await;
    let answer = match (super::calls::refused_by(plan.fault.as_ref()), work) {
        (Some(answer), _) => answer,
        _ if headers.contains_key(header::AUTHORIZATION) => {
            Answer::detail(StatusCode::BAD_REQUEST, "credentials are not wanted here")
        }
        _ if plan.fault == Some(Fault::Expired {}) => Answer::detail(StatusCode::NOT_FOUND, "Not Found"),
        (None, Some((work, number))) => Answer::bytes("image/png", Bytes::from(draw(&work, market, number))),
        (None, None) => Answer::detail(StatusCode::NOT_FOUND, "Not Found"),
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn find(inner: &super::Inner, name: &str) -> Option<(Work, u64)> {
    let stem = name.strip_suffix(".png")?;
    let (id, number) = match stem.split_once('_') {
        Some((id, number)) => (id, number.parse().ok()?),
        None => (stem, 0),
    };
    let work = inner.world.find(id)?;
    (work.new.endpoint.makes == Makes::Pictures && number < count(work)).then(|| (work.clone(), number))
}
