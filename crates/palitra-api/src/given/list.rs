//! What is said about a list, in the reader's language: why it cannot be read, what was assumed, which rows are bad and which words stand there
//! twice. The facts are the reader's, the texts are `list-…` of the catalogues.

use palitra_decks::{
    anki::{AnkiError, MEMBERS_MAX},
    words::{
        Assumption, BadReason, CELL_BYTES_MAX, LIST_BYTES_MAX, Place, Role, WORDS_MAX, WordList, WordsError,
    },
};
use palitra_domain::ErrorCode;
use palitra_engine::failure::{Failure, Phrase};

/// Rows that are named one by one; of more only how many.
const NAMED_MAX: usize = 10;

/// Names the file, what is wrong and what to do.
pub fn failure(file: &str, error: &WordsError) -> Failure {
    let hint = Phrase::new(format!("list-hint-{}", error.code().replace('_', "-")));
    Failure::new(ErrorCode::BadList).with("place", file).with("why", why(error)).with("hint", hint)
}

/// What was assumed, which rows are bad and which words stand there twice: a wrong guess costs money, so every guess is told before anything is paid.
pub fn notices(list: &WordList) -> Vec<Phrase> {
    let assumed =
        list.assumed.iter().map(|of| Phrase::new("list-assumed").with("what", assumption_phrase(of)));
    let bad = list.bad.iter().take(NAMED_MAX).map(|bad| {
        Phrase::new("list-bad-row").with("place", place(&bad.place)).with("why", reason(&bad.reason))
    });
    let twice = list.duplicates.iter().take(NAMED_MAX).map(|twice| {
        Phrase::new("list-duplicate").with("place", place(&twice.place)).with("number", number(twice.number))
    });
    let more = [("list-more-bad", list.bad.len()), ("list-more-duplicates", list.duplicates.len())];
    let more = more.into_iter().filter(|(_, count)| *count > NAMED_MAX);
    let more = more.map(|(key, count)| Phrase::new(key).with("count", number(count - NAMED_MAX)));
    assumed.chain(bad).chain(twice).chain(more).collect()
}

/// `English` and `английский` are `en`.
pub fn language_code(name: &str) -> String {
    let name = name.trim().to_lowercase();
    for (code, begins) in [("en", ["en", "англ"]), ("ru", ["ru", "русс"]), ("kk", ["ka", "каза"])]
    {
        if begins.iter().any(|begin| name.starts_with(begin)) {
            return code.to_owned();
        }
    }
    name
}

fn why(error: &WordsError) -> Phrase {
    let phrase = |key: &str| Phrase::new(format!("list-{key}"));
    match error {
        WordsError::Empty => phrase("empty"),
        WordsError::NoWords => phrase("no-words"),
        WordsError::TooLarge { bytes } => {
            phrase("too-large").with("bytes", number(*bytes)).with("max", number(LIST_BYTES_MAX))
        }
        WordsError::TooManyWords { place: at } => {
            phrase("too-many-rows").with("place", place(at)).with("max", number(WORDS_MAX))
        }
        WordsError::Unsupported { kind } => phrase("unsupported").with("kind", *kind),
        WordsError::Binary { line, .. } => phrase("binary").with("line", number(*line)),
        WordsError::NotText { encoding } => phrase("not-text").with("encoding", *encoding),
        WordsError::BadJson { line, column, reason } => phrase("bad-json")
            .with("line", number(*line))
            .with("column", number(*column))
            .with("reason", reason.as_str()),
        WordsError::BadField { place: at, reason } => {
            phrase("bad-field").with("place", place(at)).with("reason", *reason)
        }
        WordsError::NoColumn { name, have } => {
            phrase("no-column").with("name", name.as_str()).with("have", have.join(", "))
        }
        WordsError::NoColumnNumber { number: n, count } => {
            phrase("no-column-number").with("number", number(*n)).with("count", number(*count))
        }
        WordsError::BadDelimiter(delimiter) => {
            phrase("bad-delimiter").with("delimiter", delimiter.to_string())
        }
        WordsError::Anki(error) => anki(error),
    }
}

fn anki(error: &AnkiError) -> Phrase {
    let phrase = |key: &str| Phrase::new(format!("list-anki-{key}"));
    match error {
        AnkiError::NotAPackage { reason } => phrase("no-package").with("reason", reason.as_str()),
        AnkiError::Other { kind } => phrase("other").with("kind", *kind),
        AnkiError::Encrypted { member } => phrase("encrypted").with("member", member.as_str()),
        AnkiError::TooManyMembers { count } => {
            phrase("members").with("count", number(*count)).with("max", number(MEMBERS_MAX))
        }
        AnkiError::TooLarge { member, max } => phrase("too-large")
            .with("member", member.as_str())
            .with("max", i64::try_from(*max).unwrap_or(i64::MAX)),
        AnkiError::Overlapping => phrase("overlapping"),
        AnkiError::Damaged { member, reason } => {
            phrase("damaged").with("member", member.as_str()).with("reason", reason.as_str())
        }
        AnkiError::TooNew { version } => phrase("too-new").with("version", version.to_string()),
        AnkiError::UnsafeDatabase { what } => phrase("unsafe").with("what", what.as_str()),
        AnkiError::TooSlow => phrase("slow"),
        AnkiError::NoField { name, have } => {
            phrase("no-field").with("name", name.as_str()).with("have", have.join(", "))
        }
        AnkiError::NoNote { id } => phrase("no-note").with("id", id.to_string()),
        AnkiError::BadMediaName { name } => phrase("media-name").with("name", name.as_str()),
        AnkiError::Media { name, .. } => phrase("media").with("name", name.as_str()),
        AnkiError::Read(error) => phrase("read").with("reason", error.to_string()),
        AnkiError::Write(error) => phrase("write").with("reason", error.to_string()),
        AnkiError::Make { reason } => phrase("write").with("reason", reason.as_str()),
    }
}

fn assumption_phrase(assumption: &Assumption) -> Phrase {
    let phrase = |key: &str| Phrase::new(format!("list-as-{key}"));
    match assumption {
        Assumption::Encoding(name) => phrase("encoding").with("name", *name),
        Assumption::Delimiter('\t') => phrase("tabs"),
        Assumption::Delimiter(delimiter) => phrase("delimiter").with("delimiter", delimiter.to_string()),
        Assumption::Headers(true) => phrase("headers"),
        Assumption::Headers(false) => phrase("no-headers"),
        Assumption::Column { role: of, column, name } => phrase("column")
            .with("column", number(*column))
            .with("name", name.clone().map_or_else(String::new, |name| format!(" `{name}`")))
            .with("role", role(*of)),
        Assumption::Language(code) => phrase("language").with("code", *code),
        Assumption::Field { note_type, role: of, field } => phrase("field")
            .with("type", note_type.as_str())
            .with("field", field.as_str())
            .with("role", role(*of)),
    }
}

fn role(role: Role) -> Phrase {
    Phrase::new(format!("list-role-{}", role.name()))
}

fn reason(reason: &BadReason) -> Phrase {
    let phrase = |key: &str| Phrase::new(format!("list-bad-{key}"));
    match reason {
        BadReason::NoWord => phrase("no-word"),
        BadReason::CellTooLarge { bytes } => {
            phrase("cell").with("bytes", number(*bytes)).with("max", number(CELL_BYTES_MAX))
        }
        BadReason::NoFlag { text } => phrase("flag").with("text", text.as_str()),
        BadReason::OpenQuote => phrase("quote"),
        BadReason::OpenQuotes => phrase("quotes"),
        BadReason::NoNoteType => phrase("note-type"),
    }
}

fn place(place: &Place) -> Phrase {
    match place {
        Place::Row { row, column: None } => Phrase::new("list-at-row").with("row", number(*row)),
        Place::Row { row, column: Some(column) } => {
            Phrase::new("list-at-cell").with("row", number(*row)).with("column", number(*column))
        }
        Place::Line(line) => Phrase::new("list-at-line").with("line", number(*line)),
        Place::Path(path) => Phrase::new("list-at-path").with("path", path.as_str()),
        Place::Note(id) => Phrase::new("list-at-note").with("id", id.to_string()),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palitra_domain::i18n::Lang;
    use std::io::ErrorKind;

    fn errors() -> Vec<WordsError> {
        let text = || "text".to_owned();
        let anki = [
            AnkiError::NotAPackage { reason: text() },
            AnkiError::Other { kind: "an Excel sheet" },
            AnkiError::Encrypted { member: text() },
            AnkiError::TooManyMembers { count: 7 },
            AnkiError::TooLarge { member: text(), max: 7 },
            AnkiError::Overlapping,
            AnkiError::Damaged { member: text(), reason: text() },
            AnkiError::TooNew { version: 9 },
            AnkiError::UnsafeDatabase { what: text() },
            AnkiError::TooSlow,
            AnkiError::NoField { name: text(), have: vec![text()] },
            AnkiError::NoNote { id: 7 },
            AnkiError::BadMediaName { name: text() },
            AnkiError::Media { name: text(), source: ErrorKind::NotFound.into() },
            AnkiError::Read(ErrorKind::NotFound.into()),
            AnkiError::Write(ErrorKind::NotFound.into()),
            AnkiError::Make { reason: text() },
        ];
        let own = [
            WordsError::Empty,
            WordsError::NoWords,
            WordsError::TooLarge { bytes: 7 },
            WordsError::TooManyWords { place: Place::Row { row: 7, column: Some(2) } },
            WordsError::Unsupported { kind: "Excel" },
            WordsError::Binary { offset: 7, line: 1 },
            WordsError::NotText { encoding: "UTF-8" },
            WordsError::BadJson { line: 1, column: 2, reason: text() },
            WordsError::BadField { place: Place::Path(text()), reason: "must be a text" },
            WordsError::NoColumn { name: text(), have: vec![text()] },
            WordsError::NoColumnNumber { number: 7, count: 2 },
            WordsError::BadDelimiter('ы'),
        ];
        own.into_iter().chain(anki.into_iter().map(WordsError::Anki)).collect()
    }

    /// A key without a text would be said as it is.
    #[test]
    fn everything_that_can_be_said_of_a_list_has_words_in_both_languages() {
        let mut phrases: Vec<Phrase> = Vec::new();
        for error in errors() {
            phrases.push(why(&error));
            phrases.push(Phrase::new(format!("list-hint-{}", error.code().replace('_', "-"))));
        }
        phrases.extend(Role::ALL.map(role));
        let column = Assumption::Column { role: Role::Word, column: 1, name: None };
        let field = Assumption::Field { note_type: "a".to_owned(), role: Role::Word, field: "b".to_owned() };
        let assumed = [
            Assumption::Encoding("windows-1251"),
            Assumption::Delimiter('\t'),
            Assumption::Delimiter(';'),
            Assumption::Headers(true),
            Assumption::Headers(false),
            column,
            Assumption::Language("en"),
            field,
        ];
        phrases.extend(assumed.iter().map(assumption_phrase));
        let reasons = [
            BadReason::NoWord,
            BadReason::CellTooLarge { bytes: 7 },
            BadReason::NoFlag { text: "a".to_owned() },
            BadReason::OpenQuote,
            BadReason::OpenQuotes,
            BadReason::NoNoteType,
        ];
        phrases.extend(reasons.iter().map(reason));
        let places = [Place::Row { row: 1, column: None }, Place::Line(3), Place::Note(4)];
        phrases.extend(places.iter().map(place));
        for phrase in phrases {
            for lang in Lang::ALL {
                let text = phrase.text(lang);
                assert!(!text.contains("list-") && !text.contains("{ "), "{lang:?}: {text}");
            }
        }
    }
}
