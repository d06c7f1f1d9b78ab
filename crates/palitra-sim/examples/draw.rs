//! Draws sample pictures of the sandbox artist into a folder: `cargo run -p palitra-sim --release --example draw -- OUTDIR`.
//!
//! With `--time` it also prints the median of 20 drawings of each prompt at 1792×1792, PNG included, on one thread.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for a person at a terminal")]

use std::path::Path;
use std::time::{Duration, Instant};

use palitra_sim::artist::{Recipe, draw};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Name, prompt, width, height, seed.
const SAMPLES: [(&str, &str, u32, u32, u64); 18] = [
    (
        "network",
        "NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view, WHITE BACKGROUND, connected components with arrows, blue and gray color scheme",
        1792,
        1792,
        1,
    ),
    ("blocks", "Isometric data centre, servers and cloud storage, warm evening light", 2048, 1472, 2),
    ("hills", "Утро в горах: туман над долиной, тёплый свет, сосны", 1472, 2048, 3),
    ("orbits", "Космос: планеты и звёзды над тёмным горизонтом", 1792, 1792, 4),
    ("waves", "Sailing boats on a calm ocean at sunset", 1472, 2048, 5),
    ("city", "Ночной город, неоновые огни и река", 2048, 1472, 6),
    ("botanic", "Botanical garden in spring, flowers and fern leaves", 1024, 1024, 7),
    ("chart", "Рост продаж за год. Выручка, прибыль и прогноз на следующий квартал", 1792, 1792, 8),
    ("people", "Our team: designers, engineers and the people who answer letters", 2048, 1472, 9),
    ("tiles", "Bauhaus poster", 1024, 1024, 10),
    ("papercut", "A fairy tale about a deep cave", 1472, 2048, 11),
    ("weave", "Народный орнамент", 1024, 1024, 12),
    ("wide", "Sunrise over the desert, a long journey", 2520, 1080, 13),
    ("tall", "Лес, озеро и тишина", 1080, 2520, 14),
    ("word", "apple", 512, 512, 15),
    ("thumb", "ocean", 128, 128, 16),
    ("emoji", "🎉🔥🚀", 1024, 1024, 17),
    ("small", "Architecture of a payment system in pastel colours", 320, 240, 18),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let time = arguments.iter().any(|argument| argument == "--time");
    let folder =
        arguments.iter().find(|argument| !argument.starts_with("--")).ok_or("usage: draw [--time] OUTDIR")?;
    std::fs::create_dir_all(folder)?;
    for (name, prompt, width, height, seed) in SAMPLES {
        let bytes = draw(&Recipe { prompt, width, height, seed, index: 0 })?;
        println!("{name:10} {width:>4}×{height:<4} {:>8} bytes", bytes.len());
        std::fs::write(Path::new(folder).join(format!("{name}.png")), bytes)?;
    }
    if time {
        for (name, prompt, _, _, seed) in SAMPLES {
            println!("{name:10} 1792×1792 median {:.1?}", median(prompt, seed)?);
        }
    }
    Ok(())
}

fn median(prompt: &str, seed: u64) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        std::hint::black_box(draw(&Recipe { prompt, width: 1792, height: 1792, seed, index: 0 })?);
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[10])
}
