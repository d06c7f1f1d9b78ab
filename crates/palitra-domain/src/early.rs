//! Pictures that a market shows while it still draws: how many are asked for, and how they are handed on.
//!
//! They are shown and never stored: nobody may depend on one. That fewer come than were asked for, or none, is right for every client
//! (OpenAI's guide *image generation*).

use crate::media_type::{self, Kind, MediaType};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// How many are wanted, as an input says it at every market that has them.
pub const ASKED: &str = "partial_images";

/// The most that are asked for and kept of one picture.
pub const PICTURES_MAX: usize = 3;

/// Whether an input asks for any.
pub fn is_asked(input: &Value) -> bool {
    input[ASKED].as_u64().is_some_and(|asked| asked > 0)
}

/// A picture as far as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyPicture {
    /// Which one it is, as the market counts them, from 0.
    pub index: u64,
    pub media: MediaType,
    pub bytes: Bytes,
}

impl EarlyPicture {
    /// `None` when its first bytes are those of no picture.
    pub fn of(index: u64, bytes: Bytes) -> Option<EarlyPicture> {
        let media = media_type::sniff(&bytes).filter(|media| media.kind == Kind::Image)?;
        Some(EarlyPicture { index, media, bytes })
    }
}

/// Who takes such pictures. Whoever reads an answer hands them on and does not wait.
#[derive(Clone)]
pub struct EarlySink(Arc<dyn Fn(EarlyPicture) + Send + Sync>);

impl EarlySink {
    /// `take` comes back at once.
    pub fn new(take: impl Fn(EarlyPicture) + Send + Sync + 'static) -> EarlySink {
        EarlySink(Arc::new(take))
    }

    pub fn show(&self, picture: EarlyPicture) {
        (self.0)(picture);
    }
}

impl std::fmt::Debug for EarlySink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("EarlySink")
    }
}
