//! The contact sheet around its cards: the deck and its totals above, what needs a person, the workers below.

use super::wording::{KINDS, Wording, href, kind, typed};
use maud::{Markup, html};
use palitra_domain::state::BatchState;
use palitra_engine::batches::{ItemReport, WorkerReport};

/// Beyond this many slides the cells of the strip touch.
const CELLS_APART: usize = 60;

/// More numbers than this stand above their reason, not beside it.
const RUNS_BESIDE: usize = 9;

pub(super) fn header(wording: &Wording<'_>, dense: bool) -> Markup {
    let about = wording.about;
    let day = wording.report.items.iter().filter_map(|slide| slide.finished_at.as_deref()).max();
    html! {
        header {
            .mast {
                p.brand {
                    span.dots aria-hidden="true" { i {} i {} i {} i {} i {} }
                    "Palitra" span { (wording.text("sheet-name")) }
                }
                (sizes(wording, dense))
            }
            .lead {
                div {
                    h1 { (wording.deck_title()) }
                    p.about {
                        @if wording.deck_title() != about.deck_file { span { (about.deck_file) } }
                        @if let Some(file) = about.illustrated {
                            span { (wording.text("sheet-illustrated")) " " a href=(href(file)) { (file) } }
                        }
                        @if let Some(day) = day.and_then(|moment| moment.get(..10)) {
                            time datetime=(day) { (day) }
                        }
                    }
                }
                (totals(wording))
            }
            (strip(&wording.report.items))
            (legend(wording))
        }
    }
}

fn sizes(wording: &Wording<'_>, dense: bool) -> Markup {
    html! {
        fieldset.sizes {
            legend { (wording.text("sheet-size")) }
            @for size in ["s", "m", "l"] {
                @let chosen = if dense { "s" } else { "m" };
                label {
                    input type="radio" name="size" id={ "size-" (size) } checked[size == chosen];
                    span { (wording.text(&format!("sheet-size-{size}"))) }
                }
            }
        }
    }
}

fn totals(wording: &Wording<'_>) -> Markup {
    let totals = &wording.report.totals;
    let counted = |key: &str, count: i64| wording.with(key, &[("count", count.into())]);
    let items = i64::try_from(totals.items).unwrap_or(i64::MAX);
    html! {
        dl.totals {
            div { dt { (counted("sheet-total-slides", items)) } dd { (totals.items) } }
            div { dt { (wording.text("sheet-total-ready")) } dd { (totals.succeeded) } }
            div { dt { (wording.text("sheet-total-price")) } dd { (totals.price) } }
            div { dt { (wording.text("sheet-total-time")) } dd { (wording.span(totals.makespan_s)) } }
            div { dt { (counted("sheet-total-calls", totals.paid_calls)) } dd { (totals.paid_calls) } }
        }
    }
}

/// The deck at a glance, one cell per slide. The legend below says the same in words.
fn strip(slides: &[ItemReport]) -> Markup {
    html! {
        .strip.dense[slides.len() > CELLS_APART] aria-hidden="true" {
            @for slide in slides { i class=(kind(slide)) {} }
        }
    }
}

fn legend(wording: &Wording<'_>) -> Markup {
    let count = |wanted| wording.report.items.iter().filter(|slide| kind(slide) == wanted).count();
    html! {
        ul.legend {
            @for kind in KINDS {
                @let count = count(kind);
                @if count > 0 {
                    li.(kind) { span { (wording.text(&format!("sheet-{kind}"))) } " " b { (count) } }
                }
            }
        }
    }
}

/// Slides without a picture for one reason.
struct Trouble {
    kind: &'static str,
    reason: String,
    hint: Option<String>,
    /// First and last number of neighbours.
    runs: Vec<(u32, u32)>,
    /// Where the last of them stands in the deck.
    last: usize,
}

fn troubles(wording: &Wording<'_>) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> = Vec::new();
    for (at, slide) in wording.report.items.iter().enumerate() {
        let kind = kind(slide);
        if matches!(kind, "ok" | "reused") && slide.file.is_some() {
            continue;
        }
        let reason = wording.reason(slide);
        match troubles.iter_mut().find(|known| known.kind == kind && known.reason == reason) {
            Some(known) => {
                match known.runs.last_mut() {
                    Some(run) if known.last + 1 == at => run.1 = slide.number,
                    _ => known.runs.push((slide.number, slide.number)),
                }
                known.last = at;
            }
            None => troubles.push(Trouble {
                kind,
                reason,
                hint: wording.hint(slide),
                runs: vec![(slide.number, slide.number)],
                last: at,
            }),
        }
    }
    troubles.sort_by_key(|trouble| KINDS.iter().position(|kind| *kind == trouble.kind));
    troubles
}

/// What a person should know or do; nothing when every slide has its picture.
pub(super) fn attention(wording: &Wording<'_>) -> Markup {
    let troubles = troubles(wording);
    let stopped = wording.stopped();
    let unfinished = wording.report.status == BatchState::Processing;
    html! {
        @if !troubles.is_empty() || stopped.is_some() || unfinished {
            section.attention aria-labelledby="attention" {
                h2 id="attention" { (wording.text("sheet-attention")) }
                @if unfinished {
                    p.say { (wording.text("sheet-unfinished")) }
                    p.hint { (typed(&wording.text("hint-interrupted"))) }
                }
                @if let Some((why, hint)) = stopped {
                    p.say { (why) }
                    @if let Some(hint) = hint { p.hint { (typed(&hint)) } }
                }
                ul {
                    @for trouble in &troubles { (row(wording, trouble)) }
                }
            }
        }
    }
}

fn row(wording: &Wording<'_>, trouble: &Trouble) -> Markup {
    html! {
        li.(trouble.kind).scattered[trouble.runs.len() > RUNS_BESIDE] {
            p.where {
                @for (first, last) in &trouble.runs {
                    @let numbers = if last > first { format!("{first}–{last}") } else { first.to_string() };
                    @let label = wording.with("sheet-slide", &[("number", (&numbers).into())]);
                    a href={ "#slide-" (first) } aria-label=(label) { (numbers) }
                }
            }
            p.say { (trouble.reason) }
            @if let Some(hint) = &trouble.hint { p.hint { (typed(hint)) } }
        }
    }
}

pub(super) fn footer(wording: &Wording<'_>) -> Markup {
    let report = wording.report;
    html! {
        footer {
            @if !report.workers.is_empty() { (workers(wording, &report.workers)) }
            p.end {
                a href="./report.json" { "report.json" }
                code { (report.batch) }
                a href="#top" { (wording.text("sheet-top")) }
            }
        }
    }
}

fn workers(wording: &Wording<'_>, workers: &[WorkerReport]) -> Markup {
    html! {
        .wide tabindex="0" role="region" aria-labelledby="workers" {
            table {
                caption id="workers" { (wording.text("sheet-workers")) }
                thead {
                    tr {
                        @for column in ["worker", "slides", "ready", "failed", "busy", "idle"] {
                            th scope="col" { (wording.text(&format!("sheet-column-{column}"))) }
                        }
                    }
                }
                tbody {
                    @for worker in workers {
                        tr {
                            th scope="row" { (worker.id) }
                            td { (worker.items) }
                            td { (worker.ok) }
                            td { (worker.failed) }
                            td { (wording.span(worker.busy_s)) }
                            td { (wording.span(worker.waiting_s)) }
                        }
                    }
                }
            }
        }
    }
}
