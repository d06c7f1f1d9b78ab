//! Texts for people, in Russian and English, from Fluent catalogues in `i18n/*.ftl`.
//!
//! JSON and logs always carry codes; people read these texts. A test holds both catalogues to the same keys and to every
//! error code.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::LazyLock;

/// A language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    Ru,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Ru, Lang::En];

    pub const fn as_str(self) -> &'static str {
        match self {
            Lang::Ru => "ru",
            Lang::En => "en",
        }
    }

    /// `ru`, `en`, or a locale such as `ru_RU.UTF-8`.
    pub fn parse(text: &str) -> Option<Lang> {
        let word = text.split(['_', '-', '.']).next().unwrap_or_default().to_ascii_lowercase();
        Lang::ALL.into_iter().find(|lang| lang.as_str() == word)
    }
}

/// A value for a placeable of a text.
#[derive(Debug, Clone)]
pub enum Arg<'a> {
    Text(&'a str),
    /// Chooses plural forms and is written without separators.
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Arg::Text(value)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Arg::Text(value)
    }
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Arg::Number(value)
    }
}

impl From<u32> for Arg<'_> {
    fn from(value: u32) -> Self {
        Arg::Number(i64::from(value))
    }
}

impl From<usize> for Arg<'_> {
    fn from(value: usize) -> Self {
        Arg::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

const SOURCES: [(Lang, &str); 2] =
    [(Lang::Ru, include_str!("i18n/ru.ftl")), (Lang::En, include_str!("i18n/en.ftl"))];

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 2]> = LazyLock::new(|| SOURCES.map(|(lang, source)| bundle(lang, source)));

fn bundle(lang: Lang, source: &str) -> Bundle {
    let resource =
        FluentResource::try_new(source.to_owned()).expect("shipped texts read: a test covers each");
    let language = lang.as_str().parse().expect("a language tag of two letters");
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // No invisible isolation marks: texts go to terminals and files.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("keys are unique: a test covers each");
    bundle
}

/// The text for a key; a key that is not there comes back as itself, so that a mistake is seen and nothing fails.
pub fn text(lang: Lang, key: &str, args: &[(&str, Arg<'_>)]) -> String {
    let bundle = &BUNDLES[usize::from(lang == Lang::En)];
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return key.to_owned();
    };
    let mut values = FluentArgs::with_capacity(args.len());
    for (name, value) in args {
        let value = match value {
            Arg::Text(text) => FluentValue::from(*text),
            Arg::Number(number) => FluentValue::from(*number),
        };
        values.set(*name, value);
    }
    bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
}

/// Whether there is a text for the key (hints are optional).
pub fn has(lang: Lang, key: &str) -> bool {
    BUNDLES[usize::from(lang == Lang::En)].has_message(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn keys(source: &str) -> Vec<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key)
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_in_the_same_order() {
        assert_eq!(keys(SOURCES[0].1), keys(SOURCES[1].1));
    }

    #[test]
    fn every_error_code_has_a_text_in_both_languages() {
        for code in ErrorCode::ALL {
            for lang in Lang::ALL {
                assert!(has(lang, &format!("error-{}", code.name().replace('_', "-"))), "{code} in {lang:?}");
            }
        }
    }

    #[test]
    fn s0_20_21_22_texts_are_the_seeds() {
        let said = |key, args: &[(&str, Arg<'_>)]| text(Lang::Ru, key, args);
        assert_eq!(
            said("slide-prompt-ready", &[("item", "7".into())]),
            "✓ Промпт готов для слайда 7, отправлен на генерацию изображения"
        );
        assert_eq!(said("slide-picture-ready", &[("item", "7".into())]), "✓ Изображение готово для слайда 7");
        assert_eq!(
            said("counter-prompt", &[("done", 3u32.into()), ("total", 12u32.into())]),
            "Промпты: 3/12"
        );
        assert_eq!(
            said("counter-picture", &[("done", 3u32.into()), ("total", 12u32.into())]),
            "Изображения: 3/12"
        );
        assert_eq!(text(Lang::En, "no-such-key", &[]), "no-such-key");
    }
}
