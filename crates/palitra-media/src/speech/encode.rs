//! A recording as a file: WAV and OGG Vorbis in this process, MP3 by `lame`, whose licence (LGPL) keeps it outside.

use super::{Error, Program, Spoken};
use std::{
    num::{NonZeroU8, NonZeroU32},
    path::Path,
    time::Duration,
};
use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoderBuilder, VorbisError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Wav,
    Ogg,
    Mp3,
}

impl Format {
    pub fn mime(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Ogg => "audio/ogg",
            Self::Mp3 => "audio/mpeg",
        }
    }
}

/// Whole file. `lame` is the program for MP3 (Debian's package of that name), or its path.
pub fn encode(spoken: &Spoken, format: Format, lame: &Path) -> Result<Vec<u8>, Error> {
    match format {
        Format::Wav => Ok(wav(spoken)),
        Format::Ogg => {
            ogg(spoken).map_err(|error| Error::Failed { program: "vorbis".into(), why: error.to_string() })
        }
        Format::Mp3 => Program {
            path: lame,
            arguments: &["--silent", "-m", "m", "-V", "4", "-", "-"],
            limit: Duration::from_secs(60),
            bytes_max: 64 << 20,
        }
        .filter(wav(spoken)),
    }
}

/// The 44 bytes of a header (Microsoft's RIFF, PCM) and the samples.
fn wav(spoken: &Spoken) -> Vec<u8> {
    let bytes = u32::try_from(2 * spoken.samples.len()).unwrap_or(u32::MAX - 36);
    let mut wav = Vec::with_capacity(44 + 2 * spoken.samples.len());
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes()); // PCM
    wav.extend(1_u16.to_le_bytes()); // channels
    wav.extend(spoken.rate.to_le_bytes());
    wav.extend(spoken.rate.saturating_mul(2).to_le_bytes());
    wav.extend(2_u16.to_le_bytes()); // bytes per frame
    wav.extend(16_u16.to_le_bytes()); // bits per sample
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(spoken.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

/// Vorbis at quality 0.4: about 60 kbit/s for a voice. The serial number of the stream is fixed, so that equal
/// recordings are equal files.
fn ogg(spoken: &Spoken) -> Result<Vec<u8>, VorbisError> {
    let rate = NonZeroU32::new(spoken.rate).unwrap_or(NonZeroU32::MIN);
    let mut builder = VorbisEncoderBuilder::new_with_serial(rate, NonZeroU8::MIN, Vec::new(), 1);
    builder.bitrate_management_strategy(VorbisBitrateManagementStrategy::QualityVbr { target_quality: 0.4 });
    let mut encoder = builder.build()?;
    for block in spoken.samples.chunks(4_096) {
        let block: Vec<f32> = block.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        encoder.encode_audio_block([block])?;
    }
    encoder.finish()
}
