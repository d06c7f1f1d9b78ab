//! One slide's source taken apart: what is shown, what is a ready prompt, what is notes or a comment.
//!
//! A ready prompt follows a label (`DALL-E Prompt:`, `Prompt:`, `Промпт:`):
//! - in the body it is the label's paragraph, or the next paragraph or code fence when the label stands alone;
//! - a comment that opens with the label is all prompt; further down in a comment, and in speaker notes, it is the paragraph.
//!
//! The first one counts. Every other comment is a directive or a note, and neither prompt nor content.

use super::outline::{Hidden, HiddenKind, Outline};
use super::split::{is_notes_line, notes_rest};
use super::visible;
use crate::text::{Line, lines};
use crate::{Format, Place};
use palitra_domain::prompt::{Label, ready_prompt};
use std::ops::Range;

/// A slide and where its parts are in the deck's text.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) place: Place,
    pub(crate) number: Option<u32>,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) prompt: Option<String>,
    /// Where a picture fits: the line after the heading, or the slide's first line.
    pub(crate) picture_at: usize,
    /// Ready prompts among the visible text: whole lines.
    pub(crate) body_prompts: Vec<Range<usize>>,
}

pub(super) fn part(text: &str, range: Range<usize>, place: Place, outline: &Outline, format: Format) -> Part {
    let lines = lines(text, range.start, range.end);
    let notes = (format == Format::Reveal)
        .then(|| lines.iter().position(|line| is_notes_line(line.of(text)) && outline.shows(text, line)))
        .flatten();
    let body = &lines[..notes.unwrap_or(lines.len())];
    let body_prompts = body_prompts(text, body, outline);
    let hidden = outline.hidden_in(&range);

    let mut prompts: Vec<(usize, Option<String>)> = Vec::new();
    prompts.extend(body_prompts.iter().map(|block| (block.start, ready_prompt(&text[block.clone()]))));
    prompts.extend(hidden.iter().filter(|hidden| hidden.kind != HiddenKind::Machinery).map(|hidden| {
        let inner = &text[hidden.inner.clone()];
        let whole = hidden.kind == HiddenKind::Comment;
        (hidden.range.start, prompt_in_notes(inner, whole))
    }));
    if let Some(notes) = notes {
        let first = notes_rest(lines[notes].of(text)).unwrap_or_default();
        let rest = &text[lines[notes].next..range.end];
        prompts.push((lines[notes].start, prompt_in_notes(&format!("{first}\n{rest}"), false)));
    }
    prompts.sort_by_key(|(start, _)| *start);

    let mut masked: Vec<Range<usize>> = body_prompts.clone();
    masked.extend(hidden.iter().filter_map(|hidden| maskable(text, hidden)));
    masked.extend(notes.map(|notes| lines[notes].start..range.end));
    let visible = visible::visible(&mask(text, &range, &masked), &outline.definitions);
    Part {
        picture_at: picture_at(text, &range, &lines, visible.title_end, outline),
        place,
        number: visible.number,
        title: visible.title,
        content: visible.content,
        prompt: prompts.into_iter().find_map(|(_, prompt)| prompt),
        body_prompts,
        range,
    }
}

/// The ready prompts of the body: whole lines, apart, in order.
fn body_prompts(text: &str, lines: &[Line], outline: &Outline) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let source = line.of(text);
        let is_label = matches!(Label::of(source), Some(Label::Prompt { .. }))
            && outline.shows(text, &line)
            && !is_title(text, &lines[0], line, outline);
        if is_label {
            let end = prompt_block(text, lines, at);
            blocks.push(line.start..lines[end - 1].next);
            at = end;
        } else {
            at += 1;
        }
    }
    blocks
}

/// A heading with words after its label is a title (`# Prompt: how to write one`), and so is the slide's first heading.
fn is_title(text: &str, first: &Line, line: Line, outline: &Outline) -> bool {
    outline.heading_at(line.start).is_some_and(|(_, before)| {
        let words = !matches!(Label::of(line.of(text)), Some(Label::Prompt { rest: "" }));
        words || before.is_none_or(|before| before.range.start < first.start)
    })
}

/// One past the last line of the prompt that begins with the label on line `at`.
fn prompt_block(text: &str, lines: &[Line], at: usize) -> usize {
    let blank = |line: &Line| line.of(text).trim().is_empty();
    let label = lines[at].of(text).trim_start();
    let mut end = at + 1;
    if matches!(Label::of(label), Some(Label::Prompt { rest: "" })) {
        let Some(next) = lines[end..].iter().position(|line| !blank(line)).map(|next| end + next) else {
            return end;
        };
        if lines[next].of(text).trim_start().starts_with("```") {
            let close = lines[next + 1..].iter().position(|line| line.of(text).trim() == "```");
            return close.map_or(lines.len(), |close| next + 1 + close + 1);
        }
        if ends_prompt(lines[next].of(text)) {
            return end;
        }
        end = next + 1;
    }
    let is_item = label.starts_with(['-', '*', '+']) && label[1..].starts_with(' ');
    let next_item =
        |line: &str| is_item && ["- ", "* ", "+ "].iter().any(|item| line.trim_start().starts_with(item));
    while end < lines.len() {
        let line = lines[end].of(text);
        if line.trim().is_empty() || ends_prompt(line) || next_item(line) {
            break;
        }
        end += 1;
    }
    end
}

/// Lines that are never part of the prompt above them, blank or not.
fn ends_prompt(line: &str) -> bool {
    let trimmed = line.trim();
    let heading = trimmed.trim_start_matches('#');
    let rule =
        trimmed.len() >= 2 && (trimmed.bytes().all(|b| b == b'-') || trimmed.bytes().all(|b| b == b'='));
    let tag = trimmed.strip_prefix('<').unwrap_or_default();
    let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
    let is_heading = heading.len() < trimmed.len() && (heading.is_empty() || heading.starts_with(' '));
    is_heading
        || rule
        || is_tag
        || ["![", "```", "~~~"].iter().any(|mark| trimmed.starts_with(mark))
        || is_notes_line(line)
        || Label::of(line).is_some()
}

/// The ready prompt of a comment or of notes. `whole`: when the text opens with a label, all of it is the prompt.
pub(crate) fn prompt_in_notes(notes: &str, whole: bool) -> Option<String> {
    let lines = lines(notes, 0, notes.len());
    let is_label = |line: &Line| matches!(Label::of(line.of(notes)), Some(Label::Prompt { .. }));
    let at = lines.iter().position(is_label)?;
    if whole && notes[..lines[at].start].trim().is_empty() {
        return ready_prompt(notes);
    }
    let end = prompt_block(notes, &lines, at);
    ready_prompt(&notes[lines[at].start..lines[end - 1].end])
}

/// What must be blanked before Markdown is parsed, because blank lines inside would end it for Markdown but not for a browser.
/// One-line comments are left to the parser: blanks in their place could turn the rest of the line into code.
fn maskable(text: &str, hidden: &Hidden) -> Option<Range<usize>> {
    let several_lines = || text[hidden.range.clone()].contains('\n');
    let ends_its_line = || text[hidden.range.end..].lines().next().is_none_or(|rest| rest.trim().is_empty());
    let alone = hidden.kind != HiddenKind::Comment || (several_lines() && ends_its_line());
    alone.then(|| hidden.range.clone())
}

/// The slide's source with some ranges blanked, byte for byte as long, so that offsets stay.
fn mask(text: &str, range: &Range<usize>, masked: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes()[range.clone()].to_vec();
    for hidden in masked {
        let (start, end) = (hidden.start.max(range.start), hidden.end.min(range.end));
        for byte in bytes.iter_mut().take(end - range.start).skip(start - range.start) {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default() // ranges end between characters, so this stays UTF-8
}

/// After the heading's line, else after the line with the slide's number, else at the start. A reveal.js attribute
/// (`<!-- .element: … -->`) right under the heading belongs to it.
///
/// A heading without words that divides slides is gone past too: what stands before it belongs to the slide before.
fn picture_at(
    text: &str,
    range: &Range<usize>,
    lines: &[Line],
    title_end: Option<usize>,
    outline: &Outline,
) -> usize {
    let bare = || {
        let first = lines.iter().find(|line| !line.of(text).trim().is_empty())?;
        let (heading, _) = outline.heading_at(first.end - first.of(text).trim_start().len())?;
        Some(heading.range.end)
    };
    let end = title_end.map(|end| range.start + end).or_else(bare);
    let Some(mut line) = end.and_then(|end| lines.iter().position(|line| line.next >= end)) else {
        return range.start;
    };
    let is_attribute = |line: &Line| line.of(text).trim_start().starts_with("<!-- .element");
    while lines.get(line + 1).is_some_and(is_attribute) {
        line += 1;
    }
    lines[line].next
}
