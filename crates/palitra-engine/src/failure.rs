//! How a door says that something failed, in the reader's language: a command by `error:`, `hint:` and an exit code, HTTP by a problem.
//!
//! Codes, exit codes and texts are the domain's (`ErrorCode`, `i18n/*.ftl`); nothing here decides what a failure means.
//! With `--json` the document `{"error": {code, message, hint}}` goes to stdout and the two lines for people to stderr all the
//! same; a command that has already printed its own document (a report with a failed gate) prints no second one.

use crate::inputs::Violation;
use palitra_domain::{
    ErrorCode,
    i18n::{self, Arg, Lang},
};
use std::{io::Write, time::Duration};

/// A text of the catalogue with its values, to be rendered once the reader's language is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    key: String,
    values: Vec<(&'static str, Value)>,
}

/// A value of a [`Phrase`]: plain text, a number that chooses plural forms, or another phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    Phrase(Phrase),
    /// Said one after another.
    Phrases(Vec<Phrase>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Number(i64::from(number))
    }
}

impl From<Phrase> for Value {
    fn from(phrase: Phrase) -> Value {
        Value::Phrase(phrase)
    }
}

impl Phrase {
    pub fn new(key: impl Into<String>) -> Phrase {
        Phrase { key: key.into(), values: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Phrase {
        self.values.push((name, value.into()));
        self
    }

    pub fn text(&self, lang: Lang) -> String {
        render(lang, &self.key, &self.values)
    }
}

fn joined(phrases: &[Phrase], lang: Lang) -> String {
    phrases.iter().map(|phrase| phrase.text(lang)).collect::<Vec<_>>().join("; ")
}

fn render(lang: Lang, key: &str, values: &[(&'static str, Value)]) -> String {
    let texts: Vec<(&str, Result<i64, String>)> = values
        .iter()
        .map(|(name, value)| match value {
            Value::Number(number) => (*name, Ok(*number)),
            Value::Text(text) => (*name, Err(text.clone())),
            Value::Phrase(phrase) => (*name, Err(phrase.text(lang))),
            Value::Phrases(phrases) => (*name, Err(joined(phrases, lang))),
        })
        .collect();
    let args: Vec<(&str, Arg<'_>)> = texts
        .iter()
        .map(|(name, value)| match value {
            Ok(number) => (*name, Arg::Number(*number)),
            Err(text) => (*name, Arg::Text(text)),
        })
        .collect();
    i18n::text(lang, key, &args)
}

/// A command that failed. `with` gives the values that `error-<code>` and `hint-<code>` name.
#[derive(Debug)]
pub struct Failure {
    code: ErrorCode,
    values: Vec<(&'static str, Value)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Field by field, for programs.
    violations: Vec<Violation>,
    /// When the same may be accepted.
    retry_after: Option<Duration>,
}

impl Failure {
    pub fn new(code: ErrorCode) -> Failure {
        Failure { code, values: Vec::new(), source: None, violations: Vec::new(), retry_after: None }
    }

    /// When the same may be accepted, for a refusal that passes by itself.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Failure {
        Failure { retry_after: Some(after), ..self }
    }

    pub fn when_to_retry(&self) -> Option<Duration> {
        self.retry_after
    }

    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// A value of the texts, such as `value`, `place`, `why`, `limit`, `account`, `hint`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Failure {
        self.values.push((name, value.into()));
        self
    }

    /// What lies beneath, for the log; people do not see it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        self.source = Some(source.into());
        self
    }

    /// What is wrong with an input, field by field.
    #[must_use]
    pub fn violating(mut self, violations: Vec<Violation>) -> Failure {
        let phrases = violations.iter().map(|wrong| {
            Phrase::new(format!("violation-{}", wrong.rule))
                .with("path", wrong.path.as_str())
                .with("allowed", wrong.allowed.as_str())
        });
        self.values.push(("hint", Value::Phrases(phrases.collect())));
        self.violations = violations;
        self
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// 1 failed, 2 usage, 3 not enough money, 4 gate failed, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        self.code.exit_code()
    }

    /// The values of the texts, as texts.
    pub fn texts(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let text = |value: &Value| match value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Phrase(phrase) => phrase.text(lang),
            Value::Phrases(phrases) => joined(phrases, lang),
        };
        self.values.iter().map(|(name, value)| (*name, text(value))).collect()
    }

    pub fn message(&self, lang: Lang) -> String {
        render(lang, &self.key("error"), &self.values)
    }

    /// A hint whose value nobody gave gives way to `hint-<code>-else`; `None` where the catalogue has neither.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        let key = self.key("hint");
        let keys = [format!("{key}-else"), key];
        let texts =
            keys.iter().rev().filter(|key| i18n::has(lang, key)).map(|key| render(lang, key, &self.values));
        // Fluent writes a value it was not given as `{$name}`.
        texts.into_iter().find(|text| !text.contains("{$"))
    }

    /// The same for whoever asks over HTTP: where a hint names commands, there is another one that names routes and fields.
    pub fn hint_over_http(&self, lang: Lang) -> Option<String> {
        let key = self.key("hint");
        let keys = [key.clone(), format!("{key}-else")].map(|key| {
            let own = format!("{key}-http");
            if i18n::has(lang, &own) { own } else { key }
        });
        let texts = keys.iter().filter(|key| i18n::has(lang, key)).map(|key| render(lang, key, &self.values));
        texts.into_iter().find(|text| !text.contains("{$"))
    }

    fn key(&self, kind: &str) -> String {
        format!("{kind}-{}", self.code.name().replace('_', "-"))
    }

    /// `{"error": {"code", "message", "hint"}}`, with `violations` where an input is not what its mode takes; `hint` may be null.
    pub fn json(&self, lang: Lang) -> serde_json::Value {
        let mut error = serde_json::json!({ "code": self.code.name(), "message": self.message(lang), "hint": self.hint(lang) });
        if !self.violations.is_empty() {
            error["violations"] = serde_json::json!(self.violations);
        }
        serde_json::json!({ "error": error })
    }

    /// Two lines for people and one log line with the cause for the operator.
    pub fn report(&self, lang: Lang, out: &mut dyn Write) -> std::io::Result<()> {
        if let Some(source) = &self.source {
            tracing::debug!(error.code = self.code.name(), cause = chain(source.as_ref()), "command failed");
        }
        writeln!(out, "error: {}", self.message(lang))?;
        match self.hint(lang) {
            Some(hint) => writeln!(out, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message(Lang::En))
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Failure {
        let failure = error
            .args
            .iter()
            .fold(Failure::new(error.code), |failure, (name, value)| failure.with(name, value.as_str()));
        let failure = Failure { retry_after: error.retry_after, ..failure };
        let failure = match error.code {
            ErrorCode::BadFile => bad_file(&error),
            _ if error.violations.is_empty() => failure,
            _ => failure.violating(error.violations.clone()),
        };
        failure.caused_by(error)
    }
}

/// Why a file is not taken; the reason is a text of its own.
fn bad_file(error: &crate::Error) -> Failure {
    let of = |wanted: &str| {
        error.args.iter().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value.as_str())
    };
    let why = Phrase::new(of("why")).with("limit", of("limit"));
    Failure::new(ErrorCode::BadFile).with("value", of("value")).with("why", why)
}

/// An error and everything beneath it, `a: b: c`.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_happened_in_both_languages_and_exits_as_the_table_says() {
        for code in ErrorCode::ALL {
            let names = [
                "value", "place", "why", "limit", "account", "ok", "total", "hint", "seconds", "mode",
                "left", "time", "budget",
            ];
            let failure =
                names.into_iter().fold(Failure::new(*code), |failure, name| failure.with(name, "X"));
            for lang in Lang::ALL {
                let message = failure.message(lang);
                assert!(!message.contains("{$") && !message.starts_with("error-"), "{code}: {message}");
                let hint = failure.hint(lang).unwrap_or_else(|| panic!("{code} has no hint in {lang:?}"));
                assert!(!message.ends_with('.') && !hint.ends_with('.'), "{code}: {message} / {hint}");
            }
            assert_eq!(failure.exit_code(), code.exit_code());
        }
    }

    #[test]
    fn a_hint_without_its_value_gives_way_to_a_plainer_one() {
        let failure = Failure::new(ErrorCode::UnknownModel).with("value", "`flax`");
        assert_eq!(failure.hint(Lang::En).as_deref(), Some("choose another one with `palitra models ls`"));
        assert_eq!(Failure::new(ErrorCode::InvalidInput).hint(Lang::En), None);
        assert!(failure.with("hint", "`flux`").hint(Lang::En).is_some_and(|hint| hint.contains("`flux`")));
    }

    #[test]
    fn a_hint_over_http_names_no_command() {
        for code in ErrorCode::ALL {
            let bare = Failure::new(*code);
            let said = ["value", "hint", "seconds", "budget", "limit"];
            let told = said.into_iter().fold(Failure::new(*code), |failure, name| failure.with(name, "X"));
            for (lang, failure) in Lang::ALL.iter().flat_map(|lang| [(*lang, &bare), (*lang, &told)]) {
                let Some(hint) = failure.hint_over_http(lang) else { continue };
                let names = ["palitra ", "`-", "--", "command", "команд", "PALITRA_"];
                assert!(!names.iter().any(|name| hint.contains(name)), "{code}: {hint}");
            }
        }
        let known = Failure::new(ErrorCode::UnknownModel).with("hint", "`flux`");
        assert_eq!(known.hint_over_http(Lang::En).as_deref(), Some("did you mean `flux`?"));
    }

    #[test]
    fn the_two_lines_and_the_document_say_the_same() {
        let failure = Failure::new(ErrorCode::FileMissing).with("value", "deck.md");
        let mut lines = Vec::new();
        failure.report(Lang::En, &mut lines).unwrap();
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "error: there is no file deck.md\nhint: check the path\n"
        );
        let document = serde_json::json!({
            "error": { "code": "file_missing", "message": "there is no file deck.md", "hint": "check the path" }
        });
        assert_eq!(failure.json(Lang::En), document);
    }

    #[test]
    fn phrases_nest_and_follow_the_language() {
        let inner = Phrase::new("status-pending");
        let failure = Failure::new(ErrorCode::BadSetting).with("place", "`a.b`").with("why", inner);
        assert_eq!(failure.message(Lang::En), "`a.b`: waiting");
        assert_eq!(failure.message(Lang::Ru), "`a.b`: Ожидает");
    }
}
