//! What a slide inherits from its layout and master: where placeholders are, how large their letters are, and what is drawn behind.

use super::error::PptxError;
use super::frame::Frame;
use super::package::Package;
use super::words::{placeholder, placeholder_kind};
use super::{relations, xml};
use roxmltree::Node;

/// Sizes of letters are hundredths of a point, frames are EMU.
#[derive(Debug, Clone, Default)]
pub(super) struct Backdrop {
    layout: Vec<Place>,
    master: Vec<Place>,
    title_size: Option<i64>,
    body_size: Option<i64>,
    /// Lines, logos and the like that are no placeholders.
    pub(super) things: Vec<Frame>,
}

#[derive(Debug, Clone)]
struct Place {
    kind: String,
    index: String,
    frame: Option<Frame>,
    size: Option<i64>,
}

/// PowerPoint's own default.
const SIZE_DEFAULT: i64 = 1800;

impl Backdrop {
    /// The backdrop of the slides with this layout.
    pub(super) fn of_layout(package: &mut Package<'_>, layout: &str) -> Result<Backdrop, PptxError> {
        let mut backdrop = Backdrop::default();
        let text = package.text(layout)?;
        let document = xml::parse(layout, &text)?;
        let root = document.root_element();
        backdrop.layout = places(root);
        backdrop.things = things(root);
        let relations = relations::relations(package, layout)?;
        let master = relations.into_iter().find(|relation| relation.kind == "slideMaster");
        let Some(master) = master.map(|relation| relation.target) else { return Ok(backdrop) };
        let text = package.text(&master)?;
        let document = xml::parse(&master, &text)?;
        let master = document.root_element();
        backdrop.master = places(master);
        if !xml::is_false(root.attribute("showMasterSp")) {
            backdrop.things.extend(things(master));
        }
        let size = |style| {
            let level = xml::path(master, &["txStyles", style, "lvl1pPr", "defRPr"])?;
            xml::number(level, "sz")
        };
        backdrop.title_size = size("titleStyle");
        backdrop.body_size = size("bodyStyle");
        Ok(backdrop)
    }

    /// Where a placeholder of the slide is when the slide does not say.
    pub(super) fn frame(&self, shape: Node<'_, '_>) -> Option<Frame> {
        let (layout, master) = self.inherited(shape);
        layout.and_then(|place| place.frame).or_else(|| master?.frame)
    }

    /// How large letters are in a shape that does not say.
    pub(super) fn size(&self, shape: Node<'_, '_>) -> i64 {
        let (layout, master) = self.inherited(shape);
        let style = match placeholder_kind(shape).map(family) {
            Some("title") => self.title_size,
            Some("body") => self.body_size,
            _ => None,
        };
        layout.and_then(|place| place.size).or_else(|| master?.size).or(style).unwrap_or(SIZE_DEFAULT)
    }

    /// The placeholder of the layout with the same index (a title: of the same kind), and the one of the master behind it.
    fn inherited(&self, shape: Node<'_, '_>) -> (Option<&Place>, Option<&Place>) {
        let (Some(kind), Some(element)) = (placeholder_kind(shape), placeholder(shape)) else {
            return (None, None);
        };
        let index = element.attribute("idx").unwrap_or("0");
        let same_index = |place: &&Place| {
            if family(kind) == "title" { family(&place.kind) == "title" } else { place.index == index }
        };
        let layout = self.layout.iter().find(same_index);
        let layout = layout.or_else(|| self.layout.iter().find(|place| place.kind == kind));
        let kind = layout.map_or(kind, |place| &place.kind);
        (layout, self.master.iter().find(|place| family(&place.kind) == family(kind)))
    }
}

/// A master has one placeholder for each of these.
fn family(kind: &str) -> &str {
    match kind {
        "title" | "ctrTitle" => "title",
        "dt" | "ftr" | "sldNum" | "hdr" => kind,
        _ => "body",
    }
}

fn top_shapes<'a, 'i>(root: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    xml::path(root, &["cSld", "spTree"]).map(xml::children).unwrap_or_default()
}

fn places(root: Node<'_, '_>) -> Vec<Place> {
    let place = |shape: Node<'_, '_>| {
        let kind = placeholder_kind(shape)?.to_owned();
        let index = placeholder(shape)?.attribute("idx").unwrap_or("0").to_owned();
        let level = xml::path(shape, &["txBody", "lstStyle", "lvl1pPr", "defRPr"]);
        Some(Place {
            kind,
            index,
            frame: frame(shape),
            size: level.and_then(|level| xml::number(level, "sz")),
        })
    };
    top_shapes(root).into_iter().filter_map(place).collect()
}

fn things(root: Node<'_, '_>) -> Vec<Frame> {
    let is_drawn = |shape: &Node<'_, '_>| {
        let name = shape.tag_name().name();
        matches!(name, "sp" | "pic" | "graphicFrame" | "cxnSp" | "grpSp") && placeholder(*shape).is_none()
    };
    top_shapes(root).into_iter().filter(is_drawn).filter_map(frame).collect()
}

/// Where a shape says that it is; a group, where the whole of it is.
pub(super) fn frame(shape: Node<'_, '_>) -> Option<Frame> {
    xfrm(shape).and_then(Frame::of)
}

pub(super) fn xfrm<'a, 'i>(shape: Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    let properties = ["spPr", "grpSpPr"].into_iter().find_map(|name| xml::child(shape, name));
    xml::child(properties.unwrap_or(shape), "xfrm")
}
