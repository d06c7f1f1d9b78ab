//! Amounts as WaveSpeedAI writes them, JSON numbers in whole units, as millionths. No floats: the digits are read.

use serde_json::Number;

/// Decimals that count.
const DECIMALS: i64 = 6;

/// More digits than this are noise.
const DIGITS_MAX: usize = 30;

/// Rounded up: a cost is never reported lower than it is. `None` for what is below zero or does not fit.
pub(super) fn cost_micros(number: &Number) -> Option<i64> {
    let text = number.to_string();
    scaled(&text, true)
}

/// Rounded down, below zero too: a balance is never reported higher than it is.
pub(super) fn balance_micros(number: &Number) -> Option<i64> {
    let text = number.to_string();
    match text.strip_prefix('-') {
        Some(owed) => scaled(owed, true)?.checked_neg(),
        None => scaled(&text, false),
    }
}

/// Digits, perhaps with a point and an exponent, as millionths.
fn scaled(text: &str, up: bool) -> Option<i64> {
    let text = text.to_ascii_lowercase();
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // value = digits × 10^shift millionths
    let shift = exponent.checked_add(DECIMALS)?.checked_sub(i64::try_from(part.len()).ok()?)?;
    let value: u128 = digits.parse().ok()?;
    let scaled = match u32::try_from(shift) {
        _ if value == 0 => 0,
        Ok(more) => value.checked_mul(10_u128.checked_pow(more)?)?,
        Err(_) => {
            let less = u32::try_from(shift.checked_neg()?).ok()?;
            let divisor = 10_u128.checked_pow(less);
            match (divisor, up) {
                (Some(divisor), true) => value.div_ceil(divisor),
                (Some(divisor), false) => value / divisor,
                // Further down than any value reaches.
                (None, _) => u128::from(up),
            }
        }
    };
    i64::try_from(scaled).ok()
}
