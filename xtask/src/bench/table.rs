//! The results as people read them: the sections of `docs/benchmarks.md` that are written, and the tables of `engine`.

#![expect(clippy::float_arithmetic, reason = "factors for people")]

use super::line::Line;
use crate::{Stop, steps::root};
use std::{fmt::Write, fs};

const PAGE: &str = "docs/benchmarks.md";

/// Keeps the lines of a run as they came, and puts its tables between the marks of its section, or at the end of the page.
pub(super) fn write(section: &str, lines: &[Line], tables: &str) -> Result<(), Stop> {
    let raw: String = lines.iter().map(|line| format!("{}\n", line.0)).collect();
    fs::write(root().join(format!("docs/benchmarks/{section}.jsonl")), raw)
        .map_err(|error| Stop::new(format!("cannot write: {error}")))?;
    let begin = format!("<!-- {section}: written by `cargo xtask bench {section}` -->");
    let end = format!("<!-- {section} ends -->");
    let failed = |error: std::io::Error| Stop::new(format!("cannot write {PAGE}: {error}"));
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(failed)?;
    let (before, after) = match page.split_once(&begin) {
        Some((before, rest)) => {
            (before.trim_end(), rest.split_once(&end).map_or("", |(_, after)| after.trim()))
        }
        None => (page.trim_end(), ""),
    };
    let after = if after.is_empty() { String::new() } else { format!("\n{after}\n") };
    fs::write(path, format!("{before}\n\n{begin}\n\n{tables}\n{end}\n{after}")).map_err(failed)
}

pub(super) fn markdown(lines: &[Line]) -> String {
    let mut page = String::new();
    rates(&mut page, lines);
    others(&mut page, lines);
    peers(&mut page, lines);
    page
}

fn find<'a>(lines: &'a [Line], name: &str, store: &str) -> Option<&'a Line> {
    lines.iter().find(|line| line.text("name") == name && line.text("store") == store)
}

pub(super) fn number(line: &Line, name: &str) -> f64 {
    line.number(name).unwrap_or(f64::NAN)
}

fn rates(page: &mut String, lines: &[Line]) {
    const ROWS: [(&str, &str, &str, &str); 8] = [
        ("rate", "sqlite", "SQLite, 32 accounts", "≥ 8,000/s, ≤ 0.12 ms"),
        ("one-account", "sqlite", "SQLite, one account", ""),
        ("bounds", "sqlite", "SQLite, 32 accounts with the limits that the settings come with", ""),
        ("splits", "sqlite", "SQLite, every hold of bonus and cash, after a top-up of its own", ""),
        ("rate", "postgres", "PostgreSQL, 32 accounts", "≥ 1,500/s, ≤ 0.4 ms"),
        ("one-account", "postgres", "PostgreSQL, one account", "≥ 800/s"),
        ("bounds", "postgres", "PostgreSQL, 32 accounts with the limits that the settings come with", ""),
        ("splits", "postgres", "PostgreSQL, every hold of bonus and cash, after a top-up of its own", ""),
    ];
    page.push_str("### Billed generations from the hold to the outbox\n\n");
    page.push_str(
        "32 producers; all committed and synced; rows counted and books checked after each run.\n\n",
    );
    page.push_str("| store | generations/s | our CPU each | the server's | other programs | target |\n|---|---|---|---|---|---|\n");
    for (name, store, what, target) in ROWS {
        let Some(line) = find(lines, name, store) else { continue };
        let server = number(line, "server_cpu_ms_each");
        let server = if server > 0.0 { format!("{server:.2} ms") } else { String::new() };
        push(
            page,
            format_args!(
                "| {what} | {:.0} | {:.3} ms | {server} | {:.0} % | {target} |\n",
                number(line, "per_s"),
                number(line, "cpu_ms_each"),
                number(line, "other_cpu_pct")
            ),
        );
    }
}

fn others(page: &mut String, lines: &[Line]) {
    page.push_str("\n### Latency, waiting, taking over, fairness\n\n");
    page.push_str("| what | SQLite | PostgreSQL | target |\n|---|---|---|---|\n");
    type Words = fn(&Line) -> String;
    let rows: [(&str, &str, Words, &str); 5] = [
        (
            "latency",
            "from the call that creates to the market's, 20/s, p50 / p99",
            |line| format!("{:.2} / {:.2} ms", number(line, "p50_ms"), number(line, "p99_ms")),
            "≤ 2 / 8 ms, ≤ 4 / 15 ms",
        ),
        (
            "wait",
            "{count} waiting after as many that ended: memory over idle (PSS)",
            |line| format!("{:.1} MB", number(line, "over_idle_mb")),
            "≤ 15 MB",
        ),
        (
            "wait",
            "{count} waiting: CPU of one core",
            |line| format!("{:.1} %", number(line, "cpu_pct_of_one_core")),
            "≤ 5 %",
        ),
        (
            "adopt",
            "{count} taken over after `kill -9`: from the start, from the end of the lease",
            |line| format!("{:.2} s", number(line, "adopted_s")),
            "≤ 2 s",
        ),
        (
            "fair",
            "{count} queued on 4 slots: another account's first starts within",
            |line| format!("{:.2} turns", number(line, "slot_turns")),
            "≤ 2 turns",
        ),
    ];
    for (name, what, words, target) in rows {
        let of = |store: &str| find(lines, name, store).map(words).unwrap_or_default();
        let count = find(lines, name, "sqlite").or_else(|| find(lines, name, "postgres"));
        let what = what.replace("{count}", count.map_or("?", |line| line.text("count")));
        push(page, format_args!("| {what} | {} | {} | {target} |\n", of("sqlite"), of("postgres")));
    }
}

fn peers(page: &mut String, lines: &[Line]) {
    let peers: Vec<&Line> = lines.iter().filter(|line| line.text("name") == "peer").collect();
    if peers.is_empty() {
        return;
    }
    let ours = |store: &str| find(lines, "rate", store).map_or(f64::NAN, |line| number(line, "per_s"));
    page.push_str("\n### The peers in the same run\n\n");
    page.push_str(
        "No-op jobs; none of them keeps a ledger. The better of a warm worker and a full queue.\n\n",
    );
    page.push_str("| peer | jobs/s | CPU each | other programs | ours on the same store | target |\n|---|---|---|---|---|---|\n");
    for line in peers {
        let store = if line.text("store") == "postgres" { "postgres" } else { "sqlite" };
        let factor = ours(store) / number(line, "per_s");
        push(
            page,
            format_args!(
                "| {} | {:.0} | {:.2} ms | {:.0} % | {factor:.1} × | {} |\n",
                line.text("peer"),
                number(line, "per_s"),
                number(line, "cpu_ms_each"),
                number(line, "other_cpu_pct"),
                line.text("target")
            ),
        );
    }
}

pub(super) fn push(page: &mut String, words: std::fmt::Arguments<'_>) {
    page.write_fmt(words).ok(); // a text takes everything
}
