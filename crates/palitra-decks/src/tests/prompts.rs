//! Ready prompts: where they are found, where they end, and what is none.

use super::{deck, only};

const SEED: &str = "Слайд 10: Архитектура нейронной сети

Содержание:
Современные нейронные сети состоят из нескольких слоев

DALL-E Prompt:
NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view...
";

#[test]
fn s0_40_the_seed_sample_is_a_slide() {
    let slide = only(SEED);
    assert_eq!((slide.number, slide.title.as_str()), (10, "Архитектура нейронной сети"));
    assert_eq!(slide.content, "Современные нейронные сети состоят из нескольких слоев");
    let prompt = slide.prompt.expect("a ready prompt");
    assert_eq!(prompt, "NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view...");

    let two = format!("{SEED}\n{}", SEED.replace("Слайд 10", "Слайд 11"));
    let numbers: Vec<u32> = deck(&two).slides.iter().map(|slide| slide.number).collect();
    assert_eq!(numbers, [10, 11]);
}

/// In a Marp deck: the slide's Markdown, its content, its prompt.
#[track_caller]
fn check(cases: &[(&str, &str, Option<&str>)]) {
    for (text, content, prompt) in cases {
        let slide = only(&format!("---\nmarp: true\n---\n\n# T\n\n{text}"));
        assert_eq!(slide.prompt.as_deref(), *prompt, "{text:?}");
        assert_eq!(slide.content, *content, "{text:?}");
        assert_eq!(slide.title, "T", "{text:?}");
    }
}

#[test]
fn s0_40_prompts_in_the_body_are_a_paragraph() {
    check(&[
        ("a\n\nPrompt: A cat\n\nb\n", "a\nb", Some("A cat")),
        ("a\nPrompt: A cat,\non a mat\n\nb\n", "a\nb", Some("A cat,\non a mat")),
        ("**DALL-E Prompt:** \"A cat\"\n\nb\n", "b", Some("A cat")),
        ("Промпт: Кот на ковре\n", "", Some("Кот на ковре")),
        ("DALL-E Prompt:\n\nA cat\non a mat\n\nb\n", "b", Some("A cat\non a mat")),
        ("Prompt:\n```\nA cat\n\non a mat\n```\nb\n", "b", Some("A cat\n\non a mat")),
        ("### DALL-E Prompt:\n\nA cat\n\n### More\n", "More", Some("A cat")),
        ("- a\n- Prompt: A cat\n- b\n", "a\nb", Some("A cat")),
        ("> Prompt: A cat\n\nb\n", "b", Some("A cat")),
        ("Prompt: A cat\n![](a.png)\n", "", Some("A cat")),
        ("Prompt: A cat\n## Next\n", "Next", Some("A cat")),
        ("Prompt: A cat\n<!-- a note -->\n", "", Some("A cat")),
        ("Prompt: A cat\n\nPrompt: A dog\n", "", Some("A cat")),
        // None, but not text either.
        ("Prompt:\n\n## Next\n", "Next", None),
        ("Prompt:\n", "", None),
    ]);
}

#[test]
fn s0_40_words_that_look_like_prompts_are_text() {
    check(&[
        ("```\nPrompt: A cat\n```\n", "Prompt: A cat", None),
        ("b\n\n    Prompt: A cat\n", "b\nPrompt: A cat", None),
        ("Prompt engineering: an art\n", "Prompt engineering: an art", None),
        ("The Prompt: A cat\n", "The Prompt: A cat", None),
        ("## Prompt: how to write one\n\nb\n", "Prompt: how to write one\nb", None),
        ("Prompt: A cat\n---\n\nb\n", "Prompt: A cat\nb", None), // Markdown makes it a heading
    ]);
    let titled = only("---\nmarp: true\n---\n\n# Prompt:\n\ntext\n");
    assert_eq!((titled.title.as_str(), titled.prompt), ("Prompt:", None));
}

#[test]
fn s0_40_prompts_in_comments() {
    check(&[
        ("a\n\n<!-- DALL-E Prompt: A cat -->\n", "a", Some("A cat")),
        ("<!--\nDALL-E Prompt:\nA cat,\n\non a mat\n-->\n\nb\n", "b", Some("A cat,\n\non a mat")),
        ("<!-- Prompt: «A cat» -->\n", "", Some("A cat")),
        ("<!--\nPrompt: \"A cat\"\nand what I say\n-->\n", "", Some("A cat")),
        // A note with a prompt in it.
        ("<!--\nSay hello.\n\nPrompt: A cat\non a mat\n\nThen go on.\n-->\n", "", Some("A cat\non a mat")),
        ("a <!-- Prompt: A cat --> b\n", "a b", Some("A cat")),
        ("<!-- Prompt: A cat -->\n\nPrompt: A dog\n", "", Some("A cat")),
        ("Prompt: A dog\n\n<!-- Prompt: A cat -->\n", "", Some("A dog")),
        // Directives and notes.
        ("<!-- _class: lead -->\n\n<!-- Tell them about the prompt -->\n", "", None),
        ("<!--\nbackgroundColor: red\ncolor: white\n-->\n", "", None),
        ("`<!-- Prompt: A cat -->`\n", "<!-- Prompt: A cat -->", None),
        ("```html\n<!-- Prompt: A cat -->\n```\n", "<!-- Prompt: A cat -->", None),
        ("<!-- Prompt: A cat\n", "", Some("A cat")), // never closed, so it hides the rest of the deck
    ]);
}

#[test]
fn s0_40_prompts_in_notes() {
    let cases = [
        ("a\n\nNote: Prompt: A cat\n", Some("A cat")),
        ("a\n\nNote:\nSay hello.\n\nPrompt: A cat\non a mat\n\nThen go on.\n", Some("A cat\non a mat")),
        ("a\n\nNotes:\n\nDALL-E Prompt:\n\"A cat\non a mat\"\nand go on\n", Some("A cat\non a mat")),
        ("a\n\n<aside class=\"notes\">\n\nSay hello.\n\nPrompt: A cat\n\n</aside>\n", Some("A cat")),
        ("a\n\nNote: nothing\n\n<!-- Prompt: A cat -->\n", Some("A cat")),
        ("a\n\nNote: the prompt is below\n", None),
    ];
    for (text, prompt) in cases {
        let slides = deck(&format!("# T\n\n{text}\n---\n\n# Other\n\nNote: x\n")).slides;
        assert_eq!(slides.len(), 2, "{text:?}");
        assert_eq!(slides[0].prompt.as_deref(), prompt, "{text:?}");
        assert_eq!(slides[0].content, "a", "{text:?}");
        assert_eq!(slides[1].prompt, None, "{text:?}");
    }
}

#[test]
fn s0_40_a_prompt_belongs_to_its_slide() {
    let slides = deck("# A\n\nPrompt: A cat\n\n---\n\n# B\n\n---\n\n# C\n\n<!-- Prompt: A dog -->\n").slides;
    let prompts: Vec<_> = slides.iter().map(|slide| slide.prompt.as_deref()).collect();
    assert_eq!(prompts, [Some("A cat"), None, Some("A dog")]);
}
