//! The record of work, which is status and result in one, and the files behind its links.

use super::{
    Market,
    calls::{not_found, refused_by},
    envelope::error,
    fault::{Call, Fault},
    schema,
    world::{Ending, State, Work},
};
use crate::market::{
    answer::Answer,
    picture::{self, Picture},
    script::About,
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A prediction as every call shows it. `base` is what its own address begins with.
pub(super) fn record(work: &Work, state: State, market: &Market, id: &str, base: &str) -> Value {
    let ended = state == State::Ended;
    let (status, error) = match (state, &work.new.ending) {
        (State::Created, _) => ("created", ""),
        (State::Processing, _) => ("processing", ""),
        (State::Ended, Ending::Bad { status, error }) => (status.as_str(), error.as_str()),
        (State::Ended, _) => ("completed", ""),
    };
    let outputs = if ended { outputs(work, market, id) } else { Vec::new() };
    let refused = vec![work.new.ending == Ending::Nsfw; outputs.len()];
    json!({
        "id": id,
        "model": work.new.model.id,
        "outputs": outputs,
        "urls": {"get": format!("{base}/api/v3/predictions/{id}/result")},
        "has_nsfw_contents": refused,
        "status": status,
        "created_at": work.accepted_at.rfc3339(),
        "error": error,
        "timings": {"inference": if ended { u64::try_from(work.ran_ms()).unwrap_or(u64::MAX) } else { 0 }},
    })
}

/// Links, or bare base64.
fn outputs(work: &Work, market: &Market, id: &str) -> Vec<String> {
    let count = schema::count(&work.new.input);
    match work.new.ending {
        Ending::Bad { .. } | Ending::Nothing => Vec::new(),
        Ending::Inline => (0..count).map(|number| STANDARD.encode(draw(work, market, number))).collect(),
        Ending::Good | Ending::Nsfw => {
            (0..count).map(|number| format!("{}/files/{id}_{number}.png", market.root())).collect()
        }
    }
}

/// Always PNG, whatever format was asked for.
fn draw(work: &Work, market: &Market, number: u32) -> Vec<u8> {
    let (width, height) = work.new.size;
    if work.new.ending == Ending::Nsfw {
        return picture::black(width, height);
    }
    let seed = seed_of(work).wrapping_add(i64::from(number));
    let asked = Picture { prompt: &work.new.prompt, width, height, seed };
    match &market.painter {
        Some(paint) => paint(&asked),
        None => picture::blocks(&asked),
    }
}

/// The seed that was asked for, or one made of the whole input: work without a prompt differs by its pictures.
fn seed_of(work: &Work) -> i64 {
    let given = work.new.input.get("seed").and_then(Value::as_i64).filter(|seed| *seed >= 0);
    given.unwrap_or_else(|| {
        let digest = Sha256::digest(work.new.input.to_string().as_bytes());
        i64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    })
}

/// `GET /files/{id}_{number}.png`: public; credentials are refused like a signed storage link refuses them.
pub(super) async fn file(market: &Market, name: &str, headers: &HeaderMap) -> Response<Body> {
    let (work, plan) = {
        let mut inner = market.lock();
        let work = find(&inner, name);
        let about = work.as_ref().map(|(work, _)| (work.new.model.id, work.new.prompt.clone()));
        let (model, prompt) = about.unwrap_or_default();
        (work, inner.faults.plan(Call::File, About::of(model, &prompt)))
    };
    market.clock.sleep(plan.delay_before).await;
    let answer = match (refused_by(plan.fault.as_ref()), work) {
        (Some(answer), _) => answer,
        _ if headers.contains_key(header::AUTHORIZATION) => {
            error(StatusCode::BAD_REQUEST, "credentials are not wanted here")
        }
        _ if plan.fault == Some(Fault::Expired {}) => not_found(),
        (None, Some((work, number))) => Answer::bytes("image/png", Bytes::from(draw(&work, market, number))),
        (None, None) => not_found(),
    };
    market.clock.sleep(plan.delay_after).await;
    answer.send(plan.spoil(), &market.clock)
}

fn find(inner: &super::Inner, name: &str) -> Option<(Work, u32)> {
    let (id, number) = name.strip_suffix(".png")?.split_once('_')?;
    let number: u32 = number.parse().ok()?;
    let work = inner.state.world.find(id).filter(|_| inner.state.world.state(id) == Some(State::Ended))?;
    (number < schema::count(&work.new.input)).then(|| (work.clone(), number))
}
