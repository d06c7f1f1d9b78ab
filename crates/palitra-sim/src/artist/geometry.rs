//! Numbers behind the shapes: areas, points, a portable sine, smooth lines.
//!
//! Only `+ − × ÷` and `sqrt` are used, which IEEE 754 fixes to the last bit; the sine is our own polynomial because the
//! one of the standard library differs between platforms and the artist promises the same bytes everywhere.

use tiny_skia::PathBuilder;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

pub(super) const fn point(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Point {
    pub(super) fn toward(self, other: Point, share: f32) -> Point {
        point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    pub(super) fn shifted(self, dx: f32, dy: f32) -> Point {
        point(self.x + dx, self.y + dy)
    }

    /// The point at a distance, in a direction counted in turns clockwise from the right.
    pub(super) fn polar(self, radius: f32, turns: f32) -> Point {
        point(self.x + radius * cos_turns(turns), self.y + radius * sin_turns(turns))
    }

    pub(super) fn distance(self, other: Point) -> f32 {
        ((self.x - other.x) * (self.x - other.x) + (self.y - other.y) * (self.y - other.y)).sqrt()
    }
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) w: f32,
    pub(super) h: f32,
}

impl Area {
    pub(super) const fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    pub(super) fn right(self) -> f32 {
        self.x + self.w
    }

    pub(super) fn bottom(self) -> f32 {
        self.y + self.h
    }

    pub(super) fn short(self) -> f32 {
        self.w.min(self.h)
    }

    pub(super) fn long(self) -> f32 {
        self.w.max(self.h)
    }

    /// A unit that grows with both sides but follows the shorter one, so that panoramas keep their detail in scale.
    pub(super) fn unit(self) -> f32 {
        self.short().min((self.w * self.h).sqrt() * 0.9)
    }

    /// The point at shares of the width and height.
    pub(super) fn at(self, across: f32, down: f32) -> Point {
        point(self.x + self.w * across, self.y + self.h * down)
    }

    pub(super) fn inset(self, by: f32) -> Self {
        Self::new(self.x + by, self.y + by, (self.w - by * 2.0).max(1.0), (self.h - by * 2.0).max(1.0))
    }
}

/// The sine of an angle in turns; at most 0.0002 off.
pub(super) fn sin_turns(turns: f32) -> f32 {
    let turn = turns - turns.floor();
    // Folded to a quarter turn on each side of zero, where the odd polynomial is good.
    let folded = if turn < 0.25 {
        turn
    } else if turn < 0.75 {
        0.5 - turn
    } else {
        turn - 1.0
    };
    let square = folded * folded;
    folded * (6.283_08 - square * (41.330_85 - square * (81.340_5 - square * 70.993_1)))
}

pub(super) fn cos_turns(turns: f32) -> f32 {
    sin_turns(turns + 0.25)
}

/// A number of things as a length.
pub(super) fn len(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// A length as a number of things, at least `least` and at most `most`.
pub(super) fn count(length: f32, least: usize, most: usize) -> usize {
    let whole = round(length).clamp(0, 60_000);
    usize::try_from(whole).unwrap_or(0).clamp(least, most)
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate, and lengths here are small"
)]
pub(super) fn round(length: f32) -> i32 {
    (length + 0.5).floor() as i32
}

/// Goes on from the current point through the points as one smooth curve, ending in the last.
pub(super) fn smooth_to(path: &mut PathBuilder, points: &[Point]) {
    let [first, .., last] = points else { return };
    path.line_to(first.x, first.y);
    for pair in points.windows(2) {
        let middle = pair[0].toward(pair[1], 0.5);
        path.quad_to(pair[0].x, pair[0].y, middle.x, middle.y);
    }
    path.line_to(last.x, last.y);
}

/// Adds a closed smooth outline through the middles between the points.
pub(super) fn smooth_loop(path: &mut PathBuilder, points: &[Point]) {
    let [first, .., last] = points else { return };
    let start = last.toward(*first, 0.5);
    path.move_to(start.x, start.y);
    for (i, corner) in points.iter().enumerate() {
        let end = corner.toward(points[(i + 1) % points.len()], 0.5);
        path.quad_to(corner.x, corner.y, end.x, end.y);
    }
    path.close();
}

/// Adds a closed polygon.
pub(super) fn polygon(path: &mut PathBuilder, points: &[Point]) {
    let [first, rest @ ..] = points else { return };
    path.move_to(first.x, first.y);
    for corner in rest {
        path.line_to(corner.x, corner.y);
    }
    path.close();
}

/// The bend of a cubic that follows a quarter circle of radius 1.
pub(super) const QUARTER: f32 = 0.552_285;

/// Adds a closed rectangle with rounded corners; `radii` go clockwise from the top left.
pub(super) fn rounded(path: &mut PathBuilder, area: Area, radii: [f32; 4]) {
    let most = area.short() / 2.0;
    let [a, b, c, d] = radii.map(|radius| radius.clamp(0.0, most));
    let k = 1.0 - QUARTER;
    let (left, top, right, bottom) = (area.x, area.y, area.right(), area.bottom());
    path.move_to(left + a, top);
    path.line_to(right - b, top);
    path.cubic_to(right - b * k, top, right, top + b * k, right, top + b);
    path.line_to(right, bottom - c);
    path.cubic_to(right, bottom - c * k, right - c * k, bottom, right - c, bottom);
    path.line_to(left + d, bottom);
    path.cubic_to(left + d * k, bottom, left, bottom - d * k, left, bottom - d);
    path.line_to(left, top + a);
    path.cubic_to(left, top + a * k, left + a * k, top, left + a, top);
    path.close();
}
