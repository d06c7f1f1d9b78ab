//! What is read off slides and notes.

use super::LIGHTHOUSE;
use super::builder::{content, packed, part, placeholder, presentation, text_box, title, with};
use palitra_decks::{Deck, Format, Place, Slide, read};

#[track_caller]
fn deck(slides: &[(&str, &str)]) -> Deck {
    read(&packed(&presentation(slides)), "deck.pptx").expect("a deck")
}

/// One slide: its shapes and notes, and what is read of them.
#[track_caller]
fn check(shapes: &str, notes: &str, expected: (&str, &str, Option<&str>)) {
    let slides = [(shapes, notes), (&title("last"), "")];
    let slide = deck(&slides).slides.swap_remove(0);
    assert_eq!(
        (slide.title.as_str(), slide.content.as_str(), slide.prompt.as_deref()),
        expected,
        "{shapes}\n{notes}"
    );
}

const BOX: [i64; 4] = [0, 0, 914_400, 914_400];

#[test]
fn s0_40_titles_and_content_are_what_is_shown() {
    check(&[title("A"), content("b\nc")].concat(), "", ("A", "b\nc", None));
    check(&[content("b\nc"), title("A")].concat(), "", ("A", "b\nc", None));
    check(&placeholder(2, "type=\"ctrTitle\"", "A\nwide  title"), "", ("A wide title", "", None));
    check(&[title("A"), placeholder(3, "type=\"subTitle\" idx=\"1\"", "b")].concat(), "", ("A", "b", None));
    // Without a title the first line stands in for it, and stays content.
    check(&text_box(2, BOX, "b\nc"), "", ("b", "b\nc", None));
    check(&[title(""), content("b")].concat(), "", ("b", "b", None));
    check(&title("Слайд 7: Линза"), "", ("Линза", "", None));
    check(&title("Слайд 7"), "", ("Слайд 7", "", None));
    check(&content("Содержание:\nb"), "", ("b", "b", None));
    check("", "", ("", "", None));
    // Footers, dates and slide numbers are no content.
    let around =
        ["ftr", "dt", "sldNum"].map(|kind| placeholder(5, &format!("type=\"{kind}\" idx=\"9\""), "2026"));
    check(&[title("A"), around.concat()].concat(), "", ("A", "", None));
    let field = "<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:p><a:r><a:t>on </a:t></a:r>\
                 <a:fld type=\"slidenum\"><a:t>4</a:t></a:fld><a:br/><a:r><a:t>b &amp; c</a:t></a:r></a:p></p:txBody></p:sp>";
    check(
        &[title("A"), field.to_owned()].concat(),
        "",
        ("A", "on\nb &amp; c".replace("&amp;", "&").as_str(), None),
    );
}

#[test]
fn s0_40_groups_tables_and_alternatives_are_read() {
    let group =
        format!("<p:grpSp><p:grpSp>{}</p:grpSp>{}</p:grpSp>", text_box(4, BOX, "b"), text_box(5, BOX, "c"));
    check(&[title("A"), group].concat(), "", ("A", "b\nc", None));
    let cell =
        |text: &str| format!("<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>");
    let rows =
        [[cell("b"), cell("")], [cell("c"), cell("d")]].map(|row| format!("<a:tr>{}</a:tr>", row.concat()));
    let table = format!(
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>",
        rows.concat()
    );
    check(&[title("A"), table].concat(), "", ("A", "b\nc, d", None));
    let choice = format!(
        "<m:AlternateContent xmlns:m=\"urn:m\"><m:Choice>{}</m:Choice><m:Fallback>{}</m:Fallback></m:AlternateContent>",
        text_box(4, BOX, "new"),
        text_box(4, BOX, "old")
    );
    check(&[title("A"), choice].concat(), "", ("A", "new", None));
}

#[test]
fn s0_40_words_in_diagrams_are_content() {
    let frame = "<p:graphicFrame><a:graphic><a:graphicData><d:relIds xmlns:d=\"urn:d\" r:dm=\"rId9\"/></a:graphicData></a:graphic></p:graphicFrame>";
    let parts = presentation(&[(&[&title("A"), frame].concat(), "")]);
    let mut parts = with(parts, "ppt/slides/_rels/slide1.xml.rels", |text| {
        let data = "<Relationship Id=\"rId9\" Type=\"x/diagramData\" Target=\"../diagrams/data1.xml\"/></Relationships>";
        text.replace("</Relationships>", data)
    });
    let point = |text: &str| format!("<d:pt><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>");
    let points = [point("b"), point(""), point("c")].concat();
    let data =
        format!("<d:dataModel xmlns:d=\"urn:d\" xmlns:a=\"urn:a\"><d:ptLst>{points}</d:ptLst></d:dataModel>");
    parts.push(part("ppt/diagrams/data1.xml", &data));
    assert_eq!(read(&packed(&parts), "deck.pptx").expect("a deck").slides[0].content, "b\nc");
}

#[test]
fn s0_40_ready_prompts_stand_in_notes_and_boxes() {
    let shapes = [title("A"), content("b")].concat();
    let cases = [
        ("Prompt: A cat", Some("A cat")),
        ("DALL-E Prompt:\n\"A cat\non a mat\"", Some("A cat\non a mat")),
        ("Say hello\nПромпт: Кот\n\nand bye", Some("Кот")),
        ("Say hello", None),
        ("Prompt:", None),
    ];
    for (notes, prompt) in cases {
        check(&shapes, notes, ("A", "b", prompt));
    }
    check(&[title("A"), content("b\nPrompt: A cat\nc")].concat(), "", ("A", "b\nc", Some("A cat")));
    check(&[title("A"), content("b\nPrompt:\nA cat\nc")].concat(), "", ("A", "b\nc", Some("A cat")));
    check(
        &[title("A"), text_box(4, BOX, "Prompt: A cat\non a mat")].concat(),
        "",
        ("A", "", Some("A cat\non a mat")),
    );
    // What stands on the slide counts first.
    check(&[title("A"), content("Prompt: A cat")].concat(), "Prompt: A dog", ("A", "", Some("A cat")));
    // A slide of pictures only with a prompt in its notes is no blank one.
    check("", "Prompt: A cat", ("", "", Some("A cat")));
}

#[test]
fn s0_40_slides_are_numbered_as_they_are_shown() {
    let (a, b, c) = (title("Слайд 9: A"), title("B"), title("C"));
    let parts = presentation(&[(&a, ""), ("", ""), (&b, ""), (&c, "")]);
    // The list of slides is the order, not the names of their files; a hidden slide is a slide.
    let parts = with(parts, "ppt/presentation.xml", |text| {
        text.replace("rId1\"", "x\"").replace("rId4\"", "rId1\"").replace("\"x\"", "\"rId4\"")
    });
    let parts = with(parts, "ppt/slides/slide3.xml", |text| text.replace("<p:sld ", "<p:sld show=\"0\" "));
    let deck = read(&packed(&parts), "deck.pptx").expect("a deck");
    let slides: Vec<_> =
        deck.slides.iter().map(|one| (one.number, one.title.as_str(), one.place.clone())).collect();
    let place = Place::Slide;
    assert_eq!(slides, [(1, "C", place(1)), (2, "", place(2)), (3, "B", place(3)), (4, "A", place(4))]);
    assert!(deck.slides[1].is_blank());
    assert_eq!((deck.format, deck.title.as_str()), (Format::Pptx, "C"));
}

#[test]
fn s0_40_the_same_deck_in_three_formats_is_the_same_slides() {
    let said = [
        ("Маяки", "Зачем они\nКак светят", None),
        ("Линза", "Кольца & стекло", Some("A lens, no text")),
        ("Конец", "", None),
    ];
    let markdown = said.map(|(title, content, prompt)| {
        let lines: String =
            content.lines().map(|line| format!("- {}\n", line.replace('&', "&amp;"))).collect();
        let prompt = prompt.map(|prompt| format!("\n<!--\nPrompt: {prompt}\n-->\n")).unwrap_or_default();
        format!("# {title}\n\n{lines}{prompt}")
    });
    let markdown = format!("---\nmarp: true\n---\n\n{}", markdown.join("\n---\n\n"));
    let json = said.map(
        |(title, content, prompt)| serde_json::json!({"title": title, "content": content, "prompt": prompt}),
    );
    let json = serde_json::json!({ "slides": json }).to_string();
    let pages = said.map(|(head, text, prompt)| {
        let notes = prompt.map(|prompt| format!("Prompt: {prompt}")).unwrap_or_default();
        ([title(head), content(&text.replace('&', "&amp;"))].concat(), notes)
    });
    let pages: Vec<(&str, &str)> =
        pages.iter().map(|(shapes, notes)| (shapes.as_str(), notes.as_str())).collect();
    let pptx = packed(&presentation(&pages));
    let key =
        |slide: &Slide| (slide.number, slide.title.clone(), slide.content.clone(), slide.prompt.clone());
    let slides = |bytes: &[u8], name: &str| -> Vec<_> {
        read(bytes, name).expect(name).slides.iter().map(key).collect()
    };
    let from_markdown = slides(markdown.as_bytes(), "deck.md");
    assert_eq!(from_markdown, slides(json.as_bytes(), "deck.json"));
    assert_eq!(from_markdown, slides(&pptx, "deck.pptx"));
}

#[test]
fn s0_40_the_content_says_that_it_is_a_presentation() {
    for name in ["a.pptx", "a.PPTX", "a.ppsx", "a.potx", "a.ppt", "a", "-", "a.zip", "a.md"] {
        assert_eq!(read(LIGHTHOUSE, name).expect(name).format, Format::Pptx, "{name}");
    }
}

#[test]
fn s0_40_the_example_is_read_as_it_looks() {
    let deck = read(LIGHTHOUSE, "lighthouse.pptx").expect("the example");
    let titles: Vec<&str> = deck.slides.iter().map(|slide| slide.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Маяки Балтики",
            "Зачем нужен маяк",
            "Линза Френеля",
            "Смотритель",
            "",
            "Три маяка",
            "Раньше и теперь"
        ]
    );
    let ready: Vec<u32> =
        deck.slides.iter().filter(|one| one.prompt.is_some()).map(|one| one.number).collect();
    assert_eq!(ready, [3, 5]);
    assert!(deck.slides[5].content.contains("Осиновецкий, 1910, 70"), "{:?}", deck.slides[5]);
    assert!(deck.slides.iter().all(|slide| !slide.content.contains("Prompt")));
}

#[test]
fn s0_40_a_presentation_becomes_a_marp_deck_too() {
    let deck = read(LIGHTHOUSE, "lighthouse.pptx").expect("the example");
    let pictures = [(2, "02.png".to_owned())].into_iter().collect();
    let text = palitra_decks::illustrated_markdown("", &deck, &pictures, None);
    assert!(text.starts_with("---\nmarp: true\ntitle: \"Маяки Балтики\"\n---\n"), "{text}");
    assert!(text.contains("![bg right:40%](02.png \"palitra\")"), "{text}");
    let again = read(text.as_bytes(), "deck.md").expect("a Marp deck");
    let key = |slide: &Slide| (slide.number, slide.content.clone(), slide.prompt.clone());
    assert!(again.slides.iter().map(key).eq(deck.slides.iter().map(key)), "{text}");
}
