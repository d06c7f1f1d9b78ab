//! Which call a request is: the paths of the task API, and what is read from the query.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri},
};

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
    /// The model's id has slashes of its own.
    Submit {
        model: String,
    },
    /// Under both paths: with `/result` and without.
    Result {
        id: String,
    },
    Delete,
    Price,
    Balance,
    Secret,
    Models,
    Upload,
    Unknown,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Route {
        let Some(path) = path.strip_prefix("/api/v3/") else { return Route::Unknown };
        if let Some(rest) = path.strip_prefix("predictions/").filter(|_| method == Method::GET) {
            return match rest.split_once('/') {
                None | Some((_, "result")) => {
                    Route::Result { id: rest.trim_end_matches("/result").to_owned() }
                }
                Some(_) => Route::Unknown,
            };
        }
        match (method.as_str(), path) {
            ("GET", "balance") => Route::Balance,
            ("GET", "webhook/secret") => Route::Secret,
            ("GET", "models") => Route::Models,
            ("POST", "model/price") => Route::Price,
            ("POST", "media/uploads") => Route::Upload,
            ("POST", "predictions/delete") => Route::Delete,
            ("POST", model) => Route::Submit { model: model.to_owned() },
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
}
