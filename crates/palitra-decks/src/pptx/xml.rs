//! One part of a presentation as a tree, within bounds, and how elements are found in it.
//!
//! Elements are known by their local names at the place where they are looked for: transitional and strict files differ in every namespace.

use super::error::PptxError;
use roxmltree::{Document, Error, Node, ParsingOptions};

/// A slide with a whole map drawn on it has about 5 MB.
pub(super) const PART_BYTES_MAX: usize = 16 * 1024 * 1024;

const NODES_MAX: u32 = 1_000_000;
const DEPTH_MAX: usize = 200;
/// In one tag. The parser compares each with each.
const ATTRIBUTES_MAX: usize = 200;
const ATTRIBUTES_IN_ALL_MAX: usize = 1_000_000;
/// The parser copies all prefixes in scope to each element that declares one.
const DECLARATIONS_MAX: usize = 20_000;
const PREFIXES_MAX: usize = 100;

pub(super) fn parse<'t>(part: &str, text: &'t str) -> Result<Document<'t>, PptxError> {
    let bad = |reason| PptxError::BadPart { part: part.to_owned(), reason };
    within_bounds(text).map_err(bad)?;
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        Error::DtdDetected => PptxError::Doctype { part: part.to_owned() },
        Error::NodesLimitReached => bad("has too many elements"),
        _ => PptxError::BadXml {
            part: part.to_owned(),
            line: error.pos().row,
            column: error.pos().col,
            reason: reason(&error),
        },
    })
}

/// The parser's message without the place, which the error carries itself.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

/// Depth, attributes and prefixes are counted before the parser sees the text: with too many of them it takes long, or much memory.
fn within_bounds(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut attributes_in_all, mut declarations) = (0, 0_usize, 0, 0);
    let mut prefixes: Vec<&[u8]> = Vec::new();
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('<')).map(|open| at + open) {
        let rest = &bytes[open..];
        if rest.starts_with(b"<!--") {
            at = find(text, open + 4, "-->").map_or(bytes.len(), |end| end + 3);
            continue;
        }
        if rest.starts_with(b"<![CDATA[") {
            at = find(text, open + 9, "]]>").map_or(bytes.len(), |end| end + 3);
            continue;
        }
        if rest.starts_with(b"<?") {
            at = find(text, open + 2, "?>").map_or(bytes.len(), |end| end + 2);
            continue;
        }
        let mut attributes = 0;
        let mut quote = None;
        let mut end = open + 1;
        while let Some(&byte) = bytes.get(end) {
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => attributes += 1,
                (None, b':') if bytes[..end].ends_with(b"xmlns") => {
                    declarations += 1;
                    let length = bytes[end + 1..].iter().take_while(|byte| **byte != b'=').count();
                    let prefix = &bytes[end + 1..end + 1 + length];
                    if prefixes.len() <= PREFIXES_MAX && !prefixes.contains(&prefix) {
                        prefixes.push(prefix);
                    }
                }
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
            end += 1;
        }
        match rest.get(1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!') => {}
            _ if bytes[..end].ends_with(b"/") => {}
            _ => depth += 1,
        }
        attributes_in_all += attributes;
        if depth > DEPTH_MAX {
            return Err("has elements too deep inside each other");
        }
        if attributes > ATTRIBUTES_MAX || attributes_in_all > ATTRIBUTES_IN_ALL_MAX {
            return Err("has too many attributes");
        }
        if declarations > DECLARATIONS_MAX || prefixes.len() > PREFIXES_MAX {
            return Err("declares too many namespaces");
        }
        at = end + 1;
    }
    Ok(())
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| from + at)
}

pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| is(*child, name))
}

/// The element that a path of names leads to, each the first of its name.
pub(super) fn path<'a, 'i>(node: Node<'a, 'i>, names: &[&str]) -> Option<Node<'a, 'i>> {
    names.iter().try_fold(node, |node, name| child(node, name))
}

/// The children of an element, where a choice between versions of the same thing (`mc:AlternateContent`) is taken: the first version, as
/// PowerPoint takes what it knows, else what stands for it.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    let mut found = Vec::new();
    for child_ in node.children().filter(Node::is_element) {
        if is(child_, "AlternateContent") {
            let version = child(child_, "Choice").or_else(|| child(child_, "Fallback"));
            found.extend(version.iter().flat_map(|version| version.children()).filter(Node::is_element));
        } else {
            found.push(child_);
        }
    }
    found
}

/// An attribute in one of the namespaces of relationships, as in `r:embed`.
pub(super) fn relation_attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let mut attributes = node.attributes();
    let is_relation = |namespace: Option<&str>| namespace.is_some_and(|uri| uri.ends_with("/relationships"));
    attributes
        .find(|attribute| attribute.name() == name && is_relation(attribute.namespace()))
        .map(|attribute| attribute.value())
}

/// A whole number, small enough that sums and products of areas stay numbers.
pub(super) fn number(node: Node<'_, '_>, name: &str) -> Option<i64> {
    const EXTREME: i64 = 200_000_000;
    Some(node.attribute(name)?.parse::<i64>().ok()?.clamp(-EXTREME, EXTREME))
}

pub(super) fn is_false(value: Option<&str>) -> bool {
    matches!(value, Some("0" | "false"))
}
