//! The doors put together: who may pass where, and what stands around every route.

use crate::{
    caller, docs,
    door::Door,
    edge::{self, Edge, Shape},
    fal, input, openai, refusals, seed, v1,
};
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, Request},
    http::{
        HeaderName, HeaderValue, Method,
        header::{ACCEPT_ENCODING, CONTENT_TYPE, VARY},
    },
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use std::{convert::Infallible, future::ready};
use tower::{ServiceExt, service_fn};
use tower_http::{
    compression::Compression,
    cors::{AllowHeaders, AllowOrigin, CorsLayer},
};
use utoipa::openapi::{
    Components, Info, License, OpenApi, OpenApiBuilder,
    security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

/// Everything that people and programs call.
pub fn router(door: Door) -> Router {
    let keyed: Router<Door> = v1::routes().into();
    let linked: Router<Door> = v1::links().into();
    let open: Router<Door> = v1::open().into();
    let native = keyed
        .layer(from_fn_with_state(door.clone(), caller::authenticate))
        .merge(linked.layer(from_fn_with_state(door.clone(), caller::recognise)))
        .merge(open.layer(from_fn_with_state(door.clone(), caller::bound_strangers)))
        .merge(docs::routes())
        .fallback(nothing_here);
    let native = shaped(native, &door, edge::native, false);
    let seed = seed::routes().layer(from_fn_with_state(door.clone(), caller::authenticate));
    let seed = shaped(seed, &door, seed::shape, false);
    let fal = shaped(fal::routes(&door), &door, fal::shape, false);
    let openai = shaped(openai::routes(&door), &door, openai::shape, false);
    let all = native.merge(seed).merge(fal).merge(openai);
    let all = all.layer(from_fn(compressed));
    let all = if door.settings.cors_origins.is_empty() { all } else { all.layer(cors(&door)) };
    all.layer(DefaultBodyLimit::disable()).with_state(door)
}

/// The native API with the operator's rights, for the control socket and for commands in their own process.
pub fn operator(door: Door) -> Router {
    let routes: Router<Door> = v1::routes().merge(v1::links()).into();
    let native = routes.layer(from_fn_with_state(door.clone(), caller::operate)).fallback(nothing_here);
    shaped(native, &door, edge::native, true).layer(DefaultBodyLimit::disable()).with_state(door)
}

async fn nothing_here(request: Request) -> crate::problem::Problem {
    input::not_found(request.uri().path())
}

fn shaped(router: Router<Door>, door: &Door, shape: Shape, is_operator: bool) -> Router<Door> {
    let at = Edge { shape, is_operator };
    router.layer(from_fn_with_state(door.clone(), move |state, request, next| {
        edge::edge(at, state, request, next)
    }))
}

/// Text is compressed for clients that take it. Everything else goes as it came: a body that may be compressed has room for a compressor
/// with it, which was a fifth of what a client who follows events costs.
async fn compressed(request: Request, next: Next) -> Response {
    let accepted: Vec<HeaderValue> = request.headers().get_all(ACCEPT_ENCODING).iter().cloned().collect();
    let mut response = next.run(request).await;
    if !is_text(&response) {
        return response;
    }
    if accepted.is_empty() {
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        return response;
    }
    let mut asked = Request::default();
    for encodings in accepted {
        asked.headers_mut().append(ACCEPT_ENCODING, encodings);
    }
    let made = service_fn(move |_: Request| ready(Ok::<_, Infallible>(std::mem::take(&mut response))));
    let Ok(response) = Compression::new(made).oneshot(asked).await;
    response.map(Body::new)
}

/// Media are compressed already, and events must not wait for more of them.
fn is_text(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_text = [&b"application/json"[..], b"application/problem+json", b"text/html"]
        .iter()
        .any(|text| kind.starts_with(text));
    is_text && response.body().size_hint().exact().is_none_or(|bytes| bytes >= COMPRESSED_FROM)
}

/// Shorter bodies are not worth it.
const COMPRESSED_FROM: u64 = 1_024;

/// Pages of other origins may call with a key where the operator says so; cookies are never sent along.
fn cors(door: &Door) -> CorsLayer {
    let origins = &door.settings.cors_origins;
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let shown = [
        "x-request-id",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "etag",
        "location",
        "idempotent-replayed",
        "content-disposition",
        "content-range",
        "x-fal-request-id",
        "x-fal-error-type",
        "x-fal-request-timeout-type",
        "x-should-retry",
    ];
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        // `*` would not mean `Authorization` (Fetch, 4.9).
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(shown.map(HeaderName::from_static))
        .max_age(std::time::Duration::from_secs(3_600))
}

/// The OpenAPI 3.1 document of the native API.
pub fn description() -> OpenApi {
    let (_, routes) = described().split_for_parts();
    let mut components = routes.components.unwrap_or_else(Components::new);
    components.schemas.extend(refusals::schemas());
    let key = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("`sk_live_…` or `sk_test_…`"))
        .build();
    components.add_security_scheme("key", SecurityScheme::Http(key));
    let info = Info::builder()
        .title("Palitra")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(License::new("Apache-2.0")))
        .description(Some(include_str!("description.md")))
        .build();
    OpenApiBuilder::new().info(info).paths(routes.paths).components(Some(components)).build()
}

fn described() -> OpenApiRouter<Door> {
    v1::routes().merge(v1::links()).merge(v1::open())
}
