//! `/v1/prompts`: a prompt out of a few words, checked for contradictions before anybody sees it.

use crate::{
    caller::Maker, documents::money::MoneyDocument, door::Door, input::Json, once, problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{ErrorCode, i18n::Lang, prompt::writing::Purpose};
use palitra_engine::{
    Caller,
    failure::Failure,
    prompts::{Composed, Idea, unanswered},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(plan))
}

/// An answer to whoever can ask again is held back so long at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a prompt is for.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PromptFor {
    #[default]
    Create,
    Edit,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PromptLanguage {
    #[default]
    En,
    Ru,
}

/// A few words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptRequest {
    #[schema(example = "a lighthouse in a storm")]
    idea: String,
    #[serde(default)]
    #[schema(inline)]
    r#for: PromptFor,
    #[serde(default)]
    #[schema(inline)]
    language: PromptLanguage,
    /// That writes and checks; as the settings say when it is not given.
    model: Option<String>,
}

impl PromptRequest {
    fn idea(self, caller: &Caller) -> Idea {
        Idea {
            account: caller.account.clone(),
            livemode: caller.livemode,
            key: caller.key.clone(),
            words: self.idea,
            purpose: match self.r#for {
                PromptFor::Create => Purpose::Create,
                PromptFor::Edit => Purpose::Edit,
            },
            lang: match self.language {
                PromptLanguage::En => Lang::En,
                PromptLanguage::Ru => Lang::Ru,
            },
            model: self.model,
            once: None,
        }
    }
}

/// What a prompt would cost at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptPlan {
    price: MoneyDocument,
}

/// A prompt that was written.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Prompt)]
pub(crate) struct PromptDocument {
    /// `null`: it is not there yet, and the same request under the same `Idempotency-Key` goes on with it.
    prompt: Option<String>,
    parts: Vec<PromptPart>,
    /// What is left to mind: `plain`, `short`, `contradictory`, `language`, `unchecked`.
    flags: Vec<String>,
    /// What was found in the first version, when it was rewritten.
    contradictions: Vec<String>,
    /// The questions that were asked, in their order.
    generations: Vec<String>,
    price: Option<MoneyDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptPart {
    name: String,
    text: String,
}

fn document(it: Composed) -> PromptDocument {
    PromptDocument {
        prompt: Some(it.prompt),
        parts: it.parts.into_iter().map(|(name, text)| PromptPart { name: name.to_owned(), text }).collect(),
        flags: it.flags.into_iter().map(str::to_owned).collect(),
        contradictions: it.contradictions,
        generations: it.generations.iter().map(|id| id.as_str().to_owned()).collect(),
        price: Some(it.price.into()),
    }
}

/// Price a prompt
///
/// The most that writing it may cost.
#[utoipa::path(
    post, path = "/v1/prompts/plan", operation_id = "plan_prompt", tag = "generations", security(("key" = [])), request_body = PromptRequest,
    responses((status = 200, description = "The price", body = PromptPlan), Refusals)
)]
async fn plan(
    State(door): State<Door>,
    Maker(caller): Maker,
    Json { value, .. }: Json<PromptRequest>,
) -> Result<axum::Json<PromptPlan>, Problem> {
    let price = door.engine.compose_price(&value.idea(&caller)).await?;
    Ok(axum::Json(PromptPlan { price: price.into() }))
}

/// Write a prompt
///
/// At most five questions to a text model, each a generation of its own. Under an `Idempotency-Key` the answer is held back for a minute at
/// most, and the same request goes on with what was begun.
#[utoipa::path(
    post, path = "/v1/prompts", operation_id = "create_prompt", tag = "generations", security(("key" = [])), request_body = PromptRequest,
    params(once::Header),
    responses(
        (status = 200, description = "The prompt", body = PromptDocument),
        (status = 202, description = "It is being written: ask again", body = PromptDocument),
        Refusals
    )
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<PromptRequest>,
) -> Result<(StatusCode, axum::Json<PromptDocument>), Problem> {
    let once = once::of(&headers, "POST /v1/prompts", &sha256)?;
    let can_ask_again = once.is_some();
    let idea = Idea { once, ..value.idea(&caller) };
    let composed = tokio::select! {
        composed = door.engine.compose(&idea, |_| ()) => Some(composed),
        () = door.engine.clock.sleep(PATIENCE), if can_ask_again => None,
        () = door.closing.cancelled() => None,
    };
    let Some(composed) = composed else {
        if can_ask_again {
            return Ok((StatusCode::ACCEPTED, axum::Json(PromptDocument::default())));
        }
        return Err(Failure::new(ErrorCode::Interrupted).into());
    };
    Ok((StatusCode::OK, axum::Json(document(composed.map_err(unanswered)?))))
}
