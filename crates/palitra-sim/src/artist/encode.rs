//! PNG: 8-bit RGB without alpha, fast compression, a `Software` chunk.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};

/// Encodes opaque RGBA rows as an RGB PNG.
pub(super) fn png(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut bytes = Vec::with_capacity(rgb.len() / 8);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    // Flat shapes: nearly every row is the row above, and `Up` is the cheapest filter that says so.
    encoder.set_filter(Filter::Up);
    encoder
        .add_text_chunk("Software".into(), "palitra sandbox".into())
        .expect("the text is Latin-1 and short");
    let mut writer = encoder.write_header().expect("writing to memory does not fail");
    writer.write_image_data(&rgb).expect("the buffer has width × height × 3 bytes");
    writer.finish().expect("writing to memory does not fail");
    bytes
}
