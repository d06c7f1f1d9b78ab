//! Decks in JSON.

use crate::{Format, Place, read};

#[test]
fn s0_40_json_and_markdown_give_the_same_slides() {
    let json = r#"{"title": "Сети", "slides": [
        {"number": 10, "title": "Слои", "content": "Вход\nВыход", "prompt": "A cat"},
        {"title": "Веса"}]}"#;
    let markdown =
        "---\ntitle: Сети\n---\n\n# Слайд 10: Слои\n\nВход\nВыход\n\nPrompt: A cat\n\n---\n\n# Веса\n";
    let (json, markdown) = (read(json.as_bytes(), "a.json"), read(markdown.as_bytes(), "a.md"));
    let (json, markdown) = (json.expect("JSON"), markdown.expect("Markdown"));
    assert_eq!((json.format, markdown.format), (Format::Json, Format::Plain));
    assert_eq!((&json.title, &markdown.title), (&"Сети".to_owned(), &"Сети".to_owned()));
    for (one, other) in json.slides.iter().zip(&markdown.slides) {
        assert_eq!((one.number, &one.title, &one.content), (other.number, &other.title, &other.content));
        assert_eq!(one.prompt, other.prompt);
    }
    assert_eq!(json.slides.len(), markdown.slides.len());
    assert_eq!(json.slides[1].number, 11);
    assert_eq!(json.slides[1].place, Place::Path("slides[1]".to_owned()));
}

#[test]
fn s0_40_json_fields_may_be_missing_or_null() {
    let json = r#"[{"title": "  A\n b ", "content": null, "prompt": "", "number": null}, {"title": "B", "number": 1}]"#;
    let deck = read(json.as_bytes(), "a.json").expect("a deck");
    let first = &deck.slides[0];
    assert_eq!((first.number, first.title.as_str(), first.content.as_str()), (2, "A b", ""));
    assert_eq!(first.prompt, None);
    assert_eq!((deck.slides[1].number, deck.title.as_str()), (1, "A b"));
}
