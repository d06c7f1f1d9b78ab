//! Markets for people: a table of keys, and a line for everything that is paused or stopped. Made of documents, whoever sent them.

use crate::{
    commands::documents::{list, word},
    console::Console,
};
use serde_json::Value;

pub(super) fn all(console: &Console, shown: &Value) {
    for shown in list(&shown["markets"]) {
        market(console, shown);
    }
    let lanes =
        list(&shown["lanes"]).iter().filter(|lane| lane["queued"] != 0 || !lane["paused_since"].is_null());
    for lane in lanes {
        let queued = lane["queued"].as_i64().unwrap_or(0);
        let args = [("lane", word(&lane["name"]).into()), ("queued", queued.into())];
        console.say(&format!("{}{}", console.text("market-lane", &args), paused(console, lane)));
    }
}

/// A market and a line for each of its keys.
pub(super) fn market(console: &Console, shown: &Value) {
    let queued = shown["queued"].as_i64().unwrap_or(0);
    let head =
        console.text("market-head", &[("market", word(&shown["name"]).into()), ("queued", queued.into())]);
    console.say(&format!("{head}{}", paused(console, shown)));
    let stopped = &shown["stopped"];
    if !stopped.is_null() {
        let since = whole_second(&stopped["since"]);
        let args = [
            ("market", word(&shown["name"]).into()),
            ("code", word(&stopped["code"]).into()),
            ("said", word(&stopped["message"]).into()),
            ("since", (&since).into()),
        ];
        console.say(&format!("  {}", console.text("market-stopped", &args)));
    }
    for key in list(&shown["keys"]) {
        console.say(&format!("  {}", key_line(console, key)));
    }
}

fn key_line(console: &Console, key: &Value) -> String {
    let (slots, rate) = (&key["slots"], &key["rate"]);
    let changed = |of: &Value, configured: &Value| {
        if of["changed"] == true {
            format!(" ({} {configured})", console.text("market-configured", &[]))
        } else {
            String::new()
        }
    };
    let mut parts = vec![format!(
        "{:<12} {}/{}{}",
        word(&key["label"]),
        slots["used"],
        slots["limit"],
        changed(slots, &slots["configured"])
    )];
    if slots["ghosts"] != 0 {
        parts.push(console.text("market-ghosts", &[("count", slots["ghosts"].as_i64().unwrap_or(0).into())]));
    }
    if rate["per_minute"] != 0 || rate["changed"] == true {
        let args = [
            ("rate", rate["per_minute"].as_i64().unwrap_or(0).into()),
            ("burst", rate["burst"].as_i64().unwrap_or(1).into()),
        ];
        parts.push(format!(
            "{}{}",
            console.text("market-rate", &args),
            changed(rate, &rate["configured_per_minute"])
        ));
    }
    parts.push(health(console, key));
    format!("{}{}", parts.join(" · "), paused(console, key))
}

/// `locked since …: User is locked; tried again …`.
fn health(console: &Console, key: &Value) -> String {
    let mut text = console.text(&format!("health-{}", word(&key["health"]).replace('_', "-")), &[]);
    if key["health"] != "ok" {
        text.push_str(&format!(" {}", whole_second(&key["health_since"])));
        if let Some(said) = key["message"].as_str().filter(|said| !said.is_empty()) {
            text.push_str(&format!(": {said}"));
        }
    }
    if let Some(at) = key["retry_at"].as_str() {
        let at = whole_second(&Value::from(at));
        text.push_str(&format!("; {}", console.text("market-retry", &[("time", (&at).into())])));
    }
    text
}

fn paused(console: &Console, shown: &Value) -> String {
    let Some(since) = shown["paused_since"].as_str() else { return String::new() };
    let since = whole_second(&Value::from(since));
    format!(" · {}", console.text("market-paused-since", &[("since", (&since).into())]))
}

/// `2026-11-20T06:31:52Z`: people do not need more.
pub(super) fn whole_second(time: &Value) -> String {
    let text = word(time);
    text.split_once('.').map_or(text.to_owned(), |(second, _)| format!("{second}Z"))
}
