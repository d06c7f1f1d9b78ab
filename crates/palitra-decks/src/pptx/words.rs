//! What is said on a slide and in its notes: title, content and ready prompt.
//!
//! A ready prompt follows its label, as in Markdown: in the notes it is the label's paragraph; on the slide it is the rest of its text box when
//! the box begins with the label, else the label's own paragraph, or the next one when the label stands alone. Notes are read last: what
//! stands on the slide counts first.

use super::error::PptxError;
use super::package::Package;
use super::relations::{self, Relation};
use super::xml;
use crate::markdown::{one_line, prompt_in_notes, without_content_label};
use palitra_domain::prompt::{Label, ready_prompt};
use roxmltree::Node;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) content: String,
    pub(super) prompt: Option<String>,
}

pub(super) fn of_slide(package: &mut Package<'_>, part: &str) -> Result<Words, PptxError> {
    let text = package.text(part)?;
    let named = relations::relations(package, part)?;
    let notes = notes(package, &named)?;
    let diagrams = diagrams(package, &named)?;
    let document = xml::parse(part, &text)?;
    Ok(words(document.root_element(), &diagrams, &notes))
}

/// `slide` is the root of its part, `diagrams` the texts of its diagrams by relationship, `notes` the speaker's text.
fn words(slide: Node<'_, '_>, diagrams: &BTreeMap<String, String>, notes: &str) -> Words {
    let mut title = String::new();
    let mut lines = Vec::new();
    let mut prompt = None;
    for shape in text_shapes(slide) {
        let diagram = || {
            let ids = xml::path(shape, &["graphic", "graphicData", "relIds"])?;
            diagrams.get(xml::relation_attribute(ids, "dm")?).cloned()
        };
        let text = diagram().unwrap_or_else(|| text_of(shape));
        match placeholder_kind(shape) {
            Some("title" | "ctrTitle") if title.is_empty() => title = without_slide_label(&text),
            Some("dt" | "ftr" | "sldNum" | "hdr") => {}
            _ => {
                let (shown, ready) = without_prompt(&text);
                prompt = prompt.or(ready);
                lines.extend(shown);
            }
        }
    }
    if title.is_empty() {
        title = lines.first().map(|line| one_line(line)).unwrap_or_default();
    }
    let prompt = prompt.or_else(|| prompt_in_notes(notes, false));
    Words { title, content: lines.join("\n"), prompt }
}

/// Shapes with text, tables and diagrams, those in groups too, in the order in which they are read out.
fn text_shapes<'a, 'i>(slide: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    let mut found = Vec::new();
    // Parts are never deep, so a stack of the groups that are still to be read is small.
    let mut waiting: Vec<Node<'_, '_>> = xml::path(slide, &["cSld", "spTree"]).into_iter().collect();
    while let Some(node) = waiting.pop() {
        match node.tag_name().name() {
            "spTree" | "grpSp" => waiting.extend(xml::children(node).into_iter().rev()),
            "sp" | "graphicFrame" => found.push(node),
            _ => {}
        }
    }
    found
}

/// `None` for a shape that is no placeholder; a placeholder without a type is for any content.
pub(super) fn placeholder_kind<'a>(shape: Node<'a, '_>) -> Option<&'a str> {
    placeholder(shape).map(|placeholder| placeholder.attribute("type").unwrap_or("obj"))
}

/// The element that makes a shape a placeholder.
pub(super) fn placeholder<'a, 'i>(shape: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    let about = shape.children().find(|node| {
        matches!(
            node.tag_name().name(),
            "nvSpPr" | "nvPicPr" | "nvGraphicFramePr" | "nvGrpSpPr" | "nvCxnSpPr"
        )
    })?;
    xml::path(about, &["nvPr", "ph"])
}

/// The paragraphs of a shape, or the rows of a table with their cells set apart by commas, one a line.
pub(super) fn text_of(shape: Node<'_, '_>) -> String {
    if let Some(body) = xml::child(shape, "txBody") {
        return paragraphs(body);
    }
    let Some(table) = xml::path(shape, &["graphic", "graphicData", "tbl"]) else {
        return String::new();
    };
    let rows = table.children().filter(|node| xml::is(*node, "tr"));
    let row = |row: Node<'_, '_>| {
        let cells = row.children().filter(|node| xml::is(*node, "tc"));
        let texts =
            cells.filter_map(|cell| xml::child(cell, "txBody")).map(|body| one_line(&paragraphs(body)));
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    };
    rows.map(row).collect::<Vec<_>>().join("\n")
}

fn paragraphs(body: Node<'_, '_>) -> String {
    let paragraphs = body.children().filter(|node| xml::is(*node, "p"));
    paragraphs.map(paragraph).collect::<Vec<_>>().join("\n")
}

fn paragraph(paragraph: Node<'_, '_>) -> String {
    let mut text = String::new();
    for node in xml::children(paragraph) {
        match node.tag_name().name() {
            "br" => text.push('\n'),
            "fld" if is_counted(node) => {}
            "r" | "fld" | "m" => {
                let runs = node.descendants().filter(|node| xml::is(*node, "t"));
                text.extend(runs.filter_map(|run| run.text()));
            }
            _ => {}
        }
    }
    text.replace('\u{b}', "\n")
}

/// Slide numbers and dates are no words of the author.
fn is_counted(field: Node<'_, '_>) -> bool {
    field.attribute("type").is_some_and(|kind| kind.starts_with("slidenum") || kind.starts_with("datetime"))
}

fn without_slide_label(title: &str) -> String {
    let title = one_line(title);
    match Label::of(&title) {
        Some(Label::Slide { rest, .. }) if !rest.is_empty() => rest.to_owned(),
        _ => title,
    }
}

/// The lines of a text box that are shown, and the ready prompt among them.
fn without_prompt(text: &str) -> (Vec<String>, Option<String>) {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_label = |line: &&str| matches!(Label::of(line), Some(Label::Prompt { .. }));
    let Some(at) = lines.iter().position(is_label) else {
        return (shown(&lines), None);
    };
    let end = match Label::of(lines[at]) {
        _ if at == 0 => lines.len(),
        Some(Label::Prompt { rest: "" }) => (at + 2).min(lines.len()),
        _ => at + 1,
    };
    let prompt = ready_prompt(&lines[at..end].join("\n"));
    let mut rest = shown(&lines[..at]);
    rest.extend(shown(&lines[end..]));
    (rest, prompt)
}

fn shown(lines: &[&str]) -> Vec<String> {
    let lines = lines.iter().filter_map(|line| without_content_label(line));
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.map(words).filter(|line| !line.is_empty()).collect()
}

/// What the speaker wrote for himself under a slide.
fn notes(package: &mut Package<'_>, named: &[Relation]) -> Result<String, PptxError> {
    let Some(notes) = named.iter().find(|relation| relation.kind == "notesSlide") else {
        return Ok(String::new());
    };
    let text = package.text(&notes.target)?;
    let document = xml::parse(&notes.target, &text)?;
    let texts = text_shapes(document.root_element()).into_iter();
    let texts =
        texts.filter(|shape| matches!(placeholder_kind(*shape), None | Some("body" | "obj"))).map(text_of);
    Ok(texts.collect::<Vec<_>>().join("\n\n"))
}

/// What stands in the diagrams of a slide (SmartArt), by the relationships to their data: a line for each of their points.
fn diagrams(package: &mut Package<'_>, named: &[Relation]) -> Result<BTreeMap<String, String>, PptxError> {
    let mut texts = BTreeMap::new();
    for relation in named.iter().filter(|relation| relation.kind == "diagramData") {
        let text = package.text(&relation.target)?;
        let document = xml::parse(&relation.target, &text)?;
        let points = document.descendants().filter(|node| xml::is(*node, "pt"));
        let lines = points.filter_map(|point| xml::child(point, "t")).map(paragraphs);
        let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
        texts.insert(relation.id.clone(), lines.join("\n"));
    }
    Ok(texts)
}
