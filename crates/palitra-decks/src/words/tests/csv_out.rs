//! Tables out: no cell becomes a formula, and what is written is read again.

use super::{list_with, shown};
use crate::words::{Columns, read, write_csv};

fn written(delimiter: char, names: &[&str], rows: &[&[&str]]) -> Vec<u8> {
    let mut out = Vec::new();
    write_csv(&mut out, delimiter, names, rows.iter().map(|row| row.iter())).expect("written");
    out
}

#[test]
fn s1_06_cells_that_would_be_formulas_get_an_apostrophe() {
    let cases = [
        ("=1+1", "'=1+1"),
        ("+7 900", "'+7 900"),
        ("-er", "'-er"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "\"'\rx\""),
        ("'=x", "''=x"),
        ("'tis", "'tis"),
        ("a=b", "a=b"),
        ("", ""),
        ("a,b", "\"a,b\""),
        ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("two\nlines", "\"two\nlines\""),
        ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
    ];
    for (cell, expected) in cases {
        let bytes = written(',', &["n", "word"], &[&["x", cell]]);
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(text, format!("\u{feff}n,word\r\nx,{expected}\r\n"), "{cell:?}");
    }
}

#[test]
fn s1_06_a_table_of_ours_is_a_list_again() {
    for delimiter in [',', ';', '\t'] {
        let rows: &[&[&str]] = &[
            &["1", "-er", "=да", "0001.png", "0001.mp3"],
            &["2", "'tis", "'=нет", "", ""],
            &["3", "a;b,c\td", "x", "", "3.ogg"],
        ];
        let bytes = written(delimiter, &["number", "word", "translation", "image", "audio"], rows);
        let list = read(&bytes, "words.csv", &Columns::default()).expect("a list");
        let expected = ["1 -er = =да has:image has:audio", "2 'tis = '=нет", "3 a;b,c d = x has:audio"];
        assert_eq!(shown(&list), expected, "{delimiter:?}");
        let text = String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n");
        assert_eq!(shown(&list_with(&text, "words.csv", &Columns::default())), expected);
    }
    assert!(write_csv(Vec::new(), 'é', &["a"], std::iter::empty::<[&str; 1]>()).is_err());
}
