//! Where slides begin and end, what their titles, numbers and texts are.

use super::{deck, only, titles};
use crate::{Format, Place};

#[test]
fn s0_40_marp_slides_are_divided_by_rules() {
    let text = "---\nmarp: true\ntitle: \"Сети: основы\"\ntheme: gaia\n---\n
<!-- _class: lead -->\n\n# <!-- fit --> Сети\n\nОсновы\n\n---\n\n## Слои\n\n* вход\n* выход\n\n***\n\n___\n\n## Конец\n";
    let deck = deck(text);
    assert_eq!((deck.format, deck.title.as_str()), (Format::Marp, "Сети: основы"));
    let slides: Vec<_> =
        deck.slides.iter().map(|s| (s.number, s.title.as_str(), s.content.as_str())).collect();
    assert_eq!(slides, [(1, "Сети", "Основы"), (2, "Слои", "вход\nвыход"), (3, "", ""), (4, "Конец", "")]);
    assert!(deck.slides[2].is_blank() && !deck.slides[3].is_blank());
    let lines: Vec<_> = deck.slides.iter().map(|slide| slide.place.clone()).collect();
    assert_eq!(lines, [7, 15, 21, 24].map(Place::Line));
}

#[test]
fn s0_40_only_rules_at_the_top_level_divide() {
    let whole = [
        "# A\n\n```md\n\n---\n\n```\n\nB\n\n***\n\n# C\n",
        "# A\n\n~~~\n---\n~~~\n\n---\n\n# C\n",
        "# A\n\nB\n---\n\nC\n\n---\n\n# D\n",
        "# A\n\n<!--\n\n---\n\n-->\n\n---\n\n# D\n",
        "# A\n\n- B\n\n  ---\n\n  C\n\n---\n\n# D\n",
        "# A\n\n> B\n>\n> ---\n\n---\n\n# D\n",
        "# A\n\n    ---\n\n---\n\n# D\n",
        "# A\n\n| B |\n| --- |\n| C |\n\n---\n\n# D\n",
        "# A\n\n<div>\n---\n</div>\n\n---\n\n# D\n",
        "# A\n\n- - -\n\n# D\n",
    ];
    for text in whole {
        assert_eq!(deck(text).slides.len(), 2, "{text:?}");
    }
}

#[test]
fn s0_40_front_matter_is_no_slide() {
    let cases = [
        ("---\ntitle: A\n---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        (
            "---\n\nmarp: true\n\nstyle: |\n  h1 {\n    color: red;\n  }\n\n---\n\n# B\n\n---\n\n# C\n",
            vec!["1 B", "2 C"],
        ),
        ("---\nheadingDivider:\n  - 2\nmarp: true\n---\n\n# B\n\n## C\n", vec!["1 B", "2 C"]),
        ("---\nkeyboardControl:false\n---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        ("---\n---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        ("---\ntheme : \"night\"\ntransition: \"slide\"\n---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        ("\n\n---\ntitle: A\n---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        // No YAML, so these are separators before the first slide.
        ("---\n\n# B\n\n---\n\n# C\n", vec!["1 B", "2 C"]),
        ("---\n# B\n---\n# C\n", vec!["1 B", "2 C"]),
        ("---\nhttps://example.com\n\n---\n\n# C\n", vec!["1 https://example.com", "2 C"]),
        ("***\n\n# B\n\n***\n\n# C\n\n***\n", vec!["1 B", "2 C"]),
    ];
    for (text, expected) in cases {
        assert_eq!(titles(text), expected, "{text:?}");
    }
}

/// What Marp renders: 1 page, then an empty one between the rule and the divider's own cut.
#[test]
fn s0_40_marp_heading_divider_divides() {
    let cases = [
        ("headingDivider: 2", vec!["1 A", "2 B", "3 C"]),
        ("headingDivider: 1", vec!["1 A"]),
        ("headingDivider: [2]", vec!["1 A", "2 B", "3 C"]),
        ("headingDivider: [1, 3]", vec!["1 A"]),
        ("headingDivider: false", vec!["1 A"]),
    ];
    for (directive, expected) in cases {
        let body = "# A\n\nx\n\n## B\n\n- > ## not at the top\n\n## C\n";
        assert_eq!(titles(&format!("---\nmarp: true\n{directive}\n---\n\n{body}")), expected, "{directive}");
        assert_eq!(titles(&format!("<!-- {directive} -->\n\n{body}")), expected, "{directive}");
    }
    let ruled = "---\nmarp: true\nheadingDivider: 2\n---\n\n# A\n\n---\n\n## B\n";
    assert_eq!(titles(ruled), ["1 A", "2 ", "3 B"]);
    let comment_first = "---\nmarp: true\nheadingDivider: 1\n---\n\n<!-- hello -->\n\n# A\n";
    assert_eq!(titles(comment_first), ["1 A"]);
}

#[test]
fn s0_40_a_marp_deck_without_rules_is_one_slide() {
    assert_eq!(titles("---\nmarp: true\n---\n\n# A\n\n# B\n"), ["1 A"]);
}

#[test]
fn s0_40_reveal_slides_have_columns_and_notes() {
    let text = "# A\n\nText\n\nNote: say hello\n\n- and smile\n\n---\n\n## B\n\n--\n\n### B1\n\nNOTES:\n\nmore\n\n----\n\n## C\n\n***\n\nstill C\n";
    let deck = deck(text);
    assert_eq!(deck.format, Format::Reveal);
    let slides: Vec<_> = deck.slides.iter().map(|s| (s.title.as_str(), s.content.as_str())).collect();
    assert_eq!(slides, [("A", "Text"), ("B", ""), ("B1", ""), ("C", "still C")]);
}

#[test]
fn s0_40_reveal_is_known_by_its_habits() {
    let reveal = [
        "# A\n\n<!-- .slide: data-background=\"red\" -->\n\n---\n\n# B\n",
        "# A <!-- .element: class=\"fragment\" -->\n\n---\n\n# B\n",
        "# A\n\n--\n\n# B\n",
        "# A\n\n<aside class=\"notes\">\n\nPrivate\n\n</aside>\n\n---\n\n# B\n",
        "---\nrevealOptions:\n  transition: fade\n---\n\n# A\n\n---\n\n# B\n",
        "---\nseparator: <!--s-->\nverticalSeparator: <!--v-->\n---\n\n# A\n\n<!--s-->\n\n# B\n",
        "---\nseparator: '^\\r?\\n\\+\\+\\+\\r?\\n$'\ntitle: x\n---\n\n# A\n\n---\n\n# B\n",
        "---\nseparator: \"\\n===\\n\"\n---\n\n# A\n\nText\n\n===\n\n# B\n",
        "# A\n\n<!-- slide -->\n\n# B\n",
    ];
    for text in reveal {
        let deck = deck(text);
        assert_eq!(deck.format, Format::Reveal, "{text:?}");
        let slides: Vec<_> = deck.slides.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(slides, ["A", "B"], "{text:?}");
        assert!(!deck.slides[0].content.contains("Private"), "{text:?}");
    }
}

/// reveal.js divides before it parses Markdown, so three hyphens under text divide; longer lines underline headings.
#[test]
fn s0_40_reveal_tells_underlines_from_separators() {
    let text = "Custom controls\n=====\n\nNote: x\n\n---\n\nSetup\n-----\n\ntext\n---\n\nMore\n";
    let deck = deck(text);
    let slides: Vec<_> = deck.slides.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(slides, ["Custom controls", "Setup", "More"]);
}

#[test]
fn s0_40_a_note_in_a_deck_of_headings_is_text() {
    let slides = deck("# A\n\nNote: all of it matters\n\n# B\n").slides;
    assert_eq!(slides[0].content, "Note: all of it matters");
    assert_eq!(only("---\nmarp: true\n---\n\n# A\n\nNote: shown\n").content, "Note: shown");
}

#[test]
fn s0_40_slidev_slides_have_front_matter() {
    let text = "---\ntheme: seriph\nlayout: cover\n---\n\n# A\n\nText\n
---\nlayout: two-cols\nclass: text-left\n---\n\n# B\n\nLeft\n\n::right::\n\nRight\n\n<!-- for the speaker -->\n
---\n\n# C\n\n```md\n---\nlayout: x\n---\n```\ntext\n---\n\n# D\n";
    let deck = deck(text);
    assert_eq!(deck.format, Format::Slidev);
    let slides: Vec<_> = deck.slides.iter().map(|s| (s.title.as_str(), s.content.as_str())).collect();
    let code = "---\nlayout: x\n---\ntext";
    assert_eq!(slides, [("A", "Text"), ("B", "Left\nRight"), ("C", code), ("D", "")]);
}

#[test]
fn s0_40_plain_decks_are_divided_by_headings() {
    let cases = [
        // The level that occurs twice, and above it.
        ("# Deck\n\nBy me\n\n## A\n\n### A1\n\n## B\n", vec!["1 Deck", "2 A", "3 B"]),
        ("# A\n\n## A1\n\ntext\n\n# B\n\ntext\n", vec!["1 A", "2 B"]),
        // Sections with nothing but slides in them: the slides are what divides.
        (
            "# Part\n\n## A\n\nx\n\n## B\n\nx\n\n# Part 2\n\n## C\n\nx\n",
            vec!["1 Part", "2 A", "3 B", "4 Part 2", "5 C"],
        ),
        ("---\nslide_level: 2\n---\n\n# A\n\nx\n\n## B\n\n# C\n\nx\n", vec!["1 A", "2 B", "3 C"]),
        // None twice: `#` and `##`.
        ("# A\n\n## B\n\n### B1\n", vec!["1 A", "2 B"]),
        ("A\n=\n\nx\n\nB\n=\n", vec!["1 A", "2 B"]),
        // Text before the first heading is a slide.
        ("Hello\n\n# A\n\n# B\n", vec!["1 Hello", "2 A", "3 B"]),
        ("<!-- a comment -->\n\n# A\n\n# B\n", vec!["1 ", "2 A", "3 B"]),
        ("### A\n\ntext\n", vec!["1 A"]),
        ("Just text\nand more\n", vec!["1 Just text"]),
    ];
    for (text, expected) in cases {
        assert_eq!(titles(text), expected, "{text:?}");
    }
}

#[test]
fn s0_40_labels_give_numbers() {
    let cases = [
        (
            "# Слайд 10: Слои\n\n---\n\n# Slide 12. Weights\n\n---\n\n# Conclusion\n",
            vec!["10 Слои", "12 Weights", "13 Conclusion"],
        ),
        ("Слайд 7: Слои\n\nтекст\n\n---\n\n**Слайд 8.** Веса\n", vec!["7 Слои", "8 Веса"]),
        // A title page before the first numbered slide takes a free number.
        ("# Сети\n\n---\n\n# Слайд 1: Слои\n\n---\n\n# Слайд 2: Веса\n", vec!["3 Сети", "1 Слои", "2 Веса"]),
        ("# Slide 2\n\n---\n\nСлайд 1\n\n## Веса\n", vec!["2 Slide 2", "1 Веса"]),
        ("## Слайд 3\n\n### Слои\n\n---\n\n# A\n", vec!["3 Слои", "4 A"]),
        // Without separators the labels divide, and what stands before the first is no slide.
        ("# Курс\n\nСлайд 1: Слои\n\nтекст\n\nСлайд 2: Веса\n", vec!["1 Слои", "2 Веса"]),
        ("## Слайд 5: Слои\n\n### Часть\n\n## Слайд 6: Веса\n", vec!["5 Слои", "6 Веса"]),
        // An agenda is no label.
        ("# План\n\n- Слайд 3: Слои\n- Слайд 4: Веса\n\n---\n\n# A\n", vec!["1 План", "2 A"]),
        ("# A\n\nSlide 3: as we saw\n\n# B\n\n# C\n", vec!["1 A", "2 B", "3 C"]),
    ];
    for (text, expected) in cases {
        assert_eq!(titles(text), expected, "{text:?}");
    }
}

#[test]
fn s0_40_titles_are_the_first_heading_or_line() {
    let cases = [
        ("text first\n\n## **Bold** `code` [link](x)\n", "Bold code link", "text first"),
        ("First line,\nsecond line\n", "First line,", "First line,\nsecond line"),
        ("- item\n- other\n", "item", "item\nother"),
        ("![an image](a.png)\n\nText\n", "Text", "Text"),
        ("Title\n===\n\nText\n", "Title", "Text"),
        ("# A {#anchor .class}\n", "A", ""),
        ("#No space\n\ntext\n", "No space", "#No space\ntext"),
        ("<h1 align=\"center\">Raw &amp; ready</h1>\n\ntext\n", "Raw & ready", "Raw & ready\ntext"),
        ("# \n\n## Real\n", "Real", ""),
    ];
    for (text, title, content) in cases {
        let slide = only(&format!("---\nmarp: true\n---\n\n{text}"));
        assert_eq!((slide.title.as_str(), slide.content.as_str()), (title, content), "{text:?}");
    }
    let long = only(&format!("---\nmarp: true\n---\n\n{}\n", "слово ".repeat(100)));
    assert_eq!(long.title.chars().count(), 201, "200 letters and an ellipsis");
}

#[test]
fn s0_40_content_is_what_is_seen() {
    let cases = [
        ("- a **b** _c_ ~~d~~\n  - [e](x) ![f](y)\n1. g\n", "a b c d\ne\ng"),
        ("a  \nb\nc<br>d\n", "a\nb\nc\nd"),
        ("| a | b |\n|---|---|\n| c | d |\n", "a, b\nc, d"),
        ("> quoted\n> text\n", "quoted\ntext"),
        ("- [x] done\n- [ ] open\n", "done\nopen"),
        ("<div class=\"a > b\">\n\n**a**\n\n</div>\n\n<p>b &lt; c</p>\n", "a\nb < c"),
        ("<style>\nh1 { color: red }\n\np { color: blue }\n</style>\n\na\n", "a"),
        ("<div>\n<style scoped>\nh1 {}\n\np {}\n</style>\n</div>\n\na\n", "a"),
        ("<script>\nlet a = \"<b>\";\n\nalert(a)\n</script>\n\na\n", "a"),
        ("a <!-- one --> b <!-- two\n\nthree --> \n\nc\n", "a b\nc"),
        ("<!-- alone -->\n\n<div>\n<!-- a\n\nb -->\n</div>\n\nc\n", "c"),
        ("- <!-- x --> a\n", "a"),
        ("`<!-- not a comment -->`\n", "<!-- not a comment -->"),
        ("```\n<!-- code -->\n```\n", "<!-- code -->"),
        ("```py\n1\n2\n3\n4\n5\n6\n7\n8\n9\n```\n", "1\n2\n3\n4\n5\n6\n7\n8\n…"),
        ("::: {.columns}\na\n:::\n", "a"),
        ("a [text][ref] [ref] b[0]\n\n[ref]: https://example.com\n", "a text ref b[0]"),
        ("1 < 2 and a<b\n", "1 < 2 and a<b"),
        ("Содержание:\nслои и веса\n", "слои и веса"),
        ("Содержание: слои\n", "слои"),
    ];
    for (text, content) in cases {
        let slide = only(&format!("---\nmarp: true\n---\n\n# T\n\n{text}"));
        assert_eq!(slide.content, content, "{text:?}");
    }
}

/// A definition on another slide still makes a link.
#[test]
fn s0_40_link_definitions_are_for_the_whole_deck() {
    let slides = deck("# A\n\nsee [the docs][d] and [d]\n\n---\n\n# B\n\n[d]: https://example.com\n").slides;
    assert_eq!(slides[0].content, "see the docs and d");
}
