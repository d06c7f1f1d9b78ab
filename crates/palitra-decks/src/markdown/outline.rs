//! One pass over a whole deck: where its rules, headings, code, comments and links are. What they mean for slides is decided
//! by `split` and `part`.

use crate::text::{Line, find_ignoring_case};
use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag};
use std::collections::BTreeSet;
use std::ops::Range;

/// A tag longer than this is not looked into.
const TAG_CHARS_MAX: usize = 200;

/// Everything by byte range in the deck's text, in order.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Where the text begins, after the front matter.
    pub(super) from: usize,
    /// Thematic breaks at the top level: not in code, lists or quotes, not a heading's underline.
    pub(super) rules: Vec<Range<usize>>,
    pub(super) headings: Vec<Heading>,
    /// Code blocks and code spans: nothing in them is a label, a separator or a comment.
    pub(super) code: Vec<Range<usize>>,
    pub(super) hidden: Vec<Hidden>,
    /// Where the first block begins that Marp would show.
    pub(super) first_visible: Option<usize>,
    /// Where links and pictures lead: the destinations as written, inline ones and those of definitions.
    pub(super) destinations: Vec<Range<usize>>,
    /// Labels of link definitions, lower case: `[text][label]` on any slide is a link, not brackets.
    pub(super) definitions: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Heading {
    pub(super) range: Range<usize>,
    /// 1 to 6.
    pub(super) level: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HiddenKind {
    Comment,
    /// `<aside class="notes">` of reveal.js.
    Notes,
    /// `<style>` and `<script>`.
    Machinery,
}

/// Source that is never shown. `inner` is without the marks or tags round it.
#[derive(Debug, Clone)]
pub(super) struct Hidden {
    pub(super) kind: HiddenKind,
    pub(super) range: Range<usize>,
    pub(super) inner: Range<usize>,
}

pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// The outline of `text[from..]`.
pub(super) fn outline(text: &str, from: usize) -> Outline {
    let mut outline = Outline { from, ..Outline::default() };
    let mut depth = 0_usize;
    let events = Parser::new_ext(&text[from..], options()).into_offset_iter();
    for (label, definition) in events.reference_definitions().iter() {
        outline.definitions.insert(folded(label));
        let span = definition.span.start + from..definition.span.end + from;
        outline.destinations.extend(destination(text, &span, "]:", &definition.dest));
    }
    for (event, range) in events {
        let range = range.start + from..range.end + from;
        if depth == 0 && outline.first_visible.is_none() && is_visible(&event, &text[range.clone()]) {
            outline.first_visible = Some(range.start);
        }
        match event {
            Event::Rule if depth == 0 => outline.rules.push(range),
            Event::Code(_) => outline.code.push(range),
            Event::Start(tag) => {
                match tag {
                    Tag::Heading { level, .. } if depth == 0 => {
                        outline.headings.push(Heading { range, level: number(level) });
                    }
                    Tag::CodeBlock(_) => outline.code.push(range),
                    Tag::Link { link_type: LinkType::Inline, dest_url, .. }
                    | Tag::Image { link_type: LinkType::Inline, dest_url, .. } => {
                        outline.destinations.extend(destination(text, &range, "](", &dest_url));
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    outline.destinations.sort_by_key(|range| range.start);
    outline.hidden = hidden(text, from, &outline.code);
    outline
}

/// Whether `at` lies in one of the ranges, which are in order and apart.
pub(super) fn covers(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.start <= at)
}

impl Outline {
    pub(super) fn is_code(&self, at: usize) -> bool {
        covers(&self.code, at)
    }

    pub(super) fn hidden_at(&self, at: usize) -> Option<&Hidden> {
        let next = self.hidden.partition_point(|hidden| hidden.range.end <= at);
        self.hidden.get(next).filter(|hidden| hidden.range.start <= at)
    }

    /// Whether a line is neither code nor hidden. Its indent is neither.
    pub(super) fn shows(&self, text: &str, line: &Line) -> bool {
        let at = line.end - line.of(text).trim_start().len();
        !self.is_code(at) && self.hidden_at(at).is_none()
    }

    /// What is hidden and begins in a range.
    pub(super) fn hidden_in(&self, range: &Range<usize>) -> &[Hidden] {
        let from = self.hidden.partition_point(|hidden| hidden.range.start < range.start);
        let to = self.hidden.partition_point(|hidden| hidden.range.start < range.end);
        &self.hidden[from..to.max(from)]
    }

    /// The heading a place lies in, and the one before it.
    pub(super) fn heading_at(&self, at: usize) -> Option<(&Heading, Option<&Heading>)> {
        let next = self.headings.partition_point(|heading| heading.range.end <= at);
        let heading = self.headings.get(next).filter(|heading| heading.range.start <= at)?;
        Some((heading, next.checked_sub(1).map(|before| &self.headings[before])))
    }
}

pub(super) fn folded(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Marp hides comments and styles; everything else at the top level counts as something before a heading.
fn is_visible(event: &Event<'_>, source: &str) -> bool {
    match event {
        Event::Start(Tag::HtmlBlock) => {
            let source = source.trim_start();
            !(source.starts_with("<!--") || source.starts_with("<style"))
        }
        Event::End(_) => false,
        _ => true,
    }
}

/// The part of a link's source that is its destination, when it is written as it is meant (no escapes).
fn destination(text: &str, link: &Range<usize>, mark: &str, destination: &str) -> Option<Range<usize>> {
    if destination.is_empty() {
        return None;
    }
    let source = &text[link.clone()];
    let after_mark = source.match_indices(mark).map(|(at, _)| at + mark.len()).find_map(|at| {
        let rest = source[at..].trim_start();
        let rest = rest.strip_prefix('<').unwrap_or(rest);
        rest.starts_with(destination).then(|| source.len() - rest.len())
    })?;
    let start = link.start + after_mark;
    Some(start..start + destination.len())
}

/// Comments, notes, styles and scripts outside code, as a browser would see them: blank lines do not end them.
fn hidden(text: &str, from: usize, code: &[Range<usize>]) -> Vec<Hidden> {
    let mut found = Vec::new();
    let mut unclosed: Vec<&str> = Vec::new();
    let mut at = from;
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        if covers(code, open) {
            at = code[code.partition_point(|range| range.end <= open)].end;
            continue;
        }
        at = open + 1;
        let Some((kind, close)) = opening(&text[open..]) else { continue };
        if unclosed.contains(&close) {
            continue;
        }
        // `<!-->` is a whole comment (CommonMark 0.31), so its end is looked for right after `<!`.
        let body = if kind == HiddenKind::Comment { open + 2 } else { open + 1 };
        match find_ignoring_case(&text[body..], close).map(|end| body + end) {
            Some(end) => {
                let range_end = match kind {
                    HiddenKind::Comment => end + close.len(),
                    _ => text[end..].find('>').map_or(text.len(), |tag| end + tag + 1),
                };
                let inner = match kind {
                    HiddenKind::Comment => (open + 4).min(end)..end,
                    _ => text[open..end].find('>').map_or(end, |tag| open + tag + 1)..end,
                };
                found.push(Hidden { kind, range: open..range_end, inner });
                at = range_end;
            }
            // Never closed: at the start of a line it hides everything after it, elsewhere it is text.
            None if kind == HiddenKind::Comment && starts_line(text, open) => {
                found.push(Hidden { kind, range: open..text.len(), inner: open + 4..text.len() });
                at = text.len();
            }
            None => unclosed.push(close),
        }
    }
    found
}

fn starts_line(text: &str, at: usize) -> bool {
    let indent = text[..at].bytes().rev().take_while(|byte| *byte == b' ').count();
    indent <= 3 && text[..at - indent].bytes().next_back().is_none_or(|byte| byte == b'\n')
}

/// What opens at a `<`, and what closes it.
fn opening(text: &str) -> Option<(HiddenKind, &'static str)> {
    if text.starts_with("<!--") {
        return Some((HiddenKind::Comment, "-->"));
    }
    let tag = |name: &str| {
        let head = text.get(1..=name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
        head && text[name.len() + 1..].starts_with(|c: char| c.is_whitespace() || c == '>')
    };
    if tag("style") {
        return Some((HiddenKind::Machinery, "</style"));
    }
    if tag("script") {
        return Some((HiddenKind::Machinery, "</script"));
    }
    let mut attributes = text.chars().take(TAG_CHARS_MAX).take_while(|c| *c != '>');
    let notes = tag("aside") && attributes.by_ref().collect::<String>().contains("notes");
    notes.then_some((HiddenKind::Notes, "</aside"))
}
