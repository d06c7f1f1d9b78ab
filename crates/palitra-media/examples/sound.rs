//! Figures of upscale and speech on this machine: `cargo run --release -p palitra-media --example sound`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "it measures and tells"
)]

use image::{Rgba, RgbaImage};
use palitra_media::upscale::{self, Factor, Run, Source};
use std::{num::NonZeroUsize, time::Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let picture = match std::env::args().nth(1) {
        Some(path) => image::open(path)?.to_rgba8(),
        None => RgbaImage::from_fn(512, 512, |x, y| {
            Rgba([(x / 2 & 255) as u8, (y / 2 & 255) as u8, ((x * y) / 64 & 255) as u8, 255])
        }),
    };
    for threads in [1] {
        let run = Run {
            threads: NonZeroUsize::new(threads).ok_or("no threads")?,
            cancelled: &|| false,
            progress: &|_| (),
        };
        for _ in 0..1 {
            let (cpu, wall) = (cpu_seconds(), Instant::now());
            let out = upscale::crisp(&picture, Factor::X2, Source::Clean, &run)?;
            println!(
                "crisp x2 {}x{} {} thr {}: cpu {:.2} s wall {:.2} s peak {} MB",
                picture.width(),
                picture.height(),
                upscale::instructions(),
                threads,
                cpu_seconds() - cpu,
                wall.elapsed().as_secs_f64(),
                peak_mb()
            );
            if let Some(path) = std::env::args().nth(2) {
                out.save(path)?;
            }
        }
    }
    let wall = Instant::now();
    for _ in 0..20 {
        upscale::fast(&picture, Factor::X2)?;
    }
    println!("fast x2: {:.2} ms", wall.elapsed().as_secs_f64() * 50.0);
    Ok(())
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
