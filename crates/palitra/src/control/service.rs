//! A service as a command asks it: by its address with a key (`--server`), or the one that has the data directory, by its control socket
//! with the operator's rights. The API is the same.

use super::file;
use crate::{commands::Session, failure::Failure, wiring::io_failure};
use axum::{
    body::Body,
    http::{Request, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use palitra_domain::{Clock, ErrorCode, i18n::Lang, objects::ByteStream};
use palitra_markets::remote::{Answer, Remote, retry_after};
use serde_json::Value;
use std::{error::Error as _, io, path::Path, path::PathBuf, time::Duration};
use tokio::{io::AsyncWriteExt, net::UnixStream};

/// The longest document that is read: the report of ten thousand items.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

/// An answer may be held back for a minute; a service that says nothing for so long is stuck.
const SILENCE: Duration = Duration::from_secs(90);

/// How often a service that does not answer is asked again, how soon, and for how long: it may be starting anew.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(240);
const MINUTE: Duration = Duration::from_secs(60);

/// Who answers.
#[derive(Clone)]
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
        self.request(session.console.lang, method, path, &[], json(body)).await
    }

    /// A document that is posted and does the same however often it comes.
    pub(crate) async fn post_once(
        &self,
        session: &Session,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        self.request(session.console.lang, "POST", path, &[("idempotency-key", key)], json(body)).await
    }

    /// A document for bytes.
    pub(crate) async fn put(
        &self,
        session: &Session,
        method: &str,
        path: &str,
        body: (&str, Bytes),
    ) -> Result<Value, Failure> {
        self.request(session.console.lang, method, path, &[], body).await
    }

    async fn request(
        &self,
        lang: Lang,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: (&str, Bytes),
    ) -> Result<Value, Failure> {
        let answer = self.send(lang, method, path, headers, body).await.map_err(|error| self.away(&error))?;
        let (status, again_in) = (answer.status, answer.retry_after);
        let whole = whole(answer.body).await.map_err(|error| self.away(&error))?;
        if (200..300).contains(&status) && whole.is_empty() {
            return Ok(Value::Null);
        }
        let answer: Value =
            serde_json::from_slice(&whole).map_err(|error| self.unreadable(status, &error))?;
        if (200..300).contains(&status) { Ok(answer) } else { Err(refused(&answer, again_in)) }
    }

    /// What comes bit by bit.
    pub(crate) async fn stream(
        &self,
        lang: Lang,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<ByteStream, Failure> {
        let answer = self.send(lang, "GET", path, headers, ("", Bytes::new())).await;
        let answer = answer.map_err(|error| self.away(&error))?;
        let (status, again_in) = (answer.status, answer.retry_after);
        if status == 200 {
            return Ok(answer.body);
        }
        let problem = whole(answer.body).await.map_err(|error| self.away(&error))?;
        let problem = serde_json::from_slice(&problem).map_err(|error| self.unreadable(status, &error))?;
        Err(refused(&problem, again_in))
    }

    /// A document that is small enough to be held.
    pub(crate) async fn bytes(&self, lang: Lang, path: &str) -> Result<Bytes, Failure> {
        whole(self.stream(lang, path, &[]).await?).await.map_err(|error| self.away(&error))
    }

    /// A file, straight to its place beside the one it will take.
    pub(crate) async fn download(&self, lang: Lang, path: &str, part: &Path) -> Result<(), Failure> {
        let mut parts = self.stream(lang, path, &[]).await?;
        let unwritable = |error| io_failure(part, error);
        let mut out = tokio::fs::File::create(part).await.map_err(unwritable)?;
        while let Some(bytes) = parts.next().await {
            let bytes = bytes.map_err(|error| self.away(&error))?;
            out.write_all(&bytes).await.map_err(unwritable)?;
        }
        out.flush().await.map_err(unwritable)
    }

    /// Asks again for a while when nobody answers. What is asked must do the same however often it comes.
    pub(crate) async fn insist<T>(
        clock: &dyn Clock,
        mut ask: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let began = clock.now();
        for _ in 1..TRIES {
            match ask().await {
                Err(failure) if is_passing(&failure) && clock.now().since(began) < PATIENCE => {
                    clock.sleep(failure.when_to_retry().unwrap_or(PAUSE).clamp(PAUSE, MINUTE)).await;
                }
                other => return other,
            }
        }
        ask().await
    }

    async fn send(
        &self,
        lang: Lang,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        (kind, body): (&str, Bytes),
    ) -> io::Result<Answer> {
        let headers = [headers, &[("accept-language", lang.as_str())]].concat();
        match self {
            Service::At(remote) => remote.send(method, path, &headers, (kind, body)).await,
            Service::Here(socket) => {
                let mut request = Request::builder().method(method).uri(path).header(header::HOST, "palitra");
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                if !body.is_empty() {
                    request = request.header(header::CONTENT_TYPE, kind);
                }
                let request = request.body(Body::from(body)).map_err(io::Error::other)?;
                heard(answer_of(socket, request)).await?
            }
        }
    }

    /// Something between us and it answers instead, or it is something else.
    fn unreadable(&self, status: u16, error: &serde_json::Error) -> Failure {
        if (502..=504).contains(&status) {
            return self.away(&io::Error::other(format!("status {status}")));
        }
        let why = format!("the service answered {status} with something else: {error}");
        Failure::new(ErrorCode::Internal).with("why", why)
    }

    /// Nobody answers; or more than is read, which it would say again.
    fn away(&self, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::FileTooLarge {
            let why = format!("the service answered with more than {} MiB", ANSWER_MAX / 1024 / 1024);
            return Failure::new(ErrorCode::Internal).with("why", why);
        }
        let failure = match self {
            Service::At(_) => Failure::new(ErrorCode::ServiceAway).with("value", "`--server`"),
            Service::Here(socket) => {
                Failure::new(ErrorCode::ServiceAway).with("value", socket.display().to_string())
            }
        };
        failure.with("why", error.to_string()).caused_by(io::Error::new(error.kind(), error.to_string()))
    }
}

/// Whether the connection broke off when something may have been sent already: what was asked may have been done.
pub(super) fn broke_off(failure: &Failure) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    let cause = failure.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    failure.code() == ErrorCode::ServiceAway
        && cause.is_some_and(|cause| !matches!(cause.kind(), ConnectionRefused | NotFound | PermissionDenied))
}

/// Nobody answers, or whoever does says when to come again.
fn is_passing(failure: &Failure) -> bool {
    matches!(failure.code(), ErrorCode::ServiceAway | ErrorCode::RateLimited | ErrorCode::StoreBusy)
}

/// What a problem says, and when to come again where the answer said so.
fn refused(problem: &Value, again_in: Option<Duration>) -> Failure {
    let failure = palitra_api::failure(problem);
    match again_in {
        Some(again_in) => failure.retry_after(again_in),
        None => failure,
    }
}

fn json(body: &Value) -> (&'static str, Bytes) {
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    ("application/json", bytes)
}

/// One request over the socket, each with a connection of its own.
async fn answer_of(socket: &Path, request: Request<Body>) -> io::Result<Answer> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
    let parts = Body::new(response.into_body()).into_data_stream();
    let parts = futures_util::stream::unfold(parts, |mut parts| async {
        let part = match heard(parts.next()).await {
            Ok(part) => part?.map_err(io::Error::other),
            Err(silent) => Err(silent),
        };
        Some((part, parts))
    });
    Ok(Answer { status, retry_after, body: Box::pin(parts) })
}

/// What comes before the silence is too long.
async fn heard<T>(said: impl Future<Output = T>) -> io::Result<T> {
    tokio::time::timeout(SILENCE, said).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))
}

async fn whole(mut parts: ByteStream) -> io::Result<Bytes> {
    let mut all = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        if all.len() + part.len() > ANSWER_MAX {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        all.extend_from_slice(&part);
    }
    Ok(all.freeze())
}
