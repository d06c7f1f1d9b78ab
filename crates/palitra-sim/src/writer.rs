//! The sandbox market's writer: picture prompts from tables and a seed, without a model.
//!
//! Here is the prompt for a slide. It follows the order of S2-021 (object, look, surroundings, light, style) in one paragraph of 40 to 80
//! words and holds no Cyrillic (S0-02) and no technical parameters (S2-024). It names what the words of the slide suggest; it does not
//! understand the slide. Look, light and style come from the seed alone: slides of one seed look like one deck. Beside it are what
//! writes a full prompt from simple words (`compose`), what finds contradictions in them (`check`) and what says them in English
//! (`translate`).

use crate::stems;

mod check;
mod compose;
#[cfg(test)]
mod tests;
mod told;
mod topics;
mod translate;

pub use check::contradictions;
pub use compose::{Language, Order, Purpose, compose};
pub(crate) use told::as_told;
use topics::{TOPICS, Topic};
pub use translate::translate;

/// Titles and bodies are looked at up to this many characters.
const TEXT_MAX: usize = 4000;
/// Words of a title that are kept, and the longest of them, in characters.
const TERMS_MAX: usize = 7;
const TERM_MAX: usize = 24;

/// Pictures for slides whose words say nothing.
const MOTIFS: [(&str, &str); 8] = [
    ("a path of stepping stones that leads up to a round gate", "small flags and signposts"),
    ("interlocking pieces that join into one clear figure", "loose pieces and guide lines"),
    ("a stack of open boxes from which bright ribbons rise", "tags and small ladders"),
    ("a bridge of stone arches between two plain cliffs", "lanterns and small boats"),
    ("a large compass on a table with a folded map", "pins and pencils"),
    ("a lighthouse on a low rock with a steady beam", "buoys and quiet waves"),
    ("a tall cabinet with many open drawers in neat order", "cards and small keys"),
    ("a mobile of balanced discs that hangs from a thin arm", "threads and counterweights"),
];

const COLOURS: [&str; 8] = [
    "blue and gray tones",
    "teal and green tones with a coral accent",
    "warm orange and brown tones",
    "purple and pink tones with a golden accent",
    "green and yellow tones",
    "soft pastel tones",
    "calm gray and red tones",
    "bright red, yellow and blue tones",
];

const LOOKS: [&str; 6] = [
    "It is built of smooth matte volumes with rounded edges, in",
    "It is made of crisp flat planes with thin outlines, in",
    "Its parts are simple, well separated and easy to count, in",
    "It has a clear silhouette, fine joints and few details, in",
    "Its surfaces are clean and slightly translucent, in",
    "It looks hand cut, with soft edges and even spacing, in",
];

const LIGHTS: [&str; 6] = [
    "Soft daylight falls from the left and leaves gentle shadows.",
    "Even studio illumination keeps every part readable.",
    "A low glow from behind outlines the main object.",
    "Bright diffuse daylight comes from above, with short shadows.",
    "A warm side lamp gives depth and calm contrast.",
    "Cool ambient illumination with one bright accent on the centre.",
];

const STYLES: [&str; 6] = [
    "Flat editorial illustration, precise outlines, subtle grain, balanced and friendly.",
    "Axonometric vector illustration, ultra minimalist, consistent line weight, tidy and modern.",
    "Screen print illustration, limited inks, bold silhouettes, calm and confident.",
    "Modern textbook illustration, clean vector lines, airy and precise.",
    "Mid-century editorial illustration, simple volumes, playful but orderly.",
    "Clean infographic illustration, thin strokes, generous spacing, no lettering.",
];

/// Writes a prompt for a slide. Never empty, never with Cyrillic, whatever the slide holds.
pub fn write_prompt(title: &str, content: &str, seed: u64) -> String {
    let (title, content) = (beginning(title), beginning(content));
    let own = mixed(seed, &[title, content]);
    let topics = found(title, content);
    let motif = MOTIFS[pick(own, 1, MOTIFS.len())];
    let object = topics.first().map_or(motif.0, |topic| topic.object);
    let scenery = topics.get(1).or(topics.first()).map_or(motif.1, |topic| topic.scenery);
    let subject = terms(title).map(|terms| format!(", representing {terms}")).unwrap_or_default();
    let look = LOOKS[pick(seed, 2, LOOKS.len())];
    let colours = COLOURS[pick(seed, 3, COLOURS.len())];
    let place = ["Around it are", "Behind it are", "At its foot are", "On both sides are"][pick(own, 4, 4)];
    let light = LIGHTS[pick(seed, 5, LIGHTS.len())];
    let style = STYLES[pick(seed, 6, STYLES.len())];
    let object = capitalized(object);
    format!(
        "{object}{subject}. {look} {colours}. {place} {scenery}, on a clean pale background with wide empty margins. {light} {style}"
    )
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).map_or(text, |(end, _)| &text[..end])
}

/// The topics of a slide: those of the title in its order, then those of the body, the most frequent first.
fn found(title: &str, content: &str) -> Vec<&'static Topic> {
    let topic_of = |word: &String| TOPICS.iter().position(|topic| stems::has_stem(word, topic.stems));
    let mut order: Vec<usize> = stems::words(title).iter().filter_map(topic_of).collect();
    let body: Vec<usize> = stems::words(content).iter().filter_map(topic_of).collect();
    let mut by_count = body.clone();
    by_count.sort_by_key(|topic| std::cmp::Reverse(body.iter().filter(|other| *other == topic).count()));
    order.extend(by_count);
    let mut seen = Vec::new();
    order.retain(|topic| {
        !seen.contains(topic) && {
            seen.push(*topic);
            true
        }
    });
    order.into_iter().map(|topic| &TOPICS[topic]).collect()
}

/// The Latin words of a title: all of an English title, the terms of a Russian one.
fn terms(title: &str) -> Option<String> {
    let english = !title.chars().any(|c| c.is_alphabetic() && !is_latin(c));
    let words: Vec<&str> = title
        .split(|c: char| {
            !is_latin(c) && !c.is_ascii_digit() && !matches!(c, '+' | '#' | '-' | '.' | '=' | '_')
        })
        .map(|word| word.trim_matches(['-', '.', '_', '=']).trim_start_matches('+'))
        .filter(|word| is_term(word, english))
        .take(TERMS_MAX)
        .collect();
    match words.as_slice() {
        [] => None,
        words if english => Some(words.join(" ")),
        [one] => Some((*one).to_owned()),
        [all @ .., last] => Some(format!("{} and {last}", all.join(", "))),
    }
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' if c.is_alphabetic())
}

/// Whether a word may stand in a prompt: not a parameter of an image model, not a slide's number.
fn is_term(word: &str, english: bool) -> bool {
    const PARAMETERS: [&str; 12] = [
        "steps", "step", "cfg", "px", "seed", "sampler", "ar", "model", "slide", "slides", "negative",
        "guidance",
    ];
    let lower = word.to_lowercase();
    let size = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    let letters = word.chars().any(is_latin);
    let number = english && word.chars().all(|c| c.is_ascii_digit()) && word.len() == 4;
    !word.is_empty()
        && word.chars().count() <= TERM_MAX
        && (letters || number)
        && !word.contains(['=', '_'])
        && !word.contains("--")
        && !lower.split(['-', '.']).any(|part| PARAMETERS.contains(&part))
        && !(size.len() < lower.len() && (size == "px" || size.starts_with('x')))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A number from a seed and texts (FNV-1a).
fn mixed(seed: u64, texts: &[&str]) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(texts.iter().flat_map(|text| text.bytes().chain([0])));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One of `count` by a seed; different `draw`s of one seed are independent.
fn pick(seed: u64, draw: u64, count: usize) -> usize {
    let mixed = mixed(seed, &[]) ^ draw.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let count = u64::try_from(count).unwrap_or(1).max(1);
    usize::try_from((mixed >> 33) % count).unwrap_or(0)
}
