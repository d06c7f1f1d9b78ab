//! What finished requests give: the bare output of the model, its billable units, and the files behind its links.

use super::{
    Market,
    schema::Makes,
    script::{Call, Fault},
    text,
    world::{Ending, Work},
};
use crate::{
    film::{self, Wish},
    market::{
        answer::Answer,
        picture::{self, Picture},
        script::About,
        tokens,
    },
    voice, writer,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Number, Value, json};

/// The result of a request that did not fail.
pub(super) fn answer(work: &Work, market: &Market, id: &str) -> Answer {
    let (body, units) = made(work, market, id);
    Answer::json(StatusCode::OK, &body).with("x-fal-billable-units", &units)
}

/// Its units, in thousandths.
pub(super) fn billed_thousandths(work: &Work, market: &Market, id: &str) -> i64 {
    let (_, units) = made(work, market, id);
    let (whole, part) = units.split_once('.').unwrap_or((&units, "0"));
    let digits = format!("{whole}{part:0<3}");
    digits.parse().unwrap_or(0)
}

/// The body and its units.
fn made(work: &Work, market: &Market, id: &str) -> (Value, String) {
    match work.new.endpoint.makes {
        Makes::Pictures => pictures(work, market, id),
        Makes::Picture | Makes::LargerPicture => picture(work, market, id),
        Makes::Video => {
            let video = json!({"url": link(work, market, id, 0), "content_type": "video/mp4", "file_name": "output.mp4"});
            (json!({"video": video}), seconds_asked(work).to_string())
        }
        Makes::Speech => spoken(work, market, id),
        Makes::Text => written(work),
    }
}

/// Units of pictures: megapixels, each picture rounded up, where the endpoint is priced so; else pictures.
fn pictures(work: &Work, market: &Market, id: &str) -> (Value, String) {
    let (width, height) = work.new.size;
    let count = count(work);
    let images: Vec<Value> = (0..count)
        .map(|number| {
            json!({"url": link(work, market, id, number), "content_type": "image/png", "width": width, "height": height})
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
    let each = match work.new.endpoint.price.unit {
        "megapixels" => (u64::from(width) * u64::from(height)).div_ceil(1_000_000),
        _ => 1,
    };
    (body, (each * count).to_string())
}

/// One picture made of another.
fn picture(work: &Work, market: &Market, id: &str) -> (Value, String) {
    let (width, height) = work.new.size;
    let image = json!({"url": link(work, market, id, 0), "content_type": "image/png", "width": width, "height": height});
    (json!({"image": image, "seed": seed_of(work)}), "1".to_owned())
}

/// Units of speech: thousands of characters. In hex unless an address is asked for.
fn spoken(work: &Work, market: &Market, id: &str) -> (Value, String) {
    let hex = work.new.endpoint.fields.iter().any(|field| field.name == "output_format")
        && work.new.input.get("output_format") != Some(&json!("url"));
    let audio = match hex {
        true => json!(palitra_domain::recipe::hex(&speak(work))),
        false => {
            json!({"url": link(work, market, id, 0), "content_type": "audio/wav", "file_name": "output.wav"})
        }
    };
    (json!({"audio": audio}), thousandths(work.new.prompt.chars().count()))
}

/// The link of a file, or the file itself.
fn link(work: &Work, market: &Market, id: &str, number: u64) -> String {
    if work.new.ending == Ending::Inline || work.new.input.get("sync_mode") == Some(&Value::Bool(true)) {
        let (content_type, bytes) = make(work, market, number);
        return format!("data:{content_type};base64,{}", STANDARD.encode(bytes));
    }
    format!("{}/files/{}", market.root(), file_name(work, id, number))
}

/// The bytes of a file and their type.
fn make(work: &Work, market: &Market, number: u64) -> (&'static str, Vec<u8>) {
    match work.new.endpoint.makes {
        Makes::Video => ("video/mp4", video(&work.new.prompt, seconds_asked(work))),
        Makes::Speech => ("audio/wav", speak(work)),
        _ => ("image/png", draw(work, market, number)),
    }
}

fn speak(work: &Work) -> Vec<u8> {
    let voice = work.new.input.get("voice").and_then(Value::as_str).unwrap_or_default();
    voice::speak(&work.new.prompt, voice, 0)
}

/// A small film as long as was asked, at most as long as one of ours.
fn video(prompt: &str, seconds: u64) -> Vec<u8> {
    let seconds = u32::try_from(seconds).unwrap_or(film::SECONDS_MAX).clamp(1, film::SECONDS_MAX);
    let wish = Wish { prompt, width: film::SIDE_MIN, height: film::SIDE_MIN, seconds, seed: 0 };
    film::film(&wish, None).unwrap_or_default()
}

/// `"8s"` or `"10"`; fal's own default is the shortest or the longest, by the model.
fn seconds_asked(work: &Work) -> u64 {
    let asked = work.new.input.get("duration").and_then(Value::as_str);
    asked.and_then(|text| text.trim_end_matches('s').parse().ok()).unwrap_or(8)
}

/// Units of a text: thousands of tokens, which makes them fractions as they can be with fal.
fn written(work: &Work) -> (Value, String) {
    let system = work.new.input.get("system_prompt").and_then(Value::as_str).unwrap_or_default();
    let output = match &work.new.ending {
        Ending::OutputError(_) => String::new(),
        Ending::Says(text) => text.clone(),
        _ => writer::as_told(system, &work.new.prompt).unwrap_or_else(|| text::answer(&work.new.prompt)),
    };
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

fn file_name(work: &Work, id: &str, number: u64) -> String {
    let extension = extension(work);
    if number == 0 { format!("{id}.{extension}") } else { format!("{id}_{number}.{extension}") }
}

fn extension(work: &Work) -> &'static str {
    match work.new.endpoint.makes {
        Makes::Video => "mp4",
        Makes::Speech => "wav",
        _ => "png",
    }
}

fn draw(work: &Work, market: &Market, number: u64) -> Vec<u8> {
    let (width, height) = work.new.size;
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

/// `GET /files/{name}`: public, as fal's are; credentials are refused like a signed storage link refuses them.
pub(super) async fn file(market: &Market, name: &str, headers: &HeaderMap) -> Response<Body> {
    let found = {
        let mut inner = market.lock();
        let work = find(&inner, name);
        let about = work.as_ref().map(|(work, _)| (work.new.endpoint.id, work.new.prompt.clone()));
        let (endpoint, prompt) = about.unwrap_or_default();
        (work, inner.faults.plan(Call::File, About::of(endpoint, &prompt)))
    };
    let (work, plan) = found;
    market.clock.sleep(plan.delay_before).await;
    let answer = match (super::calls::refused_by(plan.fault.as_ref()), work) {
        (Some(answer), _) => answer,
        _ if headers.contains_key(header::AUTHORIZATION) => {
            Answer::detail(StatusCode::BAD_REQUEST, "credentials are not wanted here")
        }
        _ if plan.fault == Some(Fault::Expired {}) => Answer::detail(StatusCode::NOT_FOUND, "Not Found"),
        (None, Some((work, number))) => {
            let (content_type, bytes) = make(&work, market, number);
            Answer::bytes(content_type, Bytes::from(bytes))
        }
        (None, None) => Answer::detail(StatusCode::NOT_FOUND, "Not Found"),
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn find(inner: &super::Inner, name: &str) -> Option<(Work, u64)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (id, number) = match stem.split_once('_') {
        Some((id, number)) => (id, number.parse().ok()?),
        None => (stem, 0),
    };
    let work = inner.state.world.find(id)?;
    let made =
        work.new.endpoint.makes != Makes::Text && extension == self::extension(work) && number < count(work);
    made.then(|| (work.clone(), number))
}
