//! The voice's promises: a valid WAV, audible, never clipped, bounded, the same each time.

use proptest::prelude::*;

use super::*;

fn samples(wav: &[u8]) -> Vec<i16> {
    assert_eq!((&wav[..4], &wav[8..16], &wav[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
    let size = u32::from_le_bytes(wav[40..44].try_into().unwrap());
    assert_eq!(usize::try_from(size).unwrap(), wav.len() - 44);
    assert_eq!(u32::from_le_bytes(wav[4..8].try_into().unwrap()), size + 36);
    assert_eq!(u32::from_le_bytes(wav[24..28].try_into().unwrap()), RATE);
    wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn loudness(samples: &[i16]) -> i64 {
    samples.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum::<i64>()
        / i64::try_from(samples.len()).unwrap()
}

fn check(wav: &[u8]) {
    let samples = samples(wav);
    assert!(!samples.is_empty() && samples.len() <= SAMPLES_MAX, "{} samples", samples.len());
    assert!(samples.iter().all(|sample| sample.unsigned_abs() < 30_000));
    assert!(loudness(&samples) > 1000 * 1000, "mean square {}", loudness(&samples));
    // No click at either end, no jump inside.
    assert!(samples[0].unsigned_abs() < 300 && samples[samples.len() - 1].unsigned_abs() < 300);
    assert!(samples.windows(2).all(|pair| pair[0].abs_diff(pair[1]) < 12_000));
}

#[test]
fn s1_35_words_are_audible_in_both_languages() {
    for text in ["apple", "яблоко", "в", "GPU", "42", "漢字", "Привет, мир! Как дела?"]
    {
        check(&speak(text, "alena", 0));
    }
}

#[test]
fn nothing_to_say_is_one_note() {
    for text in ["", "   ", "🎉", "…", "\u{0}"] {
        check(&speak(text, "", 0));
    }
}

#[test]
fn longer_texts_sound_longer_up_to_a_minute() {
    let long = |words: usize| speak(&"кораблик плывёт ".repeat(words), "alena", 1).len();
    assert!(long(1) < long(2) && long(2) < long(10));
    assert_eq!(long(1000), long(3000));
    let most = speak(&"слово, ".repeat(20_000), "alena", 1);
    check(&most);
    assert!(most.len() > 44 + SAMPLES_MAX * 2 * 9 / 10);
}

#[test]
fn voices_seeds_and_pauses_differ() {
    let base = speak("облако", "alena", 1);
    assert_ne!(speak("облако", "boris", 1), base);
    assert_ne!(speak("облако", "alena", 2), base);
    assert!(speak("да. да", "alena", 1).len() > speak("да да", "alena", 1).len());
    assert_ne!(speak("да?", "alena", 1), speak("да.", "alena", 1));
}

#[test]
fn many_question_marks_are_one_question() {
    for voice in ["alena", "boris", "gdo", "x", "y", "z"] {
        check(&speak("Bf節????? ??", voice, 9));
    }
}

#[test]
fn the_sine_is_a_sine() {
    let quarter = 1_u64 << 30;
    assert_eq!([0, quarter, quarter * 2, quarter * 3].map(sine), [0, 32_000, 0, -32_000]);
    assert!((sine(quarter / 3) - 16_000).abs() < 80, "{}", sine(quarter / 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_text_is_sound(text in "\\PC{0,80}", voice in "[a-z]{0,8}", seed: u64) {
        let wav = speak(&text, &voice, seed);
        check(&wav);
        prop_assert_eq!(speak(&text, &voice, seed), wav);
    }
}
