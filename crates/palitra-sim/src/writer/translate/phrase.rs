//! English from pieces: where an article goes, what is plural, where `of` stands.

use super::{Article, Meaning, Noun, Number, Piece};

/// Nouns that hold what is named after them.
const HOLDERS: [&str; 7] = ["cup", "glass", "bottle", "plate", "bouquet", "box", "drop"];

/// The pieces as one text; what stands between them stays.
pub(super) fn english(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut at = 0;
    // What was asked for in this sentence: it decides what some prepositions mean.
    let mut order = "";
    while let Some(piece) = pieces.get(at) {
        out.push_str(&piece.gap);
        let begins = out.trim_end().chars().next_back().is_none_or(|c| matches!(c, '.' | '!' | '?' | '…'));
        if begins {
            order = "";
        }
        if let Meaning::Order(asked, _) = piece.meaning {
            order = asked;
        }
        let end = noun_of(pieces, at);
        let before = at.checked_sub(1).map(|before| &pieces[before].meaning);
        let words = match (end, &piece.meaning) {
            (Some(end), _) => noun_phrase(&pieces[at..=end], before.filter(|_| piece.gap == " ")),
            (None, Meaning::Preposition("on", _)) if order == "replace" => one("with"),
            (None, Meaning::Preposition("on", _)) if order == "change" => one("to"),
            (None, meaning) => one(word(meaning)),
        };
        for (place, (gap, word)) in words.iter().filter(|(_, word)| !word.is_empty()).enumerate() {
            out.push_str(if place == 0 { "" } else { gap });
            let capital = place == 0 && piece.capital && begins;
            if capital { out.push_str(&capitalized(word)) } else { out.push_str(word) }
        }
        at = end.unwrap_or(at) + 1;
    }
    out
}

fn one(word: &str) -> Vec<(String, String)> {
    vec![(String::new(), word.to_owned())]
}

/// Where the noun is of the words that begin here and belong to one.
fn noun_of(pieces: &[Piece], from: usize) -> Option<usize> {
    for (at, piece) in pieces.iter().enumerate().skip(from) {
        // Adjectives may stand one after another with commas.
        let joined = at == from || matches!(piece.gap.as_str(), " " | ", ");
        match piece.meaning {
            Meaning::Noun(_) if joined && (at == from || piece.gap == " ") => return Some(at),
            Meaning::Adjective(_) if joined => {}
            Meaning::Numeral(..) | Meaning::Owner(_) if at == from || (joined && piece.gap == " ") => {}
            _ => return None,
        }
    }
    None
}

/// Adjectives and their noun, with the article they need after the word before: each word with what stands before it.
fn noun_phrase(pieces: &[Piece], before: Option<&Meaning>) -> Vec<(String, String)> {
    let Some((last, front)) = pieces.split_last() else { return Vec::new() };
    let Meaning::Noun(noun) = &last.meaning else { return Vec::new() };
    let many = front.iter().find_map(|piece| match piece.meaning {
        Meaning::Numeral(_, many) => Some(many),
        _ => None,
    });
    // The second half of a hyphenated word has no article of its own.
    let half = pieces[0].gap == "-";
    let owned =
        half || front.iter().any(|piece| matches!(piece.meaning, Meaning::Numeral(..) | Meaning::Owner(_)));
    let held = noun.article == Article::Never
        && matches!(before, Some(Meaning::Noun(holder)) if HOLDERS.contains(&holder.one));
    let of = held || (matches!(before, Some(Meaning::Noun(_))) && noun.genitive);
    let after_preposition = matches!(before, Some(Meaning::Preposition(..)));
    let plural = many.unwrap_or(match noun.number {
        Number::One => false,
        Number::Many => true,
        Number::Unclear => !of && !after_preposition,
    }) && noun.article != Article::Never;
    let mut words = Vec::new();
    if of {
        words.push((String::new(), "of".to_owned()));
    }
    let plain_noun = front.is_empty();
    let known = match before {
        Some(Meaning::Preposition(_, place)) => *place && plain_noun,
        Some(Meaning::Order(_, known)) => *known,
        _ => of && plain_noun,
    };
    let lead = front.first().map_or(if plural { &noun.many } else { noun.one }, |piece| word(&piece.meaning));
    let article = article(noun, plural, owned, known, lead);
    if !article.is_empty() {
        words.push((" ".to_owned(), article.to_owned()));
    }
    for (place, piece) in front.iter().enumerate() {
        let gap = if place == 0 { " " } else { piece.gap.as_str() };
        words.push((gap.to_owned(), word(&piece.meaning).to_owned()));
    }
    let name = if plural { noun.many.clone() } else { noun.one.to_owned() };
    words.push((" ".to_owned(), name));
    words
}

fn article(noun: &Noun, plural: bool, owned: bool, known: bool, lead: &str) -> &'static str {
    match noun.article {
        _ if owned => "",
        Article::Never => "",
        Article::Always => "the",
        Article::Counted if plural => "",
        Article::Counted if known => "the",
        Article::Counted if is_vowel(lead) => "an",
        Article::Counted => "a",
    }
}

/// Whether a word begins with a vowel as it is spoken.
fn is_vowel(word: &str) -> bool {
    word.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O'])
        && !["uni", "one", "eu"].iter().any(|start| word.starts_with(start))
}

fn word(meaning: &Meaning) -> &str {
    match meaning {
        Meaning::Adjective(word)
        | Meaning::Verb(word)
        | Meaning::Order(word, _)
        | Meaning::Preposition(word, _)
        | Meaning::Numeral(word, _)
        | Meaning::Owner(word)
        | Meaning::Word(word) => word,
        Meaning::Noun(noun) => noun.one,
        Meaning::Plain(word) => word,
    }
}

/// The plural of a regular noun; of several words it is the last that changes.
pub(super) fn plural(one: &str) -> String {
    let before = one.strip_suffix('y').filter(|before| !before.ends_with(['a', 'e', 'o', 'u']));
    if let Some(before) = before {
        return format!("{before}ies");
    }
    let es = ["s", "x", "z", "ch", "sh"].iter().any(|end| one.ends_with(end));
    format!("{one}{}", if es { "es" } else { "s" })
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
