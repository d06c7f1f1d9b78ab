//! What a person sees who typed nothing, asked for help, or made a mistake in typing.

use super::Cli;
use crate::config::environment::value;
use clap::{CommandFactory, FromArgMatches, error::ErrorKind};
use palitra_domain::{
    ErrorCode,
    i18n::{self, Lang},
};
use std::{
    ffi::OsString,
    io::{self, Write},
};

/// Why there is no command to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Usage {
    /// `palitra` alone: [`welcome`].
    Nothing,
    /// Help or version that was asked for.
    Help(String),
    /// A mistake in typing, in English (the parser's words).
    Mistake { error: String, hint: String, json: bool },
}

impl Usage {
    /// Says it and returns the exit code: 0, or 2 for a mistake. With `--json` a mistake is a document on stdout, too.
    pub fn say(&self, lang: Lang, stdout: &mut dyn Write, stderr: &mut dyn Write) -> io::Result<u8> {
        match self {
            Usage::Nothing => writeln!(stdout, "{}", welcome(lang)).map(|()| 0),
            Usage::Help(page) => write!(stdout, "{page}").map(|()| 0),
            Usage::Mistake { error, hint, json } => {
                let code = ErrorCode::InvalidInput;
                if *json {
                    let document = serde_json::json!({
                        "error": { "code": code.name(), "message": error, "hint": hint }
                    });
                    writeln!(stdout, "{document}")?;
                }
                writeln!(stderr, "error: {error}\nhint: {hint}").map(|()| code.exit_code())
            }
        }
    }
}

/// The language people read: `--lang`, then the first of `LC_ALL`, `LC_MESSAGES`, `LANG` that is set, then English.
pub fn language(flag: Option<Lang>, environment: &[(String, String)]) -> Lang {
    let set = |name: &&str| value(environment, name).filter(|text| !text.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    flag.or_else(|| Lang::parse(locale?)).unwrap_or(Lang::En)
}

/// Reads the command line, program name first.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Usage> {
    let words: Vec<OsString> = words.into_iter().collect();
    if words.len() <= 1 {
        return Err(Usage::Nothing);
    }
    let parsed = Cli::command().try_get_matches_from(&words);
    parsed.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| usage(&error, &words))
}

fn usage(error: &clap::Error, words: &[OsString]) -> Usage {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Usage::Help(text);
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Usage::Mistake {
            error: "a command is missing".to_owned(),
            hint: help_hint(words),
            json: has_json(words),
        };
    }
    // clap: `error: …` (some kinds continue with indented lines), then paragraphs: tips, usage, `For more information`.
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let first = first.trim_start_matches("error: ").split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
    let tip = text.lines().find_map(|line| line.trim_start().strip_prefix("tip: "));
    let hint = tip.map_or_else(|| help_hint(words), |tip| tip.replace('\'', "`"));
    Usage::Mistake { error: first.replace('\'', "`"), hint, json: has_json(words) }
}

fn has_json(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "--json")
}

/// `see palitra slides --help` for the command that was typed, as far as it is one.
fn help_hint(words: &[OsString]) -> String {
    let mut command = Cli::command();
    let mut path = vec!["palitra".to_owned()];
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(found) = command.find_subcommand(word).cloned() {
            path.push(word.to_owned());
            command = found;
        }
    }
    format!("see `{} --help`", path.join(" "))
}

/// The first screen: what this is and three commands to try.
pub fn welcome(lang: Lang) -> String {
    i18n::text(lang, "welcome", &[])
}
