//! Which tool a Markdown deck is written for. Tools separate slides and keep notes differently; the deck itself says whose it
//! is, by its front matter, its directives or its habits.

use super::front_matter::{self, FrontMatter};
use super::outline::{HiddenKind, Outline};
use super::split::{is_notes_line, is_separator_comment, is_vertical_separator};
use crate::Format;
use crate::text::Line;

const MARP_KEYS: [&str; 14] = [
    "headingDivider",
    "paginate",
    "_paginate",
    "_class",
    "_header",
    "_footer",
    "_color",
    "backgroundColor",
    "_backgroundColor",
    "_backgroundImage",
    "backgroundImage",
    "backgroundSize",
    "size",
    "$theme",
];

const SLIDEV_KEYS: [&str; 16] = [
    "layout",
    "mdc",
    "drawings",
    "highlighter",
    "colorSchema",
    "routerMode",
    "addons",
    "canvasWidth",
    "aspectRatio",
    "themeConfig",
    "monaco",
    "clicks",
    "src",
    "routeAlias",
    "hideInToc",
    "exportFilename",
];

/// Keys of front matter before a slide of its own: those, and some that only make sense there.
const SLIDEV_SLIDE_KEYS: [&str; 8] =
    ["class", "transition", "background", "image", "level", "zoom", "disabled", "hide"];

const REVEAL_KEYS: [&str; 8] = [
    "revealOptions",
    "separator",
    "verticalSeparator",
    "notesSeparator",
    "highlightTheme",
    "revealjs",
    "enableMenu",
    "controls",
];

pub(super) fn flavour(text: &str, lines: &[Line], front: &FrontMatter, outline: &Outline) -> Format {
    if is_marp(text, front, outline) {
        return Format::Marp;
    }
    let body = &lines[lines.partition_point(|line| line.start < front.end)..];
    if front.has_any(&REVEAL_KEYS) {
        return Format::Reveal;
    }
    if front.has_any(&SLIDEV_KEYS) || has_slide_front_matter(text, body, outline) {
        return Format::Slidev;
    }
    if is_reveal(text, body, outline) {
        return Format::Reveal;
    }
    Format::Plain
}

/// `marp: true` or another Marp directive in front matter or in a comment, or a background picture.
fn is_marp(text: &str, front: &FrontMatter, outline: &Outline) -> bool {
    if let Some(marp) = front.get("marp") {
        return marp == "true";
    }
    let comments = outline.hidden.iter().filter(|hidden| hidden.kind == HiddenKind::Comment);
    let directive = |line: &str| {
        let pair = front_matter::pair(line.trim().trim_start_matches('*'));
        pair.is_some_and(|(key, value)| {
            (key == "marp" && value == "true") || MARP_KEYS.contains(&key.as_str())
        })
    };
    front.has_any(&MARP_KEYS)
        || matches!(front.get("theme"), Some("gaia" | "uncover"))
        || comments.flat_map(|comment| text[comment.inner.clone()].lines()).any(directive)
        || text.match_indices("![bg").any(|(at, mark)| {
            text[at + mark.len()..].starts_with([' ', ']'])
                && !outline.is_code(at)
                && outline.hidden_at(at).is_none()
        })
}

fn has_slide_front_matter(text: &str, lines: &[Line], outline: &Outline) -> bool {
    let shown = |line: &Line| outline.shows(text, line);
    lines.iter().enumerate().filter(|(_, line)| line.of(text).trim_end() == "---" && shown(line)).any(
        |(at, _)| {
            let next_is_text = lines.get(at + 1).is_some_and(|line| !line.of(text).trim().is_empty());
            next_is_text
                && front_matter::block(text, &lines[at..])
                    .is_some_and(|block| block.has_any(&SLIDEV_KEYS) || block.has_any(&SLIDEV_SLIDE_KEYS))
        },
    )
}

/// Attributes in comments, vertical separators, or notes in a deck with separators.
fn is_reveal(text: &str, lines: &[Line], outline: &Outline) -> bool {
    let attributes = outline.hidden.iter().any(|hidden| match hidden.kind {
        HiddenKind::Comment => {
            let inner = text[hidden.inner.clone()].trim_start();
            inner.starts_with(".slide:")
                || inner.starts_with(".element:")
                || is_separator_comment(text, hidden)
        }
        HiddenKind::Notes => true,
        HiddenKind::Machinery => false,
    });
    let shown = |line: &Line| outline.shows(text, line);
    attributes
        || (0..lines.len()).any(|at| shown(&lines[at]) && is_vertical_separator(text, lines, at))
        || (!outline.rules.is_empty() && lines.iter().any(|line| shown(line) && is_notes_line(line.of(text))))
}
