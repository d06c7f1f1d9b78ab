//! Encodings: what says its own is believed, what does not is guessed, and the guess is told.

use super::{refused, shown};
use crate::words::{Assumption, Columns, read};

const TEXT: &str = "слово;перевод;пример\nкошка;cat;Кошка спит на окне.\nсобака;dog;Собака бежит домой, потому что идёт дождь.\n";

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff_u16).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn s1_06_every_encoding_of_russian_gives_the_same_words() {
    let in_encoding = |encoding: &'static encoding_rs::Encoding| encoding.encode(TEXT).0.into_owned();
    let cases = [
        (TEXT.as_bytes().to_vec(), None),
        (["\u{feff}", TEXT].concat().into_bytes(), None),
        (utf16(TEXT, true, true), Some("UTF-16LE")),
        (utf16(TEXT, false, true), Some("UTF-16BE")),
        (utf16(TEXT, true, false), Some("UTF-16LE")),
        (utf16(TEXT, false, false), Some("UTF-16BE")),
        (in_encoding(encoding_rs::WINDOWS_1251), Some("windows-1251")),
        (in_encoding(encoding_rs::KOI8_R), Some("KOI8-U")),
        (in_encoding(encoding_rs::IBM866), Some("IBM866")),
    ];
    for (bytes, name) in cases {
        let list = read(&bytes, "words.csv", &Columns::default())
            .unwrap_or_else(|error| panic!("{name:?}: {error}"));
        let expected = [
            "1 кошка = cat ex Кошка спит на окне.",
            "2 собака = dog ex Собака бежит домой, потому что идёт дождь.",
        ];
        assert_eq!(shown(&list), expected, "{name:?}");
        let told = list.assumed.iter().find_map(|assumption| match assumption {
            Assumption::Encoding(name) => Some(*name),
            _ => None,
        });
        assert_eq!(told, name);
    }
}

#[test]
fn s1_06_a_few_russian_words_are_cp1251() {
    for text in ["кот", "кошка\nсобака", "Слово;Перевод\nдом;house", "ёж"] {
        let bytes = encoding_rs::WINDOWS_1251.encode(text).0;
        let list = read(&bytes, "a.txt", &Columns::default()).expect("a list");
        assert_eq!(list.assumed[0].to_string(), "the text is windows-1251", "{text}");
        assert!(text.starts_with(&list.words[0].word[..2]) || text.starts_with("Слово"), "{text}");
    }
}

#[test]
fn s1_06_what_is_no_text_is_refused() {
    let cases: &[(&[u8], &str)] = &[
        (b"cat\0\ndog\n\0", "the list is not text: character 3 on line 1 is zero"),
        (b"cat\ndog\0fox", "the list is not text: character 7 on line 2 is zero"),
        (b"\xff\xfec\0a\0t", "the list is not text: it is no UTF-16LE either"),
        (b"\xef\xbb\xbfcat\xff", "the list is not text: it is no UTF-8 either"),
    ];
    for (bytes, message) in cases {
        let error = refused(bytes, "a.txt");
        assert_eq!((error.to_string().as_str(), error.code()), (*message, "words_not_text"));
    }
}
