//! Which emoji is the one for a word: a table from Unicode CLDR, made by `words.py` beside this file, and the simplest of inflections.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Languages that words are looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Russian,
    English,
}

type Table = LazyLock<HashMap<&'static str, &'static str>>;

static RUSSIAN: Table = LazyLock::new(|| table(include_str!("words.ru.txt")));
static ENGLISH: Table = LazyLock::new(|| table(include_str!("words.en.txt")));

fn table(text: &'static str) -> HashMap<&'static str, &'static str> {
    text.lines().filter_map(|line| line.split_once('\t')).collect()
}

/// No name of an emoji is longer, in characters.
const WORD_CHARS_MAX: usize = 40;

/// Endings of nouns in their cases, longest first, and those a noun is named with.
const RUSSIAN_ENDINGS: [&str; 22] = [
    "ами", "ями", "ах", "ях", "ов", "ев", "ей", "ом", "ем", "ой", "ою", "ам", "ям", "ы", "и", "а", "я", "у",
    "ю", "е", "о", "ь",
];
const RUSSIAN_NAMED: [&str; 7] = ["", "а", "я", "о", "е", "ь", "й"];
/// Shorter stems belong to too many words.
const STEM_CHARS_MIN: usize = 3;

/// The emoji whose name is the word, in any case and, for single nouns, in most of their forms. `None` rather than one that is nearly
/// right.
#[must_use]
pub fn emoji(word: &str, language: Language) -> Option<&'static str> {
    let word = word.trim().trim_matches(|char: char| !char.is_alphanumeric());
    if word.chars().nth(WORD_CHARS_MAX).is_some() {
        return None;
    }
    let word = word.to_lowercase().replace('ё', "е").replace('’', "'");
    match language {
        Language::Russian => RUSSIAN.get(word.as_str()).copied().or_else(|| russian(&word)),
        Language::English => ENGLISH.get(word.as_str()).copied().or_else(|| english(&word)),
    }
}

fn russian(word: &str) -> Option<&'static str> {
    let stems = RUSSIAN_ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
    let mut stems = stems.filter(|stem| stem.chars().count() >= STEM_CHARS_MIN);
    stems.find_map(|stem| {
        RUSSIAN_NAMED.iter().find_map(|ending| RUSSIAN.get(format!("{stem}{ending}").as_str()).copied())
    })
}

fn english(word: &str) -> Option<&'static str> {
    let bare = ["the ", "a ", "an "].iter().find_map(|article| word.strip_prefix(article)).unwrap_or(word);
    let singular = |ending: &str, named: &str| bare.strip_suffix(ending).map(|stem| format!("{stem}{named}"));
    let forms = [
        Some(bare.to_owned()),
        singular("'s", ""),
        singular("ies", "y"),
        singular("es", ""),
        singular("s", ""),
    ];
    let known = |form: &String| form.chars().count() >= STEM_CHARS_MIN;
    forms.into_iter().flatten().filter(known).find_map(|form| ENGLISH.get(form.as_str()).copied())
}

#[cfg(test)]
mod tests;
