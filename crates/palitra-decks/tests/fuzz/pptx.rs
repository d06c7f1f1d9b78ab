//! The target of presentations: whatever bytes are, they are answered, and a presentation that takes a picture is still the same one.

use palitra_decks::{PptxPicture, illustrated_pptx, read};
use palitra_domain::media_type::FileFormat;
use std::io::{Cursor, Read, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// As a file, and as the XML of a slide in a whole one: packed bytes that are changed are mostly found by their checksums.
pub(crate) fn fuzz_pptx(bytes: &[u8]) {
    presentation(bytes);
    presentation(&around(bytes));
}

fn presentation(file: &[u8]) {
    let Ok(deck) = read(file, "deck.pptx") else { return };
    let pictures: Vec<PptxPicture> = deck
        .slides
        .iter()
        .take(3)
        .map(|slide| PptxPicture {
            slide: slide.number,
            format: FileFormat::Jpeg,
            width: 1600,
            height: 900,
            alt: slide.title.clone(),
        })
        .collect();
    let open = |_: &PptxPicture| Ok(Box::new(Cursor::new(b"\xff\xd8\xff")) as Box<dyn Read>);
    let mut out = Cursor::new(Vec::new());
    if illustrated_pptx(file, &pictures, open, &mut out).is_ok() {
        let again = read(out.get_ref(), "deck.pptx");
        assert_eq!(again.as_ref(), Ok(&deck), "the same slides");
    }
}

const PAGES: &str = "http://schemas.openxmlformats.org/presentationml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn around(slide: &[u8]) -> Vec<u8> {
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let main = format!(
        "<p:presentation xmlns:p=\"{PAGES}\" xmlns:r=\"{TYPES}\"><p:sldIdLst><p:sldId r:id=\"rId1\"/></p:sldIdLst></p:presentation>"
    );
    let start = relation("officeDocument", "ppt/presentation.xml");
    let named = relation("slide", "slides/slide1.xml");
    let parts: [(&str, &[u8]); 5] = [
        (
            "[Content_Types].xml",
            b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        ("_rels/.rels", start.as_bytes()),
        ("ppt/presentation.xml", main.as_bytes()),
        ("ppt/_rels/presentation.xml.rels", named.as_bytes()),
        ("ppt/slides/slide1.xml", slide),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("a zip").into_inner()
}
