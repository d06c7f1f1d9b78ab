//! The names that people give to columns and to fields of notes, in Russian and in English, and which column has which role.

use super::{Assumption, Column, Columns, Role, WordsError};
use std::collections::{BTreeMap, btree_map::Entry};

/// Names that say a role. Small letters, `е` for `ё`, a space for `_`.
pub(crate) type Names = &'static [&'static str];

const ROLES: [(Role, Names); 7] = [
    (
        Role::Word,
        &[
            "word",
            "words",
            "term",
            "terms",
            "front",
            "expression",
            "phrase",
            "vocabulary",
            "vocab",
            "question",
            "слово",
            "слова",
            "термин",
            "выражение",
            "фраза",
            "вопрос",
            "лицевая",
            "лицевая сторона",
            "лицо",
        ],
    ),
    (
        Role::Translation,
        &[
            "translation",
            "translations",
            "meaning",
            "definition",
            "back",
            "answer",
            "перевод",
            "переводы",
            "значение",
            "определение",
            "ответ",
            "оборот",
            "обратная",
            "обратная сторона",
            "оборотная сторона",
        ],
    ),
    (
        Role::Example,
        &[
            "example",
            "examples",
            "sentence",
            "example sentence",
            "context",
            "usage",
            "пример",
            "примеры",
            "предложение",
            "контекст",
        ],
    ),
    (Role::Language, &["language", "lang", "язык"]),
    (
        Role::Prompt,
        &[
            "prompt",
            "image prompt",
            "picture prompt",
            "промпт",
            "промт",
            "описание картинки",
            "подсказка для картинки",
        ],
    ),
    (
        Role::Image,
        &[
            "image",
            "images",
            "picture",
            "pictures",
            "img",
            "photo",
            "illustration",
            "generate image",
            "картинка",
            "картинки",
            "изображение",
            "рисунок",
            "фото",
            "иллюстрация",
        ],
    ),
    (
        Role::Audio,
        &[
            "audio",
            "sound",
            "sounds",
            "speech",
            "voice",
            "pronunciation",
            "generate audio",
            "аудио",
            "звук",
            "озвучка",
            "произношение",
            "голос",
        ],
    ),
];

/// Codes of languages, and how a column in one is called.
const LANGUAGES: [(&str, Names); 14] = [
    ("en", &["en", "eng", "english", "английский", "англ", "по-английски"]),
    ("ru", &["ru", "rus", "russian", "русский", "рус", "по-русски"]),
    ("de", &["de", "deu", "ger", "german", "deutsch", "немецкий"]),
    ("fr", &["fr", "fra", "french", "français", "французский"]),
    ("es", &["es", "spa", "spanish", "español", "испанский"]),
    ("it", &["it", "ita", "italian", "italiano", "итальянский"]),
    ("pt", &["pt", "por", "portuguese", "português", "португальский"]),
    ("pl", &["pl", "pol", "polish", "polski", "польский"]),
    ("tr", &["tr", "tur", "turkish", "türkçe", "турецкий"]),
    ("uk", &["uk", "ukr", "ukrainian", "українська", "украинский"]),
    ("kk", &["kk", "kaz", "kazakh", "қазақша", "казахский"]),
    ("zh", &["zh", "chi", "chinese", "中文", "китайский"]),
    ("ja", &["ja", "jpn", "japanese", "日本語", "японский"]),
    ("ko", &["ko", "kor", "korean", "한국어", "корейский"]),
];

/// `Example_Sentence:` and `example sentence` are one name.
pub(crate) fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace('ё', "е").replace('_', " ");
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*' | '#' | '\u{feff}'));
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The role that a name says by itself; with `loosely`, one of its words is enough: `English word`, `Word (EN)`.
pub(crate) fn role_of(name: &str, loosely: bool) -> Option<Role> {
    let name = plain(name);
    let whole = |names: Names| names.contains(&name.as_str());
    let exact = ROLES.iter().find(|(_, names)| whole(names)).map(|(role, _)| *role);
    if exact.is_some() || !loosely {
        return exact;
    }
    let parts: Vec<&str> = name.split(|c: char| !c.is_alphabetic()).collect();
    // From the end, so that `word audio` is a sound and `example translation` is nothing of the word's.
    ROLES.iter().rev().find(|(_, names)| parts.iter().any(|part| names.contains(part))).map(|(role, _)| *role)
}

fn language_of(name: &str) -> Option<&'static str> {
    let name = plain(name);
    LANGUAGES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(code, _)| *code)
}

/// Which column has which role.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Columns from 0.
    pub(crate) columns: BTreeMap<Role, usize>,
    pub(crate) headers: bool,
    pub(crate) assumed: Vec<Assumption>,
}

/// From the first row and from what the caller knows; `names` are those of a file that says them apart from its rows,
/// `others` its columns (from 0) that are no cells of a word.
pub(crate) fn layout(
    first: &[String],
    names: Option<&[String]>,
    columns: &Columns,
    others: &[usize],
) -> Result<Layout, WordsError> {
    let top = names.unwrap_or(first);
    let by_name = columns.named.iter().any(|(_, column)| matches!(column, Column::Name(_)));
    let told = if names.is_some() { Some(false) } else { columns.headers.or(by_name.then_some(true)) };
    let headers = told.unwrap_or_else(|| says_names(top));
    let named = headers || names.is_some();
    let mut layout = Layout { headers, ..Layout::default() };
    if told.is_none() {
        layout.assumed.push(Assumption::Headers(headers));
    }
    for (role, column) in &columns.named {
        layout.columns.insert(*role, position(column, top, named)?);
    }
    if named {
        by_names(top, &mut layout);
    }
    by_place(top.len(), named, others, &mut layout);
    for (&role, &at) in &layout.columns {
        if columns.of(role).is_none() {
            let name = named.then(|| top.get(at).map(|name| name.trim().to_owned())).flatten();
            layout.assumed.push(Assumption::Column { role, column: at + 1, name });
        }
    }
    Ok(layout)
}

/// A row of names has one that says the word, or two that say anything.
pub(crate) fn says_names(row: &[String]) -> bool {
    let roles: Vec<Role> = row.iter().filter_map(|name| role_of(name, false)).collect();
    let languages = row.iter().filter(|name| language_of(name).is_some()).count();
    roles.contains(&Role::Word) || roles.len() + languages >= 2
}

fn position(column: &Column, top: &[String], named: bool) -> Result<usize, WordsError> {
    match column {
        Column::Number(number) if (1..=top.len()).contains(number) => Ok(number - 1),
        Column::Number(number) => Err(WordsError::NoColumnNumber { number: *number, count: top.len() }),
        Column::Name(name) => {
            let found = top.iter().position(|have| named && plain(have) == plain(name));
            found.ok_or_else(|| WordsError::NoColumn { name: name.clone(), have: top.to_vec() })
        }
    }
}

fn by_names(top: &[String], layout: &mut Layout) {
    for (at, name) in top.iter().enumerate() {
        if let Some(role) = role_of(name, false)
            && !layout.columns.values().any(|taken| *taken == at)
        {
            layout.columns.entry(role).or_insert(at);
        }
    }
    // `English;Русский`: the first is what is learnt.
    for (at, name) in top.iter().enumerate() {
        let Some(code) = language_of(name) else { continue };
        if layout.columns.values().any(|taken| *taken == at) {
            continue;
        }
        let says_language = layout.columns.contains_key(&Role::Language);
        match layout.columns.entry(Role::Word) {
            Entry::Vacant(word) => {
                word.insert(at);
                if !says_language {
                    layout.assumed.push(Assumption::Language(code));
                }
            }
            Entry::Occupied(_) => {
                layout.columns.entry(Role::Translation).or_insert(at);
            }
        }
    }
}

/// What no name says goes by its place: the word first, and without any names the translation and the example after it.
fn by_place(count: usize, named: bool, others: &[usize], layout: &mut Layout) {
    let roles: &[Role] = if named && others.is_empty() {
        &[Role::Word]
    } else {
        &[Role::Word, Role::Translation, Role::Example]
    };
    for role in roles {
        if layout.columns.contains_key(role) {
            continue;
        }
        let free =
            (0..count).find(|at| !others.contains(at) && !layout.columns.values().any(|taken| taken == at));
        if let Some(free) = free {
            layout.columns.insert(*role, free);
        }
    }
}
