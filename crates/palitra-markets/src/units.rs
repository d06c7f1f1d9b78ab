//! Decimals of markets (fal: `X-Fal-Billable-Units`, KIE: `creditsConsumed`, WaveSpeed: prices and balances): of any length, perhaps with an
//! exponent, as millionths. No floats: the digits are read.

use palitra_domain::money::Millionths;

/// Decimals that count.
const DECIMALS: i64 = 6;

/// Rounded up: a cost is never reported lower than it is. `None` for what is not a plain decimal or does not fit.
pub(crate) fn parse(text: &str) -> Option<Millionths> {
    scaled(text, true)
}

/// Rounded down, below zero too: a balance is never reported higher than it is.
pub(crate) fn parse_balance(text: &str) -> Option<Millionths> {
    match text.strip_prefix('-') {
        Some(owed) => scaled(owed, true)?.0.checked_neg().map(Millionths),
        None => scaled(text, false),
    }
}

fn scaled(text: &str, up: bool) -> Option<Millionths> {
    let text = text.trim().to_ascii_lowercase();
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || digits.len() > 40 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // value = digits × 10^shift millionths
    let shift = exponent.checked_add(DECIMALS)?.checked_sub(i64::try_from(part.len()).ok()?)?;
    let value: u128 = digits.parse().ok()?;
    let scaled = if value == 0 {
        0
    } else if let Ok(up) = u32::try_from(shift) {
        value.checked_mul(10_u128.checked_pow(up)?)?
    } else {
        let down = u32::try_from(shift.checked_neg()?).ok()?;
        // Further down than any value reaches: the smallest unit, or nothing.
        let divide = |divisor| if up { value.div_ceil(divisor) } else { value / divisor };
        10_u128.checked_pow(down).map_or(u128::from(up), divide)
    };
    i64::try_from(scaled).ok().map(Millionths)
}
