//! Changes of an XML text by byte ranges: what is not changed stays as it was written, byte for byte.

pub(super) use crate::illustrate::{Edit, apply};
use roxmltree::Node;

/// Text for between tags and inside quotes. Control characters, which XML has no way to write, become spaces.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// ` xmlns:p="…"` where the prefix does not already mean that.
pub(super) fn declared(node: Node<'_, '_>, prefix: &str, namespace: &str) -> String {
    if node.lookup_namespace_uri(Some(prefix)) == Some(namespace) {
        String::new()
    } else {
        format!(" xmlns:{prefix}=\"{}\"", escaped(namespace))
    }
}

/// Sets an attribute without a prefix; `None` where nothing changes.
pub(super) fn attribute(text: &str, node: Node<'_, '_>, name: &str, value: &str) -> Option<Edit> {
    match node.attribute_node(name) {
        Some(old) if old.value() == value => None,
        Some(old) => Some((old.range(), format!("{name}=\"{}\"", escaped(value)))),
        None => {
            let at = node.range().start + 1 + qualified_name(text, node).len();
            Some((at..at, format!(" {name}=\"{}\"", escaped(value))))
        }
    }
}

/// Puts XML before everything else inside an element.
pub(super) fn first_inside(text: &str, node: Node<'_, '_>, new: &str) -> Edit {
    let range = node.range();
    if let Some(edit) = opened(text, node, new) {
        return edit;
    }
    let at = node.first_child().map_or_else(|| end_tag(text, node), |child| child.range().start);
    let at = at.clamp(range.start, range.end);
    (at..at, new.to_owned())
}

/// Puts XML after everything else inside an element.
pub(super) fn last_inside(text: &str, node: Node<'_, '_>, new: &str) -> Edit {
    opened(text, node, new).unwrap_or_else(|| {
        let at = end_tag(text, node);
        (at..at, new.to_owned())
    })
}

/// An element of one tag, `<a:bodyPr/>`, with something inside.
fn opened(text: &str, node: Node<'_, '_>, new: &str) -> Option<Edit> {
    let range = node.range();
    let one_tag = node.first_child().is_none() && text[range.clone()].ends_with("/>");
    one_tag.then(|| (range.end - 2..range.end, format!(">{new}</{}>", qualified_name(text, node))))
}

/// Where the end tag of an element begins.
fn end_tag(text: &str, node: Node<'_, '_>) -> usize {
    let range = node.range();
    range.start + text[range.clone()].rfind("</").unwrap_or(range.len())
}

/// The name of an element as it is written, with its prefix.
pub(super) fn qualified_name<'t>(text: &'t str, node: Node<'_, '_>) -> &'t str {
    let tag = &text[node.range().start + 1..];
    let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(tag.len());
    &tag[..end]
}
