//! The native API, `/v1`: every route with its description, which the OpenAPI document is made of.

mod account;
mod assets;
mod batches;
mod events;
mod generations;
pub(crate) mod markets;
mod models;
mod money;
mod quotes;
mod uploads;
mod webhooks;

use crate::door::Door;
use utoipa_axum::router::OpenApiRouter;

/// Everything that a key opens.
pub(crate) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .merge(quotes::routes())
        .merge(generations::routes())
        .merge(batches::routes())
        .merge(uploads::routes())
        .merge(assets::routes())
        .merge(models::routes())
        .merge(money::routes())
        .merge(events::routes())
        .merge(account::routes())
        .merge(webhooks::routes())
        .merge(markets::routes())
}

pub use batches::{
    manifest::{Planned, plan},
    request::{AudioFormat, BatchRequest, ItemRequest, Kind, SlideRequest, WordRequest},
};
pub(crate) use generations::preferred;
pub(crate) use quotes::QuoteRequest;

/// What signed links open without a key.
pub(crate) fn links() -> OpenApiRouter<Door> {
    assets::links()
}
