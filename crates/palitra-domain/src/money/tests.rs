//! Rounding goes up once, never overflows silently, and a split never makes or loses money.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn invariant_7_scaling_rounds_up_once(value in 0i64..1 << 40, rate in 0i64..1 << 30, markup in 0i64..1 << 24) {
        let exact = i128::from(value) * i128::from(rate) * i128::from(markup);
        let scaled = scale_up(value, &[Millionths(rate), Millionths(markup)], 10_000);
        let divisor = 10_000i128 * 1_000_000 * 1_000_000;
        prop_assert_eq!(scaled.map(i128::from), Ok((exact + divisor - 1) / divisor));
    }

    #[test]
    fn a_split_is_the_price_and_takes_bonus_first(price in 0i64..10_000, bonus in -50i64..10_000, cash in -50i64..10_000, used in 0i64..10_000) {
        if let Some(split) = Split::hold(price, bonus, cash, false) {
            prop_assert_eq!(split.total(), price);
            prop_assert!(split.bonus <= bonus.max(0) && split.cash <= cash.max(0));
            prop_assert!(split.cash == 0 || split.bonus == bonus.max(0));
            let charged = split.charged(used.min(price));
            prop_assert_eq!(charged.total(), used.min(price));
            prop_assert!(charged.bonus <= split.bonus && charged.cash <= split.cash);
        } else {
            // Who is in debt is given nothing for a bonus either.
            prop_assert!(price > 0 && (cash < 0 || bonus.max(0) + cash < price));
        }
        prop_assert_eq!(Split::hold(price, bonus, cash, true).map(Split::total), Some(price));
    }

    #[test]
    fn decimal_amounts_parse_back(amount in 0i64..1 << 50) {
        let money = Money::new(amount, Currency::RUB);
        let typed = format!("{}.{:02}", amount / 100, amount % 100);
        prop_assert_eq!(Money::parse_decimal(&typed, Currency::RUB), Some(money));
    }
}

#[test]
fn amounts_read_as_people_write_them() {
    for (amount, currency, text) in [
        (950, "RUB", "9.50 ₽"),
        (100_000, "RUB", "1000 ₽"),
        (5, "USD", "$0.05"),
        (-230, "RUB", "−2.30 ₽"),
        (100, "KZT", "1 KZT"),
    ] {
        assert_eq!(Money::new(amount, Currency::parse(currency).unwrap()).to_string(), text);
    }
    for bad in ["", "-1", "1.234", "ten", "1.", "99999999999999999999"] {
        let parsed = Money::parse_decimal(bad, Currency::RUB);
        assert_eq!(parsed.is_some(), bad == "1.", "{bad}");
    }
}

#[test]
fn overflow_is_an_error() {
    assert_eq!(scale_up(i64::MAX, &[Millionths(2_000_000)], 1), Err(Overflow));
    assert_eq!(scale_up(-1, &[], 1), Err(Overflow));
    assert_eq!(scale_up(1, &[], 0), Err(Overflow));
}
