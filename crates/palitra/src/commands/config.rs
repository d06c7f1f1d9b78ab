//! `palitra config`: settings with their origins, and whether they are valid.

use super::Session;
use crate::{args::ConfigCommand, config};
use serde_json::json;

pub(super) fn run(session: &Session, args: &ConfigCommand) {
    let warnings: Vec<String> =
        session.loaded.warnings.iter().map(|warning| warning.text(session.console.lang)).collect();
    match args {
        ConfigCommand::Show => {
            session.console.document(&config::json(&session.loaded));
            if !session.console.json {
                session.console.say(config::text(&session.loaded).trim_end());
            }
        }
        ConfigCommand::Check => {
            session.console.document(&json!({ "ok": true, "warnings": warnings }));
            session.console.say(&session.console.text("config-ok", &[]));
        }
    }
    for warning in warnings {
        session.console.note(&format!("{}: {warning}", session.console.text("doctor-warning", &[])));
    }
}
