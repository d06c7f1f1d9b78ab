//! The XML of a picture on a slide, and of the text that makes room for it.

use super::backdrop::xfrm;
use super::edit::{self, Edit, declared, escaped, qualified_name};
use super::frame::{Frame, Pixels};
use super::shape::{self, Shape};
use super::spot::{Spot, name};
use super::words::{placeholder, placeholder_kind};
use super::xml;
use roxmltree::Node;
use std::collections::BTreeSet;

/// What a picture needs to be placed: the slide's number, the relationship to its file, its size, what it shows.
pub(super) struct Drawn<'p> {
    pub(super) slide: u32,
    pub(super) relation: &'p str,
    pub(super) pixels: Pixels,
    pub(super) alt: &'p str,
}

const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006/main";
const DRAWING_STRICT: &str = "http://purl.oclc.org/ooxml/drawingml/main";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const RELATION_STRICT: &str = "http://purl.oclc.org/ooxml/officeDocument/relationships";

/// Whether the part is written in the strict form of the standard, whose namespaces are others.
pub(super) fn is_strict(root: Node<'_, '_>) -> bool {
    root.tag_name().namespace().is_some_and(|uri| uri.starts_with("http://purl.oclc.org/"))
}

/// The namespace of relationships in such a part, which is also how types of relationships begin.
pub(super) fn relation_namespace(strict: bool) -> &'static str {
    if strict { RELATION_STRICT } else { RELATION }
}

/// What to change on a slide to have the picture there; nothing on a full one. `text` is the slide's part and `root` its root.
pub(super) fn edits(
    text: &str,
    root: Node<'_, '_>,
    spot: &Spot<'_, '_>,
    shapes: &[Shape<'_, '_>],
    drawn: &Drawn<'_>,
) -> Vec<Edit> {
    match spot {
        Spot::Ours(pic) => replaced(text, *pic, drawn),
        Spot::Placeholder { shape, frame, cut } => {
            vec![(shape.range(), in_placeholder(root, *shape, *frame, *cut, drawn))]
        }
        Spot::Free(frame) => added(text, root, *frame, drawn),
        Spot::Beside(narrowed, frame) => {
            let shapes = narrowed.iter().map(|narrowed| (shapes[narrowed.at].node, narrowed));
            let mut edits: Vec<Edit> = shapes
                .flat_map(|(shape, narrowed)| {
                    let mut edits = moved(text, shape, narrowed.frame);
                    edits.extend(smaller(text, shape, narrowed.scale));
                    edits
                })
                .collect();
            edits.extend(added(text, root, *frame, drawn));
            edits
        }
        Spot::Full => Vec::new(),
    }
}

fn drawing(node: Node<'_, '_>) -> &'static str {
    if is_strict(node.document().root_element()) { DRAWING_STRICT } else { DRAWING }
}

/// A new picture in front of everything.
fn added(text: &str, root: Node<'_, '_>, frame: Frame, drawn: &Drawn<'_>) -> Vec<Edit> {
    let Some(tree) = xml::path(root, &["cSld", "spTree"]) else { return Vec::new() };
    let pic = Pic { frame: Some(frame), cut: (0, 0), id: free_id(root), placeholder: "" };
    let pic = pic.xml(root, tree, drawn);
    vec![match xml::child(tree, "extLst") {
        Some(list) => (list.range().start..list.range().start, pic),
        None => edit::last_inside(text, tree, &pic),
    }]
}

/// The picture instead of an empty placeholder: it stays one, so that another layout moves the picture too.
fn in_placeholder(
    root: Node<'_, '_>,
    shape: Node<'_, '_>,
    frame: Frame,
    cut: bool,
    drawn: &Drawn<'_>,
) -> String {
    let attributes = placeholder(shape).into_iter().flat_map(|placeholder| placeholder.attributes());
    let attributes = attributes.filter(|attribute| attribute.namespace().is_none());
    let attributes =
        attributes.map(|attribute| format!(" {}=\"{}\"", attribute.name(), escaped(attribute.value())));
    let placeholder = format!("<p:ph{}/>", attributes.collect::<String>());
    let own_frame = (!cut || xfrm(shape).is_some()).then_some(frame);
    let id = shape::about(shape).and_then(|about| about.attribute("id")?.parse().ok());
    let cut = if cut { frame.crop(drawn.pixels) } else { (0, 0) };
    let id = id.unwrap_or_else(|| free_id(root));
    let parent = shape.parent_element().unwrap_or(root);
    Pic { frame: own_frame, cut, id, placeholder: &placeholder }.xml(root, parent, drawn)
}

struct Pic<'p> {
    /// `None` where the layout says it.
    frame: Option<Frame>,
    cut: (i64, i64),
    id: u32,
    placeholder: &'p str,
}

impl Pic<'_> {
    /// `parent` is the element it will stand in, whose prefixes hold.
    fn xml(&self, root: Node<'_, '_>, parent: Node<'_, '_>, drawn: &Drawn<'_>) -> String {
        let namespaces = [
            declared(parent, "p", root.tag_name().namespace().unwrap_or_default()),
            declared(parent, "a", drawing(root)),
            declared(parent, "r", relation_namespace(is_strict(root))),
        ]
        .concat();
        let locks = if self.placeholder.is_empty() { "" } else { " noGrp=\"1\"" };
        let nv = if self.placeholder.is_empty() {
            "<p:nvPr/>".to_owned()
        } else {
            format!("<p:nvPr>{}</p:nvPr>", self.placeholder)
        };
        let place = self.frame.map(|frame| xfrm_xml("a", "", frame)).unwrap_or_default();
        let outline = if place.is_empty() { "" } else { "<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>" };
        format!(
            "<p:pic{namespaces}><p:nvPicPr><p:cNvPr id=\"{}\" name=\"{}\" descr=\"{}\"/><p:cNvPicPr>\
             <a:picLocks{locks} noChangeAspect=\"1\"/></p:cNvPicPr>{nv}</p:nvPicPr>\
             <p:blipFill><a:blip r:embed=\"{}\"/>{}<a:stretch><a:fillRect/></a:stretch></p:blipFill>\
             <p:spPr>{place}{outline}</p:spPr></p:pic>",
            self.id,
            name(drawn.slide),
            escaped(drawn.alt),
            escaped(drawn.relation),
            cut_xml("a", self.cut),
        )
    }
}

fn xfrm_xml(prefix: &str, declaration: &str, frame: Frame) -> String {
    let Frame { x, y, width, height } = frame;
    format!(
        "<{prefix}:xfrm{declaration}><{prefix}:off x=\"{x}\" y=\"{y}\"/><{prefix}:ext cx=\"{width}\" cy=\"{height}\"/></{prefix}:xfrm>"
    )
}

fn cut_xml(prefix: &str, (sides, ends): (i64, i64)) -> String {
    match (sides, ends) {
        (0, 0) => String::new(),
        (sides, 0) => format!("<{prefix}:srcRect l=\"{sides}\" r=\"{sides}\"/>"),
        (0, ends) => format!("<{prefix}:srcRect t=\"{ends}\" b=\"{ends}\"/>"),
        (sides, ends) => {
            format!("<{prefix}:srcRect l=\"{sides}\" t=\"{ends}\" r=\"{sides}\" b=\"{ends}\"/>")
        }
    }
}

/// The new picture in the place of our old one: its file, its description, and its frame or cut where the shape is another.
fn replaced(text: &str, pic: Node<'_, '_>, drawn: &Drawn<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    edits.extend(shape::about(pic).and_then(|about| edit::attribute(text, about, "descr", drawn.alt)));
    let Some(fill) = xml::child(pic, "blipFill") else { return edits };
    if let Some(blip) = xml::child(fill, "blip") {
        let embed = blip
            .attributes()
            .find(|attribute| attribute.name() == "embed" && attribute.namespace().is_some());
        edits.extend(
            embed
                .filter(|embed| embed.value() != drawn.relation)
                .map(|embed| (embed.range_value(), escaped(drawn.relation))),
        );
    }
    let own = xfrm(pic);
    let frame = own.and_then(Frame::of);
    let old_cut = xml::child(fill, "srcRect");
    let kept = |name| old_cut.and_then(|cut| xml::number(cut, name)).unwrap_or(0).clamp(-99_000, 99_000);
    let shown = Pixels {
        width: (drawn.pixels.width * (100_000 - kept("l") - kept("r")).max(1) / 100_000).max(1),
        height: (drawn.pixels.height * (100_000 - kept("t") - kept("b")).max(1) / 100_000).max(1),
    };
    let Some(frame) = frame else { return edits };
    if frame.has_shape_of(shown) {
        return edits;
    }
    if old_cut.is_none() && placeholder_kind(pic) != Some("pic") {
        edits.extend(moved(text, pic, frame.fitted(drawn.pixels)));
        return edits;
    }
    let prefix = prefix(text, fill, "blip");
    let cut = cut_xml(&prefix, frame.crop(drawn.pixels));
    match (old_cut, xml::child(fill, "blip")) {
        (Some(old), _) => edits.push((old.range(), cut)),
        (None, Some(blip)) => edits.push((blip.range().end..blip.range().end, cut)),
        (None, None) => {}
    }
    edits
}

/// The prefix that a child of a node is written with; `a` where there is none.
fn prefix(text: &str, node: Node<'_, '_>, child: &str) -> String {
    let name = xml::child(node, child).map(|child| qualified_name(text, child));
    name.and_then(|name| name.split_once(':')).map_or("a", |(prefix, _)| prefix).to_owned()
}

/// A shape at another place, or of another size.
fn moved(text: &str, shape: Node<'_, '_>, frame: Frame) -> Vec<Edit> {
    if let Some(old) = xfrm(shape) {
        let part = |name: &str, first: (&str, i64), second: (&str, i64)| {
            let node = xml::child(old, name);
            let edits =
                [first, second].map(|(name, value)| edit::attribute(text, node?, name, &value.to_string()));
            edits.into_iter().flatten().collect::<Vec<Edit>>()
        };
        let mut edits = part("off", ("x", frame.x), ("y", frame.y));
        edits.extend(part("ext", ("cx", frame.width), ("cy", frame.height)));
        return edits;
    }
    let properties = xml::child(shape, "spPr");
    let insert = |properties| {
        let new = xfrm_xml("a", &declared(properties, "a", drawing(shape)), frame);
        edit::first_inside(text, properties, &new)
    };
    properties.map(insert).into_iter().collect()
}

/// Smaller letters, as PowerPoint's autofit notes them; `scale` is percent of what they were.
fn smaller(text: &str, shape: Node<'_, '_>, scale: i64) -> Option<Edit> {
    if scale == 100 {
        return None;
    }
    let body = xml::path(shape, &["txBody", "bodyPr"])?;
    let old = ["normAutofit", "spAutoFit", "noAutofit"].into_iter().find_map(|name| xml::child(body, name));
    let before = old.and_then(|old| xml::number(old, "fontScale")).unwrap_or(100_000);
    let declaration = declared(body, "a", drawing(shape));
    let new = format!(
        "<a:normAutofit{declaration} fontScale=\"{}\" lnSpcReduction=\"10000\"/>",
        before * scale / 100
    );
    if let Some(old) = old {
        return Some((old.range(), new));
    }
    // The schema wants it after a warp of the text and before everything else.
    Some(match xml::child(body, "prstTxWarp") {
        Some(warp) => (warp.range().end..warp.range().end, new),
        None => edit::first_inside(text, body, &new),
    })
}

/// A number that no shape of the slide has.
fn free_id(root: Node<'_, '_>) -> u32 {
    let ids = root.descendants().filter(|node| xml::is(*node, "cNvPr"));
    let taken: BTreeSet<u32> = ids.filter_map(|node| node.attribute("id")?.parse().ok()).collect();
    let next = taken.last().and_then(|last| last.checked_add(1)).filter(|next| i32::try_from(*next).is_ok());
    next.or_else(|| (2..).find(|id| !taken.contains(id))).unwrap_or(2)
}
