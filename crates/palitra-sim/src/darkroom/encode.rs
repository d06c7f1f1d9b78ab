//! PNG for photographs: RGB, or RGBA where something shines through, row by row, so that a large picture need not be in memory.

use super::{Photo, index};
use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use std::io::Write;

/// The rows of a picture as a PNG.
pub(crate) fn png(photo: &Photo) -> Vec<u8> {
    let mut rows = (0..photo.height).map(|y| photo.row(y));
    png_of(photo.width, photo.height, photo.is_opaque(), |row| {
        row.extend_from_slice(rows.next().unwrap_or_default());
    })
}

/// A PNG from rows of RGBA, which `fill` puts one after another into an empty buffer.
pub(super) fn png_of(width: u32, height: u32, opaque: bool, mut fill: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(if opaque { ColorType::Rgb } else { ColorType::Rgba });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Paeth);
    encoder
        .add_text_chunk("Software".into(), "palitra sandbox".into())
        .expect("the text is Latin-1 and short");
    let mut writer = encoder.write_header().expect("writing to memory does not fail");
    let mut stream = writer.stream_writer().expect("writing to memory does not fail");
    let (mut row, mut packed) = (Vec::with_capacity(index(width) * 4), Vec::new());
    for _ in 0..height {
        row.clear();
        fill(&mut row);
        packed.clear();
        if opaque {
            packed.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        } else {
            packed.extend_from_slice(&row);
        }
        stream.write_all(&packed).expect("a row of a picture whose size is known");
    }
    stream.finish().expect("every row was written");
    writer.finish().expect("writing to memory does not fail");
    bytes
}
