//! Options written beside a prompt (S2-013): `Изображение кот | model=flux | size=1024x768 | aspect_ratio=3:4 | negative=собаки`.

use crate::format::Format;

/// What may be said so.
pub const OPTIONS: [&str; 4] = ["model=…", "size=WxH", "aspect_ratio=3:4", "negative=…"];

/// A prompt with its options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extended {
    pub prompt: String,
    pub model: Option<String>,
    /// By `size` or `aspect_ratio`; a size wins (S2-015).
    pub format: Option<Format>,
    pub negative: Option<String>,
}

/// Why it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadOption {
    Unknown(String),
    Format(String),
    NoPrompt,
}

/// Reads a prompt with options. What stands between bars without a name is a part of the prompt.
pub fn parse(text: &str) -> Result<Extended, BadOption> {
    let mut read = Extended::default();
    let mut parts = vec![without_word(text.split('|').next().unwrap_or_default())];
    let mut ratio = None;
    for part in text.split('|').skip(1) {
        let Some((name, value)) = option(part) else {
            parts.push(part);
            continue;
        };
        let format = || Format::parse(value).map_err(|_| BadOption::Format(value.to_owned()));
        match name.to_lowercase().as_str() {
            "model" => read.model = Some(value.to_owned()).filter(|value| !value.is_empty()),
            "size" => read.format = Some(format()?),
            "aspect_ratio" | "ratio" => ratio = Some(format()?),
            "negative" => read.negative = Some(value.to_owned()).filter(|value| !value.is_empty()),
            _ => return Err(BadOption::Unknown(name.to_owned())),
        }
    }
    read.format = read.format.or(ratio);
    read.prompt =
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ");
    if read.prompt.is_empty() { Err(BadOption::NoPrompt) } else { Ok(read) }
}

/// `name=value`, the name of Latin letters.
fn option(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim();
    let is_name =
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
    is_name.then(|| (name, value.trim()))
}

/// The command word of the seed's bot.
fn without_word(text: &str) -> &str {
    let text = text.trim_start();
    let rest = text.strip_prefix("Изображение").or_else(|| text.strip_prefix("изображение"));
    rest.filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prompt, model, format and what must not be there; empty when nothing was said.
    fn of(text: &str) -> Result<[String; 4], BadOption> {
        let Extended { prompt, model, format, negative } = parse(text)?;
        let format = format.map(|format| format.to_string());
        Ok([prompt, model.unwrap_or_default(), format.unwrap_or_default(), negative.unwrap_or_default()])
    }

    #[test]
    fn s2_013_options_are_read_in_any_order_with_any_spaces() {
        for (typed, read) in [
            ("Изображение рыжий кот", ["рыжий кот", "", "", ""]),
            ("рыжий кот", ["рыжий кот", "", "", ""]),
            ("Изображение кот|model=flux|size=1024x768", ["кот", "flux", "1024x768", ""]),
            ("кот | size = 1024x1024 | model = dalle3", ["кот", "dalle3", "1024x1024", ""]),
            ("кот | negative=собаки, дождь | aspect_ratio=1:1", ["кот", "", "1792x1792", "собаки, дождь"]),
            ("кот | aspect_ratio=16:9 | size=640x480", ["кот", "", "640x480", ""]),
            ("a door | a window | negative=people", ["a door | a window", "", "", "people"]),
            ("x = y squared", ["x = y squared", "", "", ""]),
            ("Изображениекот", ["Изображениекот", "", "", ""]),
        ] {
            assert_eq!(of(typed), Ok(read.map(str::to_owned)), "{typed}");
        }
    }

    #[test]
    fn s2_013_what_cannot_be_read_is_named() {
        assert_eq!(of("кот | sise=10x10"), Err(BadOption::Unknown("sise".to_owned())));
        assert_eq!(of("кот | size=огромный"), Err(BadOption::Format("огромный".to_owned())));
        assert_eq!(of("кот | size=10x99999"), Err(BadOption::Format("10x99999".to_owned())));
        assert_eq!(of("Изображение  | model=flux"), Err(BadOption::NoPrompt));
    }
}
