//! Every reason a presentation is refused, with what to do about it.

use super::builder::{Parts, content, packed, part, presentation, relations, title, with};
use super::{LIGHTHOUSE, picture};
use palitra_decks::{DeckError, IllustrateError, PPTX_BYTES_MAX, PptxError, illustrated_pptx, read};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What is said about a file, and that the hint has the word.
#[track_caller]
fn refused(bytes: &[u8], message: &str, hint: &str) {
    let error = read(bytes, "deck.pptx").expect_err(message);
    assert_eq!(error.to_string(), message);
    assert!(error.hint().contains(hint), "{message}: {}", error.hint());
    assert!(error.code().starts_with("deck_"), "{}", error.code());
    // The writer reads as the reader does.
    let open = super::open;
    let written = illustrated_pptx(bytes, &[picture(1, 16, 9)], open, Cursor::new(Vec::new()));
    if !matches!(error, DeckError::Pptx(PptxError::NothingSaid)) && !message.contains("notesSlide") {
        assert!(matches!(written, Err(IllustrateError::Deck(other)) if other == error), "{message}");
    }
}

fn whole() -> Parts {
    presentation(&[(&[title("A"), content("b")].concat(), "a note")])
}

fn without(name: &str) -> Vec<u8> {
    let parts: Parts = whole().into_iter().filter(|(part, _)| part != name).collect();
    packed(&parts)
}

fn changed(name: &str, new: &str) -> Vec<u8> {
    packed(&with(whole(), name, |_| new.to_owned()))
}

/// A Compound File with a stream of this name: its magic, and the name in UTF-16, as the directory has it.
fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(1024, 0);
    bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

#[test]
fn s0_40_files_that_are_no_presentation_are_named() {
    refused(b"", "the deck is empty", "slides");
    refused(
        &compound("EncryptedPackage"),
        "the presentation is protected with a password",
        "remove the password",
    );
    let old = "the presentation is in the old format of PowerPoint 97 to 2003";
    refused(&compound("PowerPoint Document"), old, ".pptx");
    refused(&compound("WordDocument"), "Word decks cannot be read", ".pptx");
    let other = "the presentation is damaged: an old Office file without a presentation in it";
    refused(&compound("Contents"), other, "again");
    refused(
        &packed(&vec![part("a.txt", "")]),
        "the file is a zip archive without a presentation in it",
        ".pptx",
    );
    let odp = vec![
        part("mimetype", "application/vnd.oasis.opendocument.presentation"),
        part("content.xml", "<a/>"),
    ];
    refused(&packed(&odp), "OpenDocument decks cannot be read", ".pptx");
    for (root, kind) in [("document", "Word"), ("workbook", "Excel")] {
        let start = relations(&[("officeDocument".to_owned(), "main.xml".to_owned())]);
        let parts =
            vec![part("_rels/.rels", &start), part("main.xml", &format!("<w:{root} xmlns:w=\"urn:w\"/>"))];
        refused(&packed(&parts), &format!("{kind} decks cannot be read"), ".pptx");
    }
}

#[test]
fn s0_40_damage_is_said_with_the_part() {
    let broken = |bytes: &[u8]| read(bytes, "deck.pptx").expect_err("a broken file").to_string();
    let file = packed(&whole());
    for bytes in [&file[..file.len() / 2], &file[..30], b"PK\x03\x04", b"this is no zip"] {
        assert!(broken(bytes).starts_with("the presentation is damaged: "), "{}", broken(bytes));
    }
    for name in ["ppt/presentation.xml", "ppt/slides/slide1.xml", "ppt/notesSlides/notesSlide1.xml"] {
        refused(&without(name), &format!("`{name}` is missing in the presentation"), "save it again");
    }
    let no_relations = without("ppt/_rels/presentation.xml.rels");
    refused(&no_relations, "`ppt/presentation.xml#rId1` is missing in the presentation", "save it again");
    refused(
        &changed("ppt/slides/slide1.xml", "<a>\n<b></a>"),
        "`ppt/slides/slide1.xml` in the presentation is bad XML on line 2, column 4: expected 'b' tag, not 'a'",
        "save it again",
    );
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut parts = whole();
    parts.iter_mut().find(|(name, _)| name == "ppt/slides/slide1.xml").expect("a slide").1 =
        [b"\xff\xfe", &utf16[..]].concat();
    refused(
        &packed(&parts),
        "`ppt/slides/slide1.xml` in the presentation is not UTF-8 text",
        "save it again",
    );
    let twice = with(whole(), "ppt/presentation.xml", |text| {
        text.replace("</p:sldIdLst>", "<p:sldId id=\"900\" r:id=\"rId1\"/></p:sldIdLst>")
    });
    refused(
        &packed(&twice),
        "`ppt/slides/slide1.xml` in the presentation is two slides at once",
        "save it again",
    );
    refused(&packed(&presentation(&[])), "the presentation has no slides", "add slides");
    let blank = packed(&presentation(&[("", ""), ("", "only for me")]));
    refused(&blank, "no slide of the presentation has text or a ready prompt", "Prompt:");
}

#[test]
fn s0_40_bombs_are_not_unpacked() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>";
    let said = "`ppt/slides/slide1.xml` in the presentation has a document type declaration";
    refused(&changed("ppt/slides/slide1.xml", bomb), said, "save it again");
    let said = |what: &str| format!("`ppt/slides/slide1.xml` in the presentation {what}");
    let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
    refused(
        &changed("ppt/slides/slide1.xml", &deep),
        &said("has elements too deep inside each other"),
        "again",
    );
    let many: String = (0..5_000).map(|at| format!(" a{at}=\"\"")).collect();
    refused(
        &changed("ppt/slides/slide1.xml", &format!("<a{many}/>")),
        &said("has too many attributes"),
        "again",
    );
    let spaces: String = (0..150).map(|at| format!(" xmlns:n{at}=\"urn:{at}\"")).collect();
    refused(
        &changed("ppt/slides/slide1.xml", &format!("<a{spaces}/>")),
        &said("declares too many namespaces"),
        "again",
    );
    // In a processing instruction a quote opens nothing, so what follows is still counted.
    refused(
        &changed("ppt/slides/slide1.xml", &format!("<?x \"?>{deep}")),
        &said("has elements too deep inside each other"),
        "again",
    );
    let wide = format!("<a>{}</a>", "<b/>".repeat(1_000_001));
    refused(&changed("ppt/slides/slide1.xml", &wide), &said("has too many elements"), "again");

    let large = changed("ppt/slides/slide1.xml", &format!("<a>{}</a>", " ".repeat(17 * 1024 * 1024)));
    assert!(large.len() < 100_000, "the bomb is small: {}", large.len());
    refused(&large, "`ppt/slides/slide1.xml` in the presentation has more than 16777216 bytes", "split");
    // Eighteen notes, each as large as one may be, are too much together.
    let note = format!("<a>{}</a>", " ".repeat(15 * 1024 * 1024));
    let slides = vec![("", "note"); 18];
    let mut parts = presentation(&slides);
    for (_, bytes) in parts.iter_mut().filter(|(name, _)| name.starts_with("ppt/notesSlides/")) {
        *bytes = note.clone().into_bytes();
    }
    let error = read(&packed(&parts), "deck.pptx").expect_err("a bomb of many parts");
    assert!(matches!(error, DeckError::Pptx(PptxError::UnpacksTooLarge { .. })), "{error}");

    let mut parts = whole();
    parts.extend((0..20_001).map(|at| part(&format!("ppt/media/{at}"), "")));
    let error = read(&packed(&parts), "deck.pptx").expect_err("too many parts");
    assert!(matches!(error, DeckError::Pptx(PptxError::TooManyParts { count: 20_001.. })), "{error}");
    let error = read(&vec![0; PPTX_BYTES_MAX + 1], "deck.pptx").expect_err("too large");
    assert_eq!(error, DeckError::Pptx(PptxError::TooLarge { bytes: PPTX_BYTES_MAX + 1 }));
}

#[test]
fn s0_40_a_presentation_has_five_hundred_slides_at_most() {
    let slides = vec![("", ""); 499];
    let last = title("last");
    let with_last = |slides: &[(&str, &str)], more: usize| {
        let more = vec![(last.as_str(), ""); more];
        packed(&presentation(&[slides, &more].concat()))
    };
    assert_eq!(read(&with_last(&slides, 1), "deck.pptx").expect("as many as may be").slides.len(), 500);
    let said = "the deck has 501 slides, more than 500: slide 501 is too many";
    refused(&with_last(&slides, 2), said, "split");
}

#[test]
fn s0_40_parts_that_point_at_each_other_in_a_circle_end() {
    let circle = relations(&[("slideLayout".to_owned(), "slide1.xml".to_owned())]);
    let parts = with(whole(), "ppt/slides/_rels/slide1.xml.rels", |_| circle.clone());
    let file = packed(&parts);
    assert_eq!(read(&file, "deck.pptx").expect("a deck").slides[0].title, "A");
    let open = super::open;
    illustrated_pptx(&file, &[picture(1, 16, 9)], open, Cursor::new(Vec::new())).expect("an end");
}

#[test]
fn s0_40_encrypted_members_are_a_password() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("ppt/presentation.xml", SimpleFileOptions::default()).expect("a part");
    zip.write_all(b"<a/>").expect("memory");
    let mut file = zip.finish().expect("a zip").into_inner();
    // Bit 0 of the flags, in the local header and in the central one (APPNOTE 4.4.4).
    let central = file.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    file[6] |= 1;
    file[central + 8] |= 1;
    refused(&file, "the presentation is protected with a password", "remove the password");
}

#[test]
fn s0_40_pictures_that_powerpoint_cannot_show_are_refused() {
    let one = |change: fn(&mut palitra_decks::PptxPicture)| {
        let mut picture = picture(1, 16, 9);
        change(&mut picture);
        let open = |_: &palitra_decks::PptxPicture| -> std::io::Result<Box<dyn std::io::Read>> {
            Ok(Box::new(Cursor::new(b"RIFF\0\0\0\0WEBPVP8 ")))
        };
        illustrated_pptx(LIGHTHOUSE, &[picture], open, Cursor::new(Vec::new()))
            .expect_err("refused")
            .to_string()
    };
    use palitra_domain::media_type::FileFormat;
    let neither = "the picture for slide 1 is neither PNG nor JPEG";
    assert_eq!(one(|picture| picture.format = FileFormat::WebP), neither);
    assert_eq!(one(|_| ()), neither, "whatever is said of it");
    assert_eq!(one(|picture| picture.width = 0), "the picture for slide 1 has no size");
    assert_eq!(one(|picture| picture.slide = 8), "the presentation has no slide 8");
    assert_eq!(one(|picture| picture.slide = 0), "the presentation has no slide 0");
    let open = |_: &palitra_decks::PptxPicture| -> std::io::Result<Box<dyn std::io::Read>> {
        Err(std::io::Error::other("gone"))
    };
    let error = illustrated_pptx(LIGHTHOUSE, &[picture(1, 16, 9)], open, Cursor::new(Vec::new()));
    assert!(matches!(error, Err(IllustrateError::Picture { slide: 1, .. })), "{error:?}");
}
