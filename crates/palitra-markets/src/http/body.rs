//! Bodies of API calls: whole, in memory, and never longer than a bound.

use super::why;
use bytes::{Bytes, BytesMut};
use reqwest::Response;

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
    let said = response.content_length().map(usize::try_from);
    if said.is_some_and(|said| said.is_err() || said.is_ok_and(|bytes| bytes > bytes_max)) {
        return Err(BodyError::TooLong { bytes_max });
    }
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|error| BodyError::Broken(why(&error)))? {
        if body.len() + piece.len() > bytes_max {
            return Err(BodyError::TooLong { bytes_max });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}
