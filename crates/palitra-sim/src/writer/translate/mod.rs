//! Russian wishes in English: word by word from a dictionary, with a little grammar, so that the result reads like a prompt.
//!
//! It is no translator: it knows about a thousand words (`assets/words/ru-en.txt`), writes verbs as -ing forms, guesses articles, plurals
//! and `of`, and spells what it does not know in Latin letters. Text without Cyrillic letters comes back as it is.

mod letters;
mod lexicon;
mod phrase;
#[cfg(test)]
mod tests;

use lexicon::Lexicon;
use palitra_domain::prompt::has_cyrillic;

pub(crate) use lexicon::russian;

/// What is said when a text has Cyrillic letters that sound like nothing.
const NOTHING: &str = "a picture";

/// The text in English, without Cyrillic letters. Never empty when the text is not.
pub fn translate(text: &str) -> String {
    if !has_cyrillic(text) {
        return text.to_owned();
    }
    let english = phrase::english(&pieces(text, Lexicon::get()));
    if english.trim().is_empty() { NOTHING.to_owned() } else { english }
}

/// A word of the text and what stands between it and the word before.
struct Piece {
    gap: String,
    /// The word began with a capital.
    capital: bool,
    meaning: Meaning,
}

/// What a piece is in English.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Noun(Noun),
    Adjective(&'static str),
    Verb(&'static str),
    /// What is asked for, and whether the thing is already there.
    Order(&'static str, bool),
    /// With whether it names a place.
    Preposition(&'static str, bool),
    /// With whether it is more than one.
    Numeral(&'static str, bool),
    /// Stands where an article would.
    Owner(&'static str),
    Word(&'static str),
    /// As it was, or spelled in Latin letters.
    Plain(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Noun {
    one: &'static str,
    many: String,
    article: Article,
    number: Number,
    /// The form can mean "of it".
    genitive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Article {
    Counted,
    Never,
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    One,
    Many,
    /// Many, unless it stands after a noun or a preposition.
    Unclear,
}

/// Divides a text into words with what is between them; a last piece without a word holds the end.
fn pieces(text: &str, lexicon: &Lexicon) -> Vec<Piece> {
    let words = words(text);
    let lower: Vec<String> = words.iter().map(|(_, word)| letters::plain(word)).collect();
    let mut pieces = Vec::new();
    let (mut at, mut quoted) = (0, false);
    while let Some((gap, word)) = words.get(at) {
        quoted = is_quoted(quoted, gap);
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        let gap = letters::latin(gap);
        // What is quoted is to be written as it sounds, not as it means.
        if quoted {
            pieces.push(Piece { gap, capital: false, meaning: Meaning::Plain(letters::latin(word)) });
            at += 1;
            continue;
        }
        // A phrase is held together by single spaces.
        let together = words[at + 1..].iter().take_while(|(gap, _)| gap == " ").count();
        if let Some((length, meaning)) = lexicon.phrase(&lower[at..=at + together]) {
            pieces.push(Piece { gap, capital, meaning });
            at += length;
            continue;
        }
        at += 1;
        if !has_cyrillic(word) {
            pieces.push(Piece { gap, capital: false, meaning: Meaning::Plain(word.clone()) });
        } else if let Some(meaning) = lexicon.word(&lower[at - 1]) {
            pieces.push(Piece { gap, capital, meaning });
        } else {
            let mut gap = gap;
            for part in word.split_inclusive('-') {
                let (bare, hyphen) = part.strip_suffix('-').map_or((part, ""), |bare| (bare, "-"));
                let meaning = lexicon.word(&letters::plain(bare));
                let meaning = meaning.unwrap_or_else(|| Meaning::Plain(letters::latin(bare)));
                let capital = capital && !matches!(meaning, Meaning::Plain(_));
                pieces.push(Piece { gap: std::mem::take(&mut gap), capital, meaning });
                gap.push_str(hyphen);
            }
        }
    }
    pieces
}

/// Whether what follows stands in quotes.
fn is_quoted(before: bool, gap: &str) -> bool {
    gap.chars().fold(before, |quoted, c| match c {
        '«' | '“' | '„' => true,
        '»' | '”' => false,
        '"' => !quoted,
        _ => quoted,
    })
}

/// The words of a text, each with what stands before it; the last is empty and holds the end of the text.
fn words(text: &str) -> Vec<(String, String)> {
    let mut words = Vec::new();
    let (mut gap, mut word) = (String::new(), String::new());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let inside = !word.is_empty() && matches!(c, '-' | '\'' | '’');
        if c.is_alphanumeric() || (inside && characters.peek().is_some_and(|next| next.is_alphanumeric())) {
            word.push(c);
        } else {
            if !word.is_empty() {
                words.push((std::mem::take(&mut gap), std::mem::take(&mut word)));
            }
            gap.push(c);
        }
    }
    let ends_in_word = !word.is_empty();
    words.push((std::mem::take(&mut gap), word));
    if ends_in_word {
        words.push((String::new(), String::new()));
    }
    words
}
