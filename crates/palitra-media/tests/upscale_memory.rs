//! The memory of an upscale, in a process of its own: it must not grow with the picture beyond the picture itself.

use image::{Rgba, RgbaImage};
use palitra_media::upscale::{self, Factor, Run, Source};
use std::num::NonZeroUsize;

/// The process's peak of resident memory, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("KiB")
}

/// Whole frames of the net's 256 channels would take 70 MB here; the result takes 2 MB.
#[test]
fn rows_stream_through_the_net() {
    let picture = RgbaImage::from_pixel(2100, 32, Rgba([10, 200, 90, 255]));
    let run = Run { threads: NonZeroUsize::MIN, cancelled: &|| false, progress: &|_| () };
    let before = peak();
    let doubled = upscale::crisp(&picture, Factor::X2, Source::Clean, &run).unwrap();
    assert_eq!(doubled.dimensions(), (4200, 64));
    let taken = (peak() - before) / 1024;
    assert!(taken <= 24, "{taken} MB");
}
