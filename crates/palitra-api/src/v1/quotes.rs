//! `POST /v1/quotes`: a price that binds for ten minutes.

use crate::{
    bring,
    caller::Maker,
    documents::money::MoneyDocument,
    door::Door,
    input::Json,
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{Currency, catalogue::Notice, state::Priority};
use palitra_engine::{
    Caller, Made, OnceOf,
    generations::{Offer, Wish},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(create))
}

/// What would be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteRequest {
    /// A model's id, its market's own id, or an alias.
    #[schema(example = "sandbox/artist")]
    pub(crate) model: String,
    /// One operation of the model; its first one when it is not given.
    pub(crate) mode: Option<String>,
    /// `GET /v1/models/schema?id=…` shows what a mode takes. Files are given by the ids of uploads and results.
    #[schema(value_type = Object, example = json!({ "prompt": "A lighthouse at dawn" }))]
    pub(crate) input: serde_json::Map<String, Value>,
}

impl QuoteRequest {
    pub(crate) fn wish(self, door: &Door, caller: &Caller) -> Result<Wish, Problem> {
        let mode = match self.mode {
            Some(mode) => mode,
            None => door.engine.first_mode(&self.model)?,
        };
        Ok(Wish {
            account: caller.account.clone(),
            livemode: caller.livemode,
            key: caller.key.clone(),
            model: self.model,
            mode,
            input: Value::Object(self.input),
            priority: Priority::Standard,
            webhook: None,
            is_own: false,
        })
    }
}

/// A price that binds until it expires.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteDocument {
    /// Give it as `quote_id` when you create the generation.
    id: String,
    model: String,
    mode: String,
    /// The most that will be charged.
    price: MoneyDocument,
    expires_at: String,
    /// Half of such runs are done after so many seconds, nine of ten after `p90_s`.
    p50_s: u64,
    p90_s: u64,
    /// Of a hundred that ended lately; `null` while there are too few.
    succeeded_percent: Option<u32>,
    /// How many of its market's line start before it.
    before: Option<i64>,
    /// What of the input is not sent, or not as it was said.
    notices: Vec<NoticeDocument>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Notice)]
pub(crate) struct NoticeDocument {
    /// `dropped`, `avoided`, `translated` or `prompt_cut`.
    kind: String,
    /// The field that is dropped, or where the prompt is cut.
    about: Option<String>,
}

impl From<&Notice> for NoticeDocument {
    fn from(notice: &Notice) -> NoticeDocument {
        let (kind, about) = match notice {
            Notice::Dropped(field) => ("dropped", Some(field.clone())),
            Notice::Avoided => ("avoided", None),
            Notice::Translated => ("translated", None),
            Notice::PromptCut(limit) => ("prompt_cut", Some(limit.to_string())),
        };
        NoticeDocument { kind: kind.to_owned(), about }
    }
}

/// Price a generation
///
/// Checks the request as creating it would, and promises a price for ten minutes. Nothing is held yet.
#[utoipa::path(
    post, path = "/v1/quotes", operation_id = "create_quote", tag = "generations", security(("key" = [])), request_body = QuoteRequest,
    params(once::Header),
    responses((status = 200, description = "The price", body = QuoteDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Maker(caller): Maker,
    headers: HeaderMap,
    Json { value, sha256 }: Json<QuoteRequest>,
) -> Result<Replied<QuoteDocument>, Problem> {
    let once = OnceOf::caller(&caller, once::of(&headers, "POST /v1/quotes", &sha256)?);
    let replied = |document, is_new| Replied { status: StatusCode::OK, is_new, document };
    if let Some(kept) = door.engine.made_before(once.as_ref()).await? {
        return Ok(replied(once::again(&kept)?, false));
    }
    let wish = bring::bring(&door, &caller, value.wish(&door, &caller)?).await?;
    let currency = door.engine.settings.prices.currency;
    let told = move |offer: &Offer| once::kept(&document(offer, currency));
    Ok(match door.engine.offer_once(&wish, once, told).await? {
        Made::New(offer) => replied(document(&offer, currency), true),
        Made::Before(kept) => replied(once::again(&kept)?, false),
    })
}

fn document(offer: &Offer, currency: Currency) -> QuoteDocument {
    let Offer { quote, history, place, notices, .. } = offer;
    QuoteDocument {
        id: quote.id.as_str().to_owned(),
        model: quote.model.clone(),
        mode: quote.mode.clone(),
        price: MoneyDocument::of(quote.price, currency),
        expires_at: quote.expires_at.rfc3339(),
        p50_s: history.p50.as_secs(),
        p90_s: history.p90.as_secs(),
        succeeded_percent: history.succeeded_percent,
        before: place.as_ref().map(|place| place.before),
        notices: notices.iter().map(NoticeDocument::from).collect(),
    }
}
