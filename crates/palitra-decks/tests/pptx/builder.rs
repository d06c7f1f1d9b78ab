//! Presentations made part by part, small enough to be read in a test.

use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

pub(crate) const NAMESPACES: &str = "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
     xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub(crate) type Parts = Vec<(String, Vec<u8>)>;

/// A wide page, slides of which each has the shapes given (XML) and, where not empty, notes. All have one layout: a title on top, a body below.
pub(crate) fn presentation(slides: &[(&str, &str)]) -> Parts {
    sized((12_192_000, 6_858_000), slides)
}

pub(crate) fn sized((width, height): (i64, i64), slides: &[(&str, &str)]) -> Parts {
    let numbers = 1..=slides.len();
    let ids: String =
        numbers.clone().map(|n| format!("<p:sldId id=\"{}\" r:id=\"rId{n}\"/>", 255 + n)).collect();
    let named: Vec<(String, String)> =
        numbers.map(|n| ("slide".to_owned(), format!("slides/slide{n}.xml"))).collect();
    let mut parts = vec![
        part(
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>",
        ),
        part("_rels/.rels", &relations(&[("officeDocument".to_owned(), "ppt/presentation.xml".to_owned())])),
        part(
            "ppt/presentation.xml",
            &format!(
                "<p:presentation {NAMESPACES}><p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx=\"{width}\" cy=\"{height}\"/></p:presentation>"
            ),
        ),
        part("ppt/_rels/presentation.xml.rels", &relations(&named)),
        part("ppt/slideLayouts/slideLayout1.xml", &layout(width, height)),
    ];
    for (at, (shapes, notes)) in slides.iter().enumerate() {
        let n = at + 1;
        let mut named = vec![("slideLayout".to_owned(), "../slideLayouts/slideLayout1.xml".to_owned())];
        if !notes.is_empty() {
            named.push(("notesSlide".to_owned(), format!("../notesSlides/notesSlide{n}.xml")));
            let notes = page("notes", &placeholder(2, "type=\"body\" idx=\"1\"", notes));
            parts.push(part(&format!("ppt/notesSlides/notesSlide{n}.xml"), &notes));
        }
        parts.push(part(&format!("ppt/slides/slide{n}.xml"), &page("sld", shapes)));
        parts.push(part(&format!("ppt/slides/_rels/slide{n}.xml.rels"), &relations(&named)));
    }
    parts
}

pub(crate) fn part(name: &str, text: &str) -> (String, Vec<u8>) {
    (name.to_owned(), text.as_bytes().to_vec())
}

/// Relationships `rId1`, `rId2`, … of these kinds, to these targets.
pub(crate) fn relations(named: &[(String, String)]) -> String {
    let named = named.iter().zip(1..).map(|((kind, target), n)| {
        format!("<Relationship Id=\"rId{n}\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/>")
    });
    format!("<Relationships xmlns=\"{RELATIONS}\">{}</Relationships>", named.collect::<String>())
}

/// A slide (`sld`), layout or page of notes with these shapes.
pub(crate) fn page(kind: &str, shapes: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<p:{kind} {NAMESPACES}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id=\"1\" name=\"\"/>\
         <p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:{kind}>"
    )
}

/// Margins of a twentieth, the title above a fifth of the page.
fn layout(width: i64, height: i64) -> String {
    let frame = |y, height| {
        format!(
            "<a:xfrm><a:off x=\"{}\" y=\"{y}\"/><a:ext cx=\"{}\" cy=\"{height}\"/></a:xfrm>",
            width / 20,
            width * 9 / 10
        )
    };
    let place = |id, kind: &str, frame: &str| {
        format!(
            "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"Place {id}\"/><p:cNvSpPr/><p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr>\
             <p:spPr>{frame}</p:spPr></p:sp>"
        )
    };
    let places = [
        place(2, "type=\"title\"", &frame(height / 20, height * 3 / 20)),
        place(3, "idx=\"1\"", &frame(height / 4, height * 7 / 10)),
        place(4, "type=\"pic\" idx=\"13\"", &frame(height / 4, height * 7 / 10)),
    ];
    page("sldLayout", &places.concat())
}

fn body(text: &str) -> String {
    let paragraphs = text.lines().map(|line| format!("<a:p><a:r><a:t>{line}</a:t></a:r></a:p>"));
    format!("<p:txBody><a:bodyPr/><a:lstStyle/>{}</p:txBody>", paragraphs.collect::<String>())
}

/// A placeholder, `kind` being the attributes of its `ph`; a paragraph a line, none for an empty one.
pub(crate) fn placeholder(id: u32, kind: &str, text: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"Shape {id}\"/><p:cNvSpPr/><p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr><p:spPr/>{}</p:sp>",
        body(text)
    )
}

pub(crate) fn title(text: &str) -> String {
    placeholder(2, "type=\"title\"", text)
}

pub(crate) fn content(text: &str) -> String {
    placeholder(3, "idx=\"1\"", text)
}

/// A text box: where it is, and its text.
pub(crate) fn text_box(id: u32, frame: [i64; 4], text: &str) -> String {
    let [x, y, width, height] = frame;
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"{id}\" name=\"Box {id}\"/><p:cNvSpPr txBox=\"1\"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>\
         <a:off x=\"{x}\" y=\"{y}\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm></p:spPr>{}</p:sp>",
        body(text)
    )
}

/// Anything else that stands there: a table without rows.
pub(crate) fn thing(id: u32, frame: [i64; 4]) -> String {
    let [x, y, width, height] = frame;
    format!(
        "<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id=\"{id}\" name=\"Table {id}\"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>\
         <p:xfrm><a:off x=\"{x}\" y=\"{y}\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></p:xfrm><a:graphic/></p:graphicFrame>"
    )
}

pub(crate) fn packed(parts: &Parts) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("a zip").into_inner()
}

pub(crate) fn unpacked(bytes: &[u8]) -> Parts {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut parts = Parts::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).expect("a part");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("whole");
        parts.push((file.name().expect("a name").into_owned(), bytes));
    }
    parts
}

/// A part as text.
#[track_caller]
pub(crate) fn text_of(bytes: &[u8], part: &str) -> String {
    let found = unpacked(bytes).into_iter().find(|(name, _)| name == part);
    String::from_utf8(found.unwrap_or_else(|| panic!("no {part}")).1).expect("text")
}

/// The presentation with one part changed.
pub(crate) fn with(mut parts: Parts, name: &str, change: impl Fn(&str) -> String) -> Parts {
    let at = parts.iter().position(|(part, _)| part == name).expect("a part of this name");
    let text = String::from_utf8(parts[at].1.clone()).expect("text");
    parts[at].1 = change(&text).into_bytes();
    parts
}
