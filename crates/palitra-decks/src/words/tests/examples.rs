//! The lists in `examples/`, which are also the first ones people try.

use crate::words::{Columns, Format, read};

#[test]
fn s1_04_the_list_of_a_hundred_words_is_read_as_it_looks() {
    let bytes = include_bytes!("../../../../../examples/words-100.csv");
    let list = read(bytes, "words-100.csv", &Columns::default()).expect("a list");
    assert_eq!((list.format, list.words.len()), (Format::Table, 100));
    assert!(list.bad.is_empty() && list.duplicates.is_empty(), "{:?} {:?}", list.bad, list.duplicates);
    for word in &list.words {
        let (translation, example) = (word.translation.as_deref(), word.example.as_deref());
        let (translation, example) = (translation.expect("a translation"), example.expect("an example"));
        assert!(word.word.is_ascii() && example.is_ascii(), "{word:?}");
        assert!(translation.chars().all(|c| matches!(c, 'а'..='я' | 'ё' | ' ')), "{word:?}");
        assert!(example.ends_with('.') && example.len() < 80, "{word:?}");
        // The example shows the word, in whatever number it stands there.
        let stem: String = word.word.chars().take(word.word.len() - 1).collect();
        assert!(example.to_lowercase().contains(&stem), "{word:?}");
    }
}

#[test]
fn s1_33_the_deck_of_the_kitchen_is_read_as_it_looks() {
    let bytes = include_bytes!("../../../../../examples/kitchen.apkg");
    let list = read(bytes, "kitchen.apkg", &Columns::default()).expect("a list");
    assert_eq!((list.format, list.words.len(), list.bad.len()), (Format::Anki, 24, 0));
    let with = |has: fn(&crate::words::Word) -> bool| -> Vec<&str> {
        list.words.iter().filter(|word| has(word)).map(|word| word.word.as_str()).collect()
    };
    assert_eq!(with(|word| word.has_image), ["plate", "tomato"]);
    assert_eq!(with(|word| word.has_audio), ["kettle"]);
    assert!(list.words.iter().all(|word| word.translation.is_some() && word.example.is_some()));
    assert_eq!(list.assumed.len(), 5, "{:?}", list.assumed);
}
