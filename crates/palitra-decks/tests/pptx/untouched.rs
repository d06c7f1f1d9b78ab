//! What stays as it was, and what a second run does.

use super::builder::{
    Parts, content, packed, part, placeholder, presentation, text_of, title, unpacked, with,
};
use super::{LIGHTHOUSE, illustrated, picture};
use palitra_decks::{Placement, read};
use palitra_domain::media_type::FileFormat;
use std::collections::BTreeSet;
use std::io::Cursor;
use zip::ZipArchive;

fn all(width: u32, height: u32) -> Vec<palitra_decks::PptxPicture> {
    (1..=7).map(|slide| picture(slide, width, height)).collect()
}

/// Every member with its packed bytes and its place in the file's time.
fn raw(bytes: &[u8]) -> Vec<(String, Vec<u8>, String)> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut members = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index_raw(at).expect("a member");
        let mut packed = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut packed).expect("whole");
        members.push((
            file.name().expect("a name").into_owned(),
            packed,
            format!("{:?}", file.last_modified()),
        ));
    }
    members
}

#[test]
fn s0_40_parts_without_a_picture_are_copied_as_they_were_packed() {
    let (written, _) = illustrated(LIGHTHOUSE, &[picture(2, 1536, 864)]);
    let (before, after) = (raw(LIGHTHOUSE), raw(&written));
    let changed = ["[Content_Types].xml", "ppt/slides/slide2.xml", "ppt/slides/_rels/slide2.xml.rels"];
    for (member, now) in before.iter().zip(&after) {
        assert_eq!(member.0, now.0, "the order stays");
        assert_eq!(member == now, !changed.contains(&member.0.as_str()), "{}", member.0);
    }
    let new: Vec<&str> = after[before.len()..].iter().map(|member| member.0.as_str()).collect();
    assert_eq!(new, ["ppt/media/palitra2.png"]);
    assert_eq!(after[before.len()].1, super::png::png(1536, 864), "a picture is not packed again");
}

#[test]
fn s0_40_a_slide_is_only_inserted_into() {
    let (written, placements) = illustrated(LIGHTHOUSE, &all(1536, 864));
    for ((slide, placement), n) in placements.into_iter().zip(1..) {
        assert_eq!(slide, n);
        let name = format!("ppt/slides/slide{n}.xml");
        let (before, after) = (text_of(LIGHTHOUSE, &name), text_of(&written, &name));
        if placement == Placement::NoRoom {
            assert_eq!(before, after);
            continue;
        }
        let start = after.find("<p:pic>").expect("a picture");
        let end = after.find("</p:pic>").expect("its end") + "</p:pic>".len();
        let rest = [&after[..start], &after[end..]].concat();
        match placement {
            Placement::Free => assert_eq!(rest, before),
            // A frame was put into the properties of what moved.
            Placement::Beside => {
                let mut rest = rest;
                while let Some(at) = rest.find("<p:spPr><a:xfrm>") {
                    let close = at + rest[at..].find("</p:spPr>").expect("its end") + "</p:spPr>".len();
                    rest.replace_range(at..close, "<p:spPr/>");
                }
                assert_eq!(rest, before);
            }
            // Instead of the empty placeholder.
            _ => {
                let end = before.len() - (after.len() - end);
                assert_eq!(after[..start], before[..start]);
                assert!(
                    before[..end].ends_with("</p:sp>") && before[start..].starts_with("<p:sp>"),
                    "{before}"
                );
                assert_eq!(before[start..end].matches("<p:sp>").count(), 1);
            }
        }
    }
    let (one, other) =
        (read(LIGHTHOUSE, "a.pptx").expect("a deck"), read(&written, "a.pptx").expect("a deck"));
    assert_eq!(one, other, "what is said on the slides is the same");
}

#[test]
fn s0_40_a_second_run_replaces_and_the_same_pictures_change_nothing() {
    let (once, _) = illustrated(LIGHTHOUSE, &all(1536, 864));
    let (twice, placements) = illustrated(&once, &all(1536, 864));
    assert!(once == twice, "the same file, byte for byte");
    let replaced = placements.iter().filter(|(_, placement)| *placement == Placement::Replaced).count();
    assert_eq!(replaced, 6);

    // Pictures of another shape and type: still one a slide, and no file is left behind.
    let mut others = all(800, 1200);
    others.iter_mut().for_each(|picture| picture.format = FileFormat::Jpeg);
    others[1].alt = "Other".to_owned();
    let (other, _) = illustrated(&twice, &others);
    let names: Vec<String> = unpacked(&other).into_iter().map(|(name, _)| name).collect();
    let media: Vec<&String> = names.iter().filter(|name| name.contains("media/palitra")).collect();
    assert!(media.iter().all(|name| name.ends_with(".jpg")) && media.len() == 6, "{media:?}");
    let slide = text_of(&other, "ppt/slides/slide2.xml");
    assert_eq!(slide.matches("<p:pic>").count(), 1);
    assert!(slide.contains("descr=\"Other\""), "{slide}");
    assert_eq!(text_of(&other, "[Content_Types].xml").matches("Extension=\"jpg\"").count(), 1);
    // Back again.
    let (back, _) = illustrated(&other, &all(1536, 864));
    assert_eq!(
        text_of(&back, "ppt/slides/_rels/slide2.xml.rels"),
        text_of(&once, "ppt/slides/_rels/slide2.xml.rels")
    );
    assert_eq!(
        text_of(&back, "ppt/slides/slide4.xml"),
        text_of(&once, "ppt/slides/slide4.xml"),
        "a placeholder is filled again"
    );
}

#[test]
fn s0_40_a_picture_that_was_moved_stays_where_it_is() {
    let (once, _) = illustrated(LIGHTHOUSE, &[picture(5, 1600, 900)]);
    let moved = with(unpacked(&once), "ppt/slides/slide5.xml", |text| {
        text.replace(
            "<a:off x=\"0\" y=\"0\"/><a:ext cx=\"12192000\" cy=\"6858000\"/>",
            "<a:off x=\"100\" y=\"200\"/><a:ext cx=\"3200000\" cy=\"1800000\"/>",
        )
    });
    let (again, placements) = illustrated(&packed(&moved), &[picture(5, 1600, 900)]);
    assert_eq!(placements, [(5, Placement::Replaced)]);
    assert!(
        text_of(&again, "ppt/slides/slide5.xml")
            .contains("<a:off x=\"100\" y=\"200\"/><a:ext cx=\"3200000\" cy=\"1800000\"/>")
    );
    let (square, _) = illustrated(&packed(&moved), &[picture(5, 900, 900)]);
    let slide = text_of(&square, "ppt/slides/slide5.xml");
    assert!(
        slide.contains("<a:off x=\"700100\" y=\"200\"/><a:ext cx=\"1800000\" cy=\"1800000\"/>"),
        "{slide}"
    );
}

#[test]
fn s0_40_a_file_that_others_use_is_not_taken_from_them() {
    let (once, _) = illustrated(LIGHTHOUSE, &[picture(2, 1600, 900)]);
    // Another slide shows the same picture, as when a presenter copies it.
    let shared = with(unpacked(&once), "ppt/slides/_rels/slide7.xml.rels", |text| {
        let image = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image";
        let new = format!(
            "<Relationship Id=\"rId77\" Type=\"{image}\" Target=\"../media/palitra2.png\"/></Relationships>"
        );
        text.replace("</Relationships>", &new)
    });
    let (again, _) = illustrated(&packed(&shared), &[picture(2, 1600, 900)]);
    let names: BTreeSet<String> = unpacked(&again).into_iter().map(|(name, _)| name).collect();
    assert!(
        names.contains("ppt/media/palitra2.png") && names.contains("ppt/media/palitra2-2.png"),
        "{names:?}"
    );
    assert!(text_of(&again, "ppt/slides/_rels/slide2.xml.rels").contains("../media/palitra2-2.png"));
}

#[test]
fn s0_40_the_way_a_file_was_packed_does_not_matter() {
    use std::io::Write;
    use zip::write::SimpleFileOptions;
    // Without seeking back, as programs write that send what they pack: sizes follow the data. A folder, and a comment at the end.
    let mut zip = zip::ZipWriter::new_stream(Vec::new());
    zip.set_comment("a comment").expect("a comment");
    zip.add_directory("ppt/", SimpleFileOptions::default()).expect("a folder");
    for (name, bytes) in unpacked(LIGHTHOUSE) {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(&bytes).expect("memory");
    }
    let file = zip.finish().expect("a zip").into_inner();
    let (written, placements) = illustrated(&file, &all(1536, 864));
    assert_eq!(placements, illustrated(LIGHTHOUSE, &all(1536, 864)).1);
    assert_eq!(ZipArchive::new(Cursor::new(&written)).expect("a zip").comment(), b"a comment");
    let before = unpacked(&file);
    let kept = unpacked(&written).into_iter().filter(|part| before.contains(part)).count();
    assert_eq!(before.len() - kept, 13, "six slides with their relationships, and the types");
}

fn lone(shapes: &str) -> Parts {
    presentation(&[(shapes, "")])
}

#[test]
fn s0_40_names_numbers_and_ids_are_free_ones() {
    let parts = with(lone(&title("A")), "ppt/slides/_rels/slide1.xml.rels", |text| {
        text.replace(
            "</Relationships>",
            "<Relationship Id=\"RID2\" Type=\"x/tags\" Target=\"a.xml\"/></Relationships>",
        )
    });
    let mut parts =
        with(parts, "ppt/slides/slide1.xml", |text| text.replace("id=\"2\"", "id=\"2147483647\""));
    parts.push(part("ppt/media/PALITRA1.PNG", ""));
    let (file, _) = illustrated(&packed(&parts), &[picture(1, 16, 9)]);
    let slide = text_of(&file, "ppt/slides/slide1.xml");
    assert!(slide.contains("<p:cNvPr id=\"2\" name=\"Palitra 1\" descr=\"Picture 1\"/>"), "{slide}");
    assert!(slide.contains("r:embed=\"rId3\""), "{slide}");
    let relations = text_of(&file, "ppt/slides/_rels/slide1.xml.rels");
    assert!(
        relations.contains("Id=\"rId3\"") && relations.contains("Target=\"../media/palitra1-2.png\""),
        "{relations}"
    );
}

#[test]
fn s0_40_other_spellings_of_the_same_xml_are_understood() {
    // Other prefixes, the strict namespaces, no relationships yet, `spTree` with an extension at its end, types by default namespace or not.
    let strict = |text: &str| {
        text.replace("<p:", "<s:")
            .replace("</p:", "</s:")
            .replace("xmlns:p", "xmlns:s")
            .replace("<a:", "<d:")
            .replace("</a:", "</d:")
            .replace("xmlns:a", "xmlns:d")
            .replace("schemas.openxmlformats.org/presentationml/2006", "purl.oclc.org/ooxml/presentationml")
            .replace("schemas.openxmlformats.org/drawingml/2006", "purl.oclc.org/ooxml/drawingml")
            .replace("schemas.openxmlformats.org/officeDocument/2006", "purl.oclc.org/ooxml/officeDocument")
    };
    let shapes = [title("A"), placeholder(7, "type=\"body\" idx=\"1\"", "b &#169;")].concat();
    let parts = with(lone(&shapes), "ppt/slides/slide1.xml", |text| {
        strict(&text.replace("</p:spTree>", "<p:extLst><p:ext uri=\"x\"/></p:extLst></p:spTree>"))
    });
    let parts = with(parts, "[Content_Types].xml", |text| {
        text.replace("<Types xmlns=", "<t:Types xmlns:t=")
            .replace("<Default", "<t:Default")
            .replace("</Types>", "</t:Types>")
    });
    let (file, placements) = illustrated(&packed(&parts), &[picture(1, 16, 9)]);
    assert_eq!(placements, [(1, Placement::Beside)]);
    let slide = text_of(&file, "ppt/slides/slide1.xml");
    let strict = "http://purl.oclc.org/ooxml/";
    assert!(
        slide.contains(&format!(
            "<p:pic xmlns:p=\"{strict}presentationml/main\" xmlns:a=\"{strict}drawingml/main\"><p:nvPicPr>"
        )),
        "{slide}"
    );
    assert!(slide.contains(&format!("<s:spPr><a:xfrm xmlns:a=\"{strict}drawingml/main\">")), "{slide}");
    assert!(slide.contains("</p:pic><s:extLst>"), "an extension stays last: {slide}");
    let relations = text_of(&file, "ppt/slides/_rels/slide1.xml.rels");
    assert!(
        relations.contains(&format!("Type=\"{strict}officeDocument/relationships/image\"")),
        "{relations}"
    );
    assert!(
        text_of(&file, "[Content_Types].xml")
            .contains("content-types\" Extension=\"png\" ContentType=\"image/png\"/></t:Types>")
    );

    let alone: Parts = lone("").into_iter().filter(|(name, _)| !name.ends_with("slide1.xml.rels")).collect();
    let (file, placements) = illustrated(&packed(&alone), &[picture(1, 16, 9)]);
    assert_eq!(placements, [(1, Placement::Free)]);
    let relations = text_of(&file, "ppt/slides/_rels/slide1.xml.rels");
    assert!(relations.ends_with("Target=\"../media/palitra1.png\"/></Relationships>"), "{relations}");
    assert!(read(&file, "a.pptx").is_err(), "it says nothing, and is whole");
}

#[test]
fn s0_40_an_extension_that_means_something_else_is_overridden() {
    let parts = with(lone(&[title("A"), content("b")].concat()), "[Content_Types].xml", |text| {
        text.replace("</Types>", "<Default Extension=\"PNG\" ContentType=\"image/x-png\"/></Types>")
    });
    let (file, _) = illustrated(&packed(&parts), &[picture(1, 16, 9)]);
    let types = text_of(&file, "[Content_Types].xml");
    assert!(
        types.contains("<Override PartName=\"/ppt/media/palitra1.png\" ContentType=\"image/png\"/>"),
        "{types}"
    );
    let (again, _) = illustrated(&file, &[picture(1, 16, 9)]);
    assert_eq!(types, text_of(&again, "[Content_Types].xml"));
    let mut jpeg = picture(1, 16, 9);
    jpeg.format = FileFormat::Jpeg;
    let (other, _) = illustrated(&file, &[jpeg]);
    assert!(
        !text_of(&other, "[Content_Types].xml").contains("Override"),
        "what is gone is not named any more"
    );
}

#[test]
fn s0_40_descriptions_are_any_text() {
    let mut one = picture(1, 16, 9);
    one.alt = "A \"lens\" <of>\n&amp; кольца\u{1}\u{ffff}".to_owned();
    let (file, _) = illustrated(&packed(&lone(&title("A"))), &[one.clone()]);
    let slide = text_of(&file, "ppt/slides/slide1.xml");
    assert!(slide.contains("descr=\"A &quot;lens&quot; &lt;of&gt; &amp;amp; кольца  \""), "{slide}");
    let (again, _) = illustrated(&file, &[one]);
    assert!(file == again, "the same file again");
}
