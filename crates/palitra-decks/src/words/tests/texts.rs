//! Plain texts: a word on a line.

use super::{list, shown};
use crate::words::{Format, Place};

#[test]
fn s1_06_a_line_is_a_word_with_or_without_its_translation() {
    let text = "cat\n\n  dog — собака  \nfox - лиса\nowl\tсова\tAn owl.\nice-cream – мороженое - пломбир\nbee = пчела\n- ant\n";
    let read = list(text, "words.txt");
    assert_eq!(
        shown(&read),
        [
            "1 cat",
            "2 dog = собака",
            "3 fox = лиса",
            "4 owl = сова ex An owl.",
            "5 ice-cream = мороженое - пломбир",
            "6 bee = пчела",
            "7 - ant",
        ]
    );
    assert_eq!((read.format, &read.words[1].place), (Format::Text, &Place::Line(3)));
}

#[test]
fn s1_06_the_name_or_the_content_says_the_format() {
    let cases = [
        ("cat\ndog\n", "words", Format::Text),
        ("cat\ndog\n", "words.csv", Format::Table),
        ("cat,кошка\ndog,собака\n", "words", Format::Table),
        ("cat,кошка\ndog,собака\n", "-", Format::Table),
        ("cat, dog and fox\nowl\nbee\n", "words", Format::Text),
        ("[\"cat\"]", "words", Format::Json),
        ("{\"words\": [\"cat\"]}", "", Format::Json),
        ("[\"cat\"]", "a.JSON", Format::Json),
        ("[cat]\n[dog]\n", "words", Format::Text),
        ("cat\tкошка\ndog\tсобака\n", "words.txt", Format::Table),
        ("cat;кошка\ndog;собака\n", "words.txt", Format::Table),
        ("word,translation\ncat,кошка\n", "words.txt", Format::Table),
        ("cat, a pet\ndog, a friend\n", "words.txt", Format::Text),
        ("cat\tкошка\ndog — собака\nowl - сова\n", "words.txt", Format::Text),
    ];
    for (text, name, format) in cases {
        assert_eq!(list(text, name).format, format, "{name}: {text}");
    }
}
