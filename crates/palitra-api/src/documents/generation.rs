//! A generation, as every route and every other door shows it (design §8).

use super::{
    asset::{self, AssetDocument},
    money::MoneyDocument,
};
use crate::{door::Door, signed::Until};
use palitra_domain::{
    Timestamp,
    i18n::Lang,
    state::{AttemptState, GenerationState},
};
use palitra_engine::{
    generations::{Attempt, Generation},
    market_failure,
    views::GenerationView,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One priced run of a mode of a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Generation)]
pub(crate) struct GenerationDocument {
    #[schema(example = "gen_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    pub(crate) id: String,
    pub(crate) status: GenerationStatus,
    pub(crate) mode: String,
    pub(crate) model: String,
    pub(crate) market: String,
    /// `image`, `video`, `audio` or `text`.
    pub(crate) lane: String,
    /// `live`, or `test`: nothing was called and nothing real was paid.
    pub(crate) livemode: String,
    pub(crate) account_id: String,
    /// What was asked for, in the words of the service.
    #[schema(value_type = Object)]
    pub(crate) input: Value,
    /// What a text model answered.
    pub(crate) output: Option<String>,
    /// The most that is charged; nothing is charged for what does not succeed.
    pub(crate) price: MoneyDocument,
    pub(crate) quote_id: Option<String>,
    pub(crate) progress: ProgressDocument,
    pub(crate) assets: Vec<AssetDocument>,
    pub(crate) error: Option<ErrorDocument>,
    pub(crate) batch_id: Option<String>,
    /// The generation that this one repeats or varies.
    pub(crate) parent_id: Option<String>,
    /// As it was given.
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<Value>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    /// Every submission to a market; the operator alone sees them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempts: Option<Vec<AttemptDocument>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GenerationStatus {
    Queued,
    Submitting,
    Running,
    Storing,
    Succeeded,
    Failed,
    Cancelled,
    TimedOut,
}

impl From<GenerationState> for GenerationStatus {
    fn from(state: GenerationState) -> GenerationStatus {
        match state {
            GenerationState::Queued => GenerationStatus::Queued,
            GenerationState::Submitting => GenerationStatus::Submitting,
            GenerationState::Running => GenerationStatus::Running,
            GenerationState::Storing => GenerationStatus::Storing,
            GenerationState::Succeeded => GenerationStatus::Succeeded,
            GenerationState::Failed => GenerationStatus::Failed,
            GenerationState::Cancelled => GenerationStatus::Cancelled,
            GenerationState::TimedOut => GenerationStatus::TimedOut,
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Progress)]
pub(crate) struct ProgressDocument {
    /// 0 to 100, by how long such a run usually takes; 100 at the end only.
    pub(crate) percent: u32,
    /// In the line of its market; 1 is the next. `null` when it is not queued.
    pub(crate) position: Option<i64>,
    /// Until its start, in seconds; of one that is queued.
    pub(crate) starts_in_s: Option<u64>,
    /// Until its end, in seconds, by how long such runs usually take; `null` when nothing can be said.
    pub(crate) eta_s: Option<u64>,
    /// Steps of its batch that have to be done first.
    pub(crate) parents_left: i64,
    /// How long it has waited, in seconds.
    pub(crate) waited_s: Option<u64>,
    /// It is not tried before this time.
    pub(crate) not_before: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = GenerationError)]
pub(crate) struct ErrorDocument {
    /// Stable; see the table of error codes.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) charged: MoneyDocument,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(crate) struct AttemptDocument {
    pub(crate) n: i64,
    /// Label of the market's key.
    pub(crate) key: String,
    pub(crate) reason: String,
    /// `user` or `house`.
    pub(crate) paid_by: String,
    pub(crate) state: String,
    /// Where the work is found at its market.
    #[schema(value_type = Option<Object>)]
    pub(crate) reference: Option<Value>,
    pub(crate) cost: Option<CostDocument>,
    pub(crate) error: Option<AttemptErrorDocument>,
    pub(crate) opened_at: String,
    pub(crate) closed_at: Option<String>,
}

/// What the market took, in millionths.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Cost)]
pub(crate) struct CostDocument {
    pub(crate) micros: i64,
    pub(crate) currency: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AttemptError)]
pub(crate) struct AttemptErrorDocument {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
    /// The market's answer as it came.
    pub(crate) body: Option<String>,
}

/// The document of a generation, its error in the reader's language.
pub(crate) fn document(door: &Door, view: &GenerationView, lang: Lang) -> GenerationDocument {
    document_until(door, view, lang, door.links())
}

/// The same with links for so long.
pub(crate) fn document_until(
    door: &Door,
    view: &GenerationView,
    lang: Lang,
    until: Until,
) -> GenerationDocument {
    let GenerationView { generation, assets, request, .. } = view;
    let currency = door.engine.settings.prices.currency;
    let now = door.engine.clock.now();
    let error = generation.error_code.map(|code| {
        let of = (generation.market.as_str(), generation.model.as_str());
        let failure = market_failure::failure(code, of, generation.error_text.as_deref());
        let charged = MoneyDocument::of(0, currency);
        ErrorDocument { code: code.name().to_owned(), message: failure.message(lang), charged }
    });
    GenerationDocument {
        id: generation.id.as_str().to_owned(),
        status: generation.state.into(),
        mode: generation.mode.clone(),
        model: generation.model.clone(),
        market: generation.market.clone(),
        lane: generation.lane.as_str().to_owned(),
        livemode: generation.livemode.as_str().to_owned(),
        account_id: generation.account.as_str().to_owned(),
        input: serde_json::from_str(&generation.input).unwrap_or_default(),
        output: generation.output.clone(),
        price: MoneyDocument::of(generation.price, currency),
        quote_id: request.quote.as_ref().map(|quote| quote.as_str().to_owned()),
        progress: progress(door, view, now),
        assets: assets.iter().map(|asset| asset::document(door, asset, until)).collect(),
        error,
        batch_id: generation.batch.as_ref().map(|batch| batch.as_str().to_owned()),
        parent_id: request.parent.as_ref().map(|parent| parent.as_str().to_owned()),
        metadata: request.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        created_at: generation.created_at.rfc3339(),
        updated_at: generation.updated_at.rfc3339(),
        started_at: generation.started_at.map(Timestamp::rfc3339),
        finished_at: generation.finished_at.map(Timestamp::rfc3339),
        attempts: None,
    }
}

fn progress(door: &Door, view: &GenerationView, now: Timestamp) -> ProgressDocument {
    let generation = &view.generation;
    if generation.state.is_terminal() {
        return ProgressDocument { percent: 100, ..ProgressDocument::default() };
    }
    let usual = usual_run(door, generation);
    if let Some(place) = &view.place {
        let starts = (place.parents_left == 0).then(|| door.engine.starts_in(generation, place));
        return ProgressDocument {
            percent: 0,
            position: Some(place.before + 1),
            starts_in_s: starts.map(|starts| starts.as_secs()),
            eta_s: starts.map(|starts| starts.saturating_add(usual).as_secs()),
            parents_left: place.parents_left,
            waited_s: Some(now.since(generation.created_at).as_secs()),
            not_before: place.not_before.map(Timestamp::rfc3339),
        };
    }
    let ran = generation.started_at.map(|at| now.since(at)).unwrap_or_default();
    let percent = ran.as_millis().saturating_mul(100) / usual.as_millis().max(1);
    ProgressDocument {
        percent: u32::try_from(percent).unwrap_or(95).min(95),
        eta_s: Some(usual.saturating_sub(ran).as_secs()),
        ..ProgressDocument::default()
    }
}

fn usual_run(door: &Door, generation: &Generation) -> std::time::Duration {
    let catalogue = door.engine.catalogue();
    let mode = catalogue.find(&generation.model).and_then(|model| model.mode(&generation.mode));
    mode.map_or(std::time::Duration::ZERO, |mode| mode.usual_run)
}

pub(crate) fn attempt(attempt: &Attempt) -> AttemptDocument {
    let cost = attempt.cost_micros.zip(attempt.cost_currency.clone());
    let state: AttemptState = attempt.state;
    AttemptDocument {
        n: attempt.n,
        key: attempt.key.clone(),
        reason: attempt.reason.as_str().to_owned(),
        paid_by: attempt.paid_by.clone(),
        state: state.as_str().to_owned(),
        reference: attempt
            .reference
            .as_deref()
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        cost: cost.map(|(micros, currency)| CostDocument { micros, currency }),
        error: attempt.error_code.clone().map(|code| AttemptErrorDocument {
            code,
            message: attempt.error_text.clone(),
            body: attempt.error_body.clone(),
        }),
        opened_at: attempt.opened_at.rfc3339(),
        closed_at: attempt.closed_at.map(Timestamp::rfc3339),
    }
}
