//! Tables for S0-01…S0-07 and properties over mixed prompts (S0-08).

use super::{Label, clean_prompt, has_cyrillic, ready_prompt};
use proptest::prelude::*;
use proptest::string::string_regex;

const SEED: &str = "Слайд 10: Архитектура нейронной сети

Содержание:
Современные нейронные сети состоят из нескольких слоев

DALL-E Prompt:
NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view...
";

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (full, clean) in cases {
        assert_eq!(clean_prompt(full), *clean, "full prompt: {full:?}");
    }
}

#[test]
fn s0_01_seed_sample_gives_exactly_its_instruction() {
    let clean = "NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view...";
    check(&[(SEED, clean), (&SEED.replace('\n', "\r\n"), clean)]);
}

#[test]
fn s0_02_lines_with_cyrillic_go() {
    check(&[
        ("A quiet lake\nТихое озеро\nat dawn", "A quiet lake\nat dawn"),
        ("A cat, стиль акварель", ""),
        ("ёлка\nA fir tree", "A fir tree"),
        ("A cаt with one Cyrillic letter inside", ""),
        ("українська ґ\nҚазақша\nѢ\nA map of the steppe", "A map of the steppe"),
        ("Только по-русски", ""),
        ("", ""),
    ]);
}

#[test]
fn s0_03_slide_lines_go() {
    check(&[
        ("Слайд 3: Attention\nA cat", "A cat"),
        ("Slide 3: Attention is all you need\nA cat", "A cat"),
        ("SLIDE 12:\nA cat", "A cat"),
        ("## Слайд 3. Attention\nA cat", "A cat"),
        ("**Slide 3:** Attention\nA cat", "A cat"),
        ("**Slide 3**: Attention\nA cat", "A cat"),
        ("Слайд №7 — GPT\nA cat", "A cat"),
        ("Slide 7\nA cat", "A cat"),
        // No label: a film slide and a playground slide are pictures.
        ("Slide 35mm film look, grain", "Slide 35mm film look, grain"),
        ("Slides of a microscope", "Slides of a microscope"),
        ("Slide 3D view of a city", "Slide 3D view of a city"),
    ]);
}

#[test]
fn s0_04_content_goes_with_its_body() {
    check(&[
        ("Содержание:\nСлои сети\nTransformer, BERT, GPT\n\nPrompt: A cat", "A cat"),
        ("Content:\nTransformer\n\nBERT\n\nGPT\n\nDALL-E Prompt:\nA cat", "A cat"),
        ("Content: Transformer, BERT\nPrompt: A cat", "A cat"),
        ("**Содержание:**\n- ReLU\n- Softmax\n\n**Prompt:** A cat", "A cat"),
        ("Содержание:\n\nReLU\n\nPrompt: A cat", "A cat"),
        // Without a prompt label the body ends at its blank line: otherwise nothing could ever follow it.
        (
            "Слайд 1: ReLU\nСодержание:\nReLU and Softmax\nмягкий максимум\n\nA cat\non a mat",
            "A cat\non a mat",
        ),
        ("Содержание:\n\nReLU and Softmax\n\nA cat", "A cat"),
        ("Content:\nReLU and Softmax", ""),
        ("Content:\nReLU\nSlide 2: Softmax\nA cat", "A cat"),
        // A body after the prompt is a body too.
        ("Prompt: A cat\nСодержание:\nReLU", "A cat"),
    ]);
}

#[test]
fn s0_05_label_goes_and_its_text_stays() {
    check(&[
        ("DALL-E Prompt: A cat", "A cat"),
        ("DALL-E Prompt:\n\nA cat", "A cat"),
        ("DALL·E prompt: A cat", "A cat"),
        ("Dall-E 3 Prompt: A cat", "A cat"),
        ("DALLE3 PROMPT:A cat", "A cat"),
        ("Prompt: A cat", "A cat"),
        ("prompt : A cat", "A cat"),
        ("Промпт: A cat", "A cat"),
        ("Промт: A cat", "A cat"),
        ("Промпт для DALL-E: A cat", "A cat"),
        ("Image prompt: A cat", "A cat"),
        ("Image Prompt (EN): A cat", "A cat"),
        ("**Prompt:** A cat", "A cat"),
        ("**Prompt**: A cat", "A cat"),
        ("**Prompt: A cat**", "A cat"),
        ("*Prompt:* A cat", "A cat"),
        ("### DALL-E Prompt:\nA cat", "A cat"),
        ("> Prompt: A cat", "A cat"),
        ("- Prompt: A cat", "A cat"),
        ("Prompt: Prompt: A cat", "A cat"),
        ("Here is what you asked for\n\nPrompt: A cat", "A cat"),
        // A label is the start of a line and nothing but a label.
        ("A sign that says Prompt: now", "A sign that says Prompt: now"),
        ("Prompt delivery: a courier runs", "Prompt delivery: a courier runs"),
    ]);
}

#[test]
fn s0_06_outer_quotes_go_and_inner_stay() {
    check(&[
        ("\"A cat\"", "A cat"),
        ("'A cat'", "A cat"),
        ("«A cat»", "A cat"),
        ("“A cat”", "A cat"),
        ("„A cat“", "A cat"),
        ("„A cat”", "A cat"),
        ("‘A cat’", "A cat"),
        ("`A cat`", "A cat"),
        ("```\nA cat\n```", "A cat"),
        ("```text\nA cat\non a mat\n```", "A cat\non a mat"),
        ("```A cat```", "A cat"),
        ("Prompt: \"A cat\"", "A cat"),
        ("\"Prompt: A cat\"", "A cat"),
        ("Prompt:\n\"A cat\non a mat\"", "A cat\non a mat"),
        ("DALL-E Prompt: «A cat»\nна русском", "A cat"),
        ("'\"A cat\"'", "A cat"),
        ("\"\"A cat\"\"", "A cat"),
        ("«««A cat»»»", "A cat"),
        ("\"A sign that says \"OPEN\" in red\"", "A sign that says \"OPEN\" in red"),
        ("«A sign that says «OPEN»»", "A sign that says «OPEN»"),
        ("\"A shop named “Rose”\"", "A shop named “Rose”"),
        ("'A dog's bowl'", "A dog's bowl"),
        ("\"A cat on a mat \"", "A cat on a mat"),
        ("Prompt: \"A cat on a mat \"\nпо-русски", "A cat on a mat"),
        ("'The dogs' bowl is red'", "The dogs' bowl is red"),
        ("\"A 5\" screen\"", "A 5\" screen"),
        // These quotes belong to words, not to the prompt.
        ("\"OPEN\" above the door, \"CLOSED\" below", "\"OPEN\" above the door, \"CLOSED\" below"),
        ("\"OPEN\" and \"CLOSED\"", "\"OPEN\" and \"CLOSED\""),
        ("A neon sign \"OPEN\"", "A neon sign \"OPEN\""),
        ("'90s poster", "'90s poster"),
        ("\"", "\""),
    ]);
}

#[test]
fn s0_07_lines_of_an_instruction_stay_whole() {
    let full = "Слайд 10: Архитектура

DALL-E Prompt:
NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view, WHITE BACKGROUND, 
connected components with arrows, tech stack visualization, 
blue and gray color scheme, ultra minimalist design...
";
    let clean = "NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view, WHITE BACKGROUND,
connected components with arrows, tech stack visualization,
blue and gray color scheme, ultra minimalist design...";
    check(&[(full, clean), ("A cat\n\n\non a mat\n---\n--ar 16:9", "A cat\non a mat\n--ar 16:9")]);
}

#[test]
fn hostile_nesting_is_no_instruction() {
    let nested = "\"Prompt: ".repeat(5_000) + "A cat" + &"\"".repeat(5_000);
    assert!(clean_prompt(&nested).is_empty());
    assert!(clean_prompt(&"`".repeat(100_000)).is_empty());
}

#[test]
fn ready_prompts_follow_their_label() {
    let cases: &[(&str, Option<&str>)] = &[
        (SEED, Some("NEURAL NETWORK ARCHITECTURE DIAGRAM, isometric 3D view...")),
        ("Промпт: Кот на ковре", Some("Кот на ковре")),
        ("Tell them a joke.\nPrompt: «A cat»\nThen go on.", Some("A cat")),
        ("Prompt:\n\"A cat\non a mat\"", Some("A cat\non a mat")),
        ("Prompt: A cat,\n  on a mat", Some("A cat,\non a mat")),
        ("Prompt:\n```text\nA cat\n```\nand notes", Some("A cat")),
        ("Prompt: \"OPEN\" and \"CLOSED\"", Some("\"OPEN\" and \"CLOSED\"")),
        ("Prompt: A cat\nSlide 3: next", Some("A cat")),
        ("Prompt:", None),
        ("Prompt: \"\"", None),
        ("No label at all", None),
    ];
    for (text, prompt) in cases {
        assert_eq!(ready_prompt(text).as_deref(), *prompt, "text: {text:?}");
    }
}

#[test]
fn labels_are_read_with_their_rest() {
    let cases = [
        ("Слайд 3: Слои сети", Some(Label::Slide { number: 3, rest: "Слои сети" })),
        ("## Slide 12 — Layers", Some(Label::Slide { number: 12, rest: "Layers" })),
        ("**Слайд 3. Слои**", Some(Label::Slide { number: 3, rest: "Слои" })),
        ("Слайд 0: нет", None),
        ("Слайд 100000: нет", None),
        ("Slide 3.5 inch disk", None),
        ("Содержание: слои", Some(Label::Content { rest: "слои" })),
        ("Content delivery: fast", None),
        ("![Prompt: a cat](cat.png)", None),
        ("<!-- Prompt: a cat -->", None),
        ("`Prompt: a cat`", None),
        ("Prompt:", Some(Label::Prompt { rest: "" })),
        ("", None),
        ("##", None),
    ];
    for (line, label) in cases {
        assert_eq!(Label::of(line), label, "line: {line:?}");
    }
}

/// A line of each kind a full prompt is made of, and whether it belongs to the instruction.
fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-z]{2,8}( [a-z]{2,8}){1,6}",
        "[а-яё]{2,8}( [A-Za-zа-яё]{2,8}){0,5}",
        "(Слайд|Slide) [1-9][0-9]?: [A-Za-zА-я ]{0,12}",
        Just("Содержание:".to_owned()),
        Just("Content: BERT".to_owned()),
        "(DALL-E |Image |)(Prompt|Промпт): ?[A-Za-z ]{0,12}",
        "[\"'«“„‘`][A-Za-z ]{0,12}[\"'»”“’`]",
        Just("```".to_owned()),
        Just(String::new()),
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn s0_02_no_cyrillic_survives(lines in prop::collection::vec(any_line(), 0..12)) {
        let clean = clean_prompt(&lines.join("\n"));
        prop_assert!(!has_cyrillic(&clean), "{clean:?}");
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(lines in prop::collection::vec(any_line(), 0..12)) {
        let clean = clean_prompt(&lines.join("\n"));
        prop_assert_eq!(clean_prompt(&clean), clean);
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let clean = clean_prompt(&text);
        prop_assert!(!has_cyrillic(&clean));
        ready_prompt(&text);
    }

    #[test]
    fn s0_07_one_english_line_passes_unchanged(line in "[A-Za-z][A-Za-z0-9 ,.'()-]{0,120}[A-Za-z0-9]") {
        prop_assume!(Label::of(&line).is_none());
        prop_assert_eq!(clean_prompt(&line), line);
    }

    /// The regex engine's own tables are the oracle.
    #[test]
    fn cyrillic_letters_are_known(letter in string_regex("\\p{Cyrillic}").expect("a valid pattern"),
                                  other in string_regex("\\P{Cyrillic}{0,8}").expect("a valid pattern")) {
        let mixed = format!("{other}{letter}");
        prop_assert!(has_cyrillic(&mixed));
        prop_assert!(!has_cyrillic(&other));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// 200 prompts as slides give them: Russian metadata, a Latin word inside the body, a label, quotes, 1–3 lines.
    #[test]
    fn s0_08_mixed_prompts_are_all_clean(
        number in 1_u32..100,
        title in "[А-Я][а-я]{2,9} [A-Z]{2,5}",
        body in prop::collection::vec("([а-я]{3,9} [A-Za-z]{3,9}|[A-Z][a-z]{3,9} [a-z]{3,9})", 1..4),
        label in prop::sample::select(vec!["DALL-E Prompt:", "Prompt:", "Промпт:", "**Image prompt:**"]),
        quotes in prop::sample::select(vec![("", ""), ("\"", "\""), ("«", "»"), ("“", "”"), ("`", "`"), ("'", "'")]),
        wanted in prop::collection::vec("[A-Z][A-Z]{2,9}( [a-z]{2,9}){1,5},", 1..4),
        gap in prop::sample::select(vec![" ", "\n", "\n\n"]),
        tail in prop::sample::select(vec!["", "\nСтиль: плоский", "\n\nПримечание для диктора"]),
    ) {
        let instruction = wanted.join("\n");
        let full = format!(
            "Слайд {number}: {title}\n\nСодержание:\n{}\n\n{label}{gap}{}{instruction}{}{tail}",
            body.join("\n"), quotes.0, quotes.1,
        );
        prop_assert_eq!(clean_prompt(&full), instruction, "full prompt: {:?}", full);
    }
}
