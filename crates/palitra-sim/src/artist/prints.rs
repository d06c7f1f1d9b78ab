//! Photographs as paper prints on a page: each with a white border, a soft shadow and a strip of tape, a little turned.

use super::canvas::Canvas;
use super::color::Rgb;
use super::dice::Dice;
use super::geometry::{Area, Point, cos_turns, len, point, polygon, round, sin_turns};
use super::palette::Palette;
use crate::darkroom::{Crop, Photo, resampled};

/// Prints are between these proportions; what is longer is cut at its ends.
const SHAPE: (f32, f32) = (0.68, 1.5);

/// A print: where its middle is, its sides with the border, and how far it is turned.
struct Print {
    middle: Point,
    width: f32,
    height: f32,
    turns: f32,
}

/// Lays photographs over an area, two to four of them, in the order they came.
pub(super) fn lay(canvas: &mut Canvas, area: Area, photos: &[Photo], palette: &Palette, dice: &mut Dice) {
    let mut side = dice.sign();
    for (slot, photo) in slots(area, photos.len()).into_iter().zip(photos) {
        side = -side;
        let shape = (len_of(photo.width) / len_of(photo.height)).clamp(SHAPE.0, SHAPE.1);
        let (room_w, room_h) = (slot.w, slot.h);
        let (width, height) =
            if room_w / room_h > shape { (room_h * shape, room_h) } else { (room_w, room_w / shape) };
        let middle = slot.at(dice.range(0.47, 0.53), dice.range(0.47, 0.53));
        let print = Print { middle, width, height, turns: side * dice.range(0.004, 0.014) };
        print.draw(canvas, photo, palette, area.unit());
    }
}

/// Where prints go: side by side or one above the other as the area is wide or tall, four in two rows; they overlap a little.
fn slots(area: Area, count: usize) -> Vec<Area> {
    let area = area.inset(area.unit() * 0.05);
    let wide = area.w > area.h;
    let shares: &[(f32, f32, f32, f32)] = match (count, wide) {
        (2, true) => &[(0.0, 0.03, 0.54, 0.9), (0.46, 0.08, 0.54, 0.9)],
        (2, false) => &[(0.02, 0.0, 0.86, 0.55), (0.12, 0.45, 0.86, 0.55)],
        (3, true) if area.w > area.h * 1.5 => {
            &[(0.0, 0.04, 0.37, 0.86), (0.315, 0.1, 0.37, 0.86), (0.63, 0.04, 0.37, 0.86)]
        }
        (3, _) => &[(0.0, 0.0, 0.54, 0.54), (0.47, 0.05, 0.53, 0.53), (0.2, 0.46, 0.58, 0.54)],
        _ => &[
            (0.0, 0.0, 0.53, 0.53),
            (0.47, 0.02, 0.53, 0.53),
            (0.02, 0.47, 0.53, 0.53),
            (0.47, 0.47, 0.53, 0.53),
        ],
    };
    let place = |(x, y, w, h): &(f32, f32, f32, f32)| {
        Area::new(area.x + area.w * x, area.y + area.h * y, area.w * w, area.h * h)
    };
    shares.iter().take(count).map(place).collect()
}

impl Print {
    /// A point of the print, counted from its middle, on the page.
    fn on_page(&self, across: f32, down: f32) -> Point {
        let (sin, cos) = (sin_turns(self.turns), cos_turns(self.turns));
        self.middle.shifted(across * cos - down * sin, across * sin + down * cos)
    }

    /// The print's outline grown by a distance and moved.
    fn outline(&self, grown: f32, down: f32) -> [Point; 4] {
        let (half_w, half_h) = (self.width / 2.0 + grown, self.height / 2.0 + grown);
        [(-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h)]
            .map(|(across, along)| self.on_page(across, along).shifted(0.0, down))
    }

    fn draw(&self, canvas: &mut Canvas, photo: &Photo, palette: &Palette, unit: f32) {
        let shadow = palette.deep().mix(Rgb(0, 0, 0), 40);
        for layer in 0..6_u8 {
            let grown = unit * 0.0022 * f32::from(layer);
            canvas.shape(shadow.cover(22 - layer * 3), |path| {
                polygon(path, &self.outline(grown, unit * 0.008))
            });
        }
        canvas.polygon(&self.outline(0.0, 0.0), Rgb(253, 252, 249));
        let border = (unit * 0.016).max(2.0);
        self.picture(canvas, photo, border);
        self.tape(canvas, palette, unit);
    }

    /// The photograph within the border, turned: each pixel of the page looks where in the print it is.
    fn picture(&self, canvas: &mut Canvas, photo: &Photo, border: f32) {
        let side = |length: f32| u32::try_from(round(length - border * 2.0)).unwrap_or(1).max(1);
        let (width, height) = (side(self.width), side(self.height));
        let scaled = resampled(photo, Crop::cover(photo, width, height), width, height);
        let corners = self.outline(-border + 1.0, 0.0);
        let edge = |of: fn(&Point) -> f32, pick: fn(f32, f32) -> f32| {
            let first = of(&corners[0]);
            corners.iter().map(of).fold(first, pick).floor()
        };
        let (left, right) = (edge(|at| at.x, f32::min) - 1.0, edge(|at| at.x, f32::max) + 2.0);
        let (top, bottom) = (edge(|at| at.y, f32::min) - 1.0, edge(|at| at.y, f32::max) + 2.0);
        let (sin, cos) = (sin_turns(self.turns), cos_turns(self.turns));
        let (half_w, half_h) = (len_of(width) / 2.0, len_of(height) / 2.0);
        let (left, right, top, bottom) = (round(left), round(right), round(top), round(bottom));
        let across = u32::try_from(right - left).unwrap_or(1).max(1);
        let mut row = Vec::new();
        for y in top..bottom {
            row.clear();
            for x in left..right {
                let off = (coordinate(x) + 0.5 - self.middle.x, coordinate(y) + 0.5 - self.middle.y);
                let at = point(off.0 * cos + off.1 * sin + half_w, off.1 * cos - off.0 * sin + half_h);
                row.extend(looked_up(&scaled, at));
            }
            canvas.lay((left, y), across, &row);
        }
    }

    /// A strip of tape over the middle of the upper edge.
    fn tape(&self, canvas: &mut Canvas, palette: &Palette, unit: f32) {
        let (half_w, half_h) = (unit * 0.05, unit * 0.014);
        let tilt = half_h * if self.turns > 0.0 { -0.7 } else { 0.7 };
        let top = -self.height / 2.0;
        let corners = [
            self.on_page(-half_w, top - half_h + tilt),
            self.on_page(half_w, top - half_h - tilt),
            self.on_page(half_w, top + half_h - tilt),
            self.on_page(-half_w, top + half_h + tilt),
        ];
        canvas.polygon(&corners, palette.accent.cover(196));
    }
}

/// The colour of a photograph at a point, between its four nearest pixels; outside it fades within one pixel.
fn looked_up(photo: &Photo, at: Point) -> [u8; 4] {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let inside =
        |at: f32, side: u32| (at + 0.5).clamp(0.0, 1.0).min((len_of(side) - at + 0.5).clamp(0.0, 1.0));
    let cover = inside(at.x, photo.width) * inside(at.y, photo.height);
    if cover <= 0.0 {
        return [0; 4];
    }
    let side = |at: i32, most: u32| u32::try_from(at.max(0)).unwrap_or(0).min(most.saturating_sub(1));
    let pixel = |dx: i32, dy: i32| {
        let (x, y) = (side(round(left) + dx, photo.width), side(round(top) + dy, photo.height));
        let start = usize::try_from(x).unwrap_or(0) * 4;
        &photo.row(y)[start..start + 4]
    };
    let (right_share, lower_share) = (x - left, y - top);
    let (a, b, c, d) = (pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1));
    let mixed = |channel: usize| {
        let upper = f32::from(a[channel]) * (1.0 - right_share) + f32::from(b[channel]) * right_share;
        let lower = f32::from(c[channel]) * (1.0 - right_share) + f32::from(d[channel]) * right_share;
        byte(upper * (1.0 - lower_share) + lower * lower_share)
    };
    [mixed(0), mixed(1), mixed(2), byte(cover * 255.0)]
}

fn byte(value: f32) -> u8 {
    u8::try_from(round(value).clamp(0, 255)).unwrap_or(u8::MAX)
}

fn len_of(pixels: u32) -> f32 {
    len(usize::try_from(pixels).unwrap_or(0))
}

/// A place on the page, which may be left of it or above it.
fn coordinate(pixel: i32) -> f32 {
    f32::from(i16::try_from(pixel).unwrap_or(if pixel < 0 { i16::MIN } else { i16::MAX }))
}
