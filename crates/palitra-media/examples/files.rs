//! What a file costs on its way in and out: `files noisy PNG` makes the picture, `files shrink PNG BYTES`, `files thumbnail PNG` and
//! `files clean PNG` measure and print one JSON line with the median of CPU milliseconds. `benches/peers/media/files.py` measures Pillow on
//! the same file beside it.

#![expect(clippy::float_arithmetic, reason = "a picture and times for people")]

use image::{DynamicImage, Rgb, RgbImage};
use palitra_media::shrink::{Limit, Route};
use palitra_media::{clean, decode, encode, fingerprint, shrink, thumbnail};
use serde_json::{Value, json};
use std::io::Write;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Side of the noisy picture.
const SIDE: u32 = 4096;
const TIMES: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let line = match words[..] {
        ["noisy", path] => {
            let file = encode::png(&DynamicImage::ImageRgb8(noisy()))?;
            std::fs::write(path, &file)?;
            json!({"bytes": file.len()})
        }
        ["shrink", path, bytes_max] => measure_shrink(&std::fs::read(path)?, bytes_max.parse()?)?,
        ["thumbnail", path] => measure_thumbnail(&std::fs::read(path)?)?,
        ["clean", path] => measure_clean(&std::fs::read(path)?)?,
        _ => return Err("noisy PNG, shrink PNG BYTES, thumbnail PNG or clean PNG".into()),
    };
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// From the file to a file that fits, as Pillow does it.
fn measure_shrink(file: &[u8], bytes_max: usize) -> Result<Value> {
    let limit = Limit { route: Route::File, bytes_max: Some(bytes_max) };
    let (ms, fitting) = median(|| shrink::shrink(file, limit))?;
    let DynamicImage::ImageRgb8(picture) = decode::decode(file)?.pixels else {
        return Err("no RGB picture".into());
    };
    let (ladder_ms, _) = median(|| shrink::ladder(&picture, bytes_max))?;
    Ok(
        json!({"ms": ms, "compress_ms": ladder_ms, "bytes": fitting.bytes.len(), "change": format!("{:?}", fitting.change)}),
    )
}

/// From 2048² decoded pixels.
fn measure_thumbnail(file: &[u8]) -> Result<Value> {
    let picture = palitra_media::resize::resize(
        &decode::decode(file)?.pixels,
        (2048, 2048),
        palitra_media::resize::Care::Best,
    );
    let (small_ms, small) =
        median(|| -> Result<_> { Ok(thumbnail::thumbnail(&picture, thumbnail::SMALL_SIDE)) })?;
    let (small_webp_ms, small_webp) = median(|| thumbnail::webp(&small))?;
    let (large_ms, large) =
        median(|| -> Result<_> { Ok(thumbnail::thumbnail(&picture, thumbnail::LARGE_SIDE)) })?;
    let (large_webp_ms, large_webp) = median(|| thumbnail::webp(&large))?;
    let (blurhash_ms, blurhash) = median(|| fingerprint::blurhash(&small).ok_or("no blurhash"))?;
    let (dhash_ms, dhash) = median(|| -> Result<_> { Ok(fingerprint::dhash(&small)) })?;
    Ok(json!({
        "small_ms": small_ms, "small_webp_ms": small_webp_ms, "small_bytes": small_webp.len(),
        "large_ms": large_ms, "large_webp_ms": large_webp_ms, "large_bytes": large_webp.len(),
        "blurhash_ms": blurhash_ms, "blurhash": blurhash, "dhash_ms": dhash_ms, "dhash": dhash,
    }))
}

fn measure_clean(file: &[u8]) -> Result<Value> {
    let (ms, _) = median(|| clean::clean(file).map(|clean| clean.bytes.len()))?;
    let (decode_ms, picture) = median(|| decode::decode(file))?;
    let (png_ms, png) = median(|| encode::png(&picture.pixels))?;
    Ok(json!({"clean_ms": ms, "decode_ms": decode_ms, "png_ms": png_ms, "png_bytes": png.len()}))
}

/// Waves of colour under noise: hard to compress for everybody.
fn noisy() -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let waves = [
            (x / 300.).sin() * 80. + 110.,
            ((x + y) / 350.).cos() * 70. + 105.,
            (y / 270.).sin() * 60. + 100.,
        ];
        Rgb(waves.map(|wave| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "30 to 230")]
            let channel = (wave + f64::from(state >> 24) / 255. * 38.) as u8;
            channel
        }))
    })
}

/// The median of CPU milliseconds, and the last result.
fn median<T, E: Into<Box<dyn std::error::Error>>>(
    mut work: impl FnMut() -> std::result::Result<T, E>,
) -> Result<(f64, T)> {
    let mut times = Vec::new();
    loop {
        let before = cpu_ms();
        let result = work().map_err(Into::into)?;
        times.push(cpu_ms() - before);
        if times.len() == TIMES {
            times.sort_by(f64::total_cmp);
            return Ok(((times[TIMES / 2] * 1000.).round() / 1000., result));
        }
    }
}

/// Of this thread, which does all the work.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let [seconds, nanoseconds] =
        [time.tv_sec, time.tv_nsec].map(|part| f64::from(i32::try_from(part).unwrap_or(i32::MAX)));
    seconds * 1e3 + nanoseconds / 1e6
}
