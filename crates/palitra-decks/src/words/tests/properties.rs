//! Properties over arbitrary bytes, and over tables that are written and read again.

use crate::words::{Columns, Place, Role, markup, read, write_csv};
use proptest::prelude::*;

const NAMES: [&str; 6] = ["a.csv", "a.tsv", "a.txt", "a.json", "a.apkg", "a"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn s1_06_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), name in prop::sample::select(NAMES.to_vec())) {
        drop(read(&bytes, name, &Columns::default()));
    }

    #[test]
    fn s1_06_reading_text_never_panics(text in "[\\PC\t\n\r,;\"'#:|]{0,200}", name in prop::sample::select(NAMES.to_vec())) {
        drop(read(text.as_bytes(), name, &Columns::default()));
        drop(read(format!("#separator:{text}").as_bytes(), name, &Columns::default()));
    }

    #[test]
    fn s1_06_every_word_is_in_its_place(
        rows in prop::collection::vec("[a-c \"\n]{0,6}", 1..30), delimiter in prop::sample::select(vec![',', ';', '\t']),
    ) {
        let mut out = Vec::new();
        write_csv(&mut out, delimiter, &["word"], rows.iter().map(|row| [row])).expect("written");
        if let Ok(list) = read(&out, "a.csv", &Columns { delimiter: Some(delimiter), ..Columns::default() }) {
            prop_assert!(list.bad.is_empty(), "{:?}", list.bad);
            for word in &list.words {
                let Place::Row { row, .. } = word.place else { panic!("a row") };
                // The row of names is the first.
                let written = rows[row - 2].split_whitespace().collect::<Vec<_>>().join(" ");
                prop_assert_eq!(&word.word, &written);
            }
        }
    }

    #[test]
    fn s1_06_a_table_is_read_as_it_was_written(
        rows in prop::collection::vec(("\\PC{0,6}", "\\PC{0,6}", "[=+@'\t-]{0,2}\\PC{0,6}"), 1..6),
        delimiter in prop::sample::select(vec![',', ';', '\t']),
    ) {
        let mut out = Vec::new();
        let cells = rows.iter().map(|(word, translation, example)| [word, translation, example]);
        write_csv(&mut out, delimiter, &["word", "translation", "example"], cells).expect("written");
        let columns = Columns {
            named: vec![(Role::Word, "word".into())], delimiter: Some(delimiter), headers: Some(true),
        };
        if let Ok(list) = read(&out, "a.csv", &columns) {
            for word in &list.words {
                let Place::Row { row, .. } = word.place else { panic!("a row") };
                let (_, _, example) = &rows[row - 2];
                let expected = crate::words::cell::lines(example);
                prop_assert_eq!(&word.example, &expected);
            }
        }
    }

    #[test]
    fn s1_06_text_survives_as_html(text in "[\\PC\n]{0,60}") {
        prop_assert_eq!(markup::text(&markup::html(&text)), text.clone());
        prop_assert_eq!(markup::text_as_anki_compares(&markup::html(&text.replace('\n', " "))), text.replace('\n', " "));
    }

    #[test]
    fn s1_06_any_markup_is_read(html in "[<>/a-z&;#\"'=\\[\\]: !-]{0,80}") {
        drop(markup::text(&html));
        drop(markup::text_as_anki_compares(&html));
        drop(markup::without_cloze(&html));
    }
}
