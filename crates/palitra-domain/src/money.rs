//! Money: integers with a unit, checked arithmetic, the direction of rounding in the name. No floats, no bare `+`.

use std::fmt;

/// An ISO 4217 code of three capital letters, such as `RUB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const RUB: Currency = Currency(*b"RUB");
    pub const USD: Currency = Currency(*b"USD");

    pub fn parse(text: &str) -> Option<Currency> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Currency(code))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters")
    }

    /// How people write an amount: `9.50 ₽`, `$9.50`, `9.50 KZT`.
    fn write(&self, amount: &str) -> String {
        match self.as_str() {
            "RUB" => format!("{amount} ₽"),
            "USD" => format!("${amount}"),
            "EUR" => format!("€{amount}"),
            code => format!("{amount} {code}"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Currency::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a currency")))
    }
}

/// An amount does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is too large")]
pub struct Overflow;

/// An amount of the wallet's currency in minor units (kopecks, cents). In JSON `{"amount": 1200, "currency": "RUB"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Money {
    pub amount: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn new(amount: i64, currency: Currency) -> Money {
        Money { amount, currency }
    }

    /// Sum of two amounts of one currency; a second currency is a mistake in the program.
    pub fn plus(self, other: Money) -> Result<Money, Overflow> {
        debug_assert_eq!(self.currency, other.currency, "one wallet, one currency");
        let amount = self.amount.checked_add(other.amount).ok_or(Overflow)?;
        Ok(Money { amount, ..self })
    }

    /// Decimal units as people type them on the command line: `1000`, `9.5`, `0,30`. At most two decimals, never below zero.
    pub fn parse_decimal(text: &str, currency: Currency) -> Option<Money> {
        let text = text.trim().replace(',', ".");
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 2 || !digits(whole) || !digits(part) {
            return None;
        }
        let cents: i64 = format!("{part:0<2}").parse().ok()?;
        let amount = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
        Some(Money { amount, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount < 0 { "−" } else { "" };
        let (whole, part) = (self.amount.unsigned_abs() / 100, self.amount.unsigned_abs() % 100);
        let text = if part == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part:02}") };
        out.write_str(&self.currency.write(&text))
    }
}

/// What a market takes: millionths of a unit of its currency (`25_000` of USD is $0.025). A column of the attempt, not a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MarketCost {
    pub micros: i64,
    pub currency: Currency,
}

/// A factor in millionths: rates between currencies (95 RUB for a dollar is `95_000_000`), markups (2 is `2_000_000`), quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Millionths(pub i64);

impl fmt::Display for Millionths {
    /// `95`, `0.475`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, (self.0 % 1_000_000).abs());
        let digits = format!("{part:06}");
        match digits.trim_end_matches('0') {
            "" => write!(out, "{whole}"),
            part => write!(out, "{whole}.{part}"),
        }
    }
}

impl Millionths {
    pub const ONE: Millionths = Millionths(1_000_000);

    pub const fn whole(value: i64) -> Millionths {
        Millionths(value.saturating_mul(1_000_000))
    }

    /// `95`, `0.05`, `2.25`: at most six decimals, never below zero.
    pub fn parse(text: &str) -> Option<Millionths> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 6 || !digits(whole) || !digits(part) {
            return None;
        }
        let millionths: i64 = format!("{part:0<6}").parse().ok()?;
        whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(millionths).map(Millionths)
    }
}

/// `value × factors`, each factor in millionths, rounded **once, at the end, upward**: we never sell below cost.
/// 128 bits inside; negative input is a mistake and counts as overflow.
pub fn scale_up(value: i64, factors: &[Millionths], divisor: i64) -> Result<i64, Overflow> {
    let mut product = u128::try_from(value).map_err(|_| Overflow)?;
    let mut divisor = u128::try_from(divisor).ok().filter(|divisor| *divisor > 0).ok_or(Overflow)?;
    for factor in factors {
        product = product.checked_mul(u128::try_from(factor.0).map_err(|_| Overflow)?).ok_or(Overflow)?;
        divisor = divisor.checked_mul(1_000_000).ok_or(Overflow)?;
        let common = gcd(product, divisor);
        (product, divisor) = (product / common, divisor / common);
    }
    i64::try_from(product.div_ceil(divisor)).map_err(|_| Overflow)
}

/// So many percent of an amount, rounded **down**: what the house gives away is never more than it said. A negative amount is a mistake
/// and counts as overflow.
pub fn percent_down(amount: i64, percent: u32) -> Result<i64, Overflow> {
    let product = u128::try_from(amount).map_err(|_| Overflow)? * u128::from(percent);
    i64::try_from(product / 100).map_err(|_| Overflow)
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// How a hold was taken: bonus first, then cash. A void restores each side; a settlement takes bonus first again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub bonus: i64,
    pub cash: i64,
}

impl Split {
    /// Splits `price` over what is available. `None` when there is not enough and the account has to pay in advance;
    /// a postpaid account takes the rest from cash, below zero if need be. Who is in debt (`cash_available` below zero) pays that
    /// first and is given nothing for a bonus either; work that costs nothing goes on.
    pub fn hold(price: i64, bonus_available: i64, cash_available: i64, postpaid: bool) -> Option<Split> {
        let bonus = price.min(bonus_available.max(0));
        let cash = price - bonus;
        (postpaid || price == 0 || cash <= cash_available).then_some(Split { bonus, cash })
    }

    pub fn total(self) -> i64 {
        self.bonus + self.cash
    }

    /// The part that is charged when only `amount` of the hold is used (partial settlement).
    pub fn charged(self, amount: i64) -> Split {
        let bonus = amount.min(self.bonus);
        Split { bonus, cash: (amount - bonus).min(self.cash) }
    }

    /// What goes back of this charge when `amount` of it is refunded and `before` has been refunded already: cash first, then bonus,
    /// the reverse of charging. So the account stands as if the smaller sum had been charged from the start. `None` when it is not
    /// above zero or more than is left.
    pub fn refunded(self, before: i64, amount: i64) -> Option<Split> {
        let left = self.total() - before;
        (1..=left).contains(&amount).then(|| {
            let (was, is) = (self.charged(left), self.charged(left - amount));
            Split { bonus: was.bonus - is.bonus, cash: was.cash - is.cash }
        })
    }
}

#[cfg(test)]
mod tests;
