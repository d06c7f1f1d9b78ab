//! Bytes to text: UTF-8 and what says its encoding itself are taken at their word, anything else is guessed and told.

use super::{Assumption, LIST_BYTES_MAX, WordsError};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_8859_5, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};
use std::borrow::Cow;

#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    /// Without a byte order mark, not blank, without NUL.
    pub(crate) text: Cow<'a, str>,
    /// The encoding, where it is not UTF-8.
    pub(crate) assumed: Option<Assumption>,
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, WordsError> {
    if bytes.len() > LIST_BYTES_MAX {
        return Err(WordsError::TooLarge { bytes: bytes.len() });
    }
    let encoding = encoding_of(bytes);
    let (text, used, broken) = encoding.decode(bytes);
    if broken {
        return Err(WordsError::NotText { encoding: used.name() });
    }
    if text.trim().is_empty() {
        return Err(WordsError::Empty);
    }
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        return Err(WordsError::Binary { offset: text[..at].chars().count(), line });
    }
    let assumed = (used != UTF_8).then(|| Assumption::Encoding(used.name()));
    // Line ends of old Macs; with a `\n` anywhere a lone `\r` is somebody's cell.
    let text = match text {
        text if text.contains('\r') && !text.contains('\n') => Cow::Owned(text.replace('\r', "\n")),
        text => text,
    };
    Ok(Decoded { text, assumed })
}

fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) {
        return UTF_8;
    }
    if let Some(encoding) = utf16(bytes) {
        return encoding;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    // The hint only breaks ties: Russian lists are what people here have most.
    match detector.guess(Some(b"ru"), Utf8Detection::Deny) {
        // A word or two look like either; no program that people keep lists in writes this one.
        encoding if encoding == ISO_8859_5 => WINDOWS_1251,
        encoding => encoding,
    }
}

/// UTF-16 without a mark: its spaces, line ends and Latin letters have a zero in every second byte, and the others never have one.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let encoding = match (zeros(0), zeros(1)) {
        (0, 1..) => UTF_16LE,
        (1.., 0) => UTF_16BE,
        _ => return None,
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    // Zeros among other bytes make characters of the far East out of every pair.
    let near = text.chars().filter(|c| *c < '\u{530}').count();
    (near * 4 >= text.chars().count() * 3).then_some(encoding)
}
