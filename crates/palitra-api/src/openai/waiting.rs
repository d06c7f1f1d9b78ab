//! From a call to its generations and back: created at once, waited for together.

use crate::{bring, caller::sees, door::Door, once, problem::Problem, v1::QuoteRequest};
use palitra_domain::{ErrorCode, GenerationId};
use palitra_engine::{
    Caller,
    generations::{Asked, Once},
    market_failure,
    views::GenerationView,
};
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest that an answer is waited for: clients give up after ten minutes.
const WAIT_MAX: Duration = Duration::from_secs(590);

/// One thing to be made, so many times.
pub(super) struct Call {
    pub(super) model: String,
    pub(super) mode: &'static str,
    pub(super) input: Map<String, Value>,
    pub(super) count: usize,
    pub(super) once: Once,
}

/// Queues them; the later ones of several with seeds of their own, so that they differ.
pub(super) async fn create(door: &Door, caller: &Caller, call: Call) -> Result<Vec<GenerationId>, Problem> {
    let Call { model, mode, input, count, once } = call;
    let mode = mode_of(door, &model, mode)?;
    let request = QuoteRequest { model, mode: Some(mode), input };
    let wish = bring::bring(door, caller, request.wish(door, caller)?).await?;
    let mut ids = Vec::new();
    for n in 0..count {
        let mut wish = wish.clone();
        if n > 0 {
            let seed = u32::try_from(door.engine.dice() & u128::from(u32::MAX / 2)).unwrap_or(1);
            wish.input["seed"] = Value::from(seed);
        }
        let once = once::nth(&once, n);
        let asked = Asked { once: Some(once), ..Asked::default() };
        ids.push(door.engine.create_asked(wish, None, asked).await?.id);
    }
    Ok(ids)
}

/// What the model does for such a call: the mode of that name, or its first one.
fn mode_of(door: &Door, model: &str, wanted: &str) -> Result<String, Problem> {
    let catalogue = door.engine.catalogue();
    let has_it = match (catalogue.aliases().get(model), catalogue.find(model)) {
        (Some(alias), _) => alias.modes.contains_key(wanted),
        (None, Some(found)) => found.mode(wanted).is_some(),
        (None, None) => false,
    };
    if has_it { Ok(wanted.to_owned()) } else { Ok(door.engine.first_mode(model)?) }
}

/// All of them when they have ended; the first that failed is the failure of the call.
pub(super) async fn wait(
    door: &Door,
    caller: &Caller,
    ids: &[GenerationId],
) -> Result<Vec<GenerationView>, Problem> {
    let until = door.engine.clock.now().plus(WAIT_MAX);
    let mut views = Vec::new();
    for id in ids {
        let left = until.since(door.engine.clock.now());
        door.wait(id, left).await?;
        views.push(ended(door, caller, id).await?);
    }
    Ok(views)
}

/// One that has succeeded.
pub(super) async fn ended(
    door: &Door,
    caller: &Caller,
    id: &GenerationId,
) -> Result<GenerationView, Problem> {
    let view = door.engine.generation_view(sees(caller).as_ref(), id).await?;
    let generation = &view.generation;
    if generation.state == palitra_domain::state::GenerationState::Succeeded {
        return Ok(view);
    }
    // One that goes on is found again by whoever repeats the call.
    let unfinished = if door.closing.is_cancelled() { ErrorCode::Interrupted } else { ErrorCode::TimedOut };
    let code = generation.error_code.unwrap_or(unfinished);
    let of = (generation.market.as_str(), generation.model.as_str());
    Err(market_failure::failure(code, of, generation.error_text.as_deref()).into())
}

/// What was said of a picture, in our words.
pub(super) fn sized(input: &mut Map<String, Value>, size: Option<&str>) -> Result<(), Problem> {
    let Some(size) = size.filter(|size| *size != "auto") else { return Ok(()) };
    let format = palitra_domain::format::Format::parse(size)
        .map_err(|_| crate::input::wrong("size", "`auto`, or such as `1024x1024`"))?;
    input.insert("width".to_owned(), Value::from(format.width));
    input.insert("height".to_owned(), Value::from(format.height));
    Ok(())
}
