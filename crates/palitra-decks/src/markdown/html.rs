//! The text of an HTML block: tags, comments, styles and scripts gone, a few entities read. No parser: a slide's HTML is
//! layout round text, and a lost corner case costs a word of the prompt's raw material.

use crate::text::find_ignoring_case;

/// Elements that stand on lines of their own.
const LINE_TAGS: [&str; 17] = [
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dt",
    "figcaption",
    "h1",
    "h2",
    "h3",
    "h4",
    "li",
    "p",
    "section",
    "td",
    "tr",
];

const ENTITIES: [(&str, &str); 8] = [
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&mdash;", "—"),
    ("&rarr;", "→"),
    ("&amp;", "&"),
];

pub(super) fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let tag = &rest[open..];
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !is_tag {
            text.push('<');
            rest = &tag[1..];
            continue;
        }
        let name = tag[1..].trim_start_matches('/');
        let name_end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let name = name[..name_end].to_ascii_lowercase();
        if LINE_TAGS.contains(&name.as_str()) {
            text.push('\n');
        }
        let end = match name.as_str() {
            _ if tag.starts_with("<!--") => tag[2..].find("-->").map(|end| end + 5),
            "style" | "script" if !tag.starts_with("</") => {
                let close = find_ignoring_case(tag, &format!("</{name}"));
                close.map(|at| at + tag_end(&tag[at..]).unwrap_or(tag.len() - at))
            }
            _ => tag_end(tag),
        };
        rest = end.map_or("", |end| &tag[end..]);
    }
    text.push_str(rest);
    ENTITIES.iter().fold(text, |text, (entity, letter)| text.replace(entity, letter))
}

/// One past the `>` of a tag; one inside an attribute's quotes does not count.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in tag.char_indices() {
        match (quote, letter) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}
