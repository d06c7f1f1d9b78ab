//! From a market's cost to what an account pays: `ceil(cost × units × rate × markup)`, rounded once, upward (S3-15, R-05).

use crate::{
    Currency, Money,
    format::Format,
    money::{Millionths, Overflow, scale_up},
    state::words,
};
use serde_json::Value;
use std::fmt;

words! {
    /// What a market counts.
    Unit {
        Run = "run",
        Image = "image",
        Megapixel = "megapixel",
        Second = "second",
        KiloCharacters = "kilo_characters",
        /// Of the question and the answer together; a quote takes the most that they can be.
        KiloTokens = "kilo_tokens",
    }
}

/// What a market is paid in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coin {
    Money(Currency),
    /// Of KIE; `money.credit_rate` says what one costs.
    Credits,
}

impl Coin {
    /// `USD`, `credits`.
    pub fn parse(text: &str) -> Option<Coin> {
        if text == "credits" { Some(Coin::Credits) } else { Currency::parse(text).map(Coin::Money) }
    }
}

impl fmt::Display for Coin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Coin::Money(currency) => currency.fmt(out),
            Coin::Credits => out.write_str("credits"),
        }
    }
}

/// What one unit costs at the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRule {
    pub unit: Unit,
    /// Millionths of the coin for one unit.
    pub cost_micros: i64,
    pub coin: Coin,
    /// The market rounds units up to whole ones.
    pub whole_units: bool,
}

/// The price of a mode: one rule, with other costs for some inputs, and what costs more besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    pub base: PriceRule,
    /// The first whose condition holds takes the place of the base's cost.
    pub variants: Vec<Variant>,
    /// Added to the cost, whichever it is.
    pub extras: Vec<Extra>,
}

/// So much more of each unit for each that a field of the market's input counts: for each early picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    pub each: String,
    pub cost_micros: i64,
}

impl Extra {
    fn of(&self, body: &Value) -> i64 {
        let count = body[&self.each].as_u64().and_then(|count| i64::try_from(count).ok());
        self.cost_micros.saturating_mul(count.unwrap_or(0))
    }
}

/// Another cost where fields of the market's input have these values.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub when: Vec<(String, Value)>,
    pub cost_micros: i64,
}

impl Variant {
    /// `resolution=4K`, for people and for the price book.
    pub fn condition(&self) -> String {
        let pairs = self.when.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        });
        pairs.collect::<Vec<_>>().join(",")
    }
}

impl Prices {
    /// The rule for an input in the market's names.
    pub fn rule(&self, body: &Value) -> PriceRule {
        let holds = |variant: &&Variant| variant.when.iter().all(|(name, value)| body[name] == *value);
        let cost_micros =
            self.variants.iter().find(holds).map_or(self.base.cost_micros, |variant| variant.cost_micros);
        let extras = self.extras.iter().map(|extra| extra.of(body));
        PriceRule { cost_micros: extras.fold(cost_micros, i64::saturating_add), ..self.base }
    }

    /// Every rule there is, the base first, each with its condition; what is added says for each of what.
    pub fn all(&self) -> impl Iterator<Item = (String, PriceRule)> {
        let others = self.variants.iter().map(|variant| {
            (variant.condition(), PriceRule { cost_micros: variant.cost_micros, ..self.base })
        });
        let extras = self.extras.iter().map(|extra| {
            (format!("+{}", extra.each), PriceRule { cost_micros: extra.cost_micros, ..self.base })
        });
        std::iter::once((String::new(), self.base)).chain(others).chain(extras)
    }
}

/// The operator's settings: `[money]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceSettings {
    /// Of the wallet.
    pub currency: Currency,
    /// Wallet units for one US dollar.
    pub usd_rate: Millionths,
    /// Wallet units for one credit of KIE.
    pub credit_rate: Millionths,
    /// 2 by default (S3-15).
    pub markup: Millionths,
    /// Of the account's price group (`terms`); 1 in the settings themselves.
    pub factor: Millionths,
    /// No price of anything that costs is below it, in minor units.
    pub least: i64,
}

/// What the price depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    pub format: Option<Format>,
    /// Results; 0 counts as one.
    pub count: u64,
    pub characters: u64,
    pub seconds: u64,
    /// The most that question and answer can be together.
    pub tokens: u64,
}

impl PriceRule {
    /// How many units, in millionths.
    fn units(&self, amounts: &Amounts) -> Result<Millionths, Overflow> {
        let whole = |value: u64| {
            i64::try_from(value).ok().and_then(|value| value.checked_mul(1_000_000)).ok_or(Overflow)
        };
        let each = match self.unit {
            Unit::Run | Unit::Image => 1_000_000,
            // A megapixel is a million pixels, so pixels are megapixels in millionths.
            Unit::Megapixel => amounts.format.map_or(1_000_000, Format::pixels),
            Unit::Second => whole(amounts.seconds)?,
            Unit::KiloCharacters => scale_up(whole(amounts.characters)?, &[], 1_000)?,
            Unit::KiloTokens => scale_up(whole(amounts.tokens)?, &[], 1_000)?,
        };
        let each = if self.whole_units {
            scale_up(each, &[], 1_000_000)?.checked_mul(1_000_000).ok_or(Overflow)?
        } else {
            each
        };
        let count = match self.unit {
            Unit::Image | Unit::Megapixel | Unit::Second => {
                i64::try_from(amounts.count.max(1)).map_err(|_| Overflow)?
            }
            Unit::Run | Unit::KiloCharacters | Unit::KiloTokens => 1,
        };
        each.checked_mul(count).map(Millionths).ok_or(Overflow)
    }

    /// What the market takes for one run, in millionths of its coin.
    pub fn cost(&self, amounts: &Amounts) -> Result<i64, Overflow> {
        scale_up(self.cost_micros, &[self.units(amounts)?], 1)
    }

    /// The same in the wallet's currency, rounded up: what the house loses when nobody pays for a run.
    pub fn cost_here(&self, amounts: &Amounts, settings: &PriceSettings) -> Result<Money, Overflow> {
        let plain = PriceSettings { markup: Millionths::ONE, factor: Millionths::ONE, least: 0, ..*settings };
        self.price(amounts, &plain)
    }

    /// What the account pays at most for one run.
    pub fn price(&self, amounts: &Amounts, settings: &PriceSettings) -> Result<Money, Overflow> {
        let rate = match self.coin {
            Coin::Credits => settings.credit_rate,
            Coin::Money(currency) if currency == settings.currency => Millionths::ONE,
            Coin::Money(_) => settings.usd_rate,
        };
        // Micro-units to minor units is a division by ten thousand.
        let factors = [self.units(amounts)?, rate, settings.markup, settings.factor];
        let amount = scale_up(self.cost_micros, &factors, 10_000)?;
        let least = if amount > 0 { settings.least } else { 0 };
        Ok(Money::new(amount.max(least), settings.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: PriceSettings = PriceSettings {
        currency: Currency::RUB,
        usd_rate: Millionths::whole(95),
        credit_rate: Millionths(475_000),
        markup: Millionths::whole(2),
        factor: Millionths::ONE,
        least: 0,
    };

    fn flux(whole_units: bool) -> PriceRule {
        PriceRule {
            unit: Unit::Megapixel,
            cost_micros: 25_000,
            coin: Coin::Money(Currency::USD),
            whole_units,
        }
    }

    #[test]
    fn s3_15_price_is_cost_by_rate_by_markup_rounded_up() {
        let amounts = Amounts { format: Some(Format::SLIDE), ..Amounts::default() };
        // 1792 × 1008 = 1.806336 MP, two whole ones: $0.05 × 95 × 2 = 9.50 RUB.
        assert_eq!(flux(true).price(&amounts, &SETTINGS), Ok(Money::new(950, Currency::RUB)));
        assert_eq!(flux(true).cost(&amounts), Ok(50_000));
        // $0.0451584 × 190 = 8.580096 RUB, 859 kopecks.
        assert_eq!(flux(false).price(&amounts, &SETTINGS), Ok(Money::new(859, Currency::RUB)));
        let free = PriceRule {
            unit: Unit::Image,
            cost_micros: 0,
            coin: Coin::Money(Currency::USD),
            whole_units: false,
        };
        assert_eq!(free.price(&amounts, &SETTINGS), Ok(Money::new(0, Currency::RUB)));
    }

    proptest! {
        #[test]
        fn we_never_sell_below_cost(cost in 0i64..10_000_000, width in 64u32..4096, height in 64u32..4096, rate in 1i64..500_000_000) {
            let settings = PriceSettings { usd_rate: Millionths(rate), markup: Millionths::ONE, ..SETTINGS };
            let rule = PriceRule { cost_micros: cost, ..flux(false) };
            let amounts = Amounts { format: Some(Format { width, height }), ..Amounts::default() };
            let price = i128::from(rule.price(&amounts, &settings).unwrap().amount);
            let exact = i128::from(cost) * i128::from(width) * i128::from(height) * i128::from(rate);
            prop_assert!(price * 10_000 * 1_000_000 * 1_000_000 >= exact);
            prop_assert!((price - 1) * 10_000 * 1_000_000 * 1_000_000 < exact || price == 0);
        }
    }
}
