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

/// How many first bytes [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 64;

/// The type by magic bytes; `None` for everything that is not media we keep.
pub fn sniff(head: &[u8]) -> Option<MediaType> {
    let media = |mime, extension, kind| Some(MediaType { mime, extension, kind });
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if at(0, b"\x89PNG\r\n\x1a\n") {
        media("image/png", "png", Kind::Image)
    } else if at(0, b"\xff\xd8\xff") {
        media("image/jpeg", "jpg", Kind::Image)
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        media("image/webp", "webp", Kind::Image)
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        media("audio/wav", "wav", Kind::Audio)
    } else if at(0, b"OggS") {
        media("audio/ogg", "ogg", Kind::Audio)
    } else if at(0, b"ID3") || at(0, b"\xff\xfb") || at(0, b"\xff\xf3") {
        media("audio/mpeg", "mp3", Kind::Audio)
    } else if at(4, b"ftyp") {
        media("video/mp4", "mp4", Kind::Video)
    } else {
        None
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
}
