//! The shapes of a slide as far as a picture must know them: where they are, and what they are to it.

use super::backdrop::{self, Backdrop};
use super::frame::Frame;
use super::words::{placeholder_kind, text_of};
use super::xml;
use roxmltree::Node;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A placeholder without text: nothing when the slide is shown.
    Empty,
    /// Pictures, tables, charts, lines, groups, shapes without text.
    Thing,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a, 'i> {
    pub(super) node: Node<'a, 'i>,
    pub(super) kind: Kind,
    /// `None` when neither the slide nor its layout says.
    pub(super) frame: Option<Frame>,
}

/// The shapes of a slide, whose root is given, that are not hidden; groups as one.
pub(super) fn shapes<'a, 'i>(slide: Node<'a, 'i>, backdrop: &Backdrop) -> Vec<Shape<'a, 'i>> {
    let tree = xml::path(slide, &["cSld", "spTree"]);
    let nodes = tree.map(xml::children).unwrap_or_default().into_iter();
    let shape = |node: Node<'a, 'i>| {
        let kind = match node.tag_name().name() {
            "sp" if !text_of(node).trim().is_empty() => Kind::Text,
            "sp" if placeholder_kind(node).is_some() => Kind::Empty,
            "sp" | "pic" | "graphicFrame" | "cxnSp" | "grpSp" | "contentPart" => Kind::Thing,
            _ => return None,
        };
        let frame = backdrop::frame(node).or_else(|| backdrop.frame(node));
        Some(Shape { node, kind, frame })
    };
    nodes.filter(|node| !is_hidden(*node)).filter_map(shape).collect()
}

/// The element with a shape's number, name and description.
pub(super) fn about<'a, 'i>(shape: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    shape.children().find_map(|child| xml::child(child, "cNvPr"))
}

fn is_hidden(shape: Node<'_, '_>) -> bool {
    about(shape)
        .and_then(|about| about.attribute("hidden"))
        .is_some_and(|value| matches!(value, "1" | "true"))
}
