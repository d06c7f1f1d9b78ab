//! Jobs for people: a line of a list, and a page about one generation. Made of documents, whoever sent them.

use crate::console::Console;
use palitra_domain::{Currency, Money};
use serde_json::Value;

/// One generation of a list.
pub(super) fn line(generation: &Value) -> String {
    let error = generation["error"]["code"].as_str().map(|code| format!("  {code}")).unwrap_or_default();
    format!(
        "{}  {:<10} {:<36} {:>9}  {}  {}{error}",
        word(&generation["id"]),
        word(&generation["status"]),
        word(&generation["model"]),
        money(&generation["price"]),
        whole_second(&generation["created_at"]),
        asked(generation, 40),
    )
}

/// Everything about one.
pub(super) fn generation(console: &Console, shown: &Value) {
    let row = |key: &str, text: &str| {
        if !text.is_empty() {
            console.say(&format!("{:<12} {text}", console.text(key, &[])));
        }
    };
    console.say(&format!("{}  {}", word(&shown["id"]), word(&shown["status"])));
    row("show-asked", &asked(shown, 300));
    let model = format!("{} · {} · {}", word(&shown["model"]), word(&shown["mode"]), word(&shown["market"]));
    row("show-model", &model);
    row("show-price", &money(&shown["price"]));
    row("show-batch", word(&shown["batch_id"]));
    row("show-created", &whole_second(&shown["created_at"]));
    row("show-started", &whole_second(&shown["started_at"]));
    row("show-finished", &whole_second(&shown["finished_at"]));
    row("show-answer", &cut(word(&shown["output"]), 300));
    row("show-error", &because(&shown["error"]));
    row("show-place", &place(console, &shown["progress"]));
    for attempt in list(&shown["attempts"]) {
        row("show-attempt", &attempt_line(console, attempt));
        let error = because(&attempt["error"]);
        if !error.is_empty() {
            console.say(&format!("{:<12} {error}", ""));
        }
    }
    for asset in list(&shown["assets"]) {
        let size = asset["width"].as_i64().zip(asset["height"].as_i64());
        let size = size.map(|(width, height)| format!(" · {width}×{height}")).unwrap_or_default();
        row("show-asset", &format!("{} · {}{size}", word(&asset["id"]), word(&asset["mime"])));
    }
}

/// A batch: how far it is, step by step, and what failed.
pub(super) fn batch(console: &Console, shown: &Value) {
    let (task, totals) = (&shown["task"], &shown["totals"]);
    let row = |key: &str, text: &str| {
        if !text.is_empty() {
            console.say(&format!("{:<12} {text}", console.text(key, &[])));
        }
    };
    let status = console.text(&format!("status-{}", word(&task["status"])), &[]);
    console.say(&format!("{}  {status}", word(&shown["batch"])));
    row("show-asked", &cut(word(&shown["title"]), 300));
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let args = [
        ("done", number(&task["completed_words"]).into()),
        ("total", number(&task["total_words"]).into()),
        ("percent", number(&task["progress"]).into()),
        ("failed", list(&task["failed_words"]).len().into()),
    ];
    row("show-progress", &console.text("batch-progress", &args));
    let stage = |stage: &Value| {
        let args = [("done", number(&stage["succeeded"]).into()), ("total", number(&stage["total"]).into())];
        console.text(&format!("counter-{}", word(&stage["step"])), &args)
    };
    row("show-stages", &list(&shown["stages"]).iter().map(stage).collect::<Vec<_>>().join(" · "));
    row("show-price", &money(&totals["price"]));
    row("show-created", &whole_second(&shown["created_at"]));
    /// Failures that are named one by one.
    const NAMED: usize = 10;
    let items =
        ["slides", "items"].iter().find_map(|name| shown[*name].as_array()).map_or(&[][..], Vec::as_slice);
    let failed: Vec<&Value> = items.iter().filter(|item| item["error"].is_object()).collect();
    for item in failed.iter().take(NAMED) {
        let title = cut(word(&item["title"]), 60);
        row("show-error", &format!("{} {title}: {}", item["number"], because(&item["error"])));
    }
    if failed.len() > NAMED {
        row("show-error", &console.text("batch-more-failed", &[("count", (failed.len() - NAMED).into())]));
    }
}

/// `1 · key main · first try · paid by the account · succeeded`.
fn attempt_line(console: &Console, attempt: &Value) -> String {
    let key = console.text("attempt-key", &[("key", word(&attempt["key"]).into())]);
    let reason = console.text(&format!("attempt-reason-{}", word(&attempt["reason"])), &[]);
    let paid_by = console.text(&format!("attempt-paid-by-{}", word(&attempt["paid_by"])), &[]);
    let cost = &attempt["cost"];
    let took =
        |micros| console.text("attempt-cost", &[("cost", (&units(micros, word(&cost["currency"]))).into())]);
    let cost = cost["micros"].as_i64().map(|micros| format!(" · {}", took(micros)));
    format!(
        "{} · {key} · {reason} · {paid_by} · {} · {}{}",
        attempt["n"],
        word(&attempt["state"]),
        whole_second(&attempt["opened_at"]),
        cost.unwrap_or_default()
    )
}

fn place(console: &Console, progress: &Value) -> String {
    let Some(position) = progress["position"].as_i64() else { return String::new() };
    let parents = progress["parents_left"].as_i64().unwrap_or(0);
    if parents > 0 {
        return console.text("place-steps", &[("count", parents.into())]);
    }
    if let Some(at) = progress["not_before"].as_str() {
        return console.text("place-not-before", &[("time", at.into())]);
    }
    let args = [
        ("position", position.into()),
        ("seconds", progress["starts_in_s"].as_i64().unwrap_or(0).into()),
        ("waited", progress["waited_s"].as_i64().unwrap_or(0).into()),
    ];
    console.text("place-line", &args)
}

/// `market_busy: the market's words`.
fn because(error: &Value) -> String {
    let Some(code) = error["code"].as_str() else { return String::new() };
    match error["message"].as_str().filter(|message| !message.is_empty()) {
        Some(message) => format!("{code}: {}", cut(message, 300)),
        None => code.to_owned(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn money(price: &Value) -> String {
    let currency = Currency::parse(word(&price["currency"]));
    price["amount"]
        .as_i64()
        .zip(currency)
        .map_or(String::new(), |(amount, currency)| Money::new(amount, currency).to_string())
}

/// What a market takes, in millionths of its currency.
fn units(micros: i64, currency: &str) -> String {
    let number = format!("{}.{:06}", micros / 1_000_000, (micros % 1_000_000).abs());
    format!("{} {currency}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// `2026-11-20T06:31:52Z`: people do not need more.
fn whole_second(time: &Value) -> String {
    let text = word(time);
    text.split_once('.').map_or(text.to_owned(), |(second, _)| format!("{second}Z"))
}

/// The words of an input, as they were said; where there are none, what is done.
fn asked(generation: &Value, length: usize) -> String {
    let input = &generation["input"];
    let said = ["original_prompt", "prompt", "text"].iter().find_map(|name| input[*name].as_str());
    cut(said.unwrap_or_else(|| word(&generation["mode"])), length)
}

/// On one line, and no control character reaches the terminal.
fn cut(text: &str, length: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = text.chars().filter(|letter| !letter.is_control()).take(length).collect();
    if text.chars().count() > length {
        shown.push('…');
    }
    shown
}
