//! The dictionary: read once from its file, looked up by the longest beginning of a word whose ending fits.

use super::{Article, Meaning, Noun, Number};
use std::{collections::HashMap, sync::LazyLock};

/// The file says how it is written.
const FILE: &str = include_str!("../../../assets/words/ru-en.txt");

/// Endings of nouns by the last letter of the dictionary form, which most of them replace. Those of many are named apart.
const MANY: &str = "ам ями ами ях ах ям ов ев";
const ENDINGS: [(&str, &str); 8] = [
    ("а", "а ы и е у ой ей ою ею"),
    ("я", "я и е ю ей ею ь й"),
    ("о", "о а у ом е"),
    ("е", "е я ю ем и ей а у й"),
    ("ь", "ь я ю ем е и ью ей"),
    ("й", "й я ю ем е и"),
    ("ыи", "ы и ей"),
    ("", "а у ом ем е ы и ей"),
];
/// Of further stems any will do.
const ANY: &str = "а я о е ы и у ю ой ей ою ею ом ем ь й ью";
const ADJECTIVE: &str =
    "ый ий ой ая яя ое ее ые ие ого его ому ему ым им ом ем ей ую юю ых их ыми ими ою ею о а ы";
const VERB: &str = "у ю ешь ет ем ете ут ют ишь ит им ите ат ят т л ла ло ли ть ти ать ять еть ить а я";
/// What stands between a verb and an adjective's ending.
const PARTICIPLE: [&str; 7] = ["ющ", "ущ", "ащ", "ящ", "щ", "вш", "ш"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Noun(Article),
    Adjective,
    Verb,
}

/// A stem of a word.
struct Stem {
    kind: Kind,
    english: &'static str,
    many: &'static str,
    /// The endings that fit.
    endings: &'static str,
    /// The last letter of the dictionary form; `None` for further stems.
    last: Option<char>,
    plural: bool,
}

pub(super) struct Lexicon {
    /// Whole words.
    whole: HashMap<&'static str, Meaning>,
    /// Phrases by their first word, the longest first.
    phrases: HashMap<&'static str, Vec<(Vec<&'static str>, Meaning)>>,
    stems: HashMap<&'static str, Vec<Stem>>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::read);

impl Lexicon {
    pub(super) fn get() -> &'static Lexicon {
        &LEXICON
    }

    fn read() -> Lexicon {
        let mut lexicon = Lexicon { whole: HashMap::new(), phrases: HashMap::new(), stems: HashMap::new() };
        for (kind, forms, english) in lines() {
            let (one, many) = english.split_once(", ").unwrap_or((english, ""));
            let of_stem = match kind {
                'n' => Some(Kind::Noun(Article::Counted)),
                'u' => Some(Kind::Noun(Article::Never)),
                't' => Some(Kind::Noun(Article::Always)),
                'a' => Some(Kind::Adjective),
                'v' => Some(Kind::Verb),
                _ => None,
            };
            for (place, form) in forms.split(',').enumerate() {
                match of_stem {
                    Some(kind) => lexicon.add_stem(kind, place == 0, form, one, many),
                    None => lexicon.add_word(form, word_meaning(kind, english)),
                }
            }
        }
        for phrases in lexicon.phrases.values_mut() {
            phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        lexicon
    }

    fn add_word(&mut self, form: &'static str, meaning: Meaning) {
        let words: Vec<&str> = form.split(' ').collect();
        if let [first, _, ..] = words[..] {
            self.phrases.entry(first).or_default().push((words, meaning));
        } else {
            self.whole.entry(form).or_insert(meaning);
        }
    }

    fn add_stem(
        &mut self,
        kind: Kind,
        first: bool,
        form: &'static str,
        one: &'static str,
        many: &'static str,
    ) {
        let (plural, form) = form.strip_prefix('+').map_or((false, form), |form| (true, form));
        if let Some(whole) = form.strip_prefix("==") {
            let number = if plural { Number::Many } else { Number::One };
            let genitive = whole.ends_with(['а', 'я', 'в', 'ц', 'ы', 'и']);
            self.whole.entry(whole).or_insert_with(|| meaning(kind, one, many, number, genitive));
            return;
        }
        let last = form.chars().next_back().filter(|_| first);
        let (stem, endings) = match (kind, last) {
            (Kind::Noun(_), Some(last)) => {
                let (letters, endings) = ENDINGS
                    .iter()
                    .find(|(letters, _)| letters.contains(last))
                    .unwrap_or(&ENDINGS[ENDINGS.len() - 1]);
                let cut = if letters.is_empty() { 0 } else { last.len_utf8() };
                (&form[..form.len() - cut], *endings)
            }
            (Kind::Noun(_), None) => (form, ANY),
            (Kind::Adjective, _) => {
                let cut =
                    if first { form.char_indices().nth_back(1).map_or(0, |(at, _)| at) } else { form.len() };
                (&form[..cut], ADJECTIVE)
            }
            (Kind::Verb, _) => (form, VERB),
        };
        let stem_of = Stem { kind, english: one, many, endings, last, plural };
        self.stems.entry(stem).or_default().push(stem_of);
    }

    /// The longest phrase the words begin with, and how many words it has.
    pub(super) fn phrase(&self, words: &[String]) -> Option<(usize, Meaning)> {
        let phrases = self.phrases.get(words.first()?.as_str())?;
        let fits = |phrase: &[&str]| {
            words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, of)| word == of)
        };
        let (phrase, meaning) = phrases.iter().find(|(phrase, _)| fits(phrase))?;
        Some((phrase.len(), meaning.clone()))
    }

    pub(super) fn word(&self, word: &str) -> Option<Meaning> {
        if let Some(meaning) = self.whole.get(word) {
            return Some(meaning.clone());
        }
        let ends = word.char_indices().map(|(at, _)| at).skip(2).chain([word.len()]);
        let ends: Vec<usize> = ends.collect();
        ends.into_iter().rev().find_map(|end| {
            let stems = self.stems.get(&word[..end])?;
            stems.iter().find_map(|stem| stem.with(&word[end..]))
        })
    }
}

/// The lines of the file: kind, forms, English.
pub(super) fn lines() -> impl Iterator<Item = (char, &'static str, &'static str)> {
    FILE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (forms, english) = line.split_once(" = ")?;
        let (kind, forms) = forms.split_once(' ')?;
        Some((kind.chars().next()?, forms, english))
    })
}

/// What an English word is called in Russian, in the dictionary form; its plural too.
pub(crate) fn russian(english: &str) -> Option<&'static str> {
    static BACK: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        let mut back = HashMap::new();
        for (kind, forms, english) in lines().filter(|(kind, ..)| "nuta".contains(*kind)) {
            let Some(form) = forms.split(',').next().filter(|form| !form.starts_with(['+', '='])) else {
                continue;
            };
            let (one, many) = english.split_once(", ").unwrap_or((english, ""));
            back.entry(one.to_lowercase()).or_insert(form);
            if kind != 'a' {
                let many = if many.is_empty() { super::phrase::plural(one) } else { many.to_owned() };
                back.entry(many.to_lowercase()).or_insert(form);
            }
        }
        back
    });
    BACK.get(english).copied()
}

fn word_meaning(kind: char, english: &'static str) -> Meaning {
    match kind {
        'i' => Meaning::Order(english, true),
        'j' => Meaning::Order(english, false),
        'p' => Meaning::Preposition(english, true),
        'q' => Meaning::Preposition(english, false),
        'd' => Meaning::Numeral(english, english != "one"),
        's' => Meaning::Owner(english),
        _ => Meaning::Word(english),
    }
}

fn meaning(kind: Kind, one: &'static str, many: &'static str, number: Number, genitive: bool) -> Meaning {
    match kind {
        Kind::Noun(article) => {
            let many = if many.is_empty() { super::phrase::plural(one) } else { many.to_owned() };
            Meaning::Noun(Noun { one, many, article, number, genitive })
        }
        Kind::Adjective => Meaning::Adjective(one),
        Kind::Verb => Meaning::Verb(one),
    }
}

impl Stem {
    /// What the stem means with an ending, when they fit.
    fn with(&self, ending: &str) -> Option<Meaning> {
        let among = |endings: &str| endings.split(' ').any(|other| other == ending);
        let fits = match self.kind {
            Kind::Noun(_) => ending.is_empty() || among(self.endings) || among(MANY),
            Kind::Adjective => ending.is_empty() || adjective(ending),
            Kind::Verb => {
                let bare = ending.strip_suffix("ся").or(ending.strip_suffix("сь")).unwrap_or(ending);
                self.endings.split(' ').any(|other| other == bare)
                    || PARTICIPLE.iter().any(|mark| bare.strip_prefix(mark).is_some_and(adjective))
            }
        };
        fits.then(|| meaning(self.kind, self.english, self.many, self.number(ending), self.genitive(ending)))
    }

    fn number(&self, ending: &str) -> Number {
        let consonant = self.last.is_some_and(|last| !"аяоеьйыи".contains(last));
        match ending {
            _ if self.plural => Number::Many,
            _ if MANY.split(' ').any(|many| many == ending) => Number::Many,
            "ы" | "и" if consonant => Number::Many,
            "ы" | "и" => Number::Unclear,
            "а" | "я" if self.last.is_some_and(|last| "ое".contains(last)) => Number::Unclear,
            "" if self.last.is_some_and(|last| "аяо".contains(last)) => Number::Many,
            "ь" if self.last == Some('я') => Number::Many,
            "ей" if consonant || self.last.is_none_or(|last| "ьй".contains(last)) => Number::Many,
            _ => Number::One,
        }
    }

    /// Whether the ending can say "of": what the dictionary form ends in never does.
    fn genitive(&self, ending: &str) -> bool {
        let own = self.last.is_some_and(|last| ending.chars().eq([last]));
        let vowel = self.last.is_some_and(|last| "аяо".contains(last));
        !own && (matches!(ending, "а" | "я" | "ы" | "и" | "ов" | "ев" | "ей") || (ending.is_empty() && vowel))
    }
}

/// Whether this is an adjective's ending, also of a participle that ends in `ся`.
fn adjective(ending: &str) -> bool {
    let bare = ending.strip_suffix("ся").unwrap_or(ending);
    ADJECTIVE.split(' ').any(|other| other == bare)
}
