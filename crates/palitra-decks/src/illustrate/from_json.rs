//! A Marp deck written from scratch, for slides that never were Markdown.

use super::MARK;
use super::escape::{destination, inline, line};
use crate::{Deck, Slide};
use palitra_domain::prompt::Label;
use std::collections::BTreeMap;

pub(super) fn markdown(deck: &Deck, pictures: &BTreeMap<u32, String>) -> String {
    let title = deck.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = title.replace('\\', "\\\\").replace('"', "\\\"");
    let counted = deck.slides.iter().zip(1..).all(|(slide, number)| slide.number == number);
    let labelled = !counted || deck.slides.iter().any(|slide| Label::of(&slide.title).is_some());
    let slides: Vec<String> =
        deck.slides.iter().map(|slide| markdown_of(slide, labelled, pictures.get(&slide.number))).collect();
    format!("---\nmarp: true\ntitle: \"{title}\"\n---\n\n{}", slides.join("\n---\n\n"))
}

/// `labelled`: numbers cannot be counted, so each heading says its own.
fn markdown_of(slide: &Slide, labelled: bool, picture: Option<&String>) -> String {
    let label = if labelled { format!("Slide {}: ", slide.number) } else { String::new() };
    let mut text = format!("# {label}{}\n", inline(&slide.title));
    if let Some(file) = picture {
        text.push_str(&format!("\n![bg right:40%]({}{MARK}\n", destination(file)));
    }
    let mut in_list = false;
    for source in slide.content.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let item = ["- ", "* ", "• "].into_iter().find_map(|bullet| source.strip_prefix(bullet));
        if !(in_list && item.is_some()) {
            text.push('\n');
        }
        in_list = item.is_some();
        text.push_str(&item.map_or_else(|| line(source), |item| format!("- {}", line(item))));
        text.push('\n');
    }
    if let Some(prompt) = &slide.prompt {
        let own_label = prompt.lines().any(|line| matches!(Label::of(line), Some(Label::Prompt { .. })));
        let label = if own_label { "" } else { "DALL-E Prompt:\n" };
        text.push_str(&format!("\n<!--\n{label}{}\n-->\n", prompt.replace("-->", "-- >")));
    }
    text
}
