//! `cargo xtask bench markets`: a catalogue of two thousand modes, and what a picture costs us at each market with a queue. Measured by
//! `crates/palitra/examples/engine`, each in a process of its own.

use super::{
    engine::{Bench, Kind, build},
    line::Line,
    table::{self, number, push},
};
use crate::{Stop, say};

const MARKETS: [(&str, &str); 3] = [("fal", "fal"), ("kie", "KIE"), ("wavespeed", "WaveSpeedAI")];

pub(super) fn run(words: &[String]) -> Result<(), Stop> {
    let quick = match words {
        [] => false,
        [word] if word == "--quick" => true,
        [word, ..] => return Err(super::unknown(word)),
    };
    build()?;
    let bench = Bench::new(Kind::Sqlite)?;
    let mut lines = vec![bench.run("catalogue", &["count=2000".to_owned()])?];
    for (market, _) in MARKETS {
        for storing in [false, true] {
            let count = if quick { 30 } else { 300 };
            let words = [format!("market={market}"), format!("storing={storing}"), format!("count={count}")];
            lines.push(bench.run("adapter", &words)?);
        }
    }
    let tables = markdown(&lines);
    say(&tables);
    if quick { Ok(()) } else { table::write("markets", &lines, &tables) }
}

fn markdown(lines: &[Line]) -> String {
    let mut page = String::from("### The catalogue\n\n");
    if let Some(line) = lines.iter().find(|line| line.text("measurement") == "catalogue") {
        catalogue(&mut page, line);
    }
    page.push_str("\n### A picture of 2 MB from its submission to its last byte\n\n");
    page.push_str(
        "Submission, three looks (two find it at work), download; one after another, the simulator in another process. Our CPU, \
         user and system.\n\n",
    );
    page.push_str(
        "| market | adapter | adapter and storing (hash, write, sync) | other programs | target |\n|---|---|---|---|---|\n",
    );
    for (market, name) in MARKETS {
        let find = |storing: &str| {
            lines.iter().find(|line| line.text("market") == market && line.text("storing") == storing)
        };
        let (Some(alone), Some(stored)) = (find("false"), find("true")) else { continue };
        let cpu = |line| number(line, "cpu_ms_each");
        let others = number(alone, "other_cpu_pct").max(number(stored, "other_cpu_pct"));
        push(
            &mut page,
            format_args!(
                "| {name} | {:.2} ms | {:.2} ms | {others:.0} % | ≤ 3 ms |\n",
                cpu(alone),
                cpu(stored)
            ),
        );
    }
    page
}

fn catalogue(page: &mut String, line: &Line) {
    let of = |name: &str| number(line, name);
    push(
        page,
        format_args!(
            "{} modes of {} models, {:.1} fields each: the shipped packs, and the rest as markets list them.\n\n",
            line.text("count"),
            line.text("models"),
            of("fields_each")
        ),
    );
    page.push_str("| what | figure | target |\n|---|---|---|\n");
    let mut row = |what: &str, figure: String, target: &str| {
        push(page, format_args!("| {what} | {figure} | {target} |\n"));
    };
    row("built from text", format!("{:.1} ms", of("build_ms")), "");
    row("listed: all of it, median of 40", format!("{:.2} ms", of("list_ms")), "≤ 5 ms");
    let filtered =
        ["list_market_ms", "list_mode_ms", "list_category_ms"].map(|name| format!("{:.2}", of(name)));
    row("listed by market, by mode, by category", format!("{} ms", filtered.join(", ")), "≤ 5 ms");
    row(
        &format!(
            "memory (PSS): catalogue, and what is kept of the compiled schemas of {} modes in use",
            line.text("validators")
        ),
        format!("{:.1} + {:.1} MB", of("catalogue_mb"), of("validators_mb")),
        "≤ 30 MB",
    );
    row(
        "the same, were all schemas kept",
        format!("{:.1} + {:.1} MB", of("catalogue_mb"), of("all_validators_mb")),
        "",
    );
    row(
        "a request fitted and checked, p50 / p99",
        format!("{:.3} / {:.3} ms", of("warm_p50_ms"), of("warm_p99_ms")),
        "≤ 0.2 ms",
    );
    row(
        "the same when its mode is first used",
        format!("{:.3} / {:.3} ms", of("cold_p50_ms"), of("cold_p99_ms")),
        "",
    );
}
