//! `/api/fal/proxy`: fal's JavaScript client sends everything to one address and names the one that it means in a header. What it means is
//! looked up in this door.

use crate::{door::Door, problem::Problem};
use axum::{
    extract::{Request, State},
    http::{HeaderName, Uri},
    response::{IntoResponse, Response},
};
use palitra_domain::ErrorCode;
use palitra_engine::failure::Failure;
use tower::ServiceExt;

const TARGET: HeaderName = HeaderName::from_static("x-fal-target-url");

/// Hosts of fal, and the root that stands for each here.
const HOSTS: &[(&str, &str)] = &[
    ("queue.fal.run", "/fal/queue"),
    ("fal.run", "/fal/run"),
    ("rest.fal.ai", "/fal/rest"),
    ("rest.alpha.fal.ai", "/fal/rest"),
    ("v3.fal.media", "/fal/cdn"),
];

pub(super) async fn proxy(State(door): State<Door>, mut request: Request) -> Result<Response, Problem> {
    let target = request.headers_mut().remove(TARGET);
    let meant = target.as_ref().and_then(|target| meant(&door, target.to_str().ok()?));
    let uri = meant.ok_or_else(|| {
        Failure::new(ErrorCode::Malformed).with("why", "`x-fal-target-url` names no address of this service")
    })?;
    *request.uri_mut() = uri;
    // Who calls is known already, and counted.
    let router = super::open().merge(super::keyed()).with_state(door);
    Ok(router.oneshot(request).await.into_response())
}

/// The address here; one that is of here already stays.
fn meant(door: &Door, target: &str) -> Option<Uri> {
    if let Some(path) = target.strip_prefix(&door.settings.public_url) {
        return path.starts_with("/fal/").then(|| path.parse().ok())?;
    }
    let uri: Uri = target.parse().ok()?;
    let (_, root) = HOSTS.iter().find(|(host, _)| uri.host() == Some(host))?;
    format!("{root}{}", uri.path_and_query()?).parse().ok()
}
