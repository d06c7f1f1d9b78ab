//! The refusals that every route can answer with, for its description.

use crate::problem::ProblemDocument;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

/// Of any route behind a key.
pub(crate) struct Refusals;

const ALL: &[(&str, &str)] = &[
    ("400", "The request cannot be read"),
    ("401", "No key, or one that is not known, expired or revoked"),
    ("402", "Not enough money, or over a budget of the key"),
    ("403", "The key may not do this"),
    ("404", "There is no such thing, or it is somebody else's"),
    ("405", "This address does not take this method"),
    ("408", "The body took too long to come"),
    ("409", "It does not go together with what is there, or the idempotency key belongs to another request"),
    ("410", "It is over: a quote that has expired, a model that was retired"),
    ("413", "The body is too large"),
    ("415", "The body is of a type that is not taken"),
    ("422", "Something in it is not what its place takes; `violations` says what"),
    (
        "429",
        "Too many requests, or too much of the account is waiting; `Retry-After` says when to come again",
    ),
    ("500", "A mistake of the service"),
    ("502", "The market did not do its part"),
    ("503", "Not now: no key for the market, or the service cannot record it"),
    ("504", "The market took too long"),
    ("507", "The disk is full"),
];

impl IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = |about: &str| {
            let response = ResponseBuilder::new().description(about);
            RefOr::T(response.content("application/problem+json", content.clone()).build())
        };
        ALL.iter().map(|(status, about)| ((*status).to_owned(), response(about))).collect()
    }
}

/// Names of the schemas that only refusals speak of.
pub(crate) fn schemas() -> Vec<(String, RefOr<utoipa::openapi::schema::Schema>)> {
    let mut schemas = vec![("Problem".to_owned(), ProblemDocument::schema())];
    ProblemDocument::schemas(&mut schemas);
    schemas
}
