//! How long a presentation takes to be read and to be illustrated, in memory: `cargo run --release -p palitra-decks --example pptx_speed --
//! DECK.pptx WIDTHxHEIGHT PICTURE`. The picture goes on every slide; the median of 50 runs is printed.
#![expect(clippy::disallowed_methods, reason = "a program that measures time")]
#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use palitra_decks::{PptxPicture, illustrated_pptx, read};
use palitra_domain::media_type::FileFormat;
use std::error::Error;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [deck, size, picture] = words.as_slice() else {
        return Err("pptx_speed DECK.pptx WIDTHxHEIGHT PICTURE".into());
    };
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let (width, height) = (width.parse()?, height.parse()?);
    let original = std::fs::read(deck)?;
    let bytes: Arc<[u8]> = std::fs::read(picture)?.into();
    let format = FileFormat::of(&bytes).ok_or("no picture")?;
    let slides = read(&original, deck)?.slides;
    let pictures: Vec<PptxPicture> = slides
        .into_iter()
        .map(|slide| PptxPicture { slide: slide.number, format, width, height, alt: slide.title })
        .collect();
    let (mut reading, mut writing) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        let started = Instant::now();
        read(&original, deck)?;
        reading.push(started.elapsed());
        let started = Instant::now();
        let open = |_: &PptxPicture| Ok(Box::new(Cursor::new(Arc::clone(&bytes))) as Box<dyn Read>);
        illustrated_pptx(&original, &pictures, open, Cursor::new(Vec::new()))?;
        writing.push(started.elapsed());
    }
    println!("read {:?}, {} pictures in {:?}", median(reading), pictures.len(), median(writing));
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
