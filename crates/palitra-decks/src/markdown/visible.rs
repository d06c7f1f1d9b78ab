//! What a reader of a slide sees, as plain text: its title, its number and the rest.

use super::{html, outline};
use palitra_domain::prompt::Label;
use pulldown_cmark::{BrokenLink, CowStr, Event, Parser, Tag, TagEnd};
use std::collections::BTreeSet;

/// A first line of text stands in for a heading; a paragraph on one line should not become a title whole.
const TITLE_CHARS_MAX: usize = 200;

/// Code says little about what to draw.
const CODE_LINES_MAX: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Visible {
    pub(super) number: Option<u32>,
    pub(super) title: String,
    pub(super) content: String,
    /// Where the line ends (with its line ending) that the title or number stands on, when it is at the top level.
    pub(super) title_end: Option<usize>,
}

/// The text of one slide. `definitions` are the labels of links defined anywhere in the deck.
pub(super) fn visible(source: &str, definitions: &BTreeSet<String>) -> Visible {
    let blocks = blocks(source, definitions);
    let mut visible = Visible::default();
    let mut title_block = None;

    if let Some((0, block)) = blocks.iter().enumerate().find(|(_, block)| !block.text.is_empty())
        && !block.is_heading
        && let Some(Label::Slide { number, rest }) = block.text.lines().next().and_then(Label::of)
    {
        visible.number = Some(number);
        visible.title = one_line(rest);
        visible.title_end = block.first_line_end;
    }
    let label_line = visible.number.is_some();
    for (at, block) in
        blocks.iter().enumerate().filter(|(_, block)| block.is_heading && !block.text.is_empty())
    {
        if !visible.title.is_empty() {
            break;
        }
        visible.title_end = visible.title_end.or(block.end);
        match Label::of(&block.text) {
            Some(Label::Slide { number, rest }) if visible.number.is_none() => {
                visible.number = Some(number);
                visible.title = one_line(rest);
            }
            _ => visible.title = one_line(&block.text),
        }
        title_block = Some(at);
    }

    let mut lines: Vec<&str> = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let is_title = title_block.is_some_and(|title| title == at)
            || (block.is_heading && title_block.is_some_and(|title| at < title));
        if !is_title {
            lines.extend(
                block.text.lines().skip(usize::from(at == 0 && label_line)).filter_map(without_content_label),
            );
        }
    }
    if visible.title.is_empty() {
        // `## Слайд 3` and nothing else to call it by; or no heading at all.
        let bare_label = title_block.map(|title| blocks[title].text.as_str());
        // `##Title` without its space is text for Markdown, and a heading for its author.
        let first =
            lines.iter().map(|line| line.trim_start_matches('#').trim()).find(|line| !line.is_empty());
        visible.title = one_line(bare_label.or(first).unwrap_or_default());
    }
    visible.content = lines.join("\n");
    visible
}

/// `Содержание:` before the text of a slide is not part of it.
pub(crate) fn without_content_label(line: &str) -> Option<&str> {
    match Label::of(line) {
        Some(Label::Content { rest: "" }) => None,
        Some(Label::Content { rest }) => Some(rest),
        _ => Some(line),
    }
}

/// The words of a text on one line, cut where no title is so long.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// A heading, or a run of text with its lines.
struct Block {
    is_heading: bool,
    text: String,
    /// Where the block ends, when it is a heading at the top level.
    end: Option<usize>,
    /// Where the first line ends, when the block is a paragraph at the top level.
    first_line_end: Option<usize>,
}

fn blocks(source: &str, definitions: &BTreeSet<String>) -> Vec<Block> {
    let resolve = |link: BrokenLink<'_>| {
        let known = definitions.contains(&outline::folded(&link.reference));
        known.then_some((CowStr::Borrowed(""), CowStr::Borrowed("")))
    };
    let parser = Parser::new_with_broken_link_callback(source, outline::options(), Some(resolve));
    let mut writer = Writer::default();
    for (event, range) in parser.into_offset_iter() {
        let line_end = |at: usize| source[at..].find('\n').map_or(source.len(), |end| at + end + 1);
        match event {
            Event::Start(tag) => {
                match tag {
                    Tag::Heading { .. } => {
                        writer.flush();
                        writer.heading = true;
                        writer.end = (writer.depth == 0).then_some(range.end);
                    }
                    Tag::Paragraph => {
                        writer.flush();
                        writer.first_line_end = (writer.depth == 0).then(|| line_end(range.start));
                    }
                    Tag::CodeBlock(_) => {
                        writer.flush();
                        writer.code = true;
                    }
                    Tag::HtmlBlock | Tag::Item | Tag::List(_) | Tag::TableRow => writer.flush(),
                    Tag::TableCell => writer.cell(),
                    Tag::Image { .. } => writer.images += 1,
                    _ => {}
                }
                writer.depth += 1;
            }
            Event::End(tag) => {
                writer.depth -= 1;
                match tag {
                    TagEnd::Image => writer.images -= 1,
                    TagEnd::HtmlBlock => writer.flush_html(),
                    TagEnd::CodeBlock => writer.flush_code(),
                    TagEnd::Heading(_)
                    | TagEnd::Paragraph
                    | TagEnd::Item
                    | TagEnd::TableRow
                    | TagEnd::TableHead => {
                        writer.flush();
                    }
                    _ => {}
                }
            }
            Event::Text(text) | Event::Code(text) => writer.push(&text),
            Event::SoftBreak | Event::HardBreak => writer.push("\n"),
            Event::Html(text) => writer.html.push_str(&text),
            Event::InlineHtml(text) => writer.inline_html(&text),
            _ => {}
        }
    }
    writer.flush();
    writer.blocks
}

/// Gathers text until the block it belongs to ends.
#[derive(Default)]
struct Writer {
    blocks: Vec<Block>,
    text: String,
    html: String,
    heading: bool,
    code: bool,
    end: Option<usize>,
    first_line_end: Option<usize>,
    depth: usize,
    /// How many images the text is the description of; it is not shown.
    images: usize,
    /// Inside inline `<style>` or `<script>`.
    machinery: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        if self.images == 0 && !self.machinery {
            self.text.push_str(text);
        }
    }

    fn cell(&mut self) {
        if !self.text.trim().is_empty() {
            self.text.push_str(", ");
        }
    }

    fn inline_html(&mut self, tag: &str) {
        let tag = tag.to_ascii_lowercase();
        if tag.starts_with("<br") {
            self.push("\n");
        } else if tag.starts_with("<style") || tag.starts_with("<script") {
            self.machinery = true;
        } else if tag.starts_with("</style") || tag.starts_with("</script") {
            self.machinery = false;
        }
    }

    fn flush_html(&mut self) {
        self.text = html::text_of(&self.html);
        self.html.clear();
        self.flush();
    }

    fn flush_code(&mut self) {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut text = lines[..lines.len().min(CODE_LINES_MAX)].join("\n");
        if lines.len() > CODE_LINES_MAX {
            text.push_str("\n…");
        }
        self.text = text;
        self.flush();
    }

    fn flush(&mut self) {
        let code = std::mem::take(&mut self.code);
        let text = std::mem::take(&mut self.text);
        let tidy = |line: &str| {
            if code {
                line.trim_end().to_owned()
            } else {
                line.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        };
        let lines = text
            .lines()
            .map(tidy)
            .filter(|line| !line.is_empty() && (code || self.heading || !is_container(line)));
        let text = lines.collect::<Vec<_>>().join("\n");
        let block = Block {
            is_heading: std::mem::take(&mut self.heading),
            end: self.end.take(),
            first_line_end: self.first_line_end.take(),
            text,
        };
        if !block.text.is_empty() {
            self.blocks.push(block);
        }
    }
}

/// `::right::` of Slidev and `::: {.columns}` of pandoc and markdown-it: layout, not text.
fn is_container(line: &str) -> bool {
    let name = line.trim_start_matches(':');
    match line.len() - name.len() {
        0 | 1 => false,
        2 => name.is_empty() || name.ends_with("::") || name.trim_start().starts_with('{'),
        _ => true,
    }
}
