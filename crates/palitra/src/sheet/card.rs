//! One slide of the contact sheet: its card in the grid and its view in the lightbox.

use super::wording::{Wording, href, kind};
use maud::{Markup, html};
use palitra_domain::format::Format;
use palitra_engine::batches::ItemReport;

/// The place a picture has until it is loaded; then it takes its own shape.
const SHAPE: Format = Format::SLIDE;

pub(super) fn card(wording: &Wording<'_>, slide: &ItemReport) -> Markup {
    let kind = kind(slide);
    let title = wording.title(slide);
    html! {
        li.card.(kind) id={ "slide-" (slide.number) } {
            @if let Some(file) = &slide.file {
                a.frame href={ "#view-" (slide.number) } {
                    img src=(href(file)) alt=(title) loading="lazy" decoding="async"
                        width=(SHAPE.width) height=(SHAPE.height);
                }
            } @else {
                .frame.empty { p { (wording.reason(slide)) } }
            }
            h2 {
                span.number { (slide.number) } " "
                span.title.untitled[slide.title.trim().is_empty()] {
                    @if slide.title.trim().is_empty() { (wording.text("sheet-untitled")) } @else { (title) }
                }
            }
            .foot { (details(wording, slide)) (outcome(wording, slide)) }
        }
    }
}

/// How it ended; a new picture says so itself and shows its price instead.
fn outcome(wording: &Wording<'_>, slide: &ItemReport) -> Markup {
    let kind = kind(slide);
    html! {
        @if kind != "ok" {
            span.badge { (wording.text(&format!("sheet-{kind}"))) }
        } @else if slide.price.amount != 0 {
            span.price { (slide.price) }
        }
    }
}

/// Everything one does not need at first sight: what was sent, what was written, what it cost, what the market answered.
fn details(wording: &Wording<'_>, slide: &ItemReport) -> Markup {
    let sent = slide.clean_prompt.as_deref().or(slide.prompt.as_deref()).filter(|prompt| !prompt.is_empty());
    let written = slide.prompt.as_deref().filter(|written| Some(*written) != sent);
    let answer = wording.answer(slide);
    let summary = if sent.is_some() { "sheet-prompt" } else { "sheet-details" };
    html! {
        @if sent.is_some() || answer.is_some() {
            details {
                summary { (wording.text(summary)) }
                .more {
                    @if let Some(sent) = sent { p.prompt { (sent) } }
                    @if let Some(written) = written {
                        h3 { (wording.text("sheet-as-written")) }
                        p.prompt { (written) }
                    }
                    @if let Some(answer) = answer {
                        h3 { (wording.text("sheet-answer")) }
                        p.prompt { (answer) }
                    }
                    dl.facts {
                        @if let Some(model) = &slide.model {
                            dt { (wording.text("sheet-model")) } dd { (model) }
                        }
                        @if slide.attempts > 0 {
                            dt { (wording.text("sheet-attempts")) } dd { (slide.attempts) }
                        }
                        @if slide.price.amount != 0 {
                            dt { (wording.text("sheet-price")) } dd { (slide.price) }
                        }
                    }
                }
            }
        }
    }
}

/// The picture alone on the screen. Next comes first, so that Tab and Enter go through the deck.
pub(super) fn view(
    wording: &Wording<'_>,
    slide: &ItemReport,
    previous: Option<u32>,
    next: Option<u32>,
) -> Markup {
    let Some(file) = &slide.file else { return Markup::default() };
    let title = wording.title(slide);
    let prompt = slide.clean_prompt.as_deref().or(slide.prompt.as_deref());
    let last = wording.report.items.last().map_or(0, |slide| slide.number);
    let back = format!("#slide-{}", slide.number);
    html! {
        section.view id={ "view-" (slide.number) } role="dialog" aria-modal="true" tabindex="-1"
            aria-label={ (slide.number) ". " (title) } {
            a.backdrop href=(back) tabindex="-1" aria-hidden="true" {}
            img src=(href(file)) alt=(title) loading="lazy" decoding="async";
            (step(next, "next", &wording.text("sheet-next")))
            (step(previous, "previous", &wording.text("sheet-previous")))
            a.control.close href=(back) aria-label=(wording.text("sheet-close")) {
                (icon("M6 6 18 18M18 6 6 18"))
            }
            .caption {
                p.count { (slide.number) " / " (last) }
                p.title { (title) }
                @if let Some(prompt) = prompt { p.prompt { (prompt) } }
                a.original href=(href(file)) { (wording.text("sheet-original")) }
            }
        }
    }
}

fn step(to: Option<u32>, class: &str, label: &str) -> Markup {
    let arrow = icon(if class == "next" { "M9 5 16 12 9 19" } else { "M15 5 8 12 15 19" });
    html! {
        @if let Some(number) = to {
            a.control.(class) href={ "#view-" (number) } aria-label={ (label) " (" (number) ")" } { (arrow) }
        }
    }
}

fn icon(path: &str) -> Markup {
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} } }
}
