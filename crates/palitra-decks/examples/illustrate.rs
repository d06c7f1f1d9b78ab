//! Puts pictures into a presentation: `cargo run -p palitra-decks --example illustrate -- IN.pptx OUT.pptx WIDTHxHEIGHT NUMBER=PICTURE…`.
#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use palitra_decks::{PptxPicture, illustrated_pptx, read};
use palitra_domain::media_type::FileFormat;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, size, files @ ..] = words.as_slice() else {
        return Err("illustrate IN.pptx OUT.pptx WIDTHxHEIGHT NUMBER=PICTURE…".into());
    };
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let (width, height) = (width.parse()?, height.parse()?);
    let original = std::fs::read(input)?;
    let deck = read(&original, input)?;
    let mut pictures = Vec::new();
    for file in files {
        let (number, name) = file.split_once('=').ok_or("a picture is NUMBER=FILE")?;
        let slide = number.parse()?;
        let alt = deck.slides.iter().find(|one| one.number == slide).map(|one| one.title.clone());
        let format = if name.ends_with(".png") { FileFormat::Png } else { FileFormat::Jpeg };
        let picture = PptxPicture { slide, format, width, height, alt: alt.unwrap_or_default() };
        pictures.push((picture, name));
    }
    let list: Vec<PptxPicture> = pictures.iter().map(|(picture, _)| picture.clone()).collect();
    let open = |picture: &PptxPicture| {
        let name = pictures.iter().find(|(one, _)| one == picture).map(|(_, name)| *name);
        let file = File::open(name.unwrap_or_default())?;
        Ok(Box::new(file) as Box<dyn Read>)
    };
    for (slide, placement) in illustrated_pptx(&original, &list, open, BufWriter::new(File::create(output)?))?
    {
        println!("{slide:>3} {placement:?}");
    }
    Ok(())
}
