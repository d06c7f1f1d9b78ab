//! The writer's promises: English, five parts in order, bounded, one look per deck.

use proptest::prelude::*;

use super::*;

fn check(prompt: &str) {
    assert!(!prompt.chars().any(|c| matches!(c, '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}')), "{prompt}");
    let words = prompt.split_whitespace().count();
    assert!((40..=80).contains(&words), "{words} words: {prompt}");
    assert!(!prompt.contains('\n') && prompt.is_char_boundary(0));
    assert!(!prompt.contains("--") && !prompt.contains('='), "{prompt}");
    for word in prompt.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let size = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let parameter =
            matches!(word, "steps" | "cfg" | "px" | "ar" | "seed") || size == "px" && size != word;
        assert!(!parameter, "`{word}`: {prompt}");
    }
}

#[test]
fn topics_count_and_speak_english() {
    for topic in &TOPICS {
        assert!(topic.object.is_ascii() && topic.scenery.is_ascii(), "{}", topic.object);
        assert!(
            topic.object.starts_with("a ")
                || topic.object.starts_with("an ")
                || topic.object.split(' ').count() > 3
        );
        check(&write_prompt(topic.stems.split(' ').next().unwrap().trim_start_matches('='), "", 1));
        assert!(!topic.stems.contains("  ") && !topic.stems.ends_with(' '), "{}", topic.stems);
    }
}

#[test]
fn every_stem_finds_its_own_topic() {
    for topic in &TOPICS {
        for stem in topic.stems.split(' ') {
            let word = stem.trim_start_matches('=');
            let found =
                TOPICS.iter().find(|other| word.split('-').any(|part| stems::has_stem(part, other.stems)));
            assert_eq!(found.map(|found| found.object), Some(topic.object), "`{word}`");
        }
    }
}

#[test]
fn s2_021_parts_come_in_order() {
    let prompt = write_prompt("Архитектура нейронной сети", "Современные нейронные сети состоят из слоёв", 7);
    let places = [
        prompt.find("architecture"),
        LOOKS.iter().find_map(|look| prompt.find(look)),
        prompt.find("background"),
        LIGHTS.iter().find_map(|light| prompt.find(light)),
        STYLES.iter().find_map(|style| prompt.find(style)),
    ];
    let places: Vec<usize> = places.into_iter().map(Option::unwrap).collect();
    assert!(places.is_sorted(), "{places:?} in {prompt}");
}

#[test]
fn the_slide_decides_the_object() {
    let cases = [
        ("Рост продаж за год", "", "growing columns"),
        ("Что дальше?", "выручка, прибыль и снова выручка; море", "fountain of coins"),
        ("Quantum computing", "", "atom"),
        ("Наша команда", "", "team"),
        ("Солнечная система", "", "planets"),
        ("Приливы", "энергия моря", "power station"),
    ];
    for (title, content, expected) in cases {
        let prompt = write_prompt(title, content, 3).to_lowercase();
        assert!(prompt.contains(expected), "{title}: {prompt}");
    }
}

#[test]
fn terms_of_the_title_stay() {
    assert_eq!(terms("Обучение на GPU и модели Transformer").as_deref(), Some("GPU and Transformer"));
    assert_eq!(terms("GPU-кластер, C++, Node.js").as_deref(), Some("GPU, C++ and Node.js"));
    assert_eq!(terms("Results of Q3 2025").as_deref(), Some("Results of Q3 2025"));
    assert_eq!(terms("Слайд 10: обзор"), None);
    assert_eq!(terms("Next steps --ar 16:9 cfg 7 1024px model=flux 512x512").as_deref(), Some("Next"));
    assert!(write_prompt("Обучение на GPU", "", 1).contains("GPU"));
}

#[test]
fn s0_02_a_deck_has_one_look_and_different_objects() {
    let slides = ["История", "Рынок", "Команда", "Итоги"].map(|title| write_prompt(title, "", 5));
    let look = |prompt: &String| prompt.split(". ").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    for slide in &slides {
        assert_eq!(look(slide)[0], look(&slides[0])[0]);
        assert_eq!(slide.split(". ").last(), slides[0].split(". ").last());
    }
    assert_eq!(slides.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}

#[test]
fn seeds_change_the_look() {
    let prompts: std::collections::BTreeSet<String> =
        (0..50).map(|seed| write_prompt("План", "", seed)).collect();
    assert!(prompts.len() > 30, "{} of 50", prompts.len());
}

proptest! {
    #[test]
    fn s0_02_no_cyrillic_survives(title in "\\PC{0,200}", content in "[а-яёА-ЯЁa-zA-Z \\n]{0,300}", seed: u64) {
        let prompt = write_prompt(&title, &content, seed);
        check(&prompt);
        prop_assert_eq!(write_prompt(&title, &content, seed), prompt);
    }

    #[test]
    fn s2_024_no_parameters(title in "[a-z0-9 =x._-]{0,80}", seed: u64) {
        check(&write_prompt(&title, "", seed));
    }
}
