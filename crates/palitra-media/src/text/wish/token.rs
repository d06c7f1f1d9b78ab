//! A wish cut into words, numbers and pauses, with the places they were written at.

use super::words::{self, Word};

/// One word, number or pause.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Bytes of the wish.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Word(Word),
    Number(Number),
    /// A comma, a full stop, a line end, a bracket.
    Pause,
    Unknown,
}

/// A number and what it counts, in hundredths: `1,5` is 150.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) hundredths: u32,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    None,
    Percent,
    Pixels,
}

impl Number {
    /// Rounded to a whole; what is too large is larger than every bound.
    pub(super) fn whole(self) -> u16 {
        u16::try_from(self.hundredths.saturating_add(50) / 100).unwrap_or(u16::MAX)
    }
}

/// Cuts a wish; words that belong together become one.
pub(super) fn tokens(wish: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(char) = wish[at..].chars().next() {
        let rest = &wish[at..];
        let length = if char.is_ascii_digit() {
            let length = number(rest);
            tokens.push(Token {
                from: at,
                to: at + length,
                what: What::Number(counted(&rest[..length], "")),
            });
            length
        } else if is_letter(char) || char == '#' {
            let length = rest[char.len_utf8()..].find(|char| !is_letter(char) && !is_joint(char));
            let length = length.map_or(rest.len(), |length| length + char.len_utf8());
            let word = rest[..length].trim_end_matches(is_joint);
            let length = word.len().max(char.len_utf8());
            if !join_unit(&mut tokens, at, word) {
                tokens.push(Token { from: at, to: at + length, what: words::what(word) });
            }
            length
        } else if char == '%' && join_unit(&mut tokens, at, "%") {
            1
        } else {
            let pause = ",;.!?()[]\n\r|/«»\"“”+".contains(char);
            if pause {
                tokens.push(Token { from: at, to: at + char.len_utf8(), what: What::Pause });
            } else if !char.is_whitespace() && !is_dash(char) && char != ':' {
                tokens.push(Token { from: at, to: at + char.len_utf8(), what: What::Unknown });
            } else if is_dash(char) && tokens.last().is_some_and(|token| token.what != What::Pause) {
                tokens.push(Token { from: at, to: at + char.len_utf8(), what: What::Word(Word::Filler) });
            }
            char.len_utf8()
        };
        at += length;
    }
    words::joined(wish, tokens)
}

fn is_letter(char: char) -> bool {
    char.is_alphanumeric() || char == '\u{301}' || char == '\u{306}' || char == '\u{308}'
}

fn is_joint(char: char) -> bool {
    matches!(char, '-' | '‑' | '\'' | '’')
}

fn is_dash(char: char) -> bool {
    matches!(char, '-' | '–' | '—' | '−' | '=' | '*' | '•' | '·' | '~' | '≈')
}

/// The length of digits with one mark among them: `96`, `1.5`, `0,75`.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let part = text[whole..].strip_prefix(['.', ',']).map_or(0, digits);
    if part > 0 { whole + 1 + part } else { whole }
}

fn counted(digits: &str, unit: &str) -> Number {
    let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let part: String = part.chars().chain(['0', '0']).take(2).collect();
    let value = |digits: &str| digits.parse::<u32>().unwrap_or(u32::MAX);
    let hundredths = value(whole).saturating_mul(100).saturating_add(value(&part));
    let unit = if unit == "%" { Unit::Percent } else { Unit::None };
    Number { hundredths, unit }
}

/// Gives a number the unit written behind it.
fn join_unit(tokens: &mut [Token], at: usize, word: &str) -> bool {
    let unit = match words::folded(word).as_str() {
        "%" | "процент" | "процента" | "процентов" | "проц" | "percent" | "per-cent" | "pct" => {
            Unit::Percent
        }
        "px" | "пикс" | "пиксель" | "пикселя" | "пикселей" | "пиксели" | "пкс" | "п" | "pixel" | "pixels"
        | "pt" | "пт" | "пункт" | "пунктов" | "пункта" => Unit::Pixels,
        _ => return false,
    };
    match tokens.last_mut() {
        Some(Token { to, what: What::Number(number), .. }) if number.unit == Unit::None => {
            number.unit = unit;
            *to = at + word.len();
            true
        }
        _ => false,
    }
}
