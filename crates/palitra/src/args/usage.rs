//! What a person sees who typed nothing, asked for help, or made a mistake in typing.

use super::Cli;
use clap::{CommandFactory, FromArgMatches, error::ErrorKind};
use palitra_domain::i18n::{self, Lang};
use std::ffi::OsString;

/// Why there is no command to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Usage {
    /// `palitra` alone: show [`welcome`].
    Nothing,
    /// Help, version or licences that were asked for.
    Help(String),
    /// A mistake in typing, in the parser's own English words: `invalid_input`, exit 2.
    Mistake { error: String, hint: String, json: bool },
}

/// Reads the command line, program name first.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Usage> {
    let words: Vec<OsString> = words.into_iter().collect();
    if words.len() <= 1 {
        return Err(Usage::Nothing);
    }
    // Like `--help` and `--version` it needs no command.
    if words.get(1).is_some_and(|word| word == "--licenses") {
        return Err(Usage::Help(crate::licences::all()));
    }
    let parsed = Cli::command().try_get_matches_from(&words);
    parsed.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| usage(&error, &words))
}

fn usage(error: &clap::Error, words: &[OsString]) -> Usage {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Usage::Help(text);
    }
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    ) {
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
