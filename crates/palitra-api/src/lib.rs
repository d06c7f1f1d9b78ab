//! The HTTP door: the native API, and the shapes that other services' clients speak, over the same use cases.
//!
//! It parses, finds out who asks, and renders; every rule is the engine's. A route says what it takes and answers with by its types, and
//! the OpenAPI document is made of them: `routes` and document cannot differ. What a route refuses is put into the reader's language and
//! the shape of its door at the [`edge`].

/// What a batch is asked to make, as requests say it and commands do.
pub mod batches {
    pub use crate::v1::{
        AudioFormat, BatchRequest, ItemRequest, Kind, Planned, SlideRequest, WordRequest, plan,
    };
}
mod bring;
mod caller;
mod docs;
pub mod documents;
mod door;
mod edge;
mod etag;
mod fal;
pub mod given;
mod input;
mod limits;
mod moment;
mod networks;
mod once;
mod openai;
mod page;
mod problem;
mod refusals;
mod room;
mod router;
mod seed;
pub mod server;
mod signed;
mod told;
mod v1;

pub use door::{Door, Fetch, Settings, Words};
pub use fal::Letters;
pub use moment::Moment;
pub use networks::Network;
pub use problem::failure;
pub use router::{description, operator, router};
pub use told::Told;
pub use v1::markets::NewLimits;
