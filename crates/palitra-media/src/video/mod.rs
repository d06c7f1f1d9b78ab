//! Films in MP4: is one whole, how long and how large it is; its index moved to the front, so that it plays before it is loaded; a
//! picture from it.

mod fast_start;
mod poster;

pub use fast_start::fast_start;
pub use poster::poster;

use crate::container::Broken;
use crate::container::isobmff::{Box, boxes};
use palitra_domain::media_type::FileFormat;

/// The longest film: a day.
pub const DURATION_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// Why a film is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the file is no MP4")]
    NotAFilm,
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the film has no {0}")]
    Lacks(&'static str),
    #[error("the film says that it lasts {duration_ms} ms")]
    Duration { duration_ms: u64 },
}

/// What an MP4 holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Film {
    pub duration_ms: u64,
    /// Of the first video track, as shown, in pixels; `None` for sound alone.
    pub size: Option<(u32, u32)>,
    pub video_tracks: usize,
    pub audio_tracks: usize,
    /// The four letters of the first video track's codec: `avc1`, `hvc1`, `av01`, …
    pub codec: Option<[u8; 4]>,
    /// The index stands before the data already.
    pub is_fast_start: bool,
}

/// Checks a whole file: type, index and data are there, every box ends inside, there is a track, it lasts, and its samples lie inside of
/// the file.
pub fn check(file: &[u8]) -> Result<Film, Error> {
    if FileFormat::of(file) != Some(FileFormat::Mp4) {
        return Err(Error::NotAFilm);
    }
    let top = boxes(file)?;
    let place = |name: &[u8; 4]| top.iter().position(|part| &part.name == name);
    let index = place(b"moov").ok_or(Error::Lacks("index"))?;
    let data = place(b"mdat").ok_or(Error::Lacks("data"))?;
    let index_boxes = boxes(top[index].body)?;
    let header = index_boxes.iter().find(|part| &part.name == b"mvhd").ok_or(Error::Lacks("header"))?;
    let mut film = Film {
        duration_ms: duration_ms(header.body).ok_or(Error::Lacks("duration"))?,
        size: None,
        video_tracks: 0,
        audio_tracks: 0,
        codec: None,
        is_fast_start: index < data,
    };
    for track in index_boxes.iter().filter(|part| &part.name == b"trak") {
        let parts = boxes(track.body)?;
        let Some(media) = parts.iter().find(|part| &part.name == b"mdia") else { continue };
        let media = boxes(media.body)?;
        let length = media.iter().find(|part| &part.name == b"mdhd").and_then(|part| duration_ms(part.body));
        film.duration_ms = film.duration_ms.max(length.unwrap_or(0));
        match handler(&media) {
            Some(b"vide") => {
                film.video_tracks += 1;
                if film.video_tracks == 1 {
                    film.size =
                        parts.iter().find(|part| &part.name == b"tkhd").and_then(|part| size(part.body));
                    film.codec = codec(&media);
                }
            }
            Some(b"soun") => film.audio_tracks += 1,
            _ => {}
        }
    }
    if film.video_tracks + film.audio_tracks == 0 {
        return Err(Error::Lacks("track"));
    }
    if film.video_tracks > 0 && film.size.is_none() {
        return Err(Error::Lacks("size"));
    }
    if film.duration_ms == 0 || film.duration_ms > DURATION_MS_MAX {
        return Err(Error::Duration { duration_ms: film.duration_ms });
    }
    fast_start::check_offsets(top[index].body, file.len())?;
    Ok(film)
}

/// Of `mvhd` and `mdhd`: times a second and times, of four bytes or, in version 1, with longer dates and eight bytes.
fn duration_ms(header: &[u8]) -> Option<u64> {
    let (scale_at, wide) = match header.first()? {
        0 => (12, false),
        _ => (20, true),
    };
    let scale = u32::from_be_bytes(*header.get(scale_at..)?.first_chunk()?);
    let times = header.get(scale_at + 4..)?;
    let times = match wide {
        true => u64::from_be_bytes(*times.first_chunk()?),
        false => u64::from(u32::from_be_bytes(*times.first_chunk()?)),
    };
    u64::try_from((u128::from(times) * 1000).checked_div(u128::from(scale))?).ok()
}

/// The last eight bytes of `tkhd`: sides in 16.16 numbers; the matrix before them tells whether the film lies on its side.
fn size(header: &[u8]) -> Option<(u32, u32)> {
    let sides = header.get(header.len().checked_sub(8)?..)?;
    let side = |at: usize| Some(u32::from_be_bytes(*sides.get(at..)?.first_chunk()?) >> 16);
    let (width, height) = (side(0)?, side(4)?);
    let matrix = header.get(header.len().checked_sub(44)?..)?;
    let lies = matrix.get(..4) == Some(&[0; 4]) && matrix.get(4..8) != Some(&[0; 4]);
    (width > 0 && height > 0).then_some(if lies { (height, width) } else { (width, height) })
}

fn handler<'a>(media: &[Box<'a>]) -> Option<&'a [u8; 4]> {
    media.iter().find(|part| &part.name == b"hdlr")?.body.get(8..)?.first_chunk()
}

fn codec(media: &[Box<'_>]) -> Option<[u8; 4]> {
    let inner = |parts: &[Box<'_>], name: &[u8; 4]| parts.iter().position(|part| &part.name == name);
    let information = boxes(media[inner(media, b"minf")?].body).ok()?;
    let table = boxes(information[inner(&information, b"stbl")?].body).ok()?;
    let descriptions = table[inner(&table, b"stsd")?].body;
    descriptions.get(12..)?.first_chunk().copied()
}
