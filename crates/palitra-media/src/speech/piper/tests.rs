//! From texts to ids, without espeak-ng and without a net; the expected ids are those of Piper's own program.

use super::{
    super::Language,
    description::Description,
    phonemes::{Clause, PHONEMES_MAX, clauses, ids, sentences},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const DESCRIPTION: &str = include_str!("../../../tests/speech/piper/tones.onnx.json");
/// Language, text, phonemes of its clauses, ids of its sentences: made by piper-tts 1.8.0 (`make.py` beside it).
const TABLE: &str = include_str!("../../../tests/speech/piper/ids.tsv");

fn description() -> Description {
    Description::read(DESCRIPTION.as_bytes()).unwrap()
}

#[test]
fn s1_35_ids_are_those_of_piper_itself() {
    let description = description();
    let mut rows = 0;
    for row in TABLE.lines() {
        let [_, text, phonemes, expected] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let mut given = phonemes.split('|');
        let said = sentences(text, &description, &mut |_| {
            Ok(format!(" {}\n", given.next().expect("no more clauses than Piper finds")))
        });
        let found: Vec<String> = said
            .unwrap()
            .iter()
            .map(|sentence| {
                ids(sentence, &description).iter().map(i32::to_string).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(found.join("|"), expected, "{text}");
        assert_eq!(given.next(), None, "{text}: Piper finds more clauses");
        rows += 1;
    }
    assert!(rows >= 14);
}

#[test]
fn clauses_end_where_one_takes_breath() {
    let found = |text: &str| -> Vec<(String, Option<char>)> {
        clauses(text).into_iter().map(|Clause { text, stop }| (text, stop)).collect()
    };
    for (text, expected) in [
        ("да", vec![("да", None)]),
        ("Да.", vec![("Да.", Some('.'))]),
        ("3.5 и 1,5 в 12:30", vec![("3.5 и 1,5 в 12:30", None)]),
        ("см. рис. два", vec![("см. рис. два", None)]),
        ("Wait... what… Oh", vec![("Wait...", Some(',')), ("what…", Some('.')), ("Oh", None)]),
        ("«Да!» — «нет?»", vec![("«Да!»", Some('!')), ("—", Some(';')), ("«нет?»", Some('?'))]),
        ("你好。 吗？", vec![("你好。", Some('.')), ("吗？", Some('?'))]),
        ("  ", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(text, stop)| (text.to_owned(), stop)).collect();
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn lines_and_switches_of_language_are_no_phonemes() {
    let said = sentences("x", &description(), &mut |_| Ok(" a(en)b(ru)\n\n c (kk\n".into())).unwrap();
    assert_eq!(said.concat().concat(), "ab c");
}

#[test]
fn a_voice_of_letters_reads_letters_and_clusters_stay_together() {
    let mut changed: Value = serde_json::from_str(DESCRIPTION).unwrap();
    changed["phoneme_type"] = json!("text");
    let description = Description::read(changed.to_string().as_bytes()).unwrap();
    let said = sentences("Aй", &description, &mut |_| panic!("it needs no espeak-ng")).unwrap();
    assert_eq!(said, [["a", "и", "\u{306}"]]);
    changed["phoneme_type"] = json!("espeak");
    changed["vowel_clusters"] = json!([["a", "ɪ"], ["a", "ɪ", "ə"], []]);
    changed["phoneme_id_map"]["aɪə"] = json!([200]);
    let description = Description::read(changed.to_string().as_bytes()).unwrap();
    let said = sentences("fire", &description, &mut |_| Ok("faɪə ga".into())).unwrap();
    assert_eq!(said, [["f", "aɪə", " ", "g", "a"]]);
    assert_eq!(ids(&said[0], &description), [1, 0, 19, 0, 200, 0, 3, 0, 154, 0, 14, 0, 2]);
}

#[test]
fn a_description_that_is_wrong_says_where() {
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut changed: Value = serde_json::from_str(DESCRIPTION).unwrap();
        change(&mut changed);
        Description::read(changed.to_string().as_bytes()).unwrap_err()
    };
    for (pointer, value, says) in [
        ("/audio/sample_rate", json!(100), "sample_rate"),
        ("/audio", json!({}), "sample_rate"),
        ("/espeak/voice", json!("-w/tmp/x"), "espeak.voice"),
        ("/espeak/voice", json!("en us"), "espeak.voice"),
        ("/espeak/voice", json!(""), "espeak.voice"),
        ("/inference/noise_scale", json!(9), "noise_scale"),
        ("/inference/length_scale", json!(0), "length_scale"),
        ("/inference/noise_w", json!(-1), "noise_w"),
        ("/phoneme_id_map/a", json!([256]), "num_symbols"),
        ("/phoneme_id_map/a", json!([-1]), "num_symbols"),
        ("/phoneme_id_map/$", json!([]), "must have"),
        ("/phoneme_id_map", json!(["a"]), "sequence"),
        ("/phoneme_type", json!("pinyin"), "pinyin"),
        ("/speaker_id_map", json!({"anna": 1}), "num_speakers"),
        ("/num_symbols", json!("many"), "many"),
    ] {
        let why = wrong(&|json| *json.pointer_mut(pointer).unwrap() = value.clone());
        assert!(why.contains(says), "{pointer}: {why}");
    }
    assert!(Description::read(b"").is_err());
    for cut in 0..DESCRIPTION.trim_end().len() {
        assert!(Description::read(&DESCRIPTION.as_bytes()[..cut]).is_err(), "{cut} bytes");
    }
}

#[test]
fn speakers_have_names_and_numbers() {
    let mut many: Value = serde_json::from_str(DESCRIPTION).unwrap();
    many["num_speakers"] = json!(4);
    many["default_speaker_id"] = json!(2);
    many["speaker_id_map"] = json!({"anna": 3});
    many["espeak"]["voice"] = json!("kk");
    let many = Description::read(many.to_string().as_bytes()).unwrap();
    assert_eq!(many.language(), Some(Language::Kazakh));
    let found =
        [None, Some("anna"), Some("1"), Some("4"), Some("-1"), Some("bob")].map(|name| many.speaker(name));
    assert_eq!(found, [Some(2), Some(3), Some(1), None, None, None]);
}

proptest! {
    #[test]
    fn a_long_sentence_is_cut_and_loses_nothing(words in prop::collection::vec("[a-z]{1,40}[,.]?", 1..80)) {
        let all = words.join(" ");
        let said = sentences("x", &description(), &mut |_| Ok(all.clone())).unwrap();
        prop_assert_eq!(said.concat().concat(), all);
        prop_assert!(said.iter().all(|piece| (1..=PHONEMES_MAX).contains(&piece.len())));
    }

    #[test]
    fn clauses_lose_no_letter(text in ".{0,200}") {
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let joined: String = clauses(&text).into_iter().map(|clause| clause.text).collect();
        prop_assert_eq!(letters(&joined), letters(&text));
    }
}
