//! The index before the data, without the notes that encoders leave in it.

use super::Error;
use crate::container::Broken;
use crate::container::isobmff::{Box, boxes};
use std::borrow::Cow;

/// Boxes that hold the tables of chunk offsets, from the index down.
const PATH: [&[u8; 4]; 4] = [b"trak", b"mdia", b"minf", b"stbl"];

/// The film with its index in front and without `udta` and `meta` (titles, encoders, places): the same tracks and data. A film that is
/// like that already comes back as it is; so does a fragmented one, whose pieces carry their own index, if it has no notes.
///
/// # Errors
/// When a box or an offset points outside of the file.
pub fn fast_start(file: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    super::check(file)?;
    let top = boxes(file)?;
    let is = |part: &Box<'_>, name: &[u8; 4]| &part.name == name;
    let index = top.iter().find(|part| is(part, b"moov")).ok_or(Error::Lacks("index"))?;
    let stripped = rebuilt(*b"moov", &without_notes(index.body, true)?)?;
    let is_fragmented = top.iter().any(|part| is(part, b"moof"));
    let mut ordered: Vec<&Box<'_>> = top.iter().filter(|part| is(part, b"ftyp")).take(1).collect();
    let kept =
        |part: &&Box<'_>| !matches!(&part.name, b"ftyp" | b"moov" | b"free" | b"skip" | b"udta" | b"meta");
    let start = ordered.iter().map(|part| part.whole.len()).sum::<usize>() + stripped.len();
    let in_front =
        top.iter().filter(|part| !is(part, b"free")).map(|part| part.name).take(2).eq([*b"ftyp", *b"moov"]);
    if stripped == index.whole
        && in_front
        && top.iter().all(|part| kept(&part) || matches!(&part.name, b"ftyp" | b"moov"))
    {
        return Ok(Cow::Borrowed(file));
    }
    if is_fragmented {
        return Ok(Cow::Borrowed(file));
    }
    // Where each kept part was, and where it will be.
    let mut moves = Vec::new();
    let mut at = start;
    for part in top.iter().filter(kept) {
        let was = part.whole.as_ptr().addr() - file.as_ptr().addr();
        moves.push(Move { from: was, to: at, length: part.whole.len() });
        at += part.whole.len();
        ordered.push(part);
    }
    let mut index = stripped;
    move_offsets(&mut index, &moves)?;
    let mut moved = Vec::with_capacity(at);
    moved.extend_from_slice(ordered[0].whole);
    moved.extend_from_slice(&index);
    ordered[1..].iter().for_each(|part| moved.extend_from_slice(part.whole));
    Ok(Cow::Owned(moved))
}

/// Every chunk starts inside of the file.
pub(super) fn check_offsets(index: &[u8], file_bytes: usize) -> Result<(), Error> {
    let inside = |offset: u64| usize::try_from(offset).is_ok_and(|offset| offset < file_bytes);
    let mut index = index.to_vec();
    visit(&mut index, 0, &mut |offset| inside(offset).then_some(offset))
}

/// A part of the file at another place.
struct Move {
    from: usize,
    to: usize,
    length: usize,
}

fn move_offsets(index: &mut [u8], moves: &[Move]) -> Result<(), Error> {
    visit(&mut index[8..], 0, &mut |offset| {
        let offset = usize::try_from(offset).ok()?;
        let part = moves.iter().find(|part| (part.from..part.from + part.length).contains(&offset))?;
        u64::try_from(offset - part.from + part.to).ok()
    })
}

/// Calls `change` for every chunk offset of four (`stco`) and eight bytes (`co64`).
fn visit(bytes: &mut [u8], depth: usize, change: &mut impl FnMut(u64) -> Option<u64>) -> Result<(), Error> {
    const OUTSIDE: Broken = Broken("the film's index points outside of the file");
    let base = bytes.as_ptr().addr();
    let parts = boxes(bytes)?.into_iter().map(|part| {
        let start = part.body.as_ptr().addr() - base;
        (part.name, start..start + part.body.len())
    });
    for (name, body) in parts.collect::<Vec<_>>() {
        if PATH.get(depth).is_some_and(|wanted| **wanted == name) {
            visit(&mut bytes[body], depth + 1, change)?;
        } else if depth == PATH.len() && matches!(&name, b"stco" | b"co64") {
            let width = if &name == b"stco" { 4 } else { 8 };
            let table = &mut bytes[body];
            let count = crate::container::be32(table, 4).ok_or(OUTSIDE)?;
            let entries = table.get_mut(8..).unwrap_or_default();
            if entries.len() / width < count {
                return Err(OUTSIDE.into());
            }
            for entry in entries.chunks_exact_mut(width).take(count) {
                let old = entry.iter().fold(0, |offset: u64, byte| offset << 8 | u64::from(*byte));
                let new = change(old).ok_or(OUTSIDE)?.to_be_bytes();
                if new[..8 - width].iter().any(|byte| *byte != 0) {
                    return Err(OUTSIDE.into());
                }
                entry.copy_from_slice(&new[8 - width..]);
            }
        }
    }
    Ok(())
}

/// The insides of the index or of a track, without notes.
fn without_notes(body: &[u8], is_index: bool) -> Result<Vec<u8>, Error> {
    let mut kept = Vec::with_capacity(body.len());
    for part in boxes(body)? {
        match &part.name {
            b"udta" | b"meta" => {}
            b"trak" if is_index => kept.extend(rebuilt(part.name, &without_notes(part.body, false)?)?),
            _ => kept.extend_from_slice(part.whole),
        }
    }
    Ok(kept)
}

fn rebuilt(name: [u8; 4], body: &[u8]) -> Result<Vec<u8>, Error> {
    let length = u32::try_from(body.len() + 8).map_err(|_| Broken("the film's index is too large"))?;
    Ok([&length.to_be_bytes(), &name[..], body].concat())
}
