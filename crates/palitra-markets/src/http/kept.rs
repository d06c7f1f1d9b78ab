//! A body that is the result itself, kept as an object before anybody looks at it (invariant 3): what was paid for outlives the process
//! that asked for it.
//!
//! The object is there whole or not at all: a body that breaks off ends the writing with an error. A storage that fails does not cost
//! the result: the body is read to its end all the same, and only a crash could lose it then.

use super::{
    BodyError,
    body::{check_length, next},
};
use bytes::{Bytes, BytesMut};
use futures_util::{future, stream};
use palitra_domain::{market::Spool, objects::ByteStream};
use reqwest::Response;
use std::{io, time::Duration};
use tokio::sync::mpsc;

/// Pieces between the market and the storage.
const PIECES: usize = 8;

/// How such a body is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep<'a> {
    /// Where it is kept; without a place it is only read.
    pub(crate) spool: Option<&'a Spool>,
    pub(crate) bytes_max: usize,
    /// Silence between two of its pieces.
    pub(crate) silence: Duration,
}

/// What goes to the storage. The end is said: a reader that vanished is no end.
enum Piece {
    More(Bytes),
    Last,
}

/// Reads the whole body, and keeps it when there is a place to.
pub(super) async fn keep(response: Response, keep: Keep<'_>) -> Result<Bytes, BodyError> {
    check_length(&response, keep.bytes_max)?;
    let Some(spool) = keep.spool else { return pump(response, keep, None).await };
    let (pieces, coming) = mpsc::channel(PIECES);
    let stored = spool.objects.put(&spool.key, until_the_last(coming));
    let (body, stored) = future::join(pump(response, keep, Some(pieces)), stored).await;
    if let (Ok(_), Err(error)) = (&body, stored) {
        tracing::warn!(%error, spool.key, "an answer could not be kept; it is used all the same");
    }
    body
}

async fn pump(
    mut response: Response,
    keep: Keep<'_>,
    pieces: Option<mpsc::Sender<Piece>>,
) -> Result<Bytes, BodyError> {
    let mut body = BytesMut::new();
    while let Some(piece) = next(&mut response, body.len(), keep.bytes_max, Some(keep.silence)).await? {
        body.extend_from_slice(&piece);
        pass_on(pieces.as_ref(), Piece::More(piece)).await;
    }
    pass_on(pieces.as_ref(), Piece::Last).await;
    Ok(body.freeze())
}

/// A storage that has failed takes nothing more; it says so itself.
async fn pass_on(pieces: Option<&mpsc::Sender<Piece>>, piece: Piece) {
    if let Some(pieces) = pieces {
        pieces.send(piece).await.ok();
    }
}

/// The pieces as the storage reads them: without a last one they end with an error, and nothing is stored.
fn until_the_last(coming: mpsc::Receiver<Piece>) -> ByteStream {
    Box::pin(stream::unfold(Some(coming), |coming| async {
        let mut coming = coming?;
        match coming.recv().await {
            Some(Piece::More(piece)) => Some((Ok(piece), Some(coming))),
            Some(Piece::Last) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
        }
    }))
}
