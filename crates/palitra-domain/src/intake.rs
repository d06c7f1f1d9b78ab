//! Port: files of users as a market takes them. Implemented in `palitra-media`.

use crate::BoxFuture;
use bytes::Bytes;

/// A picture that may go to a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub bytes: Bytes,
    /// `image/png`.
    pub mime: &'static str,
    /// Without the dot.
    pub extension: &'static str,
}

/// Takes out of pictures what is nobody's business, and makes them fit.
pub trait Preparer: Send + Sync {
    /// Without metadata, upright, in sRGB, in at most `bytes_max` bytes; byte for byte what came where nothing has to change. An error
    /// says in words why it cannot be.
    fn prepare(&self, picture: Bytes, bytes_max: usize) -> BoxFuture<'_, Result<Prepared, String>>;
}
