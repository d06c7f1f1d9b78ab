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
    match header.format {
        FileFormat::Jpeg => clean_jpeg(file).map(Some),
        FileFormat::Png => clean_png(file).map(Some),
        FileFormat::WebP => clean_webp(file).map(Some),
        _ => Ok(None),
    }
}

/// Parts of a file in their order, unchanged where borrowed, are the whole file when nothing of it is missing.
fn is_whole(file: &[u8], head_bytes: usize, parts: &[Cow<'_, [u8]>]) -> bool {
    let kept = parts.iter().map(|part| part.len()).sum::<usize>() + head_bytes;
    kept == file.len() && parts.iter().all(|part| matches!(part, Cow::Borrowed(_)))
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
fn clean_jpeg(file: &[u8]) -> Result<Cow<'_, [u8]>, decode::Error> {
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
    // Start and end have two bytes each.
    if is_whole(file, 4, &parts) {
        return Ok(Cow::Borrowed(file));
    }
    Ok(Cow::Owned(jpeg::file(parts.iter().map(|part| &**part))))
}

fn clean_png(file: &[u8]) -> Result<Cow<'_, [u8]>, decode::Error> {
    let chunks = png::chunks(file)?;
    let kept = chunks.iter().filter(is_picture_chunk).map(|chunk| Cow::Borrowed(chunk.whole));
    let parts: Vec<Cow<'_, [u8]>> = kept.collect();
    if is_whole(file, png::SIGNATURE.len(), &parts) {
        return Ok(Cow::Borrowed(file));
    }
    Ok(Cow::Owned(png::file(parts.iter().map(|part| &**part))))
}

/// What a viewer needs for pixels, animation, colour and size; no texts, times, EXIF, profiles, or chunks that nobody knows. None of
/// the short ones is longer than a palette's transparency.
fn is_picture_chunk(chunk: &&png::Chunk<'_>) -> bool {
    let short =
        [*b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"sBIT", *b"cICP", *b"bKGD", *b"pHYs", *b"acTL", *b"fcTL"];
    match &chunk.name {
        b"IHDR" | b"PLTE" | b"IDAT" | b"fdAT" | b"IEND" => true,
        name => short.contains(name) && chunk.data().len() <= 256,
    }
}

fn clean_webp(file: &[u8]) -> Result<Cow<'_, [u8]>, decode::Error> {
    const NOTES: u8 = webp::HAS_ICC | webp::HAS_EXIF | webp::HAS_XMP;
    let chunks = webp::chunks(file)?;
    let parts = chunks.iter().filter_map(|chunk| match &chunk.name {
        b"VP8X" if chunk.data().first().is_some_and(|flags| flags & NOTES != 0) => {
            let mut header = chunk.whole.to_vec();
            header[8] &= !NOTES;
            Some(Cow::Owned(header))
        }
        b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" => Some(Cow::Borrowed(chunk.whole)),
        _ => None,
    });
    let parts: Vec<Cow<'_, [u8]>> = parts.collect();
    if is_whole(file, webp::HEAD_BYTES, &parts) && webp::stated_bytes(file) == Some(file.len()) {
        return Ok(Cow::Borrowed(file));
    }
    let cleaned = webp::file(parts.iter().map(|part| &**part));
    Ok(cleaned.map_or(Cow::Borrowed(file), Cow::Owned))
}
