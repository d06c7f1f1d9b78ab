//! The decks in `examples/`, which are also the first ones people try.

use crate::{Format, read};
use palitra_domain::prompt::{clean_prompt, has_cyrillic};

/// The format, how many slides, and which of them have a ready prompt.
#[track_caller]
fn check(name: &str, bytes: &[u8], format: Format, count: u32, prompted: &[u32]) {
    let deck = read(bytes, name).expect(name);
    assert_eq!(deck.format, format, "{name}");
    assert!(deck.slides.iter().map(|slide| slide.number).eq(1..=count), "{name}");
    let ready = deck.slides.iter().filter(|slide| slide.prompt.is_some());
    assert_eq!(ready.map(|slide| slide.number).collect::<Vec<_>>(), prompted, "{name}");
    for slide in &deck.slides {
        assert!(!slide.title.is_empty() && !slide.content.is_empty(), "{name} {}", slide.number);
        assert!(!slide.content.to_lowercase().contains("prompt"), "{name} {}", slide.number);
        if let Some(prompt) = &slide.prompt {
            assert!(!has_cyrillic(prompt), "{name} {}", slide.number);
            assert_eq!(clean_prompt(prompt), prompt.trim_matches('"'), "{name} {}", slide.number);
        }
    }
}

#[test]
fn s0_40_examples_are_read_as_they_look() {
    let networks = include_bytes!("../../../../examples/neural-networks.md");
    check("neural-networks.md", networks, Format::Marp, 12, &[4, 6, 10]);
    let gardens = include_bytes!("../../../../examples/city-gardens.md");
    check("city-gardens.md", gardens, Format::Reveal, 8, &[3, 5]);
    let tides = include_bytes!("../../../../examples/tidal-power.json");
    check("tidal-power.json", tides, Format::Json, 6, &[2, 5]);
}
