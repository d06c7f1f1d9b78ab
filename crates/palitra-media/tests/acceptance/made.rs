//! Pictures, sounds and films made by code from a seed.

#![expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "waves and shapes of test data"
)]

use bytes::Bytes;
use image::{DynamicImage, Rgb, RgbImage};
use palitra_media::encode;

/// SplitMix64.
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` up to but without `to`.
    pub(crate) fn within(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from) as u64) as i64
    }

    /// −1 to 1.
    pub(crate) fn noise(&mut self) -> f32 {
        self.within(-1000, 1001) as f32 / 1000.0
    }
}

/// A scene: a gradient, discs and bars of many colours, noise.
pub(crate) fn scene(seed: &mut Seed, width: u32, height: u32) -> RgbImage {
    let sky = [seed.within(0, 256), seed.within(0, 256), seed.within(0, 256)];
    let mut picture = RgbImage::from_fn(width, height, |x, y| {
        let down = (i64::from(y) * 60 / i64::from(height), i64::from(x) * 40 / i64::from(width));
        Rgb(sky.map(|channel| (channel - down.0 - down.1).clamp(0, 255) as u8))
    });
    for _ in 0..seed.within(6, 14) {
        let colour = Rgb([seed.next() as u8, seed.next() as u8, seed.next() as u8]);
        let (w, h) = (i64::from(width), i64::from(height));
        let side = w.min(h);
        let (x, y, r) = (seed.within(0, w), seed.within(0, h), seed.within(side / 16, side / 4));
        disc(&mut picture, (x, y), r, colour);
    }
    noisy(picture, seed, 6)
}

pub(crate) fn disc(picture: &mut RgbImage, (x, y): (i64, i64), r: i64, colour: Rgb<u8>) {
    for (px, py, pixel) in picture.enumerate_pixels_mut() {
        let (dx, dy) = (i64::from(px) - x, i64::from(py) - y);
        if dx * dx + dy * dy <= r * r {
            *pixel = colour;
        }
    }
}

/// Noise of ±`levels`.
pub(crate) fn noisy(mut picture: RgbImage, seed: &mut Seed, levels: i64) -> RgbImage {
    for pixel in picture.pixels_mut() {
        let off = seed.within(-levels, levels + 1);
        pixel.0 = pixel.0.map(|channel| (i64::from(channel) + off).clamp(0, 255) as u8);
    }
    picture
}

pub(crate) fn flat(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

pub(crate) fn png(picture: &RgbImage) -> Bytes {
    encode::png(&DynamicImage::ImageRgb8(picture.clone())).unwrap().into()
}

pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Bytes {
    encode::jpeg(picture, quality).unwrap().into()
}

pub(crate) fn webp(picture: &RgbImage, quality: u8) -> Bytes {
    encode::webp(&DynamicImage::ImageRgb8(picture.clone()), quality).unwrap().into()
}

pub(crate) const RATE: u32 = 16_000;

/// Something like speech: syllables of a harmonic tone with a swelling height, pauses between words.
pub(crate) fn speech(seed: &mut Seed, ms: u32, height: f32) -> Vec<f32> {
    let count = RATE * ms / 1000;
    let base = seed.within(90, 250) as f32;
    let syllable = RATE as f32 * 0.18;
    (0..count)
        .map(|n| {
            let (n, seconds) = (n as f32, n as f32 / RATE as f32);
            let swell = (n / syllable * std::f32::consts::PI).sin().abs();
            let pause = if (n / syllable) as u32 % 7 == 6 { 0.0 } else { 1.0 };
            let tone: f32 = (1..6)
                .map(|k| (seconds * base * k as f32 * std::f32::consts::TAU + k as f32).sin() / k as f32)
                .sum();
            (tone / 2.2 * swell * pause * height + seed.noise() * 0.002).clamp(-1.0, 1.0)
        })
        .collect()
}

/// Bits a sample: 16 or 24 as whole numbers, 32 as floats.
pub(crate) fn wav(samples: &[f32], bits: u16) -> Bytes {
    let bytes = u32::from(bits / 8);
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|sample| match bits {
            16 => ((sample * 32_767.0) as i16).to_le_bytes().to_vec(),
            24 => ((sample * 8_388_607.0) as i32).to_le_bytes()[..3].to_vec(),
            _ => sample.to_le_bytes().to_vec(),
        })
        .collect();
    let length = data.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((length + 36).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(if bits == 32 { [3, 0, 1, 0] } else { [1, 0, 1, 0] });
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * bytes).to_le_bytes());
    file.extend([bytes as u8, 0, bits as u8, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file.into()
}

/// The film of the fixtures, saying that it lasts this long.
pub(crate) fn film(ms: u32) -> Bytes {
    let mut file = crate::fixture("film.mp4");
    for name in [b"mvhd", b"mdhd"] {
        let places: Vec<usize> =
            file.windows(4).enumerate().filter(|(_, four)| four == name).map(|(at, _)| at).collect();
        for at in places {
            assert_eq!(file[at + 4], 0, "a header of version 0");
            let scale = u32::from_be_bytes(file[at + 16..at + 20].try_into().unwrap());
            let times = u32::try_from(u64::from(scale) * u64::from(ms) / 1000).unwrap();
            file[at + 20..at + 24].copy_from_slice(&times.to_be_bytes());
        }
    }
    file.into()
}
