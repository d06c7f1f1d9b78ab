//! What a batch made: its items page by page, all of them as lines, or their files as one zip.

use super::archive;
use crate::{
    caller::{Reader, sees},
    documents::{
        Anything,
        asset::{self, AssetDocument},
    },
    door::Door,
    input::{Id, Query},
    page::{self, Page},
    problem::Problem,
    refusals::Refusals,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use palitra_domain::{BatchId, GenerationId};
use palitra_engine::{batches::ItemReport, generations::Asset};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new().routes(routes!(items)).routes(routes!(results))
}

/// An item with its steps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchItem)]
pub(crate) struct ItemDocument {
    number: u32,
    title: String,
    /// `waiting`, `succeeded`, `failed`, `skipped` or `cancelled`.
    status: String,
    /// Everything was there already; nothing was paid.
    reused: bool,
    steps: Vec<StepDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchStep)]
pub(crate) struct StepDocument {
    /// `prompt`, `picture`, `speech`, `run`, …
    step: String,
    status: String,
    reused: bool,
    generation_id: Option<String>,
    model: Option<String>,
    /// What a text model answered.
    output: Option<String>,
    error: Option<StepErrorDocument>,
    assets: Vec<AssetDocument>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchStepError)]
pub(crate) struct StepErrorDocument {
    code: String,
    message: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemPage {
    /// Only items behind this number
    #[param(minimum = 0, maximum = 2147483647)]
    after: Option<u32>,
    /// 1 to 1000; 20 when it is not given
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// The items of a batch
///
/// In their order.
#[utoipa::path(
    get, path = "/v1/batches/{id}/items", operation_id = "list_batch_items", tag = "batches", security(("key" = [])),
    params(("id" = String, Path, description = "`bat_…`"), ItemPage),
    responses((status = 200, description = "A page of them", body = Page<ItemDocument>), Refusals)
)]
async fn items(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<BatchId>,
    Query(ItemPage { after, limit }): Query<ItemPage>,
) -> Result<axum::Json<Page<ItemDocument>>, Problem> {
    let limit = page::limit(limit)?;
    if after.is_some_and(|after| i32::try_from(after).is_err()) {
        return Err(crate::input::wrong("after", "the `next` of a page").into());
    }
    let all = all(&door, &caller, &id).await?;
    let first = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let page: Vec<ItemReport> =
        all.into_iter().filter(|item| after.is_none_or(|after| item.number > after)).take(first).collect();
    let shown = shown(&door, &page).await?;
    Ok(axum::Json(Page::of(shown, limit, |item: &ItemDocument| item.number.to_string())))
}

async fn all(door: &Door, caller: &palitra_engine::Caller, id: &BatchId) -> Result<Vec<ItemReport>, Problem> {
    let found = door.engine.batch_view(sees(caller).as_ref(), id).await?;
    Ok(door.engine.report_with_steps(id, found.created_at).await?.items)
}

async fn shown(door: &Door, items: &[ItemReport]) -> Result<Vec<ItemDocument>, Problem> {
    let made = items.iter().flat_map(|item| &item.steps).filter_map(|step| step.id.clone()).collect();
    let assets = door.engine.assets_of(made).await?;
    Ok(items.iter().map(|item| document(door, item, &assets)).collect())
}

fn document(door: &Door, item: &ItemReport, assets: &HashMap<GenerationId, Vec<Asset>>) -> ItemDocument {
    let until = door.links();
    let steps = item.steps.iter().map(|step| StepDocument {
        step: step.step.as_str().to_owned(),
        status: step.status.as_str().to_owned(),
        reused: step.reused,
        generation_id: step.id.as_ref().map(|id| id.as_str().to_owned()),
        model: step.model.clone(),
        output: step.output.clone(),
        error: step.error.as_ref().map(|error| StepErrorDocument {
            code: error.code.name().to_owned(),
            message: error.message.clone(),
        }),
        assets: step
            .id
            .as_ref()
            .and_then(|id| assets.get(id))
            .into_iter()
            .flatten()
            .map(|made| asset::document(door, made, until))
            .collect(),
    });
    ItemDocument {
        number: item.number,
        title: item.title.clone(),
        status: item.status.as_str().to_owned(),
        reused: item.reused,
        steps: steps.collect(),
    }
}

/// Items that are read and written at once.
const LINES_AT_ONCE: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `jsonl` when it is not given
    #[param(inline)]
    format: Option<ResultsFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResultsFormat {
    Jsonl,
    Zip,
}

/// All results of a batch
///
/// One line of JSON for each item, as `items` shows them; or, as `zip`, all its files.
#[utoipa::path(
    get, path = "/v1/batches/{id}/results", operation_id = "list_batch_results", tag = "batches", security(("key" = [])),
    params(("id" = String, Path, description = "`bat_…`"), Wanted),
    responses(
        (status = 200, description = "Lines, or a zip", content(
            (Anything = "application/x-ndjson"),
            (String = "application/zip"),
        )),
        Refusals
    )
)]
async fn results(
    State(door): State<Door>,
    Reader(caller): Reader,
    Id(id): Id<BatchId>,
    Query(Wanted { format }): Query<Wanted>,
) -> Result<Response, Problem> {
    let items = all(&door, &caller, &id).await?;
    if format == Some(ResultsFormat::Zip) {
        let name = format!("attachment; filename=\"{}.zip\"", id.as_str());
        let headers = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
        return Ok((headers, archive::body(&door, &items).await?).into_response());
    }
    let name = format!("attachment; filename=\"{}.jsonl\"", id.as_str());
    let parts: Vec<Vec<ItemReport>> = items.chunks(LINES_AT_ONCE).map(<[_]>::to_vec).collect();
    let lines = stream::iter(parts).then(move |part| {
        let door = door.clone();
        async move {
            let shown =
                shown(&door, &part).await.map_err(|Problem(failure)| std::io::Error::other(failure))?;
            let lines: String = shown.iter().map(|item| format!("{}\n", json!(item))).collect();
            Ok::<_, std::io::Error>(Bytes::from(lines))
        }
    });
    let headers = [(CONTENT_TYPE, "application/x-ndjson".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(lines.fuse())).into_response())
}
