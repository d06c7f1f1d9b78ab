//! A body that is the result itself, kept before anybody looks at it (invariant 3): what was paid for outlives the process that asked
//! for it. A short one is held for whoever asked; a longer one becomes an object.
//!
//! The object is there whole or not at all: a body that breaks off ends the writing with an error. A storage that fails does not cost
//! the result: the body is read to its end all the same, and only a crash could lose it then.

use super::{
    BodyError,
    body::{check_length, next},
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future, stream};
use palitra_domain::{market::Spool, objects::ByteStream};
use reqwest::Response;
use std::{io, time::Duration};
use tokio::sync::mpsc;

/// Pieces between the market and the storage.
const PIECES: usize = 8;

/// Hears a body while it comes: again and again all that is there of it.
pub(crate) type Ear = Box<dyn FnMut(&[u8]) + Send>;

/// How such a body is read.
pub(crate) struct Keep<'a> {
    /// Where it is kept; without a place it is only read.
    pub(crate) spool: Option<&'a Spool>,
    pub(crate) bytes_max: usize,
    /// Silence between two of its pieces.
    pub(crate) silence: Duration,
    pub(crate) ear: Option<Ear>,
}

/// What goes to the storage. The end is said: a reader that vanished is no end.
enum Piece {
    More(Bytes),
    Last,
}

/// Reads the whole body. Where there is a place for it, a short one is held there when it is whole, and a longer one is written while it
/// comes.
pub(super) async fn keep(mut response: Response, mut keep: Keep<'_>) -> Result<Bytes, BodyError> {
    check_length(&response, keep.bytes_max)?;
    let mut body = BytesMut::new();
    let held_max = keep.spool.map_or(usize::MAX, |_| Spool::HELD_BYTES_MAX);
    while body.len() <= held_max {
        if more(&mut response, &mut body, &mut keep).await?.is_none() {
            let body = body.freeze();
            if let Some(spool) = keep.spool {
                spool.hold(body.clone());
            }
            return Ok(body);
        }
    }
    let Some(spool) = keep.spool else { return Ok(body.freeze()) };
    let (pieces, coming) = mpsc::channel(PIECES);
    let begun = Bytes::copy_from_slice(&body);
    let stored = spool.put(until_the_last(begun, coming));
    let (body, stored) = future::join(pump(response, body, keep, pieces), stored).await;
    if let (Ok(_), Err(error)) = (&body, stored) {
        tracing::warn!(%error, "an answer could not be kept; it is used all the same");
    }
    body
}

/// The next piece, when it has become a part of the body; `None` at the end.
async fn more(
    response: &mut Response,
    body: &mut BytesMut,
    keep: &mut Keep<'_>,
) -> Result<Option<Bytes>, BodyError> {
    let piece = next(response, body.len(), keep.bytes_max, Some(keep.silence)).await?;
    if let Some(piece) = &piece {
        body.extend_from_slice(piece);
        if let Some(ear) = &mut keep.ear {
            ear(body);
        }
    }
    Ok(piece)
}

async fn pump(
    mut response: Response,
    mut body: BytesMut,
    mut keep: Keep<'_>,
    pieces: mpsc::Sender<Piece>,
) -> Result<Bytes, BodyError> {
    // A storage that has failed takes nothing more; it says so itself.
    while let Some(piece) = more(&mut response, &mut body, &mut keep).await? {
        pieces.send(Piece::More(piece)).await.ok();
    }
    pieces.send(Piece::Last).await.ok();
    Ok(body.freeze())
}

/// The pieces as the storage reads them: without a last one they end with an error, and nothing is stored.
fn until_the_last(begun: Bytes, coming: mpsc::Receiver<Piece>) -> ByteStream {
    let begun = stream::iter([Ok(begun)]);
    Box::pin(begun.chain(stream::unfold(Some(coming), |coming| async {
        let mut coming = coming?;
        match coming.recv().await {
            Some(Piece::More(piece)) => Some((Ok(piece), Some(coming))),
            Some(Piece::Last) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
        }
    })))
}
