//! What a file is, without decoding it: format, size in pixels, duration.

use crate::{Broken, audio, decode, video};
use palitra_domain::media_type::{FileFormat, Kind};

/// Facts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub format: FileFormat,
    /// As shown, in pixels: of pictures and films.
    pub size: Option<(u32, u32)>,
    /// Of sound and films.
    pub duration_ms: Option<u64>,
    pub is_animated: bool,
}

/// Why a file has no facts.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the file is neither picture, sound nor film")]
    UnknownFormat,
    #[error(transparent)]
    Picture(#[from] decode::Error),
    #[error(transparent)]
    Sound(Broken),
    #[error(transparent)]
    Film(#[from] video::Error),
}

/// Reads a whole file's facts.
pub fn probe(file: &[u8]) -> Result<Facts, Error> {
    let format = FileFormat::of(file).ok_or(Error::UnknownFormat)?;
    let facts = Facts { format, size: None, duration_ms: None, is_animated: false };
    match format.media_type().kind {
        Kind::Image => {
            let header = decode::header(file)?;
            Ok(Facts { size: Some((header.width, header.height)), is_animated: header.is_animated, ..facts })
        }
        Kind::Audio => {
            Ok(Facts { duration_ms: Some(audio::duration_ms(file, format).map_err(Error::Sound)?), ..facts })
        }
        Kind::Video => {
            let film = video::check(file)?;
            Ok(Facts { size: film.size, duration_ms: Some(film.duration_ms), ..facts })
        }
    }
}
