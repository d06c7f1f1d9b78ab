//! From a call to its generations and back: created at once, waited for together.

use crate::{bring, caller::sees, door::Door, once, problem::Problem, v1::QuoteRequest};
use palitra_domain::{ErrorCode, GenerationId, state::GenerationState};
use palitra_engine::{
    Caller,
    failure::{Failure, Phrase},
    generations::{Asked, Once},
    market_failure,
    views::GenerationView,
};
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest that an answer is waited for: clients give up after ten minutes.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(590);

/// One thing to be made, so many times.
pub(super) struct Call {
    pub(super) model: String,
    pub(super) mode: &'static str,
    pub(super) input: Map<String, Value>,
    pub(super) count: usize,
    pub(super) once: Once,
}

/// Queues all of them or none; the later ones of several with seeds of their own, so that they differ.
pub(super) async fn create(door: &Door, caller: &Caller, call: Call) -> Result<Vec<GenerationId>, Problem> {
    let Call { model, mode, input, count, once } = call;
    let owner = (&caller.account, caller.livemode);
    if let Some(made) = door.engine.generations_made_once(owner, Some(&once)).await? {
        return Ok(made);
    }
    let request = QuoteRequest { model, mode: Some(mode.to_owned()), input };
    let wish = bring::bring(door, caller, request.wish(door, caller)?).await?;
    let mut wishes = vec![wish; count];
    for wish in wishes.iter_mut().skip(1) {
        door.engine.reseed(wish);
    }
    let asked = Asked { once: Some(once), ..Asked::default() };
    let created = door.engine.create_together(wishes, asked).await?;
    Ok(created.into_iter().map(|created| created.id).collect())
}

/// Those that have succeeded, when all have ended. The call fails when none has, as the first of them did, and when the time is over.
pub(super) async fn wait(
    door: &Door,
    caller: &Caller,
    once: &Once,
    ids: &[GenerationId],
) -> Result<Vec<GenerationView>, Problem> {
    let until = door.engine.clock.now().plus(WAIT_MAX);
    let (mut views, mut failed) = (Vec::new(), None);
    for id in ids {
        let left = until.since(door.engine.clock.now());
        match ended(door, caller, id, left).await? {
            Ok(view) => views.push(view),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    match failed {
        Some(failure) if views.is_empty() => {
            once::failed(door, caller, once, ids).await?;
            Err(failure)
        }
        _ => Ok(views),
    }
}

/// One when it has ended: that it has succeeded, or why not.
pub(super) async fn ended(
    door: &Door,
    caller: &Caller,
    id: &GenerationId,
    patience: Duration,
) -> Result<Result<GenerationView, Problem>, Problem> {
    door.wait(id, patience).await?;
    let view = door.engine.generation_view(sees(caller).as_ref(), id).await?;
    let generation = &view.generation;
    if generation.state == GenerationState::Succeeded {
        return Ok(Ok(view));
    }
    if !generation.state.is_terminal() {
        return Err(Failure::new(ErrorCode::Interrupted)
            .with("hint", Phrase::new("hint-goes-on-joined"))
            .into());
    }
    let code = generation.error_code.unwrap_or(ErrorCode::GenerationFailed);
    let of = (generation.market.as_str(), generation.model.as_str());
    Ok(Err(market_failure::failure(code, of, generation.error_text.as_deref()).into()))
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
