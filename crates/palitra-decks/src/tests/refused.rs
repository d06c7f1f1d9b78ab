//! Every reason a deck is refused, with its place.

use crate::{DECK_BYTES_MAX, DeckError, SLIDES_MAX, read};

#[track_caller]
fn refused(bytes: &[u8], name: &str) -> DeckError {
    match read(bytes, name) {
        Ok(deck) => panic!("{name} was read: {deck:?}"),
        Err(error) => error,
    }
}

#[test]
fn s0_40_each_reason_is_said_with_its_place() {
    let cases: &[(&[u8], &str, &str)] = &[
        (b"", "a.md", "the deck is empty"),
        (b" \n\t\n", "a.md", "the deck is empty"),
        (b"\xef\xbb\xbf\n", "a.md", "the deck is empty"),
        (b"---\nmarp: true\n---\n", "a.md", "the deck has no slides"),
        (
            b"---\nmarp: true\n---\n\n![bg](a.png)\n\n---\n\n<!-- a note -->\n",
            "a.md",
            "the deck has no slides",
        ),
        (b"[]", "a.json", "the deck has no slides"),
        (b"# A\n\nB\0C\n", "a.md", "the deck is not text: byte 6 on line 3 is zero"),
        (b"# A\n\nB\xff\n", "a.md", "the deck is not UTF-8 text: bad byte 6 on line 3"),
        (b"\xff\xfe#\0 \0A\0", "a.md", "the deck is UTF-16 text, not UTF-8"),
        (b"\xfe\xff\0#\0 \0A", "a.md", "the deck is UTF-16 text, not UTF-8"),
        (b"%PDF-1.7", "deck", "PDF decks cannot be read"),
        (b"", "deck.key", "Keynote decks cannot be read"),
        (b"<html>", "deck.html", "HTML decks cannot be read"),
        (
            "## Слайд 3: Слои\n\n## Слайд 4: Веса\n\n## Слайд 3: Снова\n".as_bytes(),
            "a.md",
            "slide number 3 is used twice: line 1 and line 5",
        ),
        (
            b"[{\"title\": \"A\"},\n {\"title\" \"B\"}]",
            "a.json",
            "bad JSON on line 2, column 11: expected `:`",
        ),
        (b"{", "a.json", "bad JSON on line 1, column 1: EOF while parsing an object"),
        (b"3", "a.json", "`$` must be an array of slides or an object with `slides`"),
        (b"{\"title\": \"A\"}", "a.json", "`slides` must be an array of slides"),
        (b"{\"slides\": [], \"theme\": 1}", "a.json", "`theme` is no field of a deck"),
        (b"[{\"title\": \"A\"}, 1]", "a.json", "`[1]` must be an object"),
        (
            b"{\"slides\": [{\"title\": \"A\", \"titel\": \"B\"}]}",
            "a.json",
            "`slides[0].titel` is no field of a deck",
        ),
        (b"[{\"content\": \"A\"}]", "a.json", "`[0].title` must be a text and not empty"),
        (b"[{\"title\": \" \"}]", "a.json", "`[0].title` must be a text and not empty"),
        (b"[{\"title\": 7}]", "a.json", "`[0].title` must be a text"),
        (b"[{\"title\": \"A\", \"prompt\": []}]", "a.json", "`[0].prompt` must be a text"),
        (
            b"[{\"title\": \"A\", \"number\": 0}]",
            "a.json",
            "`[0].number` must be a whole number from 1 to 9999",
        ),
        (
            b"[{\"title\": \"A\", \"number\": 1.5}]",
            "a.json",
            "`[0].number` must be a whole number from 1 to 9999",
        ),
        (
            b"{\"slides\": [{\"title\": \"A\", \"number\": 2}, {\"title\": \"B\", \"number\": 2}]}",
            "a.json",
            "slide number 2 is used twice: `slides[0].number` and `slides[1].number`",
        ),
    ];
    for (bytes, name, message) in cases {
        let error = refused(bytes, name);
        assert_eq!(error.to_string(), *message, "{name}");
        assert!(error.code().starts_with("deck_"));
        for text in [error.to_string(), error.hint().to_owned()] {
            assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
        }
    }
}

#[test]
fn s0_40_size_and_slides_are_bounded() {
    let mut bytes = vec![b'a'; DECK_BYTES_MAX];
    assert!(read(&bytes, "a.md").is_ok());
    bytes.push(b'a');
    assert_eq!(refused(&bytes, "a.md"), DeckError::TooLarge { bytes: DECK_BYTES_MAX + 1 });

    let slides = |count: usize| vec!["# A\n"; count].join("\n---\n\n");
    let deck = read(slides(SLIDES_MAX).as_bytes(), "a.md").expect("a deck of the largest size");
    assert_eq!(deck.slides.len(), SLIDES_MAX);
    let error = refused(slides(SLIDES_MAX + 1).as_bytes(), "a.md").to_string();
    assert_eq!(error, "the deck has 501 slides, more than 500: line 2001 is too many");

    let slides = |count: usize| format!("[{}]", vec!["{\"title\": \"A\"}"; count].join(","));
    let deck = read(slides(SLIDES_MAX).as_bytes(), "a.json").expect("a deck of the largest size");
    assert_eq!(deck.slides.len(), SLIDES_MAX);
    let error = refused(slides(SLIDES_MAX + 1).as_bytes(), "a.json").to_string();
    assert_eq!(error, "the deck has 501 slides, more than 500: `[500]` is too many");
}

#[test]
fn s0_40_the_name_or_the_content_says_the_format() {
    let json = br#"[{"title": "A"}]"#;
    for name in ["a.json", "a.JSON", "a", "-", "a.txt", ""] {
        assert_eq!(read(json, name).expect("JSON").format, crate::Format::Json, "{name}");
    }
    let markdown = b"[A link](https://example.com)\n\n---\n\n# B\n";
    for name in ["a.md", "a.markdown", "a", "-", "a.txt", "notes.v2"] {
        assert_eq!(read(markdown, name).expect("Markdown").slides.len(), 2, "{name}");
    }
    assert_eq!(read(json, "a.md").expect("Markdown, as its name says").format, crate::Format::Plain);
}

#[test]
fn s0_40_a_byte_order_mark_is_no_text() {
    let deck = read("\u{feff}---\nmarp: true\n---\n\n# A\n".as_bytes(), "a.md").expect("a deck");
    assert_eq!((deck.format, deck.slides[0].title.as_str()), (crate::Format::Marp, "A"));
}
