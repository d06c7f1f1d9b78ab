//! Metadata out of a picture: where it was taken, with what, thumbnails, comments, prompts. In the container, without touching a
//! pixel, wherever that is possible.

use crate::container::{jpeg, png, webp};
use crate::decode::{self, Header};
use crate::encode;
use image::DynamicImage;
use image::metadata::Orientation;
use palitra_domain::media_type::FileFormat;
use std::borrow::Cow;

/// Of a JPEG that had to be turned or converted: nothing is seen of it.
const QUALITY: u8 = 95;

/// Why a picture was not cleaned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Decode(#[from] decode::Error),
    #[error(transparent)]
    Encode(#[from] encode::Error),
}

/// A file without metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clean<'a> {
    /// Borrowed when it is the file that came in, byte for byte.
    pub bytes: Cow<'a, [u8]>,
    pub format: FileFormat,
    /// Only the first frame is left of it.
    pub lost_animation: bool,
}

/// Removes metadata. Pixels stay what they are, to the bit; only a picture that lies on its side, has another colour space than sRGB, or
/// is a GIF or BMP is encoded anew (upright, sRGB; GIF and BMP as PNG). A file that needs no change comes back as it is.
pub fn clean(file: &[u8]) -> Result<Clean<'_>, Error> {
    let header = decode::header(file)?;
    if let Some(bytes) = in_container(file, &header)? {
        return Ok(Clean { bytes, format: header.format, lost_animation: false });
    }
    let picture = decode::decode(file)?;
    let (bytes, format) = encode_like(&picture.pixels, picture.format)?;
    Ok(Clean { bytes: bytes.into(), format, lost_animation: picture.is_animated })
}

/// The file without metadata and with the same pixels; `None` when only decoding and encoding helps.
pub(crate) fn in_container<'a>(
    file: &'a [u8],
    header: &Header,
) -> Result<Option<Cow<'a, [u8]>>, decode::Error> {
    if header.orientation != Orientation::NoTransforms || !header.profile.is_srgb() {
        return Ok(None);
    }
    let cleaned = match header.format {
        FileFormat::Jpeg => clean_jpeg(file)?,
        FileFormat::Png => png::file(
            png::chunks(file)?.iter().filter(|chunk| is_picture_chunk(chunk.name)).map(|chunk| chunk.whole),
        ),
        FileFormat::WebP => clean_webp(file)?,
        _ => return Ok(None),
    };
    Ok(Some(if cleaned == file { Cow::Borrowed(file) } else { Cow::Owned(cleaned) }))
}

/// Pixels in the format that they came in, as far as it is one that we write; else PNG.
pub(crate) fn encode_like(
    pixels: &DynamicImage,
    format: FileFormat,
) -> Result<(Vec<u8>, FileFormat), encode::Error> {
    match (pixels, format) {
        (DynamicImage::ImageRgb8(rgb), FileFormat::Jpeg) => {
            Ok((encode::jpeg(rgb, QUALITY)?, FileFormat::Jpeg))
        }
        (pixels, FileFormat::WebP) => Ok((encode::webp_lossless(pixels)?, FileFormat::WebP)),
        (pixels, _) => Ok((encode::png(pixels)?, FileFormat::Png)),
    }
}

/// Tables, frames and scans stay, and what decoders need to know of colour: the JFIF header without its thumbnail, and Adobe's.
fn clean_jpeg(file: &[u8]) -> Result<Vec<u8>, decode::Error> {
    const JFIF_BYTES: usize = 14;
    let segments = jpeg::segments(file)?;
    let parts = segments.iter().filter_map(|segment| match segment.marker {
        jpeg::APP0 => {
            let payload = segment.payload();
            let jfif = payload.get(..JFIF_BYTES).filter(|payload| payload.starts_with(b"JFIF\0"))?;
            if payload.len() == JFIF_BYTES {
                return Some(Cow::Borrowed(segment.whole));
            }
            // Without the thumbnail its sides are zero.
            jpeg::segment(jpeg::APP0, &[&jfif[..JFIF_BYTES - 2], &[0, 0]]).map(Cow::Owned)
        }
        jpeg::APP14 if segment.payload().starts_with(b"Adobe") => Some(Cow::Borrowed(segment.whole)),
        jpeg::APP0..=jpeg::APP15 | jpeg::COMMENT => None,
        _ => Some(Cow::Borrowed(segment.whole)),
    });
    let parts: Vec<Cow<'_, [u8]>> = parts.collect();
    Ok(jpeg::file(parts.iter().map(|part| &**part)))
}

/// What a viewer needs for pixels, animation, colour and size; no texts, times, EXIF, profiles, or chunks that nobody knows.
fn is_picture_chunk(name: [u8; 4]) -> bool {
    let colors = [*b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"sBIT", *b"cICP", *b"bKGD", *b"pHYs"];
    let animation = [*b"acTL", *b"fcTL", *b"fdAT"];
    name[0].is_ascii_uppercase() || colors.contains(&name) || animation.contains(&name)
}

fn clean_webp(file: &[u8]) -> Result<Vec<u8>, decode::Error> {
    let chunks = webp::chunks(file)?;
    let parts = chunks.iter().filter_map(|chunk| match &chunk.name {
        b"VP8X" => {
            let mut flags = chunk.whole.to_vec();
            *flags.get_mut(8)? &= !(webp::HAS_ICC | webp::HAS_EXIF | webp::HAS_XMP);
            Some(Cow::Owned(flags))
        }
        b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" => Some(Cow::Borrowed(chunk.whole)),
        _ => None,
    });
    let parts: Vec<Cow<'_, [u8]>> = parts.collect();
    Ok(webp::file(parts.iter().map(|part| &**part)).unwrap_or_else(|| file.to_vec()))
}
