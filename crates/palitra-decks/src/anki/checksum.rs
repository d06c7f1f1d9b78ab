//! What Anki works out for every note: the checksum of its first field, the text it is sorted by, and its guid.

use crate::words::markup;
use sha1::{Digest, Sha1};

/// Anki's own digits for numbers of base 91 (`rslib/src/notes/mod.rs`, `base91`).
const DIGITS: &[u8; 91] =
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&()*+,-./:;<=>?@[]^_`{|}~";

/// A field as Anki compares and sorts it: without tags, names of pictures kept, entities read.
pub(super) fn stripped(html: &str) -> String {
    markup::text_as_anki_compares(html)
}

/// The first eight hexadecimal digits of SHA-1 over the stripped field.
pub(super) fn of_field(html: &str) -> u32 {
    let digest = Sha1::digest(stripped(html).as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// The same parts always give the same number. Not against anybody who wants two to collide.
pub(super) fn number_of(parts: &[&str]) -> u64 {
    let mut sha1 = Sha1::new();
    for part in parts {
        sha1.update((part.len() as u64).to_be_bytes());
        sha1.update(part.as_bytes());
    }
    let digest = sha1.finalize();
    let (number, _) = digest.split_at(8);
    number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A guid as Anki makes them of 64 random bits; ours are of what the note is about, so that the same word is the same note.
pub(super) fn guid(parts: &[&str]) -> String {
    let mut number = number_of(parts);
    let mut guid = Vec::new();
    while number > 0 {
        guid.push(char::from(DIGITS[(number % 91) as usize]));
        number /= 91;
    }
    guid.iter().rev().collect()
}
