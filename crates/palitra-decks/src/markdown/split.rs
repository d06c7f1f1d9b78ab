//! Where one slide ends and the next begins.
//!
//! | deck | separators |
//! | --- | --- |
//! | Marp | thematic breaks (`---`, `***`, `___`), and headings of `headingDivider` |
//! | reveal.js | lines of three or more hyphens, `--` between slides of a column, `separator` of reveal-md, `<!--s-->` |
//! | Slidev | lines of three or more hyphens, with front matter of a slide after them |
//! | plain | thematic breaks |
//!
//! A deck without any of its separators (Marp and Slidev apart, whose tools would show one slide) is divided by its
//! `Слайд N:` lines, where whatever stands before the first is the deck's and no slide, or else by headings: those of the
//! slide level and above it. The slide level is `slide_level` of the front matter (pandoc), or else the highest level that
//! occurs twice and has text under it and not only further headings, or 2. Text before the first heading is a slide when
//! there is any.

use super::front_matter::{self, FrontMatter};
use super::outline::{Heading, Hidden, HiddenKind, Outline};
use crate::Format;
use crate::text::Line;
use palitra_domain::prompt::Label;
use std::ops::Range;

/// Comments that separate slides in decks of reveal-md's authors.
const SEPARATOR_COMMENTS: [&str; 6] = ["s", "v", "slide", "vertical", "new slide", "newslide"];

/// A separator: what it covers belongs to no slide. Empty before a heading that starts its slide.
type Cut = Range<usize>;

/// The source ranges of the slides, in order.
pub(super) fn split(
    text: &str,
    lines: &[Line],
    front: &FrontMatter,
    outline: &Outline,
    format: Format,
) -> Vec<Range<usize>> {
    let mut cuts = match format {
        Format::Marp => marp_cuts(text, front, outline),
        Format::Reveal => line_cuts(text, lines, outline, &reveal_separators(front), format),
        Format::Slidev => line_cuts(text, lines, outline, &[], format),
        Format::Plain | Format::Json | Format::Pptx => Vec::new(),
    };
    if cuts.is_empty() && matches!(format, Format::Plain | Format::Reveal) {
        cuts = outline.rules.iter().map(|rule| whole_line(text, rule.start)).collect();
    }
    let divided = !cuts.is_empty() || matches!(format, Format::Marp | Format::Slidev);
    let mut preamble = true;
    if !divided {
        cuts = label_cuts(text, lines, front, outline);
        preamble = cuts.is_empty();
        if cuts.is_empty() {
            cuts = heading_cuts(text, front, &outline.headings);
        }
    }
    let mut pieces = between(front.end, text.len(), &cuts);
    let empty = |piece: &Range<usize>| text[piece.clone()].trim().is_empty();
    // A separator before anything at all, or after the last slide, separates nothing; Marp and Slidev show a page there.
    if !matches!(format, Format::Marp | Format::Slidev) {
        if pieces.len() > 1 && (!preamble || empty(&pieces[0])) {
            pieces.remove(0);
        }
        if pieces.len() > 1 && pieces.last().is_some_and(empty) {
            pieces.pop();
        }
    }
    pieces
}

fn between(start: usize, end: usize, cuts: &[Cut]) -> Vec<Range<usize>> {
    let starts = std::iter::once(start).chain(cuts.iter().map(|cut| cut.end));
    let ends = cuts.iter().map(|cut| cut.start).chain(std::iter::once(end));
    starts.zip(ends).map(|(start, end)| start..end.max(start)).collect()
}

/// `Note:` or `Notes:` at the start of a line opens the speaker notes of a slide (reveal.js `notesSeparator`).
pub(super) fn is_notes_line(line: &str) -> bool {
    notes_rest(line).is_some()
}

/// What follows `Note:` on its line.
pub(super) fn notes_rest(line: &str) -> Option<&str> {
    let (word, rest) = line.split_once(':')?;
    (word.eq_ignore_ascii_case("note") || word.eq_ignore_ascii_case("notes")).then_some(rest)
}

/// A separator of reveal-md alone on its line.
pub(super) fn is_separator_comment(text: &str, comment: &Hidden) -> bool {
    let word = text[comment.inner.clone()].trim();
    let separator = comment.kind == HiddenKind::Comment
        && SEPARATOR_COMMENTS.iter().any(|separator| word.eq_ignore_ascii_case(separator));
    separator && text[whole_line(text, comment.range.start)].trim() == &text[comment.range.clone()]
}

/// Two hyphens alone after a blank line or a heading; right under text they would underline a heading.
pub(super) fn is_vertical_separator(text: &str, lines: &[Line], at: usize) -> bool {
    let above = at.checked_sub(1).map(|above| lines[above].of(text).trim());
    lines[at].of(text).trim_end() == "--"
        && above.is_some_and(|above| above.is_empty() || above.starts_with('#'))
}

fn whole_line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    start..text[at..].find('\n').map_or(text.len(), |line| at + line + 1)
}

/// As Marpit does it: every rule, and every heading of the divider once anything visible stands before it.
fn marp_cuts(text: &str, front: &FrontMatter, outline: &Outline) -> Vec<Cut> {
    let comments = outline.hidden.iter().filter(|hidden| hidden.kind == HiddenKind::Comment);
    let directives = comments
        .flat_map(|comment| text[comment.inner.clone()].lines())
        .filter_map(|line| front_matter::pair(line.trim()));
    let front_divider = front.get("headingDivider").map(str::to_owned);
    let divider = directives
        .filter(|(key, _)| key == "headingDivider")
        .map(|(_, value)| value)
        .next_back()
        .or(front_divider);
    let levels = divider.map(|value| divider_levels(&value)).unwrap_or_default();
    let divides = |heading: &&Heading| {
        levels.contains(&heading.level)
            && outline.first_visible.is_some_and(|first| first < heading.range.start)
    };
    let headings = outline.headings.iter().filter(divides).map(|heading| {
        let start = whole_line(text, heading.range.start).start;
        start..start
    });
    let rules = outline.rules.iter().map(|rule| whole_line(text, rule.start));
    let mut cuts: Vec<Cut> = rules.chain(headings).collect();
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    cuts
}

/// `2` means levels 1 and 2, `[2]` and a YAML list mean just those.
fn divider_levels(value: &str) -> Vec<u8> {
    if let Ok(level) = value.parse::<u8>() {
        return (1..=level.min(6)).collect();
    }
    let digits = value.chars().filter(char::is_ascii_digit);
    digits.filter_map(|digit| digit.to_string().parse().ok()).collect()
}

/// reveal-md lets a deck name its separators. They are patterns; the ones people write are literal lines with `\n` round them.
fn reveal_separators(front: &FrontMatter) -> Vec<String> {
    let literal = |pattern: &str| {
        let pattern = pattern.replace("\\r?", "").replace("\\n", "").replace("\\s*", "");
        let line = pattern.trim_start_matches('^').trim_end_matches('$').trim();
        let is_literal = !line.is_empty() && !line.contains(['\\', '[', '(', '*', '+', '?', '|', '{']);
        is_literal.then(|| line.to_owned())
    };
    ["separator", "verticalSeparator"].into_iter().filter_map(|key| literal(front.get(key)?)).collect()
}

/// Separators that are lines whatever Markdown makes of them: reveal.js and Slidev divide a deck before they parse it.
fn line_cuts(text: &str, lines: &[Line], outline: &Outline, named: &[String], format: Format) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut at = lines.partition_point(|line| line.start < outline.from);
    while at < lines.len() {
        let line = lines[at];
        let source = line.of(text).trim_end();
        let is_code = outline.is_code(line.start);
        let hyphens = source.len() >= 3 && source.bytes().all(|byte| byte == b'-');
        let rule = outline.rules.binary_search_by_key(&line.start, |rule| rule.start).is_ok();
        let separates = match outline.hidden_at(line.start) {
            Some(comment) => {
                is_separator_comment(text, comment)
                    || (comment.range.end == line.start + source.len()
                        && named.iter().any(|name| name == source))
            }
            None if is_code => false,
            None if format == Format::Slidev => hyphens,
            // reveal.js takes `---` under text for a separator too; longer lines of hyphens there underline headings.
            None if hyphens => source.len() == 3 || rule,
            None => is_vertical_separator(text, lines, at) || named.iter().any(|name| name == source),
        };
        if separates {
            let own = if format == Format::Slidev { slide_front_matter(text, &lines[at..]) } else { None };
            let end = own.unwrap_or(line.next);
            cuts.push(line.start..end);
            at += lines[at..].partition_point(|line| line.start < end);
        } else {
            at += 1;
        }
    }
    cuts
}

/// Where a slide begins whose front matter follows the separator at once.
fn slide_front_matter(text: &str, lines: &[Line]) -> Option<usize> {
    let next_is_text = lines.get(1).is_some_and(|line| !line.of(text).trim().is_empty());
    if next_is_text { front_matter::block(text, lines).map(|block| block.end) } else { None }
}

/// Lines that open a slide by its number. One such line in a text full of headings is just a line.
fn label_cuts(text: &str, lines: &[Line], front: &FrontMatter, outline: &Outline) -> Vec<Cut> {
    let opens = |at: &usize| {
        let source = lines[*at].of(text);
        let above_is_blank = at.checked_sub(1).is_none_or(|above| lines[above].of(text).trim().is_empty());
        let shown = outline.shows(text, &lines[*at]);
        let alone = above_is_blank || source.starts_with('#');
        lines[*at].start >= outline.from
            && shown
            && alone
            && !["- ", "* ", "+ ", ">"].iter().any(|marker| source.trim_start().starts_with(marker))
            && matches!(Label::of(source), Some(Label::Slide { .. }))
    };
    let cuts: Vec<Cut> = (0..lines.len()).filter(opens).map(|at| lines[at].start..lines[at].start).collect();
    if cuts.len() == 1 && heading_cuts(text, front, &outline.headings).len() > 1 { Vec::new() } else { cuts }
}

fn heading_cuts(text: &str, front: &FrontMatter, headings: &[Heading]) -> Vec<Cut> {
    let is_label = |heading: &&Heading| {
        let label = text[heading.range.clone()].lines().next().and_then(Label::of);
        matches!(label, Some(Label::Prompt { rest: "" } | Label::Content { rest: "" }))
    };
    let headings: Vec<&Heading> = headings.iter().filter(|heading| !is_label(heading)).collect();
    let level = slide_level(text, front, &headings);
    let starts = headings.iter().filter(|heading| heading.level <= level);
    starts.map(|heading| whole_line(text, heading.range.start).start).map(|start| start..start).collect()
}

fn slide_level(text: &str, front: &FrontMatter, headings: &[&Heading]) -> u8 {
    if let Some(level) =
        front.get("slide_level").or(front.get("slide-level")).and_then(|level| level.parse().ok())
    {
        return level;
    }
    let ends = headings.iter().skip(1).map(|heading| heading.range.start).chain(std::iter::once(text.len()));
    let mut occurs = [0_usize; 7];
    let mut has_text = [false; 7];
    for (heading, end) in headings.iter().zip(ends) {
        let level = usize::from(heading.level);
        occurs[level] += 1;
        has_text[level] |= text.get(heading.range.end..end).is_some_and(|under| !under.trim().is_empty());
    }
    let twice = |level: &u8| occurs[usize::from(*level)] > 1;
    let with_text = (1..=6).filter(twice).find(|level| has_text[usize::from(*level)]);
    with_text.or_else(|| (1..=6).find(twice)).unwrap_or(2)
}
