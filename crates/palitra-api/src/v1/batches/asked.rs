//! How a batch is asked for: as JSON, or as a form of the same JSON (`request`) and the file that its items stand in (`file`).

use super::request::BatchRequest;
use crate::{
    given::{self, Read},
    input::{self, JSON_BYTES_MAX, Json},
    problem::Problem,
    room::whose,
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::header::CONTENT_TYPE,
};
use palitra_domain::ErrorCode;
use palitra_engine::{failure::Failure, uploads::UPLOAD_BYTES_MAX};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// The file, and what is said beside it.
const FORM_BYTES_MAX: usize = UPLOAD_BYTES_MAX + JSON_BYTES_MAX;

/// Forms that are taken apart and read at the same time: a package of Anki's is many times larger when it is open.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub(super) struct Asked {
    pub(super) value: BatchRequest,
    pub(super) read: Read,
    /// The same for the same request, however it was packed.
    pub(super) fingerprint: Vec<u8>,
}

/// A batch whose items stand in a file.
#[derive(Debug, ToSchema)]
#[schema(as = BatchForm)]
pub(super) struct BatchForm {
    /// What `application/json` takes, without items.
    #[expect(dead_code, reason = "described only: it is read part by part")]
    request: BatchRequest,
    /// Of `slides` Markdown, `.pptx` or JSON; of `words` CSV, TSV, text, JSON or `.apkg`; of `run` JSON line by line. At most 100 MiB; its name tells what
    /// its content does not.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    #[expect(dead_code, reason = "described only: it is read part by part")]
    file: String,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Asked, Problem> {
        let kind = request.headers().get(CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data")) {
            return of_form(request, state).await;
        }
        let Json { value, sha256 } = Json::from_request(request, state).await?;
        Ok(Asked { value, read: Read::default(), fingerprint: sha256.to_vec() })
    }
}

async fn of_form<S: Send + Sync>(request: Request, state: &S) -> Result<Asked, Problem> {
    let (head, body) = request.into_parts();
    let body = input::read(body, FORM_BYTES_MAX, whose(&head.extensions)).await?;
    // Whoever sends slowly keeps nobody from it; what has come waits within the room that bodies have.
    let turn = AT_ONCE.acquire().await.map_err(|_| Failure::new(ErrorCode::StoreBusy))?;
    let request = Request::from_parts(head, Body::from(body));
    let mut form =
        Multipart::from_request(request, state).await.map_err(|error| unreadable(error.body_text()))?;
    let (mut asked, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(error.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        match name.as_str() {
            "request" if asked.is_none() => asked = Some(whole(field, JSON_BYTES_MAX).await?),
            "file" if file.is_none() => {
                file = Some((file_name.unwrap_or_default(), whole(field, UPLOAD_BYTES_MAX).await?));
            }
            _ => return Err(input::wrong(&name, "one part `request` and one part `file`").into()),
        }
    }
    let (Some(asked), Some((name, bytes))) = (asked, file) else {
        return Err(input::wrong("file", "a part `request` and a part `file`").into());
    };
    let mut value: BatchRequest = input::parse(&asked)?;
    if !(value.items.is_empty() && value.words.is_empty() && value.slides.is_empty()) {
        return Err(input::wrong("request", "no items beside a file").into());
    }
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(&asked));
    hash.update(Sha256::digest(&name));
    hash.update(Sha256::digest(&bytes));
    let read = tokio::task::spawn_blocking(move || {
        // Also where nobody waits for it any more.
        let _turn = turn;
        let read = given::read(&mut value, &name.chars().take(200).collect::<String>(), &bytes)?;
        Ok::<_, Failure>((value, read))
    });
    let broken =
        |error: tokio::task::JoinError| Failure::new(ErrorCode::Internal).with("why", error.to_string());
    let (value, mut read) = read.await.map_err(broken)??;
    if value.items.is_empty() && !read.left_out.is_empty() {
        return Err(read.left_out.swap_remove(0).1.into());
    }
    Ok(Asked { value, read, fingerprint: hash.finalize().to_vec() })
}

async fn whole(field: Field<'_>, bytes_max: usize) -> Result<Bytes, Problem> {
    let bytes = field.bytes().await.map_err(|error| unreadable(error.body_text()))?;
    if bytes.len() > bytes_max { Err(input::too_large(bytes_max).into()) } else { Ok(bytes) }
}

fn unreadable(why: String) -> Failure {
    Failure::new(ErrorCode::Malformed).with("why", why)
}
