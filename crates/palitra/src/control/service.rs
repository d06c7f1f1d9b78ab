//! A service as a command asks it: by its address with a key (`--server`), or the one that has the data directory, by its control socket
//! with the operator's rights. The API is the same.

use super::file;
use crate::{commands::Session, failure::Failure};
use axum::{
    body::Body,
    http::{Request, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use palitra_domain::{ErrorCode, objects::ByteStream};
use palitra_markets::remote::{Answer, Remote};
use serde_json::Value;
use std::{io, path::PathBuf};
use tokio::net::UnixStream;

/// The longest document that is read.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

/// Who answers.
pub(crate) enum Service {
    At(Remote),
    Here(PathBuf),
}

impl Service {
    /// The one that `--server` names, where it does.
    pub(crate) fn named(session: &Session) -> Result<Option<Service>, Failure> {
        let Some(url) = &session.cli.server else { return Ok(None) };
        let of_environment = || {
            let named = session.environment.iter().find(|(name, _)| name == "PALITRA_KEY");
            named.map(|(_, key)| key.clone()).filter(|key| !key.is_empty())
        };
        let key = session.cli.key.clone().or_else(of_environment);
        let key =
            key.ok_or_else(|| Failure::new(ErrorCode::Unauthorized).with("hint", "`--key`, `PALITRA_KEY`"))?;
        let remote = Remote::new(url, &key).map_err(|error| {
            Failure::new(ErrorCode::InvalidInput).with("value", "`--server`").with("hint", error.to_string())
        })?;
        Ok(Some(Service::At(remote)))
    }

    /// The one that has the data directory.
    pub(crate) fn of_data(session: &Session) -> Service {
        Service::Here(file(&session.cli.data))
    }

    /// A document for a document.
    pub(crate) async fn ask(
        &self,
        session: &Session,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        self.put(session, method, path, ("application/json", bytes)).await
    }

    /// A document for bytes.
    pub(crate) async fn put(
        &self,
        session: &Session,
        method: &str,
        path: &str,
        body: (&str, Bytes),
    ) -> Result<Value, Failure> {
        let answer = self.send(session, method, path, body).await.map_err(|error| self.away(&error))?;
        let status = answer.status;
        let whole = whole(answer.body).await.map_err(|error| self.away(&error))?;
        if (200..300).contains(&status) && whole.is_empty() {
            return Ok(Value::Null);
        }
        let unreadable = |error: serde_json::Error| {
            let why = format!("the service answered {status} with something else: {error}");
            Failure::new(ErrorCode::Internal).with("why", why)
        };
        let answer: Value = serde_json::from_slice(&whole).map_err(unreadable)?;
        if (200..300).contains(&status) { Ok(answer) } else { Err(palitra_api::failure(&answer)) }
    }

    /// A file.
    pub(crate) async fn get(&self, session: &Session, path: &str) -> Result<Bytes, Failure> {
        let answer =
            self.send(session, "GET", path, ("", Bytes::new())).await.map_err(|error| self.away(&error))?;
        if answer.status != 200 {
            let problem = whole(answer.body).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            return Err(palitra_api::failure(&problem.unwrap_or_default()));
        }
        whole(answer.body).await.map_err(|error| self.away(&error))
    }

    async fn send(
        &self,
        session: &Session,
        method: &str,
        path: &str,
        (kind, body): (&str, Bytes),
    ) -> io::Result<Answer> {
        let language = ("accept-language", session.console.lang.as_str());
        match self {
            Service::At(remote) => remote.send(method, path, &[language], (kind, body)).await,
            Service::Here(socket) => {
                let stream = UnixStream::connect(socket).await?;
                let (mut sender, connection) =
                    http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
                tokio::spawn(async move { drop(connection.await) });
                let request = Request::builder().method(method).uri(path).header(header::HOST, "palitra");
                let request = request.header(language.0, language.1).header(header::CONTENT_TYPE, kind);
                let request = request.body(Body::from(body)).map_err(io::Error::other)?;
                let response = sender.send_request(request).await.map_err(io::Error::other)?;
                let status = response.status().as_u16();
                let parts = Body::new(response.into_body()).into_data_stream();
                let body: ByteStream = Box::pin(parts.map(|part| part.map_err(io::Error::other)));
                Ok(Answer { status, body })
            }
        }
    }

    /// Nobody answers.
    fn away(&self, error: &io::Error) -> Failure {
        let failure = match self {
            Service::At(_) => Failure::new(ErrorCode::ServiceAway).with("value", "`--server`"),
            Service::Here(socket) => {
                Failure::new(ErrorCode::ServiceAway).with("value", socket.display().to_string())
            }
        };
        failure.with("why", error.to_string())
    }
}

async fn whole(mut parts: ByteStream) -> io::Result<Bytes> {
    let mut all = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        if all.len() + part.len() > ANSWER_MAX.max(palitra_engine::uploads::UPLOAD_BYTES_MAX * 2) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        all.extend_from_slice(&part);
    }
    Ok(all.freeze())
}
