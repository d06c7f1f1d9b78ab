//! Figures of upscale and speech on this machine: `cargo run --release -p palitra-media --example sound [PICTURE [RESULT [VOICES]]]`,
//! where VOICES is a folder of voices of Piper. The best of three runs; CPU seconds of this process and its children.

#![expect(
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "it measures and tells"
)]

use image::{Rgba, RgbaImage};
use palitra_media::{
    speech::{self, Engine, PiperVoices, Request, Speakers, Voice},
    upscale::{self, Factor, Run, Source},
};
use std::{error::Error, num::NonZeroUsize, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let picture = match std::env::args().nth(1) {
        Some(path) => image::open(path)?.to_rgba8(),
        None => drawing(),
    };
    let size = format!("{}x{}", picture.width(), picture.height());
    for threads in [NonZeroUsize::MIN, NonZeroUsize::MIN.saturating_add(1)] {
        let run = Run { threads, cancelled: &|| false, progress: &|_| () };
        let name = format!("crisp x2 of {size}, {}, {threads} threads", upscale::instructions());
        let doubled = measure(&name, || upscale::crisp(&picture, Factor::X2, Source::Clean, &run))?;
        if let Some(path) = std::env::args().nth(2) {
            doubled.save(path)?;
        }
    }
    measure(&format!("fast x2 of {size}"), || upscale::fast(&picture, Factor::X2))?;

    let speakers = Speakers {
        espeak_ng: "espeak-ng".into(),
        rhvoice: Some(speech::RhVoicePaths::default()),
        unfree_voices: false,
        piper: PiperVoices::new(std::env::args().nth(3).unwrap_or_default().into()),
    };
    let mut voices: Vec<Voice> =
        [Engine::EspeakNg, Engine::RhVoice].into_iter().map(|engine| Voice { engine, name: None }).collect();
    for found in speech::voices(&speakers).into_iter().filter(|found| found.engine == Engine::Piper) {
        voices.push(Voice { engine: Engine::Piper, name: Some(found.name) });
    }
    for voice in voices {
        let spoken = measure(&format!("100 words, {voice:?}"), || hundred_words(&voice, &speakers));
        match spoken {
            Ok(seconds) => println!("    {seconds:.1} s of sound"),
            Err(error) => println!("    {error}"),
        }
    }
    Ok(())
}

/// One recording per word, as for flashcards: seconds of sound.
fn hundred_words(voice: &Voice, speakers: &Speakers) -> Result<f32, speech::Error> {
    let words =
        ["яблоко", "мост", "гора", "быстро", "знание", "apple", "bridge", "mountain", "quick", "knowledge"];
    let mut seconds = 0.0;
    for word in words.iter().cycle().take(100) {
        let request =
            Request { text: (*word).into(), voice: voice.clone(), language: None, speed: 100, pitch: 100 };
        seconds += speech::speak(&request, speakers, &|| false)?.seconds();
    }
    Ok(seconds)
}

fn measure<T, E>(name: &str, mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let mut best = (f64::MAX, f64::MAX);
    let mut run = || {
        let (cpu, wall) = (cpu_seconds(), Instant::now());
        let result = work()?;
        best = (best.0.min(cpu_seconds() - cpu), best.1.min(wall.elapsed().as_secs_f64()));
        Ok(result)
    };
    run()?;
    run()?;
    let result = run()?;
    println!("{name}: cpu {:.2} s, wall {:.3} s, peak {} MB", best.0, best.1, peak_mb());
    Ok(result)
}

/// A picture with slopes and edges where no photograph was given; the net takes the same time for any.
fn drawing() -> RgbaImage {
    RgbaImage::from_fn(512, 512, |x, y| {
        let [red, _, _, _] = (x / 2).to_le_bytes();
        let [green, _, _, _] = (y / 2).to_le_bytes();
        let [blue, _, _, _] = (x * y / 64).to_le_bytes();
        Rgba([red, green, blue, 255])
    })
}

/// User and system time of this process and of the children it has waited for (`proc(5)`, in hundredths).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}
