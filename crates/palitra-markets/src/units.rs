//! Units that a market bills (fal: `X-Fal-Billable-Units`, KIE: `creditsConsumed`): a decimal of any length, perhaps with an
//! exponent, as millionths rounded up.

use palitra_domain::money::Millionths;

/// Decimals that count.
const DECIMALS: i64 = 6;

/// Rounded up: a cost is never reported lower than it is. `None` for what is not a plain decimal or does not fit.
pub(crate) fn parse(text: &str) -> Option<Millionths> {
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
        // Further down than any value reaches: the smallest unit.
        10_u128.checked_pow(down).map_or(1, |divisor| value.div_ceil(divisor))
    };
    i64::try_from(scaled).ok().map(Millionths)
}
