//! A setting that cannot be taken: where it was written, which one, why, and what was probably meant.

use crate::failure::{Failure, Phrase};
use palitra_domain::{ErrorCode, i18n::Lang};

#[derive(Debug)]
pub struct ConfigError {
    /// ``palitra.toml:12, `engine.unknown` ``, `PALITRA_ENGIN__UNKNOWN`, `--config`.
    place: String,
    why: Phrase,
    hint: Option<Phrase>,
}

impl ConfigError {
    pub(super) fn new(place: impl Into<String>, setting: Option<&str>, why: Phrase) -> ConfigError {
        let place: String = place.into();
        let place = setting.map_or_else(|| place.clone(), |setting| format!("{place}, `{setting}`"));
        ConfigError { place, why, hint: None }
    }

    pub(super) fn hinted(self, hint: Option<Phrase>) -> ConfigError {
        ConfigError { hint, ..self }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Failure {
        let failure = Failure::new(ErrorCode::BadSetting).with("place", error.place).with("why", error.why);
        match error.hint {
            Some(hint) => failure.with("hint", hint),
            None => failure,
        }
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.place, self.why.text(Lang::En))
    }
}

impl std::error::Error for ConfigError {}
