//! True types of files, found by their first bytes, never by a name or a header that somebody sent.

/// What we store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    pub mime: &'static str,
    pub extension: &'static str,
    pub kind: Kind,
}

crate::state::words! {
    /// Kinds of media.
    Kind { Image = "image", Audio = "audio", Video = "video", }
}

/// How many first bytes [`sniff`] and [`FileFormat::of`] look at.
pub const SNIFF_BYTES: usize = 64;

/// Formats of files that are told apart, those we keep and those we only name when we refuse them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
    Tiff,
    Heic,
    Avif,
    Mp4,
    Mp3,
    Ogg,
    Wav,
}

impl FileFormat {
    /// The format by magic bytes; `None` for anything else. A file's name and what somebody said of it play no part.
    pub fn of(head: &[u8]) -> Option<FileFormat> {
        let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(FileFormat::Png)
        } else if at(0, b"\xff\xd8\xff") {
            Some(FileFormat::Jpeg)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(FileFormat::WebP)
        } else if at(0, b"RIFF") && at(8, b"WAVE") {
            Some(FileFormat::Wav)
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Some(FileFormat::Gif)
        } else if at(0, b"BM") && at(6, &[0; 4]) {
            Some(FileFormat::Bmp)
        } else if at(0, b"II*\0") || at(0, b"MM\0*") {
            Some(FileFormat::Tiff)
        } else if at(0, b"OggS") {
            Some(FileFormat::Ogg)
        } else if at(0, b"ID3") || is_mpeg_audio(head) {
            Some(FileFormat::Mp3)
        } else if at(4, b"ftyp") {
            Some(of_brands(head))
        } else {
            None
        }
    }

    /// As a type to serve: the registered name, the extension and the kind.
    pub const fn media_type(self) -> MediaType {
        let (mime, extension, kind) = match self {
            FileFormat::Jpeg => ("image/jpeg", "jpg", Kind::Image),
            FileFormat::Png => ("image/png", "png", Kind::Image),
            FileFormat::WebP => ("image/webp", "webp", Kind::Image),
            FileFormat::Gif => ("image/gif", "gif", Kind::Image),
            FileFormat::Bmp => ("image/bmp", "bmp", Kind::Image),
            FileFormat::Tiff => ("image/tiff", "tif", Kind::Image),
            FileFormat::Heic => ("image/heic", "heic", Kind::Image),
            FileFormat::Avif => ("image/avif", "avif", Kind::Image),
            FileFormat::Mp4 => ("video/mp4", "mp4", Kind::Video),
            FileFormat::Mp3 => ("audio/mpeg", "mp3", Kind::Audio),
            FileFormat::Ogg => ("audio/ogg", "ogg", Kind::Audio),
            FileFormat::Wav => ("audio/wav", "wav", Kind::Audio),
        };
        MediaType { mime, extension, kind }
    }
}

/// The type of a file that we keep; `None` for everything else.
pub fn sniff(head: &[u8]) -> Option<MediaType> {
    use FileFormat::{Avif, Bmp, Gif, Heic, Jpeg, Mp3, Mp4, Ogg, Png, Tiff, Wav, WebP};
    match FileFormat::of(head)? {
        format @ (Jpeg | Png | WebP | Mp4 | Mp3 | Ogg | Wav) => Some(format.media_type()),
        Gif | Bmp | Tiff | Heic | Avif => None,
    }
}

/// The type of a file that we keep, by its name.
pub fn of_mime(mime: &str) -> Option<MediaType> {
    use FileFormat::{Jpeg, Mp3, Mp4, Ogg, Png, Wav, WebP};
    let kept = [Jpeg, Png, WebP, Mp4, Mp3, Ogg, Wav];
    kept.into_iter().map(FileFormat::media_type).find(|media| media.mime == mime)
}

/// A frame header of MPEG 1, 2 or 2.5, layer III, whose bit rate and sample rate are not the forbidden ones.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = head else { return false };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    second >> 5 == 7 && version != 1 && layer == 1 && third >> 4 != 15 && third >> 2 & 3 != 3
}

/// ISO media files name what they are: the major brand first, after its version the compatible ones.
fn of_brands(head: &[u8]) -> FileFormat {
    let length = head.first_chunk().map_or(0, |length| u32::from_be_bytes(*length));
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(head.len());
    let brands = || {
        head.get(8..end)
            .unwrap_or_default()
            .chunks_exact(4)
            .enumerate()
            .filter(|(n, _)| *n != 1)
            .map(|(_, b)| b)
    };
    let still = matches!(
        brands().next(),
        Some(
            b"avif" | b"avis" | b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1"
        )
    );
    match still {
        false => FileFormat::Mp4,
        true if brands().any(|brand| matches!(brand, b"avif" | b"avis")) => FileFormat::Avif,
        true => FileFormat::Heic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_content() {
        let of = |head: &[u8]| sniff(head).map(|media| media.extension);
        assert_eq!(of(b"\x89PNG\r\n\x1a\n...."), Some("png"));
        assert_eq!(of(b"\xff\xd8\xff\xe0"), Some("jpg"));
        assert_eq!(of(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some("webp"));
        assert_eq!(of(b"RIFF\x00\x00\x00\x00WAVEfmt "), Some("wav"));
        assert_eq!(of(b"<html>not a picture</html>"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn s2_051_phone_formats_are_named_and_not_taken_for_films() {
        let brands = |brands: &[u8]| {
            let mut head = u32::try_from(8 + brands.len()).unwrap().to_be_bytes().to_vec();
            head.extend(b"ftyp");
            head.extend(brands);
            FileFormat::of(&head)
        };
        assert_eq!(brands(b"heic\0\0\0\0mif1heic"), Some(FileFormat::Heic));
        assert_eq!(brands(b"mif1\0\0\0\0mif1avif"), Some(FileFormat::Avif));
        assert_eq!(brands(b"avif\0\0\0\0"), Some(FileFormat::Avif));
        assert_eq!(brands(b"isom\0\0\x02\0isomiso2avc1mp41"), Some(FileFormat::Mp4));
        assert_eq!(sniff(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), None);
        assert_eq!(FileFormat::of(b"GIF89a"), Some(FileFormat::Gif));
        assert_eq!(FileFormat::of(b"II*\0"), Some(FileFormat::Tiff));
        assert_eq!(FileFormat::of(b"\xff\xfb\x90\0"), Some(FileFormat::Mp3));
        assert_eq!(FileFormat::of(b"\xff\xff\xff\xff"), None);
    }
}
