//! Where the picture of a slide goes. The first of these that there is:
//!
//! 1. a picture of ours, known by its name (`Palitra 3`), gives its place to the new one, wherever a presenter has moved it;
//! 2. an empty picture placeholder is filled, the picture cut to its shape, as PowerPoint does it;
//! 3. the largest empty content placeholder holds the whole picture, as PowerPoint does it;
//! 4. the free part of the slide in which the picture is largest, if it is an eighth of the slide there;
//! 5. the text makes room (`beside`).
//!
//! Otherwise the slide is full, and stays as it is.

use super::backdrop::Backdrop;
use super::beside::{Narrowed, Room};
use super::frame::{Frame, Pixels};
use super::free;
use super::shape::{self, Kind, Shape};
use super::words::placeholder_kind;
use super::xml;
use roxmltree::Node;

/// A picture smaller than this is decoration, not an illustration: percent of the slide.
const AREA_MIN_PERCENT: i64 = 12;

/// In a column that the layout keeps for content a smaller one is what its designer meant.
const COLUMN_AREA_MIN_PERCENT: i64 = 5;

/// A shape without text over more than this part of the slide is a background, and pictures stand on it.
const BACKGROUND_PERCENT: i64 = 50;

/// Space between things, as a part of the slide's shorter side; at the edge of the slide it is twice that.
const GAPS_PER_SIDE: i64 = 30;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spot<'a, 'i> {
    /// The `pic` element that is there.
    Ours(Node<'a, 'i>),
    /// An empty placeholder and the picture's frame; `cut` when the picture is cut to that, else it has the picture's shape.
    Placeholder {
        shape: Node<'a, 'i>,
        frame: Frame,
        cut: bool,
    },
    Free(Frame),
    /// What gives way, by the place in the slide's shapes, and the picture's frame.
    Beside(Vec<Narrowed>, Frame),
    Full,
}

pub(super) fn spot<'a, 'i>(
    slide: Node<'a, 'i>,
    page: Frame,
    backdrop: &Backdrop,
    shapes: &[Shape<'a, 'i>],
    picture: Pixels,
) -> Spot<'a, 'i> {
    if let Some(pic) = slide.descendants().find(|node| xml::is(*node, "pic") && is_ours(*node)) {
        return Spot::Ours(pic);
    }
    let background = |frame: &Frame| frame.area() >= page.area() / 100 * BACKGROUND_PERCENT;
    let bare = xml::is_false(slide.attribute("showMasterSp"));
    let behind: Vec<Frame> =
        backdrop.things.iter().copied().filter(|frame| !bare && !background(frame)).collect();
    let is_ground = |shape: &Shape<'_, '_>| {
        let plain = xml::is(shape.node, "sp") && shape.kind == Kind::Thing;
        shape.kind == Kind::Empty || (plain && shape.frame.as_ref().is_some_and(background))
    };
    let shown: Vec<Shape<'a, 'i>> = shapes.iter().copied().filter(|shape| !is_ground(shape)).collect();
    if let Some(spot) = in_placeholder(page, shapes, &shown, picture) {
        return spot;
    }
    if shown.iter().any(|shape| shape.frame.is_none()) {
        return Spot::Full; // it may be anywhere
    }
    let gap = page.width.min(page.height) / GAPS_PER_SIDE;
    let taken = shown.iter().filter_map(|shape| shape.frame).chain(behind.iter().copied());
    let obstacles: Vec<Frame> = taken.map(|frame| frame.grown(gap)).collect();
    // Alone on its slide, the picture is the slide.
    let room = if obstacles.is_empty() { page } else { page.grown(-2 * gap) };
    let area_min = page.area() / 100 * AREA_MIN_PERCENT;
    if let Some(frame) = free::largest(room, &obstacles, picture).filter(|frame| frame.area() >= area_min) {
        return Spot::Free(frame);
    }
    let room = Room { page, gap, shapes, backdrop, behind: &behind, area_min };
    match room.beside(picture) {
        Some(beside) => Spot::Beside(beside.narrowed, beside.picture),
        None => Spot::Full,
    }
}

fn in_placeholder<'a, 'i>(
    page: Frame,
    shapes: &[Shape<'a, 'i>],
    shown: &[Shape<'a, 'i>],
    picture: Pixels,
) -> Option<Spot<'a, 'i>> {
    let uncovered = |frame: Frame| {
        let others = shown.iter().filter_map(|shape| shape.frame);
        !others.into_iter().any(|other| other.meets(frame))
    };
    let empty = |kinds: &'static [&'static str]| {
        let is_empty = move |shape: &&Shape<'a, 'i>| {
            shape.kind == Kind::Empty
                && placeholder_kind(shape.node).is_some_and(|kind| kinds.contains(&kind))
        };
        shapes.iter().filter(is_empty).filter_map(|shape| Some((shape.node, shape.frame?)))
    };
    let for_pictures = empty(&["pic"]).filter(|(_, frame)| frame.area() > 0 && uncovered(*frame));
    if let Some((shape, frame)) = for_pictures.max_by_key(|(_, frame)| frame.area()) {
        return Some(Spot::Placeholder { shape, frame, cut: true });
    }
    let area_min = page.area() / 100 * COLUMN_AREA_MIN_PERCENT;
    let fitted = empty(&["obj", "clipArt"]).map(|(shape, frame)| (shape, frame.fitted(picture)));
    let fitted = fitted.filter(|(_, frame)| frame.area() >= area_min && uncovered(*frame));
    let (shape, frame) = fitted.max_by_key(|(_, frame)| frame.area())?;
    Some(Spot::Placeholder { shape, frame, cut: false })
}

/// The name of the picture on a slide, by which it is found again.
pub(super) fn name(slide: u32) -> String {
    format!("Palitra {slide}")
}

fn is_ours(pic: Node<'_, '_>) -> bool {
    let name = shape::about(pic).and_then(|about| about.attribute("name"));
    let number = name.and_then(|name| name.strip_prefix("Palitra "));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
