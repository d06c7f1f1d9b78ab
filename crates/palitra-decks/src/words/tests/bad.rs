//! Files that are no lists.

use super::refused;
use crate::words::LIST_BYTES_MAX;

#[test]
fn s1_06_each_reason_is_said() {
    let cases: &[(&[u8], &str, &str)] = &[
        (b"", "a.csv", "the list is empty"),
        (b" \n\t\n", "a.txt", "the list is empty"),
        (b"\xef\xbb\xbf\r\n", "a.csv", "the list is empty"),
        (b"word,translation\n", "a.csv", "the list has no words"),
        (b",\n,\n", "a.csv", "the list has no words"),
        (b"[]", "a.json", "the list has no words"),
        (b"", "a.xlsx", "Excel files cannot be read as a list of words"),
        (b"", "Words.ODS", "OpenDocument files cannot be read as a list of words"),
        (b"%PDF-1.7", "words", "PDF files cannot be read as a list of words"),
        (b"PK\x03\x04", "words.csv", "zipped files cannot be read as a list of words"),
        (b"not a zip", "a.apkg", "the file is no Anki package: "),
        (b"PK\x03\x04 cut off", "words", "the file is no Anki package: "),
    ];
    for (bytes, name, message) in cases {
        let error = refused(bytes, name);
        assert!(error.to_string().starts_with(message), "{name}: {error}");
        for text in [error.to_string(), error.hint().to_owned()] {
            assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
        }
    }
}

#[test]
fn s1_06_the_size_is_bounded() {
    let mut bytes = b"cat\n".repeat(LIST_BYTES_MAX / 4);
    bytes.push(b'x');
    assert_eq!(refused(&bytes, "a.txt").code(), "words_too_large");
}
