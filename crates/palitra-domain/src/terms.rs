//! On which terms an account buys: at the prices of its group, or for nothing.

use crate::{money::Millionths, price::PriceSettings};

/// What the prices of an account are multiplied by, beside rate and markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Of its price group; 1 without one.
    pub factor: Millionths,
    /// It pays nothing, and what its work costs is counted all the same.
    pub has_free_access: bool,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { factor: Millionths::ONE, has_free_access: false }
    }
}

/// The largest factor of a price group.
pub const FACTOR_MAX: Millionths = Millionths::whole(1_000);

impl Terms {
    /// The settings that the account is priced by: one more factor, and still one rounding.
    pub fn priced(self, settings: &PriceSettings) -> PriceSettings {
        let factor = if self.has_free_access { Millionths(0) } else { self.factor };
        PriceSettings { factor, ..*settings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, Money,
        price::{Amounts, Coin, PriceRule, Unit},
    };
    use proptest::prelude::*;

    const SETTINGS: PriceSettings = PriceSettings {
        currency: Currency::RUB,
        usd_rate: Millionths::whole(95),
        credit_rate: Millionths(475_000),
        least: 0,
        markup: Millionths::whole(2),
        factor: Millionths::ONE,
    };

    fn rule(cost_micros: i64) -> PriceRule {
        PriceRule { unit: Unit::Run, cost_micros, coin: Coin::Money(Currency::USD), whole_units: false }
    }

    fn at(cost_micros: i64, terms: Terms) -> i64 {
        rule(cost_micros).price(&Amounts::default(), &terms.priced(&SETTINGS)).unwrap().amount
    }

    #[test]
    fn a_group_is_one_more_factor_under_one_rounding() {
        let half = Terms { factor: Millionths(500_000), ..Terms::default() };
        // 0.855 kopecks and 0.4275: both are 1.
        assert_eq!((at(45, Terms::default()), at(45, half)), (1, 1));
        // 4.503 kopecks and 2.2515: rounded once each, up.
        assert_eq!((at(237, Terms::default()), at(237, half)), (5, 3));
        let wholesale = Terms { factor: Millionths(800_000), ..Terms::default() };
        assert_eq!((at(50_000, Terms::default()), at(50_000, wholesale)), (950, 760));
    }

    #[test]
    fn free_access_costs_nothing_and_its_cost_is_counted() {
        let free = Terms { has_free_access: true, factor: Millionths::whole(3) };
        assert_eq!(at(50_000, free), 0);
        let settings = PriceSettings { least: 100, ..SETTINGS };
        let price =
            |terms: Terms| rule(50).price(&Amounts::default(), &terms.priced(&settings)).map(|it| it.amount);
        assert_eq!((price(free), price(Terms::default())), (Ok(0), Ok(100)), "the least price is not for it");
        let cost = rule(50_000).cost_here(&Amounts::default(), &free.priced(&SETTINGS));
        assert_eq!(cost, Ok(Money::new(475, Currency::RUB)));
    }

    proptest! {
        #[test]
        fn the_price_is_the_exact_product_rounded_up_once(cost in 0i64..1_000_000, factor in 0i64..10_000_000) {
            let terms = Terms { factor: Millionths(factor), ..Terms::default() };
            let exact = i128::from(cost) * 190 * i128::from(factor);
            let divisor = 10_000i128 * 1_000_000;
            prop_assert_eq!(i128::from(at(cost, terms)), (exact + divisor - 1) / divisor);
        }
    }
}
