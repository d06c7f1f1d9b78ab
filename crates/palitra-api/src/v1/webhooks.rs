//! `/v1/webhooks`: who is told what happens, and what became of telling them.

mod log;

use crate::{
    caller::{Holder, Reader},
    door::Door,
    input::{Id, Json, nullable},
    once::{self, Replied},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use palitra_domain::{Timestamp, WebhookId, secret::Secret, webhook::Only};
use palitra_engine::{
    Caller, Made, OnceOf,
    webhooks::{NewEndpoint, Update, Webhook},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show, update, delete))
        .routes(routes!(secret))
        .routes(routes!(rotate))
        .merge(log::routes())
}

type Of<'a> = (&'a palitra_domain::AccountId, palitra_domain::Livemode);

fn of(caller: &Caller) -> Of<'_> {
    (&caller.account, caller.livemode)
}

/// An endpoint of yours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookRequest {
    /// `https://…`, without a login in it.
    #[schema(example = "https://app.example.org/palitra")]
    url: String,
    /// Names of event types; all of them when none are given.
    #[serde(default)]
    #[schema(example = json!(["generation.succeeded", "generation.failed"]))]
    events: Vec<String>,
    /// `batches`, or `single`: what is made in no batch.
    only: Option<OnlyDocument>,
    #[serde(default)]
    description: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookOnly)]
pub(crate) enum OnlyDocument {
    Batches,
    Single,
}

impl From<OnlyDocument> for Only {
    fn from(only: OnlyDocument) -> Only {
        match only {
            OnlyDocument::Batches => Only::Batches,
            OnlyDocument::Single => Only::Single,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookDocument {
    #[schema(example = "whk_0ckd2x9p3q8s7t6v5w4y3z2a1b")]
    id: String,
    url: String,
    events: Vec<String>,
    only: Option<OnlyDocument>,
    description: String,
    enabled: bool,
    /// `owner`, `gone` (it answered 410) or `failing` (for five days).
    disabled_because: Option<String>,
    disabled_at: Option<String>,
    /// Since when no try has succeeded.
    failing_since: Option<String>,
    /// Until when the secret before the last rotation signs, too.
    old_secret_until: Option<String>,
    created_at: String,
    updated_at: String,
    /// What signs its deliveries (`whsec_…`); shown when it is made or rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn document(webhook: &Webhook) -> WebhookDocument {
    let disabled = webhook.disabled.as_ref();
    WebhookDocument {
        id: webhook.id.as_str().to_owned(),
        url: webhook.url.clone(),
        events: webhook.events.names().into_iter().map(str::to_owned).collect(),
        only: webhook.events.only.map(|only| match only {
            Only::Batches => OnlyDocument::Batches,
            Only::Single => OnlyDocument::Single,
        }),
        description: webhook.description.clone(),
        enabled: disabled.is_none(),
        disabled_because: disabled.map(|(_, why)| why.as_str().to_owned()),
        disabled_at: disabled.map(|(at, _)| at.rfc3339()),
        failing_since: webhook.failing_since.map(Timestamp::rfc3339),
        old_secret_until: webhook.old_secret_until.map(Timestamp::rfc3339),
        created_at: webhook.created_at.rfc3339(),
        updated_at: webhook.updated_at.rfc3339(),
        secret: None,
    }
}

/// Make a webhook
///
/// Deliveries follow the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`. They are tried for a day
/// until they are answered with 2xx within 15 seconds.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks", security(("key" = [])), request_body = WebhookRequest,
    params(once::Header),
    responses((status = 201, description = "With its secret", body = WebhookDocument), Refusals)
)]
async fn create(
    State(door): State<Door>,
    Holder(caller): Holder,
    headers: HeaderMap,
    Json { value, sha256 }: Json<WebhookRequest>,
) -> Result<Replied<WebhookDocument>, Problem> {
    let once = OnceOf::caller(&caller, once::of(&headers, "POST /v1/webhooks", &sha256)?);
    let new = NewEndpoint {
        account: caller.account.clone(),
        livemode: caller.livemode,
        url: value.url,
        events: if value.events.is_empty() { vec!["*".to_owned()] } else { value.events },
        only: value.only.map(Only::from),
        description: value.description,
    };
    let replied = |webhook: &Webhook, secret: &Secret, is_new| Replied {
        status: StatusCode::CREATED,
        is_new,
        document: WebhookDocument { secret: Some(secret.reveal().to_owned()), ..document(webhook) },
    };
    match door.engine.create_webhook(new, once).await? {
        Made::New((webhook, secret)) => Ok(replied(&webhook, &secret, true)),
        // As it is now, with the secret that signs now.
        Made::Before(id) => {
            let id = WebhookId::parse(&id).map_err(|_| crate::input::not_found(&id))?;
            let webhook = door.engine.webhook_of(of(&caller), &id).await?;
            let secret = door.engine.webhook_secret(of(&caller), &id).await?;
            Ok(replied(&webhook, &secret, false))
        }
    }
}

/// All of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    data: Vec<WebhookDocument>,
}

/// List webhooks
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks", security(("key" = [])),
    responses((status = 200, description = "All of them", body = Webhooks), Refusals)
)]
async fn list(State(door): State<Door>, Reader(caller): Reader) -> Result<axum::Json<Webhooks>, Problem> {
    let webhooks = door.engine.webhooks(of(&caller)).await?;
    Ok(axum::Json(Webhooks { data: webhooks.iter().map(document).collect() }))
}

/// Look at a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "get_webhook", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 200, description = "As it is now", body = WebhookDocument), Refusals)
)]
async fn show(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<WebhookId>,
) -> Result<axum::Json<WebhookDocument>, Problem> {
    Ok(axum::Json(document(&door.engine.webhook_of(of(&caller), &id).await?)))
}

/// What is to be different; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookUpdate {
    url: Option<String>,
    events: Option<Vec<String>>,
    /// `null` takes the filter away.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<OnlyDocument>)]
    only: Option<Option<OnlyDocument>>,
    description: Option<String>,
    /// `true` begins anew with one that was disabled.
    enabled: Option<bool>,
}

/// Change a webhook
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", operation_id = "update_webhook", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")), request_body = WebhookUpdate,
    responses((status = 200, description = "As it is now", body = WebhookDocument), Refusals)
)]
async fn update(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
    Json { value, .. }: Json<WebhookUpdate>,
) -> Result<axum::Json<WebhookDocument>, Problem> {
    let change = Update {
        url: value.url,
        events: value.events,
        only: value.only.map(|only| only.map(Only::from)),
        description: value.description,
        is_enabled: value.enabled,
    };
    Ok(axum::Json(document(&door.engine.update_webhook(of(&caller), &id, change).await?)))
}

/// Delete a webhook
///
/// Nothing is sent there any more; what waited for it is dropped.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn delete(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Problem> {
    door.engine.delete_webhook(of(&caller), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What signs deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    /// `whsec_…`
    secret: String,
}

/// Show the secret of a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/secret", operation_id = "get_webhook_secret", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 200, description = "It", body = WebhookSecret), Refusals)
)]
async fn secret(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
) -> Result<axum::Json<WebhookSecret>, Problem> {
    let secret = door.engine.webhook_secret(of(&caller), &id).await?;
    Ok(axum::Json(WebhookSecret { secret: secret.reveal().to_owned() }))
}

/// Rotate the secret of a webhook
///
/// Deliveries are signed with both for a day.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/secret/rotate", operation_id = "rotate_webhook_secret", tag = "webhooks", security(("key" = [])),
    params(("id" = String, Path, description = "`whk_…`")),
    responses((status = 200, description = "The new one", body = WebhookSecret), Refusals)
)]
async fn rotate(
    State(door): State<Door>,
    Holder(caller): Holder,
    Id(id): Id<WebhookId>,
) -> Result<axum::Json<WebhookSecret>, Problem> {
    let secret = door.engine.rotate_webhook_secret(of(&caller), &id).await?;
    Ok(axum::Json(WebhookSecret { secret: secret.reveal().to_owned() }))
}
