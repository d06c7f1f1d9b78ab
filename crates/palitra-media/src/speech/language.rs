//! The language of a text, by its letters and its commonest words, run by run.

use unicode_script::{Script, UnicodeScript};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    Russian,
    Ukrainian,
    Kazakh,
    English,
    German,
    French,
    Spanish,
}

impl Language {
    pub const ALL: [Self; 7] = [
        Self::Russian,
        Self::Ukrainian,
        Self::Kazakh,
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
    ];

    /// ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::Russian => "ru",
            Self::Ukrainian => "uk",
            Self::Kazakh => "kk",
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }
}

/// A stretch of text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub language: Language,
    pub text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Cyrillic,
    Other,
}

/// The text cut where its script changes; joined, the runs are the text. What belongs to no script (digits, stops,
/// emoji) stays with what is before it. Scripts that nobody here speaks count as English.
pub fn runs(text: &str) -> Vec<Run> {
    let mut cut: Vec<(Option<Letters>, String)> = vec![(None, String::new())];
    for c in text.chars() {
        let letters = match c.script() {
            Script::Common | Script::Inherited | Script::Unknown => None,
            Script::Cyrillic => Some(Letters::Cyrillic),
            _ => Some(Letters::Other),
        };
        match (letters, cut.last_mut()) {
            (Some(letters), Some((run, text))) if run.is_none_or(|run| run == letters) => {
                *run = Some(letters);
                text.push(c);
            }
            (None, Some((_, text))) => text.push(c),
            (letters, _) => cut.push((letters, c.into())),
        }
    }
    let written = |letters: Letters| -> String {
        cut.iter().filter(|(run, _)| *run == Some(letters)).map(|(_, text)| text.as_str()).collect()
    };
    // One language per script and text: a run of two words tells too little.
    let cyrillic = by_words(&written(Letters::Cyrillic), CYRILLIC, Language::Russian);
    let other = by_words(&written(Letters::Other), LATIN, Language::English);
    let has_cyrillic = cut.iter().any(|(run, _)| *run == Some(Letters::Cyrillic));
    let all = cut.into_iter().filter(|(_, text)| !text.is_empty());
    all.map(|(letters, text)| {
        let language = match letters {
            Some(Letters::Cyrillic) => cyrillic,
            None if has_cyrillic => cyrillic,
            Some(Letters::Other) | None => other,
        };
        Run { language, text }
    })
    .collect()
}

/// The language that most letters of a text are in; the first of two that have as many.
pub fn main_language(text: &str) -> Language {
    let runs = runs(text);
    let letters = |language: Language| {
        let own = runs.iter().filter(|run| run.language == language);
        own.map(|run| run.text.chars().filter(|c| c.is_alphabetic()).count()).sum::<usize>()
    };
    // The last of equals is the greatest.
    let most = runs.iter().rev().max_by_key(|run| letters(run.language));
    most.map_or(Language::English, |run| run.language)
}

/// Letters that only this language of its script has, and its commonest words.
type Marks = (Language, &'static str, &'static [&'static str]);

const CYRILLIC: &[Marks] = &[
    (Language::Kazakh, "әғқңөұүһ", &["және", "мен", "бұл"]),
    (Language::Ukrainian, "їєґ", &["і", "та", "що", "це", "не", "від"]),
];

const LATIN: &[Marks] = &[
    (Language::German, "ßäöü", &["der", "die", "das", "und", "ist", "nicht", "ich", "ein", "eine", "mit"]),
    (Language::French, "çœêèàùî", &["le", "la", "les", "des", "et", "est", "une", "dans", "pas", "je"]),
    (Language::Spanish, "ñ¿¡áíóú", &["el", "los", "las", "y", "es", "una", "del", "por", "que", "con"]),
];

/// The language with most marks, where there are at least as many as a tenth of the words; else the usual one.
fn by_words(text: &str, languages: &[Marks], usual: Language) -> Language {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let marks = |(_, letters, common): &Marks| {
        let own = text.chars().filter(|c| letters.contains(*c)).count();
        own + words.iter().filter(|word| common.contains(word)).count()
    };
    let most = languages.iter().max_by_key(|language| marks(language));
    most.filter(|language| marks(language) > words.len() / 10).map_or(usual, |(language, ..)| *language)
}
