//! Texts, languages and levels, without a speaker.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn parts_lose_no_word_and_are_bounded(text in "[а-яa-z]{1,9}([ .!?]{1,3}[а-яa-z]{1,12}){0,200}") {
        let parts = text::parts(&text);
        prop_assert_eq!(parts.concat(), text);
        prop_assert!(parts.iter().all(|part| part.chars().count() <= 500));
    }

    #[test]
    fn any_text_is_cut_into_runs_and_parts(text in ".{0,300}") {
        let joined: String = runs(&text).into_iter().map(|run| run.text).collect();
        prop_assert_eq!(joined, &*text);
        text::parts(&text::plain(&text));
    }

    #[test]
    fn no_peak_passes_its_bound(samples in prop::collection::vec(any::<i16>(), 1..3_000)) {
        let normal = level::normalise(Spoken { samples, rate: 22_050 });
        prop_assert!(normal.samples.iter().all(|sample| sample.unsigned_abs() <= 29_205));
    }
}

#[test]
fn a_text_without_stops_is_cut_between_words_and_a_word_anywhere() {
    let parts = text::parts(&"слово ".repeat(200));
    assert!(parts.iter().all(|part| part.ends_with("слово ") && part.chars().count() <= 500));
    let parts = text::parts(&"я".repeat(1_200));
    assert_eq!(parts.iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [500, 500, 200]);
}

#[test]
fn languages_are_found_by_script_and_words() {
    use Language::*;
    for (text, expected) in [
        ("яблоко", vec![(Russian, "яблоко")]),
        ("apple", vec![(English, "apple")]),
        (
            "Слово apple значит яблоко.",
            vec![(Russian, "Слово "), (English, "apple "), (Russian, "значит яблоко.")],
        ),
        ("Їжак і його діти", vec![(Ukrainian, "Їжак і його діти")]),
        ("бұл менің үйім", vec![(Kazakh, "бұл менің үйім")]),
        ("das ist nicht mein Haus", vec![(German, "das ist nicht mein Haus")]),
        ("la maison est dans le jardin", vec![(French, "la maison est dans le jardin")]),
        ("el niño y los gatos", vec![(Spanish, "el niño y los gatos")]),
        ("2 + 2", vec![(English, "2 + 2")]),
        ("12 яблок", vec![(Russian, "12 яблок")]),
    ] {
        let found = runs(text);
        let found: Vec<_> = found.iter().map(|run| (run.language, run.text.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// A tone of half a second.
fn tone(amplitude: i16) -> Spoken {
    let samples = (0..11_025).map(|n| if n / 25 % 2 == 0 { amplitude } else { -amplitude }).collect();
    Spoken { samples, rate: 22_050 }
}

#[test]
fn loudness_comes_to_its_target() {
    for amplitude in [300, 2_000, 20_000] {
        let (loudness, peak) = level::measure(&level::normalise(tone(amplitude))).unwrap();
        assert!((loudness + 16.0).abs() < 0.2, "{loudness} LUFS from {amplitude}");
        assert!(peak <= -0.9, "{peak} dBTP");
    }
}

#[test]
fn silence_clipping_and_a_text_cut_short_are_noticed() {
    assert!(matches!(level::check(&tone(100), 5, 100), Err(Error::Silent)));
    assert!(matches!(level::check(&tone(i16::MAX), 5, 100), Err(Error::Clipped)));
    assert!(matches!(
        level::check(&tone(9_000), 40, 100),
        Err(Error::TooShort { milliseconds: 500, letters: 40 })
    ));
    assert!(level::check(&tone(9_000), 20, 100).is_ok());
    assert!(level::check(&tone(9_000), 60, 200).is_ok());
}

#[test]
fn a_program_that_closes_its_output_and_goes_on_is_ended_in_time() {
    let program = Program {
        path: std::path::Path::new("sh"),
        arguments: &["-c", "exec >&-; exec sleep 600"],
        limit: std::time::Duration::from_millis(300),
        bytes_max: 10,
    };
    let ended = program.filter(Vec::new());
    assert!(matches!(&ended, Err(Error::TimedOut { program, .. }) if program == "sh"), "{ended:?}");
}
