//! Rectangles on a slide, in EMU (914,400 to the inch), and pictures fitted into them. Whole numbers throughout.

use super::xml;
use roxmltree::Node;

/// Width and height never negative. `xml::number` keeps all four small enough to multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Of a picture, in pixels; neither is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Half a turn, in 60,000ths of a degree.
const HALF_TURN: i64 = 180 * 60_000;

impl Frame {
    /// What an `xfrm` element says, a turned shape with the upright rectangle round it.
    pub(super) fn of(xfrm: Node<'_, '_>) -> Option<Frame> {
        let (offset, extent) = (xml::child(xfrm, "off")?, xml::child(xfrm, "ext")?);
        let number = |node, name| xml::number(node, name);
        let frame = Frame {
            x: number(offset, "x")?,
            y: number(offset, "y")?,
            width: number(extent, "cx").filter(|width| *width >= 0)?,
            height: number(extent, "cy").filter(|height| *height >= 0)?,
        };
        Some(frame.turned(number(xfrm, "rot").unwrap_or(0)))
    }

    fn turned(self, rotation: i64) -> Frame {
        let beyond_half = rotation.rem_euclid(HALF_TURN);
        if beyond_half == 0 {
            return self;
        }
        let (width, height) = if beyond_half == HALF_TURN / 2 {
            (self.height, self.width)
        } else {
            let diagonal = (self.width * self.width + self.height * self.height).isqrt();
            (diagonal, diagonal)
        };
        self.centred(width, height)
    }

    /// Another size round the same centre.
    fn centred(self, width: i64, height: i64) -> Frame {
        Frame { x: self.x + (self.width - width) / 2, y: self.y + (self.height - height) / 2, width, height }
    }

    pub(super) fn right(self) -> i64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i64 {
        self.y + self.height
    }

    pub(super) fn area(self) -> i64 {
        self.width * self.height
    }

    /// Larger on each side, or smaller.
    pub(super) fn grown(self, by: i64) -> Frame {
        self.centred((self.width + 2 * by).max(0), (self.height + 2 * by).max(0))
    }

    /// Whether two have more than an edge in common. A line has no area and still crosses.
    pub(super) fn meets(self, other: Frame) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub(super) fn union(self, other: Frame) -> Frame {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = (self.right().max(other.right()), self.bottom().max(other.bottom()));
        Frame { x, y, width: right - x, height: bottom - y }
    }

    /// The whole picture, as large as it goes, in the middle.
    pub(super) fn fitted(self, picture: Pixels) -> Frame {
        let width = self.width.min(self.height * picture.width / picture.height);
        let height = self.height.min(self.width * picture.height / picture.width);
        self.centred(width, height)
    }

    /// Whether a picture fills the frame as it is, to a hundredth.
    pub(super) fn has_shape_of(self, picture: Pixels) -> bool {
        let (one, other) = (self.width * picture.height, self.height * picture.width);
        (one - other).abs() <= one.max(other) / 100
    }

    /// How much to cut off the left and right, and off the top and bottom, so that a picture fills the frame: thousandths of a percent of its
    /// width and height, on each side.
    pub(super) fn crop(self, picture: Pixels) -> (i64, i64) {
        const WHOLE: i64 = 100_000;
        if self.area() == 0 {
            return (0, 0);
        }
        // As many pixels as the frame shows of the side that is cut.
        let shown_width = self.width * picture.height / self.height;
        let shown_height = self.height * picture.width / self.width;
        let cut = |whole: i64, shown: i64| ((whole - shown).max(0) * WHOLE / whole) / 2;
        (cut(picture.width, shown_width), cut(picture.height, shown_height))
    }
}
