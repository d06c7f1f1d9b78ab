//! Lists in JSON, the body of S1 among them.

use super::{bad, list, refused, shown};
use crate::words::{Format, Place};

#[test]
fn s1_06_texts_objects_and_the_body_of_a_request() {
    let text = r#"["cat", {"word": " dog ", "translation": "собака", "example": "A dog.", "language": "en",
        "prompt": "A red dog", "image": false, "audio": true}]"#;
    let read = list(text, "a.json");
    assert_eq!(
        shown(&read),
        ["1 cat", "2 dog = собака ex A dog. in en prompt A red dog image:false audio:true"]
    );
    assert_eq!((read.format, &read.words[1].place), (Format::Json, &Place::Path("[1]".to_owned())));
    let body = r#"{"words": [{"word": "cat", "generate_image": true, "generate_audio": false},
        {"word": "dog", "generate_image": null, "translation": null}]}"#;
    let read = list(body, "a.json");
    assert_eq!(shown(&read), ["1 cat image:true audio:false", "2 dog"]);
    assert_eq!(read.words[1].place, Place::Path("words[1]".to_owned()));
}

#[test]
fn s1_06_unknown_fields_are_refused_with_their_path() {
    let cases = [
        (
            r#"{"words": [{"word": "cat"}, {"word": "dog", "generate_imagge": true}]}"#,
            "`words[1].generate_imagge` is no field of a word",
        ),
        (r#"{"words": [], "deck": "A"}"#, "`deck` is no field of a list of words"),
        (r#"{"word": ["cat"]}"#, "`word` is no field of a list of words"),
        (r#"[{"translation": "кошка"}]"#, "`[0].word` is missing"),
        (r#"[{"word": 7}]"#, "`[0].word` must be a text"),
        (r#"[{"word": "cat", "image": "yes"}]"#, "`[0].image` must be true or false"),
        (r#"[{"word": "cat", "generate_audio": 1}]"#, "`[0].generate_audio` must be true or false"),
        (
            r#"[{"word": "cat", "image": true, "generate_image": true}]"#,
            "`[0].image` is said twice: in short and as `generate_…`",
        ),
        (r#"["cat", ["dog"]]"#, "`[1]` must be a text or an object"),
        (r#"{"words": "cat"}"#, "`words` must be an array of words"),
        ("3", "`$` must be an array of words or an object with `words`"),
        ("[\"cat\",\n \"dog\" 3]", "bad JSON on line 2, column 8: expected `,` or `]`"),
    ];
    for (text, message) in cases {
        let error = refused(text.as_bytes(), "a.json");
        assert_eq!((error.to_string().as_str(), error.code()), (message, "words_bad_json"), "{text}");
    }
}

#[test]
fn s1_18_a_blank_or_large_word_is_a_bad_row() {
    let text = serde_json::json!(["cat", " ", {"word": "x".repeat(20_000)}, "dog", "CAT"]).to_string();
    let read = list(&text, "a.json");
    assert_eq!(shown(&read), ["1 cat", "2 dog"]);
    assert_eq!(
        bad(&read),
        ["`[1]`: the word is missing", "`[2]`: the cell has 20000 bytes, more than 16384"]
    );
    assert_eq!(read.duplicates[0].place, Place::Path("[4]".to_owned()));
}
