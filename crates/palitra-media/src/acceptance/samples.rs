//! From a file to samples: WAV (whole numbers of 8 to 32 bits, floats of 32 and 64) and MP3. The first channel is measured.

#![expect(clippy::float_arithmetic, reason = "samples of sound")]

use super::levels::Levels;
use crate::container::{Broken, le32};

/// A WAV's samples where they lie.
pub(super) struct Wave<'a> {
    rate: u32,
    sample: Sample,
    /// Of all channels, for one moment.
    frame_bytes: usize,
    data: &'a [u8],
}

#[derive(Clone, Copy)]
enum Sample {
    Whole { bytes: usize },
    Float { bytes: usize },
}

/// Numbers of formats in a `fmt ` chunk (RFC 2361, and `WAVE_FORMAT_EXTENSIBLE`).
const WHOLE: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;
/// A length that was not known when writing began.
const STREAMED: [usize; 2] = [0, 0xffff_ffff];

impl<'a> Wave<'a> {
    /// `None` for a WAV with samples of another kind.
    ///
    /// # Errors
    /// When data is missing: none at all, or less than the file says.
    pub(super) fn of(file: &'a [u8]) -> Result<Option<Wave<'a>>, Broken> {
        const SHORT: Broken = Broken("the WAV ends before it is whole");
        let (mut format, mut at) = (None, 12);
        loop {
            let name = file.get(at..at + 4).ok_or(SHORT)?;
            let length = le32(file, at + 4).ok_or(SHORT)?;
            let body = file.get(at + 8..).ok_or(SHORT)?;
            match name {
                b"fmt " => format = Some(body.get(..length).ok_or(SHORT)?),
                b"data" => {
                    let data = if STREAMED.contains(&length) { Some(body) } else { body.get(..length) };
                    let data = data.filter(|data| !data.is_empty()).ok_or(SHORT)?;
                    let format = format.ok_or(Broken("the WAV does not say what its samples are"))?;
                    return Ok(Wave::read(format, data));
                }
                _ => {}
            }
            at = at.checked_add(8 + length + length % 2).ok_or(SHORT)?;
        }
    }

    fn read(format: &[u8], data: &'a [u8]) -> Option<Wave<'a>> {
        let number = |at: usize| Some(u16::from_le_bytes(*format.get(at..)?.first_chunk()?));
        let kind = match number(0)? {
            EXTENSIBLE => number(24)?,
            kind => kind,
        };
        let bytes = usize::from(number(14)?) / 8;
        let sample = match (kind, bytes) {
            (WHOLE, 1..=4) => Sample::Whole { bytes },
            (FLOAT, 4 | 8) => Sample::Float { bytes },
            _ => return None,
        };
        let rate = u32::try_from(le32(format, 4)?).ok()?;
        let frame_bytes = usize::from(number(12)?);
        (frame_bytes >= bytes && rate > 0).then_some(Wave { rate, sample, frame_bytes, data })
    }

    /// `None` when a sample does not fit.
    pub(super) fn levels(&self) -> Option<Levels> {
        let mut levels = Levels::new(self.rate);
        for frame in self.data.chunks_exact(self.frame_bytes) {
            levels.push(self.sample.read(frame)?);
        }
        Some(levels)
    }
}

impl Sample {
    fn read(self, frame: &[u8]) -> Option<f32> {
        match self {
            // Eight bits have no sign.
            Sample::Whole { bytes: 1 } => Some((f32::from(*frame.first()?) - 128.0) / 128.0),
            Sample::Whole { bytes } => {
                let mut high = [0; 4];
                high[4 - bytes..].copy_from_slice(frame.get(..bytes)?);
                Some(narrow(f64::from(i32::from_le_bytes(high)) / f64::from(1_u32 << 31)))
            }
            Sample::Float { bytes: 4 } => Some(f32::from_le_bytes(*frame.first_chunk()?)),
            Sample::Float { .. } => Some(narrow(f64::from_le_bytes(*frame.first_chunk()?))),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a sample of −1 to 1")]
fn narrow(sample: f64) -> f32 {
    sample as f32
}

/// The most frames of an MP3 that are decoded: ten minutes at 44,100 samples a second.
const FRAMES_MAX: usize = 23_000;

/// `None` when nothing can be decoded.
pub(super) fn levels_of_mp3(file: &[u8]) -> Option<Levels> {
    let mut reader = nanomp3::SliceReader::<f32>::new(file);
    let channels = match reader.channels()? {
        nanomp3::Channels::Mono => 1,
        nanomp3::Channels::Stereo => 2,
    };
    let mut levels = Levels::new(reader.sample_rate());
    let mut frames = 0;
    while let Ok(Some(samples)) = reader.read_frame() {
        samples.chunks_exact(channels).for_each(|frame| levels.push(frame[0]));
        frames += 1;
        if frames == FRAMES_MAX {
            break;
        }
    }
    (frames > 0).then_some(levels)
}
