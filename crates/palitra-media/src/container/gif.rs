//! GIF as blocks (CompuServe, GIF89a): only how many frames there are.

use super::{Broken, PARTS_MAX};

/// Counts frames; the last one may be cut off, as long as the first is whole.
pub(crate) fn frames(file: &[u8]) -> Result<usize, Broken> {
    let short = Broken("the GIF ends before its first frame is whole");
    let flags = *file.get(10).ok_or(short)?;
    let mut at = 13 + color_table_bytes(flags);
    let mut frames = 0;
    for _ in 0..PARTS_MAX {
        let next = match file.get(at) {
            Some(0x21) => blocks_end(file, at + 2),
            Some(0x2c) => {
                let flags = file.get(at + 9).copied().unwrap_or(0);
                let end = blocks_end(file, at + 11 + color_table_bytes(flags));
                frames += usize::from(end.is_some());
                end
            }
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    if frames == 0 { Err(short) } else { Ok(frames) }
}

fn color_table_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Blocks carry their length and end with an empty one.
fn blocks_end(file: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        match *file.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}
