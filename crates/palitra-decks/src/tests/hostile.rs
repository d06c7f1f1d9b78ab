//! Properties over arbitrary bytes and over decks made of everything at once.

use crate::{Deck, Place, Slide, illustrated_markdown, read};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Lines decks are made of, whole and broken.
const LINES: [&str; 60] = [
    "",
    "",
    "",
    "",
    "---",
    "---",
    "***",
    "___",
    "--",
    "----",
    "===",
    "- - -",
    "# A",
    "# A",
    "## B",
    "### C",
    "B",
    "# Слайд 3: Слои",
    "Slide 4: Weights",
    "Слайд 5",
    "text",
    "more *text*",
    "- item",
    "  - nested",
    "1. one",
    "> quote",
    "    code",
    "\tcode",
    "```",
    "```md",
    "~~~",
    "`span`",
    "`open",
    "<!--",
    "-->",
    "<!-- note -->",
    "<!-- Prompt: A cat -->",
    "<!-- .slide: x -->",
    "<!-- .element: y -->",
    "<!-- headingDivider: 2 -->",
    "<!--s-->",
    "Prompt: A cat",
    "DALL-E Prompt:",
    "**Prompt:** \"A dog\"",
    "### Prompt:",
    "- Prompt: item",
    "Note: say",
    "Notes:",
    "Содержание:",
    "<div>",
    "</div>",
    "<style>",
    "</style>",
    "<aside class=\"notes\">",
    "</aside>",
    "![a](b.png)",
    "![bg](c.png)",
    "[d]: e.png",
    "| a | b |",
    "|---|---|",
];

const TOPS: [&str; 7] = [
    "",
    "---\nmarp: true\n---\n",
    "---\nmarp: true\nheadingDivider: 2\n---\n",
    "---\nrevealOptions: x\n---\n",
    "---\nlayout: cover\n---\n",
    "---\nlayout: x\n",
    "---\n",
];

fn any_deck() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..40);
    let eol = prop::sample::select(vec!["\n", "\n", "\r\n"]);
    (prop::sample::select(TOPS.to_vec()), lines, eol, any::<bool>()).prop_map(|(top, lines, eol, ends)| {
        let text = format!("{top}{}{}", lines.join("\n"), if ends { "\n" } else { "" });
        text.replace('\n', eol)
    })
}

fn lines_of(deck: &Deck) -> Vec<usize> {
    let line = |place: &Place| match place {
        Place::Line(line) => Some(*line),
        Place::Path(_) | Place::Slide(_) => None,
    };
    deck.slides.iter().filter_map(|slide| line(&slide.place)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn s0_40_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), json in any::<bool>()) {
        drop(read(&bytes, if json { "a.json" } else { "a.md" }));
    }

    #[test]
    fn s0_40_reading_text_never_panics(text in any::<String>()) {
        drop(read(text.as_bytes(), "a.md"));
        drop(read(format!("[{{\"title\": {text:?}}}]").as_bytes(), "a.json"));
    }

    #[test]
    fn s0_40_places_are_in_the_file(text in any_deck()) {
        if let Ok(deck) = read(text.as_bytes(), "a.md") {
            let last = text.lines().count();
            let lines = lines_of(&deck);
            prop_assert!(lines.iter().all(|line| (1..=last).contains(line)), "{lines:?} of {last}");
            prop_assert!(lines.is_sorted(), "{lines:?}");
            let mut numbers: Vec<u32> = deck.slides.iter().map(|slide| slide.number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), deck.slides.len());
        }
    }

    #[test]
    fn s0_40_illustrated_decks_have_the_same_slides(text in any_deck(), some in any::<u8>()) {
        if let Ok(deck) = read(text.as_bytes(), "a.md") {
            let pictures: BTreeMap<u32, String> = deck.slides.iter().map(|slide| slide.number)
                .filter(|number| some & (1 << (number % 8)) != 0)
                .map(|number| (number, format!("{number:02}.png"))).collect();
            let once = illustrated_markdown(&text, &deck, &pictures, None);
            let again = read(once.as_bytes(), "a.md");
            prop_assert!(again.is_ok(), "{again:?} of\n{once}");
            let again = again.expect("checked above");
            let slides = |deck: &Deck| -> Vec<(u32, String, String, bool)> {
                let key = |slide: &Slide| {
                    (slide.number, slide.title.clone(), slide.content.clone(), slide.prompt.is_some())
                };
                deck.slides.iter().map(key).collect()
            };
            prop_assert_eq!(slides(&deck), slides(&again), "{}", once);
            prop_assert_eq!(illustrated_markdown(&once, &again, &pictures, None), once);
        }
    }

    #[test]
    fn s0_40_json_decks_survive_as_markdown(
        slides in prop::collection::vec(("\\PC{0,30}", "(\\PC{0,20}\n){0,4}", prop::option::of(1_u32..9999)), 1..6),
    ) {
        let slides: Vec<serde_json::Value> = slides.into_iter()
            .map(|(title, content, number)| serde_json::json!({"title": title, "content": content, "number": number}))
            .collect();
        let json = serde_json::json!({ "slides": slides }).to_string();
        if let Ok(deck) = read(json.as_bytes(), "a.json") {
            let text = illustrated_markdown(&json, &deck, &BTreeMap::new(), None);
            let again = read(text.as_bytes(), "a.md");
            prop_assert!(again.is_ok(), "{again:?} of\n{text}");
            let slides = |deck: &Deck| -> Vec<(u32, String)> {
                deck.slides.iter().map(|slide| (slide.number, slide.title.clone())).collect()
            };
            prop_assert_eq!(slides(&deck), slides(&again.expect("checked above")), "{}", text);
        }
    }
}
