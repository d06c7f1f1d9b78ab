//! Illustrated decks: where pictures go, and that nothing else changes.

use super::deck;
use crate::{Deck, Format, illustrated_markdown, read};
use std::collections::BTreeMap;

fn pictures(numbers: &[u32]) -> BTreeMap<u32, String> {
    numbers.iter().map(|number| (*number, format!("{number:02}.png"))).collect()
}

fn read_md(text: &str) -> Deck {
    read(text.as_bytes(), "a.md").unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

/// Illustrates, and checks what must hold for every deck: the same slides, and the same text when done twice.
#[track_caller]
fn illustrate(text: &str, numbers: &[u32]) -> String {
    let source = read_md(text);
    let once = illustrated_markdown(text, &source, &pictures(numbers), None);
    let again = read_md(&once);
    let slides = |deck: &Deck| -> Vec<_> {
        deck.slides.iter().map(|s| (s.number, s.title.clone(), s.content.clone(), s.prompt.clone())).collect()
    };
    assert_eq!(slides(&source), slides(&again), "{once}");
    assert_eq!(source.format, again.format);
    assert_eq!(illustrated_markdown(&once, &again, &pictures(numbers), None), once, "twice");
    once
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, illustrated) in cases {
        assert_eq!(illustrate(text, &[1, 2]), *illustrated, "{text:?}");
        let (windows, expected) = (text.replace('\n', "\r\n"), illustrated.replace('\n', "\r\n"));
        assert_eq!(illustrate(&windows, &[1, 2]), expected, "{windows:?}");
        let (marked, expected) = (format!("\u{feff}{text}"), format!("\u{feff}{illustrated}"));
        assert_eq!(illustrate(&marked, &[1, 2]), expected, "with a byte order mark: {text:?}");
    }
}

#[test]
fn s0_40_marp_pictures_stand_beside_the_text() {
    let bg = "![bg right:40%]";
    check(&[
        (
            "---\nmarp: true\n---\n\n# A\n\na\n\n---\n\n# B\n- b\n",
            &format!(
                "---\nmarp: true\n---\n\n# A\n\n{bg}(01.png \"palitra\")\n\na\n\n---\n\n# B\n\n{bg}(02.png \"palitra\")\n\n- b\n"
            ),
        ),
        ("---\nmarp: true\n---\n# A", &format!("---\nmarp: true\n---\n# A\n\n{bg}(01.png \"palitra\")\n")),
        (
            "---\nmarp: true\n---\n\ntext\n\n---\nmore\n",
            &format!(
                "---\nmarp: true\n---\n\n{bg}(01.png \"palitra\")\n\ntext\n\n---\n\n{bg}(02.png \"palitra\")\n\nmore\n"
            ),
        ),
        // A slide with a background of its own keeps it.
        (
            "---\nmarp: true\n---\n\n![bg](sky.jpg)\n\n# A\n---\n",
            "---\nmarp: true\n---\n\n![bg](sky.jpg)\n\n# A\n\n![h:280](01.png \"palitra\")\n\n---\n\n![bg right:40%](02.png \"palitra\")\n",
        ),
    ]);
}

#[test]
fn s0_40_other_pictures_are_images_with_the_title() {
    check(&[
        (
            "# A *b* [c] \\`d\n<!-- .element: class=\"x\" -->\ntext\n\n---\n\nB\n-\n\nNote: n\n",
            "# A *b* [c] \\`d\n<!-- .element: class=\"x\" -->\n\n![A b \\[c\\] \\`d](01.png \"palitra\")\n\ntext\n\n---\n\nB\n-\n\n![B](02.png \"palitra\")\n\nNote: n\n",
        ),
        // Slides divided by headings and by numbers.
        ("# A\n# B\n", "# A\n\n![A](01.png \"palitra\")\n\n# B\n\n![B](02.png \"palitra\")\n"),
        (
            "Слайд 1: Слои\nтекст\n\nСлайд 2: Веса\n",
            "Слайд 1: Слои\n\n![Слои](01.png \"palitra\")\n\nтекст\n\nСлайд 2: Веса\n\n![Веса](02.png \"palitra\")\n",
        ),
        (
            "text\n\n***\n\n- b\n",
            "![text](01.png \"palitra\")\n\ntext\n\n***\n\n![b](02.png \"palitra\")\n\n- b\n",
        ),
        (
            "---\nlayout: cover\n---\n\n# A\n\n---\nlayout: x\n---\n\nb\n",
            "---\nlayout: cover\n---\n\n# A\n\n![A](01.png \"palitra\")\n\n---\nlayout: x\n---\n\n![b](02.png \"palitra\")\n\nb\n",
        ),
    ]);
}

#[test]
fn s0_40_visible_prompts_move_into_comments() {
    check(&[
        (
            "# A\n\na\n\n**Prompt:** \"A cat\"\non a mat\n\nb\n\n---\n\n# B\nPrompt: A dog",
            "# A\n\n![A](01.png \"palitra\")\n\na\n\n<!--\n**Prompt:** \"A cat\"\non a mat\n-->\n\nb\n\n---\n\n# B\n\n![B](02.png \"palitra\")\n\n<!--\nPrompt: A dog\n-->",
        ),
        (
            "# A\n\nPrompt:\n```\nA cat\n```\nb\n\n---\n\n# B\n\n<!-- Prompt: A dog -->\n",
            "# A\n\n![A](01.png \"palitra\")\n\n<!--\nPrompt:\n```\nA cat\n```\n-->\nb\n\n---\n\n# B\n\n![B](02.png \"palitra\")\n\n<!-- Prompt: A dog -->\n",
        ),
        // Here a comment would end the list and make a heading of the lines under it: the prompt stays.
        (
            "- a\nPrompt: A cat\nСодержание: b\n---\n\n# B\n",
            "![a](01.png \"palitra\")\n\n- a\nPrompt: A cat\nСодержание: b\n---\n\n# B\n\n![B](02.png \"palitra\")\n",
        ),
    ]);
}

#[test]
fn s0_40_a_comment_end_in_a_prompt_is_defused() {
    let text = "# A\n\nPrompt: A --> cat\n\n---\n\n# B\n";
    let illustrated = illustrated_markdown(text, &read_md(text), &pictures(&[]), None);
    assert_eq!(illustrated, "# A\n\n<!--\nPrompt: A -- > cat\n-->\n\n---\n\n# B\n");
    assert_eq!(read_md(&illustrated).slides[0].prompt.as_deref(), Some("A -- > cat"));
}

#[test]
fn s0_40_without_pictures_nothing_changes() {
    let text = "---\nmarp: true\n---\n\n# A  \n\ta\n\n\n---\r\n\n# B\n\n<!-- Prompt: A cat -->\n\n\n";
    assert_eq!(illustrated_markdown(text, &read_md(text), &BTreeMap::new(), None), text);
}

#[test]
fn s0_40_pictures_are_replaced_and_taken_out() {
    let text = "---\nmarp: true\n---\n\n# A\n\n---\n\n# B\n";
    let first = illustrate(text, &[1, 2]);
    let other = BTreeMap::from([(2, "new name (2).png".to_owned())]);
    let second = illustrated_markdown(&first, &read_md(&first), &other, None);
    assert!(!second.contains("01.png") && !second.contains("02.png"), "{second}");
    assert!(second.contains("![bg right:40%](<new name (2).png> \"palitra\")"), "{second}");
    assert_eq!(second.matches("palitra").count(), 1);
}

#[test]
fn s0_40_relative_links_follow_the_deck() {
    let text = "# A\n\n![x](img/a.png) ![y](<b c.png> \"t\") [z](d.md#e) [![i](f.png)](g.html)\n
[h](https://example.com) ![j](/k.png) [l](#m) [n](mailto:o@example.com) [p][q] `![r](s.png)` ![](data:image/png;base64,AA)\n
[q]: t.png\n\n---\n\n# B\n";
    let illustrated = illustrated_markdown(text, &read_md(text), &pictures(&[1]), Some("../"));
    let expected = "# A\n\n![A](01.png \"palitra\")\n\n![x](../img/a.png) ![y](<../b c.png> \"t\") [z](../d.md#e) [![i](../f.png)](../g.html)\n
[h](https://example.com) ![j](/k.png) [l](#m) [n](mailto:o@example.com) [p][q] `![r](s.png)` ![](data:image/png;base64,AA)\n
[q]: ../t.png\n\n---\n\n# B\n";
    assert_eq!(illustrated, expected);
    let again = illustrated_markdown(&illustrated, &read_md(&illustrated), &pictures(&[1]), Some("../"));
    assert!(again.contains("(01.png") && !again.contains("../01.png"), "our own pictures stay");
}

#[test]
fn s0_40_a_json_deck_becomes_marp() {
    let json = r#"{"title": "Tide \"power\"", "slides": [
        {"title": "Why *tides*? C# & {x}", "content": "The Moon pulls.\n- twice a day\n- 3 m\n1. first\n--- and #1 <b>", "prompt": "A bay --> dusk"},
        {"title": "The end"}]}"#;
    let source = read(json.as_bytes(), "a.json").expect("a deck");
    let text = illustrated_markdown(json, &source, &pictures(&[1]), None);
    let again = read_md(&text);
    assert_eq!((again.format, again.title.as_str()), (Format::Marp, "Tide \"power\""));
    assert_eq!(again.slides.len(), 2);
    assert_eq!(again.slides[0].title, "Why *tides*? C# & {x}");
    assert_eq!(again.slides[0].content, "The Moon pulls.\ntwice a day\n3 m\n1. first\n--- and #1 <b>");
    assert_eq!(again.slides[0].prompt.as_deref(), Some("A bay -- > dusk"));
    assert!(text.contains("\n![bg right:40%](01.png \"palitra\")\n"), "{text}");
    assert_eq!(text.matches(".png").count(), 1);
    assert_eq!(illustrated_markdown(&text, &again, &pictures(&[1]), None), text);
}

#[test]
fn s0_40_a_json_deck_keeps_its_numbers() {
    let json = r#"[{"number": 7, "title": "Slide 3: odd"}, {"number": 3, "title": "B", "prompt": "Слайд 3: B\n\nPrompt: A cat"}]"#;
    let text =
        illustrated_markdown(json, &read(json.as_bytes(), "a.json").expect("a deck"), &pictures(&[3]), None);
    let slides: Vec<_> = read_md(&text).slides.into_iter().map(|s| (s.number, s.title, s.prompt)).collect();
    let expected = [(7, "Slide 3: odd", None), (3, "B", Some("A cat".to_owned()))];
    assert_eq!(slides, expected.map(|(number, title, prompt)| (number, title.to_owned(), prompt)));
    assert!(text.contains("03.png") && deck(&text).format == Format::Marp);
}
