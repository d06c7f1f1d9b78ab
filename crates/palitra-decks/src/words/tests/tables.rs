//! Tables: delimiters, names of columns, rows.

use super::{assumed, bad, list, list_with, shown};
use crate::words::{Column, Columns, Format, Place, Role, WordsError, read};

#[test]
fn s1_06_columns_are_found_by_names_in_russian_and_english() {
    let cases: &[(&str, &[&str])] = &[
        ("word,translation\ncat,кошка\n", &["1 cat = кошка"]),
        ("слово;перевод;пример\ncat;кошка;A cat.\n", &["1 cat = кошка ex A cat."]),
        ("Front\tBack\ncat\tкошка\n", &["1 cat = кошка"]),
        ("Лицевая сторона;Обратная сторона\ncat;кошка\n", &["1 cat = кошка"]),
        ("№;Перевод;Слово\n7;кошка;cat\n", &["1 cat = кошка"]),
        (
            "term,Definition,Language,Prompt,image,Audio\ncat,кошка,en,\"A cat, red\",yes,no\n",
            &["1 cat = кошка in en prompt A cat, red image:true audio:false"],
        ),
        ("СЛОВО:;Картинка;звук\ncat;да;нет\ndog;;1\n", &["1 cat image:true audio:false", "2 dog audio:true"]),
        ("word;image;audio\ncat;0001.png;0001.MP3\n", &["1 cat has:image has:audio"]),
        ("word,generate_image,generate_audio\ncat,TRUE,FALSE\n", &["1 cat image:true audio:false"]),
        ("English;Русский\ncat;кошка\n", &["1 cat = кошка in en"]),
        ("de;ru;пример\nHaus;дом;Das Haus.\n", &["1 Haus = дом ex Das Haus. in de"]),
        ("Слово\ncat\ndog\n", &["1 cat", "2 dog"]),
        ("Example_Sentence,Word\nA cat.,cat\n", &["1 cat ex A cat."]),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&list(text, "a.csv")), *expected, "{text}");
        assert!(
            assumed(&list(text, "a.csv")).contains(&"the first row has the names of the columns".to_owned())
        );
    }
}

#[test]
fn s1_06_without_names_the_first_column_is_the_word() {
    let read = list("cat;кошка;A cat.\ndog;собака;\n", "a.csv");
    assert_eq!(shown(&read), ["1 cat = кошка ex A cat.", "2 dog = собака"]);
    assert_eq!(read.format, Format::Table);
    assert_eq!(
        assumed(&read),
        [
            "cells are separated by `;`",
            "the first row is a word, not the names of the columns",
            "column 1 is the word",
            "column 2 is the translation",
            "column 3 is the example",
        ]
    );
    assert_eq!(shown(&list("cat\ndog\n", "a.csv")), ["1 cat", "2 dog"]);
}

#[test]
fn s1_06_the_delimiter_is_the_one_that_divides_evenly() {
    let cases = [
        ("cat,кошка\ndog,собака", ','),
        ("cat;кошка, кот\ndog;собака, пёс\nox;вол", ';'),
        ("cat\tкошка; кот\ndog\tсобака; пёс\n", '\t'),
        ("\"cat, big\",кошка\n\"dog, big\",собака", ','),
        ("cat,1;5\ndog,2;5\nox,3", ','),
    ];
    for (text, delimiter) in cases {
        assert_eq!(
            assumed(&list(text, "a.csv"))[0],
            crate::words::Assumption::Delimiter(delimiter).to_string(),
            "{text}"
        );
    }
    let named = Columns { delimiter: Some('|'), ..Columns::default() };
    let read = list_with("cat|кошка, кот\ndog|собака, пёс", "a.csv", &named);
    assert_eq!(shown(&read), ["1 cat = кошка, кот", "2 dog = собака, пёс"]);
    assert!(!assumed(&read)[0].contains("separated"), "what the caller said is no guess");
    for wrong in ['é', '"', '\n'] {
        let named = Columns { delimiter: Some(wrong), ..Columns::default() };
        let error = crate::words::read(b"a,b", "a.csv", &named).expect_err("no delimiter");
        assert_eq!(error.code(), "words_no_column", "{wrong:?}");
    }
}

#[test]
fn s1_06_columns_that_the_caller_names_win() {
    let text = "id,english,ru\n7,cat,кошка\n";
    let columns = |named: &[(Role, &str)], headers: Option<bool>| Columns {
        named: named.iter().map(|(role, column)| (*role, Column::from(*column))).collect(),
        headers,
        delimiter: None,
    };
    let read_with = |named: &[(Role, &str)], headers| list_with(text, "a.csv", &columns(named, headers));
    let named = read_with(&[(Role::Word, "RU"), (Role::Translation, "2")], None);
    assert_eq!(shown(&named), ["1 кошка = cat"]);
    assert_eq!(assumed(&named), ["cells are separated by `,`"]);
    let without = read_with(&[(Role::Word, "3")], Some(false));
    assert_eq!(shown(&without), ["1 ru = id ex english", "2 кошка = 7 ex cat"]);
    let refused = |named: &[(Role, &str)]| {
        read(text.as_bytes(), "a.csv", &columns(named, None)).expect_err("no such column").to_string()
    };
    assert_eq!(
        refused(&[(Role::Word, "Wort")]),
        "there is no column `Wort`; there are `id`, `english`, `ru`"
    );
    assert_eq!(refused(&[(Role::Audio, "4")]), "there is no column 4; there are 3");
}

#[test]
fn s1_18_a_bad_row_fails_alone_and_says_where() {
    let large = "x".repeat(10 * 1024 * 1024);
    let text = format!(
        "word,translation,image\ncat,кошка,\n\n,собака,\nox,{large},\nowl,сова,perhaps\nbee,\"пчела\nоса\",\n{large}\nfox,лиса,yes\n,,\n  \n"
    );
    let read = list(&text, "a.csv");
    assert_eq!(shown(&read), ["1 cat = кошка", "2 bee = пчела оса", "3 fox = лиса image:true"]);
    assert_eq!(
        bad(&read),
        [
            "row 4: the word is missing",
            "row 5, column 2: the cell has 10485760 bytes, more than 16384",
            "row 6, column 3: `perhaps` is neither yes or no nor the name of a file",
            "row 8, column 1: the cell has 10485760 bytes, more than 16384",
        ]
    );
    let places: Vec<String> = read.words.iter().map(|word| word.place.to_string()).collect();
    assert_eq!(places, ["row 2", "row 7", "row 9"], "a cell of two lines is in one row");
}

#[test]
fn s1_18_a_quote_that_is_never_closed_costs_one_row() {
    let text = "word,translation\ncat,\"кошка\ndog,собака\n\"fox\"\" red\",лиса\nowl,\"сова\nbee,пчела\n";
    let read = list(text, "a.csv");
    assert_eq!(shown(&read), ["1 dog = собака", "2 fox\" red = лиса", "3 bee = пчела"]);
    assert_eq!(
        bad(&read),
        ["row 2: a quote is opened and never closed", "row 5: a quote is opened and never closed"]
    );
    let many = format!("word,translation\n{}last,последнее\n", "a,\"b\n".repeat(40));
    let read = list(&many, "a.csv");
    assert!(
        bad(&read).last().is_some_and(|bad| bad.contains("nothing from here on was read")),
        "{:?}",
        bad(&read)
    );
    assert!(read.bad.len() < 20);
    // Quotes that are closed, and inches.
    let fine = "word,translation\n5\" pipe,\"труба\nпять\"\n\"a \"\"b\"\"\",c\n";
    assert_eq!(shown(&list(fine, "a.csv")), ["1 5\" pipe = труба пять", "2 a \"b\" = c"]);
}

#[test]
fn s1_06_duplicates_are_kept_once_and_named() {
    let text = "word,translation,example\nbank,банк,Money.\nBank , банк,Later.\nbank,берег,River.\nbank,,\nbank,банк,\n";
    let read = list(text, "a.csv");
    assert_eq!(shown(&read), ["1 bank = банк ex Money.", "2 bank = берег ex River.", "3 bank"]);
    let named: Vec<(String, usize)> =
        read.duplicates.iter().map(|double| (double.place.to_string(), double.number)).collect();
    assert_eq!(named, [("row 3".to_owned(), 1), ("row 6".to_owned(), 1)]);
}

#[test]
fn s1_06_letters_of_a_mac_are_the_same_letters() {
    let read = list("word\nйод\nи\u{306}од\n", "a.csv");
    assert_eq!((shown(&read), read.duplicates.len()), (vec!["1 йод".to_owned()], 1));
    assert_eq!(shown(&list("word\n\u{feff}cat\u{200b}\n", "a.csv")), ["1 cat"]);
    assert_eq!(shown(&list("word\na\u{a0}\u{a0}b\n", "a.csv")), ["1 a b"]);
}

#[test]
fn s1_06_old_macs_ended_lines_otherwise() {
    let read = read(b"word,translation\rcat,dog\rfox,owl\r", "a.csv", &Columns::default()).expect("a list");
    assert_eq!(shown(&read), ["1 cat = dog", "2 fox = owl"]);
}

#[test]
fn s1_06_what_anki_exports_as_text_is_a_table() {
    let text = "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n#tags column:5\n\
                \"x!#1\"\tBasic\t<b>cat</b> &amp; co\t\"кошка<br><img src=\"\"a.jpg\"\">[sound:a.mp3]\"\ttag\n\
                y\tBasic\tdog\tсобака\t\n";
    for name in ["notes.txt", "notes"] {
        let read = list(text, name);
        assert_eq!(shown(&read), ["1 cat & co = кошка has:image has:audio", "2 dog = собака"], "{name}");
        assert_eq!(read.words[0].place, Place::Row { row: 6, column: None });
    }
    let named = "#separator:Semicolon\n#html:false\n#columns:Перевод;Слово\nкошка;<cat>\n";
    assert_eq!(shown(&list(named, "notes.txt")), ["1 <cat> = кошка"]);
}

#[test]
fn s1_06_a_hundred_thousand_rows_are_read_and_one_more_is_not() {
    let rows = |count: usize| {
        let mut text = String::from("word,translation\n");
        for number in 0..count {
            text.push_str(&format!("{number},n\n"));
        }
        text
    };
    let read_all = read(rows(100_000).as_bytes(), "a.csv", &Columns::default()).expect("a list");
    assert_eq!((read_all.words.len(), read_all.words[99_999].number), (100_000, 100_000));
    let error = read(rows(100_001).as_bytes(), "a.csv", &Columns::default()).expect_err("too many");
    assert_eq!(error.to_string(), "the list has more than 100000 rows: row 100002 is too many");
    assert!(matches!(error, WordsError::TooManyWords { .. }));
}
