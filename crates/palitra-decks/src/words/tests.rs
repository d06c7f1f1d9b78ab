//! Reading lists: what a person meant by each, what is guessed and told, what is said when it is none.

mod bad;
mod csv_out;
mod encodings;
mod examples;
mod json;
mod properties;
mod tables;
mod texts;

use super::{Columns, WordList, WordsError, read};

#[track_caller]
fn list(text: &str, name: &str) -> WordList {
    list_with(text, name, &Columns::default())
}

/// The list a text is, with Unix and with Windows line endings, which must not matter.
#[track_caller]
fn list_with(text: &str, name: &str, columns: &Columns) -> WordList {
    let unix = read(text.as_bytes(), name, columns).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let windows = text.replace('\n', "\r\n");
    let mut windows =
        read(windows.as_bytes(), name, columns).unwrap_or_else(|error| panic!("{error}: {windows:?}"));
    for word in &mut windows.words {
        for text in [&mut word.example, &mut word.prompt].into_iter().flatten() {
            *text = text.replace("\r\n", "\n");
        }
    }
    assert_eq!(unix, windows, "line endings changed the list: {text:?}");
    unix
}

#[track_caller]
fn refused(bytes: &[u8], name: &str) -> WordsError {
    match read(bytes, name, &Columns::default()) {
        Ok(list) => panic!("{name} was read: {list:?}"),
        Err(error) => error,
    }
}

/// Each word as `1 cat = кошка`, with whatever else it has behind.
fn shown(list: &WordList) -> Vec<String> {
    let show = |word: &super::Word| {
        let mut text = format!("{} {}", word.number, word.word);
        let mut add = |mark: &str, part: &Option<String>| {
            if let Some(part) = part {
                text.push_str(&format!(" {mark} {part}"));
            }
        };
        add("=", &word.translation);
        add("ex", &word.example);
        add("in", &word.language);
        add("prompt", &word.prompt);
        for (name, wish, has) in
            [("image", word.image, word.has_image), ("audio", word.audio, word.has_audio)]
        {
            if let Some(wish) = wish {
                text.push_str(&format!(" {name}:{wish}"));
            }
            if has {
                text.push_str(&format!(" has:{name}"));
            }
        }
        text
    };
    list.words.iter().map(show).collect()
}

fn assumed(list: &WordList) -> Vec<String> {
    list.assumed.iter().map(ToString::to_string).collect()
}

fn bad(list: &WordList) -> Vec<String> {
    list.bad.iter().map(|bad| format!("{}: {}", bad.place, bad.reason)).collect()
}
