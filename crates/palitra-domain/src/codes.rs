//! Codes that people read out and type: vouchers and referrals. No letter that looks like another, and case does not matter.

use crate::AccountId;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Without 0, O, 1 and I: five bits a letter.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Letters of a code that somebody chose: enough to be no accident, few enough to be typed.
pub const CHOSEN_LETTERS: std::ops::RangeInclusive<usize> = 4..=32;

/// Codes that there are not, of one account, before it is refused for a while.
pub const GUESSES_MAX: i64 = 10;
/// From the first of them on.
pub const GUESSES_FOR: Duration = Duration::from_secs(3_600);

/// 60 bits: found by no guessing.
const VOUCHER_LETTERS: usize = 12;
const REFERRAL_LETTERS: usize = 10;
const GROUP: usize = 4;

fn letters(bits: u128, count: usize) -> String {
    let letter = |n: usize| {
        let index = usize::try_from((bits >> (5 * n)) & 31).expect("five bits fit");
        char::from(LETTERS[index])
    };
    (0..count).map(letter).collect()
}

/// A new voucher's code, `K7QM-2RTX-9WAB`.
pub fn voucher_code(random: u128) -> String {
    let letters = letters(random, VOUCHER_LETTERS);
    let groups: Vec<&str> = (0..letters.len()).step_by(GROUP).map(|at| &letters[at..at + GROUP]).collect();
    groups.join("-")
}

/// An account's referral code. It follows from the account, so every account has one, and it says nothing of it.
pub fn referral_code(account: &AccountId) -> String {
    let digest = Sha256::digest(format!("referral {account}"));
    letters(digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)), REFERRAL_LETTERS)
}

/// What was typed, as codes are compared: capital letters and digits alone. `None` when something else than spaces and dashes is
/// left over, or when nothing is left.
pub fn normal_code(typed: &str) -> Option<String> {
    let dashes = ['-', '–', '—', '_'];
    let is_between = |c: char| c.is_whitespace() || dashes.contains(&c);
    let code: String = typed.chars().filter(|c| !is_between(*c)).flat_map(char::to_uppercase).collect();
    let is_code = !code.is_empty() && code.chars().all(char::is_alphanumeric);
    (is_code && code.chars().count() <= *CHOSEN_LETTERS.end()).then_some(code)
}

/// SHA-256 of a code in its normal form: all that is kept of it, beside [`code_hint`].
pub fn code_hash(normal: &str) -> [u8; 32] {
    Sha256::digest(format!("voucher {normal}")).into()
}

/// The part of a code that may be shown again: its end, a third of it at most.
pub fn code_hint(normal: &str) -> String {
    let count = normal.chars().count();
    let shown = (count / 3).min(GROUP);
    format!("…{}", normal.chars().skip(count - shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_code_is_read_as_it_was_written_whatever_the_case_and_the_dashes() {
        let code = voucher_code(0x0123_4567_89ab_cdef_u128);
        assert_eq!(code.len(), 14);
        let normal = normal_code(&code).unwrap();
        assert_eq!(normal.len(), VOUCHER_LETTERS);
        assert_eq!(normal_code(&format!(" {} ", code.to_lowercase().replace('-', " "))), Some(normal));
        assert_eq!(normal_code("spring–25").as_deref(), Some("SPRING25"));
        assert_eq!(normal_code("весна").as_deref(), Some("ВЕСНА"));
        for wrong in ["", " - ", "a'b", "a\0b", &"x".repeat(33)] {
            assert_eq!(normal_code(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_hint_shows_a_third_at_most() {
        for (code, hint) in [("SPRING", "…NG"), ("ABCD", "…D"), ("K7QM2RTX9WAB", "…9WAB"), ("ВЕСНА", "…А")]
        {
            assert_eq!(code_hint(code), hint);
        }
    }

    #[test]
    fn codes_are_made_of_letters_that_look_like_no_others() {
        let unlike = |code: &str| code.bytes().all(|letter| LETTERS.contains(&letter) || letter == b'-');
        let accounts = (0..100u128).map(|n| AccountId::new(Timestamp::default(), n));
        let codes: std::collections::BTreeSet<String> = accounts.map(|it| referral_code(&it)).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| unlike(code) && code.len() == REFERRAL_LETTERS));
        assert!((0..100u128).all(|n| unlike(&voucher_code(n << 37 | n))));
        assert!(!LETTERS.iter().any(|letter| b"0O1I".contains(letter)));
    }
}
