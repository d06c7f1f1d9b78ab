//! From places that were named to a position, and from a position to the edges it stands at.

use super::super::style::Position;
use super::words::Place;

/// Where places that were named put the text: what is not said is the middle.
pub(super) fn position(across: Option<Place>, down: Option<Place>) -> Position {
    match (across, down) {
        (Some(Place::Left), Some(Place::Top)) => Position::TopLeft,
        (Some(Place::Right), Some(Place::Top)) => Position::TopRight,
        (_, Some(Place::Top)) => Position::Top,
        (Some(Place::Left), Some(Place::Bottom)) => Position::BottomLeft,
        (Some(Place::Right), Some(Place::Bottom)) => Position::BottomRight,
        (_, Some(Place::Bottom)) => Position::Bottom,
        (Some(Place::Left), _) => Position::Left,
        (Some(Place::Right), _) => Position::Right,
        _ => Position::Centre,
    }
}

/// The edges a position stands at; all of them in the middle.
pub(super) fn edges(position: Position) -> Vec<Place> {
    let (across, down) = position.anchor();
    let mut edges = Vec::new();
    edges.extend((down == 0.0).then_some(Place::Top));
    edges.extend((down == 1.0).then_some(Place::Bottom));
    edges.extend((across == 0.0).then_some(Place::Left));
    edges.extend((across == 1.0).then_some(Place::Right));
    if edges.is_empty() {
        edges.extend([Place::Top, Place::Right, Place::Bottom, Place::Left]);
    }
    edges
}
