//! MP4 as boxes (ISO/IEC 14496-12, section 4.2).

use super::{Broken, PARTS_MAX, be32};

/// One box: `whole` with its header, `body` without.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Box<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) whole: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// The boxes that fill `bytes` to the last one.
pub(crate) fn boxes(bytes: &[u8]) -> Result<Vec<Box<'_>>, Broken> {
    let short = Broken("the film ends before it is whole");
    let mut boxes = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let name = *bytes.get(at + 4..).and_then(<[u8]>::first_chunk).ok_or(short)?;
        let (header, length) = match be32(bytes, at).ok_or(short)? {
            // To the end of the file.
            0 => (8, bytes.len() - at),
            // A length of eight bytes stands behind the name.
            1 => {
                let eight = bytes.get(at + 8..).and_then(<[u8]>::first_chunk).ok_or(short)?;
                (16, usize::try_from(u64::from_be_bytes(*eight)).map_err(|_| short)?)
            }
            length => (8, length),
        };
        let end = at.checked_add(length).filter(|_| length >= header).ok_or(short)?;
        let whole = bytes.get(at..end).ok_or(short)?;
        if boxes.len() == PARTS_MAX {
            return Err(Broken("the film has too many parts"));
        }
        boxes.push(Box { name, whole, body: &whole[header..] });
        at = end;
    }
    Ok(boxes)
}
