//! Texts of flags to values. Messages finish clap's `invalid value … for …: `.

use palitra_decks::words::Role;
use palitra_domain::{
    Currency, Money, Scope, Scopes,
    audit::Action,
    catalogue::Lane,
    i18n::Lang,
    money::Millionths,
    price::{Coin, Unit},
    state::GenerationState,
    terms::FACTOR_MAX,
};
use std::time::Duration;

pub(super) fn lang(text: &str) -> Result<Lang, &'static str> {
    Lang::ALL.into_iter().find(|lang| lang.as_str() == text).ok_or("`ru` or `en`")
}

pub(super) fn state(text: &str) -> Result<GenerationState, String> {
    let known = || GenerationState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    GenerationState::parse(text).ok_or_else(|| format!("one of {}", known()))
}

pub(super) fn lane(text: &str) -> Result<Lane, String> {
    let known = || Lane::ALL.iter().map(|lane| lane.as_str()).collect::<Vec<_>>().join(", ");
    Lane::parse(text).ok_or_else(|| format!("one of {}", known()))
}

/// Decimal units as people type them, in minor units: `1000` is 100000 (design §2, Money). Every wallet has two decimals.
pub(super) fn minor_units(text: &str) -> Result<i64, &'static str> {
    Money::parse_decimal(text, Currency::RUB)
        .map(|money| money.amount)
        .ok_or("an amount such as `1000` or `9.50`, with at most two decimals")
}

pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("`on` or `off`"),
    }
}

/// What prices are multiplied by.
pub(super) fn factor(text: &str) -> Result<Millionths, &'static str> {
    let factor = Millionths::parse(&text.replace(',', "."));
    factor
        .filter(|factor| factor.0 <= FACTOR_MAX.0)
        .ok_or("a factor such as `0.5`, from 0 to 1000, with at most six decimals")
}

/// `10,20,300,200`: left, top, width, height.
pub(super) fn crop(text: &str) -> Result<[u32; 4], &'static str> {
    let numbers = text.split(',').map(|number| number.trim().parse().ok()).collect::<Option<Vec<u32>>>();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or("four whole numbers such as `10,20,300,200`")
}

/// Numbers of items, in order, each once.
pub(super) type Numbers = std::sync::Arc<[u32]>;

/// `4,7` and `3-5`; nothing is none.
pub(super) fn numbers(text: &str) -> Result<Numbers, &'static str> {
    const BAD: &str = "numbers such as `4,7` or `3-5`";
    const MOST: usize = 100_000;
    let mut numbers = std::collections::BTreeSet::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| BAD);
        let range = number(first)?..=number(last)?;
        if range.is_empty() || range.clone().count().saturating_add(numbers.len()) > MOST {
            return Err(BAD);
        }
        numbers.extend(range);
    }
    Ok(numbers.into_iter().collect())
}

/// `en=en-us`: the voice of a language.
pub(super) fn voice(text: &str) -> Result<(String, String), &'static str> {
    let given = text
        .split_once('=')
        .map(|(language, voice)| (language.trim().to_lowercase(), voice.trim().to_owned()));
    given
        .filter(|(language, voice)| !language.is_empty() && !voice.is_empty())
        .ok_or("a language and its voice such as `en=en-us`")
}

/// `word=front`, `example=3`.
pub(super) fn column(text: &str) -> Result<(Role, String), String> {
    let known = || Role::ALL.map(Role::name).join(", ");
    let (role, column) = text.split_once('=').ok_or("a role and its column such as `word=front`")?;
    let found = Role::ALL.into_iter().find(|known| known.name() == role.trim());
    Ok((found.ok_or_else(|| format!("one of {}", known()))?, column.trim().to_owned()))
}

/// `warmth=30`.
pub(super) fn filter(text: &str) -> Result<(String, i32), String> {
    const FILTERS: [&str; 9] = [
        "brightness",
        "contrast",
        "saturation",
        "warmth",
        "grayscale",
        "sepia",
        "vignette",
        "sharpen",
        "blur",
    ];
    let found = text.split_once('=').filter(|(name, _)| FILTERS.contains(name));
    let filter = found.and_then(|(name, amount)| Some((name.to_owned(), amount.parse().ok()?)));
    filter.ok_or_else(|| format!("`NAME=AMOUNT`, where NAME is one of {}", FILTERS.join(", ")))
}

/// `2s`, `1.5s`, `500ms`, `2m`, `0`; a bare number other than 0 does not say its unit and is refused. At most a day.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    const WHAT: &str = "a time such as `2s`, `500ms`, `2m` or `0`, at most a day";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text.find(|c: char| c != '.' && !c.is_ascii_digit()).ok_or(WHAT)?;
    let (number, unit) = text.split_at(digits);
    let unit_micros: i64 = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        _ => return Err(WHAT),
    };
    // Decimals in millionths, like money: no floats.
    let millionths = Millionths::parse(number).ok_or(WHAT)?;
    let micros = i128::from(millionths.0) * i128::from(unit_micros) / 1_000_000;
    let duration = Duration::from_micros(u64::try_from(micros).map_err(|_| WHAT)?);
    if duration <= Duration::from_secs(86_400) { Ok(duration) } else { Err(WHAT) }
}

/// `read,generate`.
pub(super) fn scopes(text: &str) -> Result<Scopes, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scopes::parse(text).ok_or_else(|| format!("one or more of {}, with commas between them", known()))
}

/// How long something is kept: `24h`, `7d`, `0`; at most 30 days.
pub(super) fn keep(text: &str) -> Result<Duration, &'static str> {
    const WHAT: &str = "a time such as `24h`, `7d` or `0`, at most 30 days";
    let Some(days) = text.strip_suffix('d') else { return duration(text).map_err(|_| WHAT) };
    let days: u32 = days.parse().map_err(|_| WHAT)?;
    (days <= 30).then_some(Duration::from_secs(86_400) * days).ok_or(WHAT)
}

pub(super) fn action(text: &str) -> Result<Action, String> {
    let known = || Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
    Action::parse(text).ok_or_else(|| format!("one of {}", known()))
}

/// `name=value`; the value is JSON where it reads as such, else text.
pub(super) fn parameter(text: &str) -> Result<(String, serde_json::Value), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a parameter such as `seed=7` or `aspect_ratio=16:9`")?;
    let name = name.trim();
    if name.is_empty() {
        return Err("a name before `=`");
    }
    let value = value.trim();
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::from(value))))
}

pub(super) fn unit(text: &str) -> Result<Unit, String> {
    let known = || Unit::ALL.iter().map(|unit| unit.as_str()).collect::<Vec<_>>().join(", ");
    Unit::parse(text).ok_or_else(|| format!("one of {}", known()))
}

pub(super) fn millionths(text: &str) -> Result<Millionths, &'static str> {
    Millionths::parse(text).ok_or("a decimal such as `0.04`, with at most six places")
}

pub(super) fn coin(text: &str) -> Result<Coin, &'static str> {
    Coin::parse(text).ok_or("a currency such as `USD`, or `credits`")
}
