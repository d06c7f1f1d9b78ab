//! PowerPoint in and out, through what the crate offers: presentations made here part by part, and the one in `examples/`.

mod builder;
mod hostile;
mod outside;
mod placed;
mod png;
mod reading;
mod refused;
#[path = "../fuzz/pptx.rs"]
mod target;
mod untouched;

use palitra_decks::{Placement, PptxPicture, illustrated_pptx};
use palitra_domain::media_type::FileFormat;
use std::io::{Cursor, Read};

const LIGHTHOUSE: &[u8] = include_bytes!("../../../../examples/lighthouse.pptx");

fn picture(slide: u32, width: u32, height: u32) -> PptxPicture {
    PptxPicture { slide, format: FileFormat::Png, width, height, alt: format!("Picture {slide}") }
}

/// Puts pictures of one colour into a presentation.
#[track_caller]
fn illustrated(original: &[u8], pictures: &[PptxPicture]) -> (Vec<u8>, Vec<(u32, Placement)>) {
    let mut out = Cursor::new(Vec::new());
    let placements =
        illustrated_pptx(original, pictures, open, &mut out).expect("an illustrated presentation");
    (out.into_inner(), placements)
}

#[expect(clippy::unnecessary_wraps, reason = "the writer wants it so")]
fn open(picture: &PptxPicture) -> std::io::Result<Box<dyn Read>> {
    let bytes = match picture.format {
        FileFormat::Jpeg => b"\xff\xd8\xff\xe0 the rest is not looked at".to_vec(),
        _ => png::png(picture.width, picture.height),
    };
    Ok(Box::new(Cursor::new(bytes)))
}
