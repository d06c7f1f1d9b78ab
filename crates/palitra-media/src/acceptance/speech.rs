//! How long it takes at least to speak a text.

use super::rules::{LETTERS_A_SECOND_MAX, SIGNS_A_SECOND_MAX};

/// Milliseconds that the fastest speaker needs. Marks, spaces and `<tags>` take no time.
pub(super) fn shortest_ms(text: &str) -> u64 {
    let (mut letters, mut signs, mut inside_tag) = (0_u64, 0_u64, false);
    for char in text.chars() {
        match char {
            '<' => inside_tag = true,
            '>' => inside_tag = false,
            _ if inside_tag => {}
            _ if is_sign(char) => signs += 1,
            _ if char.is_alphabetic() => letters += 1,
            _ => {}
        }
    }
    letters * 1000 / LETTERS_A_SECOND_MAX + signs * 1000 / SIGNS_A_SECOND_MAX
}

/// A sign that is a syllable or a word: digits, kana, Han, Hangul.
fn is_sign(char: char) -> bool {
    char.is_ascii_digit()
        || matches!(char, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d7_the_shortest_time_goes_by_script() {
        assert_eq!(shortest_ms("Привет, мир! How are you?"), 18 * 1000 / 35);
        assert_eq!(shortest_ms("你好世界 42"), 6 * 1000 / 14);
        assert_eq!(shortest_ms("<break time=\"2s\"/> …!?"), 0);
    }
}
