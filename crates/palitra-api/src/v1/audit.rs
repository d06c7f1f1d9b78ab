//! `GET /v1/audit`, for the operator: who did what with keys, money, vouchers, groups, models, markets and accounts.

use crate::{
    caller::Operator,
    door::Door,
    input::{Query, plain, wrong},
    page::{self, Page},
    problem::Problem,
    refusals::Refusals,
};
use axum::extract::State;
use palitra_domain::{AuditId, audit::Action};
use palitra_engine::{AuditEntry, AuditFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only what was done to this: an id of a key or an account, a market, a group
    subject: Option<String>,
    /// Only this: `key_create`, `credit`, `refund`, `account_delete`, `market_pause`, …
    action: Option<String>,
    /// Only what is older than this one
    after: Option<String>,
    /// 1 to 1000; 20 when it is not given
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditDocument {
    id: String,
    at: String,
    /// `operator`, on the machine itself, or the id of a key.
    who: String,
    action: &'static str,
    /// An account, a key, a market, a generation: by id or by name.
    subject: String,
    /// What was changed, in a few words.
    about: String,
}

fn document(it: AuditEntry) -> AuditDocument {
    AuditDocument {
        id: it.id.as_str().to_owned(),
        at: it.at.rfc3339(),
        who: it.who,
        action: it.action.as_str(),
        subject: it.subject,
        about: it.about,
    }
}

/// What was done
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list_audit", tag = "operator", security(("key" = [])), params(AuditQuery),
    responses((status = 200, description = "A page of entries", body = Page<AuditDocument>), Refusals)
)]
async fn list(
    State(door): State<Door>,
    Operator(_): Operator,
    Query(AuditQuery { subject, action, after, limit }): Query<AuditQuery>,
) -> Result<axum::Json<Page<AuditDocument>>, Problem> {
    let limit = page::limit(limit)?;
    let before = page::after(after, |after| AuditId::parse(after).ok())?;
    let subject = plain("subject", subject)?;
    let known = || Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
    let action = action.map(|action| Action::parse(&action).ok_or_else(|| wrong("action", &known())));
    let filter = AuditFilter { subject, action: action.transpose()?, before, limit: limit.saturating_add(1) };
    let entries = door.engine.audited(filter).await?;
    let shown = entries.into_iter().map(document).collect();
    Ok(axum::Json(Page::of(shown, limit, |it: &AuditDocument| it.id.clone())))
}
