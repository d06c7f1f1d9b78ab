//! Where on a slide there is room for a picture: the gap between its shapes in which the picture is largest.

use super::frame::{Frame, Pixels};

/// More things than this fill a slide, wherever they are; it also bounds the search, which looks at each pair of edges.
const OBSTACLES_MAX: usize = 64;

/// The picture in the gap where it is largest, in the middle of the gap; of equal ones the rightmost. `None` when no gap has any room.
///
/// `page` is where the picture may be; obstacles already have the space round them that is to stay free.
pub(super) fn largest(page: Frame, obstacles: &[Frame], picture: Pixels) -> Option<Frame> {
    let mut obstacles: Vec<Frame> = obstacles.iter().copied().filter(|frame| frame.meets(page)).collect();
    if obstacles.len() > OBSTACLES_MAX {
        return None;
    }
    obstacles.sort_by_key(|frame| frame.y);
    let mut edges = vec![page.x, page.right()];
    edges.extend(obstacles.iter().flat_map(|frame| [frame.x, frame.right()]));
    edges.retain(|x| (page.x..=page.right()).contains(x));
    edges.sort_unstable();
    edges.dedup();
    let mut best: Option<Frame> = None;
    for (at, left) in edges.iter().enumerate() {
        for right in &edges[at + 1..] {
            let column = Frame { x: *left, width: right - left, ..page };
            for gap in gaps(column, &obstacles) {
                let fitted = gap.fitted(picture);
                if best.is_none_or(|best| (fitted.area(), fitted.x) > (best.area(), best.x)) {
                    best = Some(fitted);
                }
            }
        }
    }
    best.filter(|frame| frame.area() > 0)
}

/// The parts of a column between the obstacles that stand in it, which are ordered by their upper edges.
fn gaps(column: Frame, obstacles: &[Frame]) -> impl Iterator<Item = Frame> {
    let standing = obstacles.iter().filter(move |frame| frame.x < column.right() && column.x < frame.right());
    let ends = standing.map(|frame| (frame.y, frame.bottom()));
    let mut from = column.y;
    ends.chain([(column.bottom(), column.bottom())]).filter_map(move |(top, bottom)| {
        let gap = Frame { y: from, height: top.min(column.bottom()) - from, ..column };
        from = from.max(bottom);
        (gap.height > 0).then_some(gap)
    })
}
