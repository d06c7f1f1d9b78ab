//! Pictures and containers made by code.

use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

/// Noise on a gradient; `noise` of 0 to 255.
pub(crate) fn noisy(width: u32, height: u32, noise: u32, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    RgbImage::from_fn(width, height, |x, y| {
        let base = [x * 200 / width, y * 200 / height, (x + y) * 200 / (width + height)];
        Rgb(base.map(|base| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from((base + (state >> 24) * noise / 255).min(255)).unwrap()
        }))
    })
}

/// The same with transparency that changes from left to right.
pub(crate) fn transparent(width: u32, height: u32, noise: u32) -> RgbaImage {
    let rgb = noisy(width, height, noise, 7);
    RgbaImage::from_fn(width, height, |x, y| {
        let [r, g, b] = rgb.get_pixel(x, y).0;
        Rgba([r, g, b, u8::try_from(x * 255 / width.max(2)).unwrap()])
    })
}

pub(crate) fn png_of(picture: impl Into<DynamicImage>) -> Vec<u8> {
    palitra_media::encode::png(&picture.into()).unwrap()
}

pub(crate) fn png_with_profile(picture: &RgbImage, icc: Vec<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(icc).unwrap();
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    file
}

pub(crate) fn png_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend(name);
    chunk.extend(data);
    let sum = chunk[4..].iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    chunk.extend((!sum).to_be_bytes());
    chunk
}

/// A PNG that only says how large it is.
pub(crate) fn png_header(width: u32, height: u32, bits: u8, color: u8, data: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([bits, color, 0, 0, 0]);
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &png_chunk(b"IHDR", &header),
        &png_chunk(b"IDAT", data),
        &png_chunk(b"IEND", &[]),
    ]
    .concat()
}

/// A JPEG of exactly this many bytes that needs no cleaning: noise, and Huffman tables that nothing uses.
pub(crate) fn jpeg_of_bytes(bytes: usize) -> Vec<u8> {
    let mut width = 2400;
    let mut file = loop {
        let file = palitra_media::encode::jpeg(&noisy(width, 1000, 255, 3), 92).unwrap();
        if file.len() + 300 < bytes {
            break file;
        }
        width -= 100;
    };
    let scan = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let mut missing = bytes.checked_sub(file.len()).unwrap();
    let mut tables = Vec::new();
    while missing > 0 {
        let symbols = if missing > 476 {
            200
        } else if missing > 276 {
            missing / 2 - 21
        } else {
            missing - 21
        };
        let symbols = u8::try_from(symbols).unwrap();
        tables.extend([0xff, 0xc4]);
        tables.extend((u16::from(symbols) + 19).to_be_bytes());
        tables.push(0x13);
        tables.extend([0; 15]);
        tables.push(symbols);
        tables.extend(0..symbols);
        missing -= 21 + usize::from(symbols);
    }
    file.splice(scan..scan, tables);
    assert_eq!(file.len(), bytes);
    file
}
