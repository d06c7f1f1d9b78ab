//! The tables of `http`.

#![expect(clippy::float_arithmetic, reason = "factors for people")]

use crate::bench::{
    line::Line,
    table::{number, push},
};

pub(super) fn markdown(lines: &[Line]) -> String {
    let mut page = String::from("### The service over HTTP\n\n");
    page.push_str("| what | figure | our CPU each | other programs | target |\n|---|---|---|---|---|\n");
    type Words = fn(&Line) -> String;
    let rows: [(&str, &str, Words, &str); 4] = [
        (
            "create",
            "`POST /v1/generations`, 64 connections: durable, held, carried out and charged",
            |line| {
                format!(
                    "{:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
                    number(line, "per_s"),
                    number(line, "p50_ms"),
                    number(line, "p99_ms")
                )
            },
            "≥ 2,500/s, p99 ≤ 50 ms",
        ),
        (
            "look",
            "`GET /v1/generations/{id}`, 64 connections",
            |line| format!("{:.0}/s, p99 {:.1} ms", number(line, "per_s"), number(line, "p99_ms")),
            "≥ 15,000/s",
        ),
        (
            "pollers",
            "1,000 clients that each look at their own every 2 s, 64 at work and the others in line",
            |line| {
                format!(
                    "{:.1} % of one core ({:.0} looks/s)",
                    number(line, "cpu_pct_of_one_core"),
                    number(line, "per_s")
                )
            },
            "≤ 10 %",
        ),
        (
            "followers",
            "5,000 clients of `GET /v1/events`, all of one account: memory of each; an event has reached all after",
            |line| {
                format!(
                    "{:.1} KB (after events {:.1} KB); {:.2} s, {:.2} s at most",
                    number(line, "kb_each"),
                    number(line, "kb_each_after_events"),
                    number(line, "reached_all_s"),
                    number(line, "reached_all_max_s")
                )
            },
            "≤ 22 KB, ≤ 1 s",
        ),
    ];
    for (name, what, words, target) in rows {
        let Some(line) = lines.iter().find(|line| line.text("name") == name) else { continue };
        let cpu = line.number("cpu_ms_each").map_or(String::new(), |cpu| format!("{cpu:.3} ms"));
        let others = number(line, "other_cpu_pct");
        push(&mut page, format_args!("| {what} | {} | {cpu} | {others:.0} % | {target} |\n", words(line)));
    }
    gateways(&mut page, lines);
    let books = lines.iter().filter(|line| line.text("name") == "books");
    let books: Vec<String> = books
        .map(|line| {
            format!(
                "`{}` {:.0} made at {:.0}, {:.0} charged",
                line.text("part"),
                number(line, "made"),
                number(line, "price_minor"),
                number(line, "charged_minor")
            )
        })
        .collect();
    push(
        &mut page,
        format_args!(
            "\nThe books afterwards, in minor units, nothing held, `palitra doctor` content: {}.\n",
            books.join("; ")
        ),
    );
    page
}

fn gateways(page: &mut String, lines: &[Line]) {
    let of = |name: &str, connections: &str| {
        lines.iter().find(|line| line.text("name") == name && line.text("connections") == connections)
    };
    if of("gateway", "64").is_none() {
        return;
    }
    page.push_str("\n### A picture in OpenAI's words, beside LiteLLM's proxy\n\n");
    page.push_str(
        "Both before the same stand-in, which answers at once with the address of a small picture. LiteLLM, without a database, hands that\n\
         address on and keeps nothing. Ours holds the price, keeps the order, the call and the answer, fetches the picture, looks at it, stores\n\
         it and charges, each durable before the next, and answers with an address of its own. Turns A B A B, medians.\n\n",
    );
    page.push_str("| connections | whose | CPU each | requests/s | p50 / p99 | memory | other programs |\n|---|---|---|---|---|---|---|\n");
    for connections in ["64", "1"] {
        let (peer, ours) = (of("litellm", connections), of("gateway", connections));
        for (whose, line) in [("LiteLLM", peer), ("ours", ours)] {
            let Some(line) = line else { continue };
            push(
                page,
                format_args!(
                    "| {connections} | {whose} | {:.2} ms | {:.0} | {:.1} / {:.1} ms | {:.0} MB | {:.0} % |\n",
                    number(line, "cpu_ms_each"),
                    number(line, "per_s"),
                    number(line, "p50_ms"),
                    number(line, "p99_ms"),
                    number(line, "resident_mb"),
                    number(line, "other_cpu_pct"),
                ),
            );
        }
        let (Some(peer), Some(ours)) = (peer, ours) else { continue };
        let share = |name: &str| number(peer, name) / number(ours, name);
        push(
            page,
            format_args!(
                "| {connections} | ours against LiteLLM | 1/{:.1} (target 1/10) | {:.1} × (target 10 ×) | | 1/{:.1} (target 1/5) | |\n",
                share("cpu_ms_each"),
                1.0 / share("per_s"),
                share("resident_mb"),
            ),
        );
    }
}
