//! Where a recipe stands in each container.

use super::xmp;
use crate::container::{Broken, jpeg, png, webp};
use std::ops::Range;

const TOO_LARGE: Broken = Broken("the file is too large for its format");
/// Keyword, no compression, no language, no translated keyword.
const PARAMETERS: &[u8] = b"parameters\0\0\0\0\0";
const PNG_XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Behind the header, before all else, so that `strip` has only to cut.
pub(super) fn write_png(file: &[u8], recipe: Option<&str>) -> Result<Vec<u8>, Broken> {
    let header = *png::chunks(file)?.first().ok_or(TOO_LARGE)?;
    let mut added = Vec::new();
    if let Some(recipe) = recipe {
        added.extend(png::chunk(*b"iTXt", &[PARAMETERS, recipe.as_bytes()].concat()).ok_or(TOO_LARGE)?);
    }
    let packet = xmp::packet(recipe, false);
    added.extend(png::chunk(*b"iTXt", &[PNG_XMP, packet.as_bytes()].concat()).ok_or(TOO_LARGE)?);
    Ok(inserted(file, header.at + header.whole.len(), &added))
}

/// `parameters` are ours when our packet stands right behind them.
pub(super) fn strip_png(file: &[u8]) -> Result<Vec<u8>, Broken> {
    let chunks = png::chunks(file)?;
    let is_ours = |chunk: &png::Chunk<'_>| itxt(chunk, PNG_XMP).is_some_and(xmp::is_ours);
    let ours = chunks.iter().enumerate().filter(|(n, chunk)| {
        let before_ours = itxt(chunk, PARAMETERS).is_some() && chunks.get(n + 1).is_some_and(is_ours);
        is_ours(chunk) || before_ours
    });
    Ok(cut(file, ours.map(|(_, chunk)| chunk.at..chunk.at + chunk.whole.len())))
}

pub(super) fn read_png(file: &[u8]) -> Result<Option<String>, Broken> {
    let chunks = png::chunks(file)?;
    let text = chunks.iter().find_map(|chunk| match itxt(chunk, PARAMETERS) {
        Some(text) => String::from_utf8(text.to_vec()).ok(),
        // AUTOMATIC1111 writes Latin-1 as plain text.
        None => {
            let text = (&chunk.name == b"tEXt").then(|| chunk.data().strip_prefix(b"parameters\0"))??;
            Some(text.iter().map(|byte| char::from(*byte)).collect())
        }
    });
    Ok(text)
}

fn itxt<'a>(chunk: &png::Chunk<'a>, head: &[u8]) -> Option<&'a [u8]> {
    (&chunk.name == b"iTXt").then(|| chunk.data().strip_prefix(head)).flatten()
}

/// Behind the JFIF header, which must be the first.
pub(super) fn write_jpeg(file: &[u8], recipe: Option<&str>) -> Result<Vec<u8>, Broken> {
    let segments = jpeg::segments(file)?;
    let leading = segments.iter().take_while(|segment| segment.marker == jpeg::APP0).last();
    let at = leading.map_or(2, |segment| segment.at + segment.whole.len());
    let packet = xmp::packet(recipe, false);
    let segment = jpeg::segment(jpeg::APP1, &[JPEG_XMP, packet.as_bytes()]).ok_or(TOO_LARGE)?;
    Ok(inserted(file, at, &segment))
}

pub(super) fn strip_jpeg(file: &[u8]) -> Result<Vec<u8>, Broken> {
    let segments = jpeg::segments(file)?;
    let ours = segments.iter().filter(|segment| jpeg_packet(segment).is_some_and(xmp::is_ours));
    Ok(cut(file, ours.map(|segment| segment.at..segment.at + segment.whole.len())))
}

pub(super) fn read_jpeg(file: &[u8]) -> Result<Option<String>, Broken> {
    Ok(jpeg::segments(file)?.iter().filter_map(jpeg_packet).find_map(xmp::recipe))
}

fn jpeg_packet<'a>(segment: &jpeg::Segment<'a>) -> Option<&'a [u8]> {
    (segment.marker == jpeg::APP1).then(|| segment.payload().strip_prefix(JPEG_XMP)).flatten()
}

/// Last, as the format wants it, with the flag for it; another program's packet is replaced, there can be only one.
pub(super) fn write_webp(file: &[u8], recipe: Option<&str>) -> Result<Vec<u8>, Broken> {
    let chunks = webp::chunks(file)?;
    let extended = chunks.first().filter(|chunk| &chunk.name == b"VP8X").map(|chunk| chunk.whole.to_vec());
    let wrapped = extended.is_none();
    let mut header = match extended {
        Some(header) => header,
        None => {
            webp::chunk(*b"VP8X", &extended_header(chunks.first().ok_or(TOO_LARGE)?)?).ok_or(TOO_LARGE)?
        }
    };
    *header.get_mut(8).ok_or(Broken("the WebP's header is too short"))? |= webp::HAS_XMP;
    let packet = webp::chunk(*b"XMP ", xmp::packet(recipe, wrapped).as_bytes()).ok_or(TOO_LARGE)?;
    let kept =
        chunks.iter().filter(|chunk| !matches!(&chunk.name, b"VP8X" | b"XMP ")).map(|chunk| chunk.whole);
    let parts = std::iter::once(&*header).chain(kept).chain(std::iter::once(&*packet));
    webp::file(parts).ok_or(TOO_LARGE)
}

pub(super) fn strip_webp(file: &[u8]) -> Result<Vec<u8>, Broken> {
    let chunks = webp::chunks(file)?;
    let Some(ours) = chunks.iter().find(|chunk| &chunk.name == b"XMP " && xmp::is_ours(chunk.data())) else {
        return Ok(file.to_vec());
    };
    let wrapped = xmp::is_wrapped(ours.data());
    let mut parts = Vec::new();
    for chunk in chunks.iter().filter(|chunk| chunk.at != ours.at) {
        let mut part = chunk.whole.to_vec();
        match &chunk.name {
            b"VP8X" if wrapped => continue,
            b"VP8X" => part[8] &= !webp::HAS_XMP,
            _ => {}
        }
        parts.push(part);
    }
    webp::file(parts.iter().map(|part| &**part)).ok_or(TOO_LARGE)
}

pub(super) fn read_webp(file: &[u8]) -> Result<Option<String>, Broken> {
    Ok(webp::chunks(file)?
        .iter()
        .find(|chunk| &chunk.name == b"XMP ")
        .and_then(|chunk| xmp::recipe(chunk.data())))
}

/// Flags, three reserved bytes, and both sides less one in three bytes each, as the picture's own chunk tells them.
fn extended_header(picture: &webp::Chunk<'_>) -> Result<[u8; 10], Broken> {
    let data = picture.data();
    let (width, height, alpha) = match &picture.name {
        b"VP8L" => {
            let bits = data.get(1..).and_then(<[u8]>::first_chunk).map(|bits| u32::from_le_bytes(*bits));
            bits.map(|bits| (bits & 0x3fff, bits >> 14 & 0x3fff, bits >> 28 & 1 == 1))
        }
        b"VP8 " => data.get(6..).and_then(<[u8]>::first_chunk).and_then(|[a, b, c, d]| {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff).checked_sub(1);
            Some((side(*a, *b)?, side(*c, *d)?, false))
        }),
        _ => None,
    }
    .ok_or(Broken("the WebP has no picture"))?;
    let mut header = [0; 10];
    header[0] = if alpha { webp::HAS_ALPHA } else { 0 };
    header[4..7].copy_from_slice(&width.to_le_bytes()[..3]);
    header[7..10].copy_from_slice(&height.to_le_bytes()[..3]);
    Ok(header)
}

fn inserted(file: &[u8], at: usize, added: &[u8]) -> Vec<u8> {
    [&file[..at], added, &file[at..]].concat()
}

/// The file without some parts, which come in order.
fn cut(file: &[u8], parts: impl Iterator<Item = Range<usize>>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(file.len());
    let mut from = 0;
    for part in parts {
        kept.extend_from_slice(&file[from..part.start]);
        from = part.end;
    }
    kept.extend_from_slice(&file[from..]);
    kept
}
