//! Reference pages made from code, so that they cannot grow old unseen: `cargo xtask docs` writes them, a test compares them.
//!
//! The settings have no page: `config.default.toml` is one.

use crate::{
    args::{Cli, EVERYWHERE},
    config::environment::{Effect, WELL_KNOWN},
    failure::Phrase,
    metrics::families,
};
use clap::CommandFactory;
use palitra_domain::{
    ErrorCode,
    i18n::{self, Lang},
    state::transitions_markdown,
};
use std::fmt::Write;

/// Path in the repository and text of every page.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("docs/states.md", transitions_markdown()),
        ("docs/errors.md", errors()),
        ("docs/metrics.md", metrics()),
        ("docs/cli.md", command_line()),
        (".env.example", environment()),
    ]
}

/// What happened and what to do about it, for every code (English; the Russian texts stand beside them in `ru.ftl`).
fn errors() -> String {
    let mut page = String::from(
        "# Error codes\n\nGenerated from `error_codes.rs` and `en.ftl`. Codes are stable; texts are for people. \
         `{name}` stands for a value.\n\n| code | HTTP | try again | exit | what it says | hint |\n|---|---|---|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let key = code.name().replace('_', "-");
        let text = |kind: &str| {
            let key = format!("{kind}-{key}");
            // Without values Fluent leaves the names of the values in the text.
            if i18n::has(Lang::En, &key) {
                i18n::text(Lang::En, &key, &[]).replace("{$", "{")
            } else {
                String::new()
            }
        };
        let again = if code.is_retryable() { "yes" } else { "no" };
        push(
            &mut page,
            format_args!(
                "| `{code}` | {} | {again} | {} | {} | {} |\n",
                code.http_status(),
                code.exit_code(),
                text("error"),
                text("hint")
            ),
        );
    }
    page
}

/// What an operator can watch, and what should wake one.
fn metrics() -> String {
    let mut page = String::from(
        "# Metrics\n\nGenerated from `metrics/families.rs`. `GET /metrics` of every `palitra serve`, in Prometheus' text form; it needs no key, so keep the \
         address away from the world (the default listens on this machine alone). Metrics *of the process* add up over processes; those *of the \
         database* are the same everywhere (take `max`), read at most every five seconds. Labels are bounded by settings and enums: no account, \
         no id. What belongs to one generation is in the log: every line about it carries `generation.id`.\n\n\
         | metric | type | of the | labels | what it says |\n|---|---|---|---|---|\n",
    );
    for family in families::ALL {
        let labels = family.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let of = match family.of {
            families::Of::Process => "process",
            families::Of::Database => "database",
        };
        let (name, kind, help) = (family.name, family.kind.as_str(), family.help);
        push(&mut page, format_args!("| `{name}` | {kind} | {of} | {labels} | {help} |\n"));
    }
    page.push_str("\n## Alerts to have\n\n```yaml\ngroups:\n  - name: palitra\n    rules:\n");
    for (name, expression, time, what) in families::ALERTS {
        push(
            &mut page,
            format_args!(
                "      - alert: {name}\n        expr: {expression}\n        for: {time}\n        annotations:\n          summary: >-\n            {what}\n"
            ),
        );
    }
    page.push_str("```\n");
    page
}

/// The help of every command, as a terminal of 100 columns shows it; flags of every command stand only at the top.
fn command_line() -> String {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut page = String::from("# Command line\n\nGenerated from the help texts of `palitra`.\n");
    help(&mut root, &mut page);
    page
}

fn help(command: &mut clap::Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or("palitra").to_owned();
    let text = command.render_help().to_string();
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    push(page, format_args!("\n## `{name}`\n\n```text\n{}\n```\n", text.join("\n").trim_end()));
    for inner in command.get_subcommands_mut() {
        *inner = std::mem::take(inner).mut_args(|flag| {
            let everywhere = flag.get_help_heading() == Some(EVERYWHERE);
            flag.hide(everywhere)
        });
        help(inner, page);
    }
}

/// S2-099: the well-known names, commented out, so that a copy changes nothing until it is edited.
fn environment() -> String {
    let mut page = String::from(
        "# Well-known names of the environment that Palitra reads, in either case; an example for an `EnvironmentFile`, a\n\
         # compose file or a shell. Palitra itself reads no `.env` file. Generated; every other setting is\n\
         # `PALITRA_SECTION__NAME`, see `config.default.toml`.\n",
    );
    for row in WELL_KNOWN {
        let effect = match row.effect {
            Effect::Setting(setting) => format!("`{setting}`"),
            Effect::Nothing(why) => format!("no effect: {}", Phrase::new(why).text(Lang::En)),
        };
        push(&mut page, format_args!("\n# {} ({effect})\n", row.about));
        for (name, otherwise) in row.names {
            push(&mut page, format_args!("#{name}={}\n", otherwise.unwrap_or_default()));
        }
    }
    page
}

fn push(page: &mut String, line: std::fmt::Arguments<'_>) {
    page.write_fmt(line).expect("writing to a String does not fail");
}
