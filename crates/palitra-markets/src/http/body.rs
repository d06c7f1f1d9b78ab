//! Bodies of API calls: whole, in memory, and never longer than a bound.

use super::why;
use bytes::{Bytes, BytesMut};
use reqwest::Response;
use std::time::Duration;

/// A body that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong { bytes_max: usize },
    #[error("the answer broke off: {0}")]
    Broken(String),
}

/// Reads at most `bytes_max` bytes; a longer body is given up, whatever its length was said to be.
pub(crate) async fn read(mut response: Response, bytes_max: usize) -> Result<Bytes, BodyError> {
    check_length(&response, bytes_max)?;
    let mut body = BytesMut::new();
    while let Some(piece) = next(&mut response, body.len(), bytes_max, None).await? {
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// Is the body said to be longer than the bound?
pub(super) fn check_length(response: &Response, bytes_max: usize) -> Result<(), BodyError> {
    let said = response.content_length().map(usize::try_from);
    if said.is_some_and(|said| said.is_err() || said.is_ok_and(|bytes| bytes > bytes_max)) {
        return Err(BodyError::TooLong { bytes_max });
    }
    Ok(())
}

/// The next piece after so many bytes; `None` at the end. Silence longer than `silence` ends it.
pub(super) async fn next(
    response: &mut Response,
    before: usize,
    bytes_max: usize,
    silence: Option<Duration>,
) -> Result<Option<Bytes>, BodyError> {
    let piece = match silence {
        None => response.chunk().await,
        Some(silence) => tokio::time::timeout(silence, response.chunk())
            .await
            .map_err(|_| BodyError::Broken(format!("silence for {} s", silence.as_secs())))?,
    };
    let piece = piece.map_err(|error| BodyError::Broken(why(&error)))?;
    if piece.as_ref().is_some_and(|piece| before + piece.len() > bytes_max) {
        return Err(BodyError::TooLong { bytes_max });
    }
    Ok(piece)
}
