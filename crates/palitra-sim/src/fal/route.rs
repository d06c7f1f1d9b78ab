//! Which call a request is: the paths of the queue API, and what is read from query and headers.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri},
};
use std::time::Duration;

/// One request, read.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) route: Route,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The whole endpoint id is in the path, sub-paths included.
    Submit {
        endpoint: String,
    },
    /// Only owner and alias are.
    Status {
        app: String,
        id: String,
    },
    Result {
        app: String,
        id: String,
    },
    Cancel {
        app: String,
        id: String,
    },
    Unknown,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Route {
        let path = path.trim_start_matches('/');
        let Some((app, rest)) = path.split_once("/requests/") else {
            return match *method {
                Method::POST => Route::Submit { endpoint: path.to_owned() },
                _ => Route::Unknown,
            };
        };
        let (id, tail) = rest.split_once('/').unwrap_or((rest, ""));
        let (app, id) = (app.to_owned(), id.to_owned());
        match (method.as_str(), tail) {
            ("GET", "") => Route::Result { app, id },
            ("GET", "status") => Route::Status { app, id },
            ("PUT", "cancel") => Route::Cancel { app, id },
            _ => Route::Unknown,
        }
    }
}

impl Asked {
    pub(super) fn new(method: &Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Asked {
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let query = query.map(|query| query.0).unwrap_or_default();
        Asked { route: Route::of(method, uri.path()), query, headers, body }
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn wants_logs(&self) -> bool {
        matches!(self.query("logs"), Some("1" | "true"))
    }

    /// `X-Fal-Request-Timeout`, decimal seconds.
    pub(super) fn start_within(&self) -> Option<Duration> {
        let seconds: f64 = self.headers.get("x-fal-request-timeout")?.to_str().ok()?.parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}
