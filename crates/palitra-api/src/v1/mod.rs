//! The native API, `/v1`: every route with its description, which the OpenAPI document is made of.

mod account;
mod accounts;
mod assets;
mod audit;
mod batches;
mod events;
mod generations;
mod groups;
mod keys;
pub(crate) mod markets;
mod models;
mod money;
mod prompts;
mod quotes;
mod sign_up;
mod uploads;
mod vouchers;
mod webhooks;

use crate::door::Door;
use utoipa_axum::router::OpenApiRouter;

/// Everything that a key opens.
pub(crate) fn routes() -> OpenApiRouter<Door> {
    OpenApiRouter::new()
        .merge(quotes::routes())
        .merge(prompts::routes())
        .merge(generations::routes())
        .merge(batches::routes())
        .merge(uploads::routes())
        .merge(assets::routes())
        .merge(models::routes())
        .merge(money::routes())
        .merge(events::routes())
        .merge(account::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(markets::routes())
        .merge(accounts::routes())
        .merge(vouchers::routes())
        .merge(groups::routes())
        .merge(audit::routes())
}

pub use batches::{
    manifest::{Planned, plan},
    request::{AudioFormat, BatchRequest, ItemRequest, Kind, SlideRequest, WordRequest},
};
pub(crate) use generations::preferred;
pub(crate) use quotes::QuoteRequest;

/// What strangers may ask for.
pub(crate) fn open() -> OpenApiRouter<Door> {
    sign_up::routes()
}

/// What signed links open without a key.
pub(crate) fn links() -> OpenApiRouter<Door> {
    assets::links()
}
