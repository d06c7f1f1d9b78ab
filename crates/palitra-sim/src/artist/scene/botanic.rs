//! Botanical cut-outs: stems of several kinds growing across the area before a sun.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Point, count, len, point};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let ground = palette.paper.mix(palette.ramp[0], if palette.dark { 45 } else { 55 });
    stage.canvas.rect(area, ground);
    let sun = area.at(stage.dice.range(0.34, 0.66), stage.dice.range(0.34, 0.42));
    let radius = area.short() * stage.dice.range(0.27, 0.32);
    stage.canvas.disc(sun, radius * 1.22, ground.mix(palette.ramp[1], 40));
    stage.canvas.disc(sun, radius, palette.accent.mix(ground, if palette.dark { 22 } else { 48 }));
    let soil = stage.ridge(area.y + area.h * 0.9, unit * 0.03, area.w / unit * 1.2);
    for row in 0..2 {
        let stems = count(area.w / unit * if row == 0 { 5.0 } else { 4.0 }, 3, 22);
        let mut places: Vec<usize> = (0..stems).collect();
        // Neighbours overlap in no fixed order.
        for i in (1..places.len()).rev() {
            places.swap(i, stage.dice.below(i + 1));
        }
        for place in places {
            let x = area.x + area.w * (len(place) + stage.dice.range(0.25, 0.75)) / len(stems);
            let height =
                area.h * if row == 0 { stage.dice.range(0.5, 0.8) } else { stage.dice.range(0.24, 0.46) };
            let height = height.min(unit * if row == 0 { 1.25 } else { 0.7 });
            let lean =
                (x - area.x - area.w / 2.0) / area.w * unit * 0.22 + unit * stage.dice.range(-0.05, 0.05);
            let foot = point(x, area.y + area.h * 0.95);
            let color = stage.dice.pick(&if row == 0 {
                [palette.ramp[2], palette.ramp[3], palette.ramp[2]]
            } else {
                [palette.ramp[3], palette.ramp[4], palette.ramp[2]]
            });
            plant(stage, foot, foot.shifted(lean, -height), color);
        }
        if row == 0 {
            let lower: Vec<Point> = soil.iter().map(|at| at.shifted(0.0, -unit * 0.035)).collect();
            stage.ground(
                &lower,
                if palette.dark { palette.ramp[1] } else { palette.depth(78).mix(ground, 20) },
            );
        }
    }
    stage.ground(
        &soil,
        if palette.dark {
            palette.ramp[0].mix(palette.paper, 30)
        } else {
            palette.ramp[4].mix(palette.ink, 18)
        },
    );
}

/// A stem as a quadratic curve.
#[derive(Clone, Copy)]
struct Stem {
    foot: Point,
    bend: Point,
    tip: Point,
}

impl Stem {
    fn at(self, share: f32) -> Point {
        self.foot.toward(self.bend, share).toward(self.bend.toward(self.tip, share), share)
    }

    /// The direction at a share, of length 1.
    fn along(self, share: f32) -> (f32, f32) {
        let (a, b) = (self.foot.toward(self.bend, share), self.bend.toward(self.tip, share));
        let length = a.distance(b).max(0.001);
        ((b.x - a.x) / length, (b.y - a.y) / length)
    }
}

fn plant(stage: &mut Stage, foot: Point, tip: Point, color: Rgb) {
    let unit = stage.area.unit();
    let bend = point(foot.x + (tip.x - foot.x) * 0.1, foot.y + (tip.y - foot.y) * 0.62);
    let stem = Stem { foot, bend, tip };
    let dark = color.mix(stage.palette.deep(), 22);
    stage.canvas.stroke(unit * 0.0075, dark, |path| {
        path.move_to(foot.x, foot.y);
        path.quad_to(bend.x, bend.y, tip.x, tip.y);
    });
    let height = foot.distance(tip);
    match stage.dice.below(6) {
        0 => broad(stage, stem, height, color),
        1 => round_pairs(stage, stem, height, color),
        2 => fern(stage, stem, height, color),
        3 => flower(stage, stem, height, color),
        4 => berries(stage, stem, height, color),
        _ => blades(stage, stem, height, color),
    }
}

/// A pointed leaf from a base in a direction: length, width, and its middle line.
fn leaf(stage: &mut Stage, base: Point, (dx, dy): (f32, f32), length: f32, width: f32, color: Rgb) {
    let p = |along: f32, aside: f32| {
        point(
            base.x + dx * along * length - dy * aside * width,
            base.y + dy * along * length + dx * aside * width,
        )
    };
    let tip = p(1.0, 0.0);
    let (a, b, c, d) = (p(0.25, 0.95), p(0.72, 0.75), p(0.72, -0.75), p(0.25, -0.95));
    stage.canvas.shape(color, |path| {
        path.move_to(base.x, base.y);
        path.cubic_to(a.x, a.y, b.x, b.y, tip.x, tip.y);
        path.cubic_to(c.x, c.y, d.x, d.y, base.x, base.y);
    });
    // The lit half.
    stage.canvas.shape(color.mix(stage.palette.light(), 13), |path| {
        path.move_to(base.x, base.y);
        path.cubic_to(a.x, a.y, b.x, b.y, tip.x, tip.y);
        path.close();
    });
    let end = p(0.86, 0.0);
    stage.canvas.line(&[base, end], (length * 0.018).max(1.1), color.mix(stage.palette.deep(), 26));
}

/// A direction turned to one side of the stem.
fn turned((dx, dy): (f32, f32), side: f32, open: f32) -> (f32, f32) {
    let (x, y) = (dx - dy * side * open, dy + dx * side * open);
    let length = (x * x + y * y).sqrt().max(0.001);
    (x / length, y / length)
}

fn broad(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    let leaves = 5 + stage.dice.below(3);
    for i in 0..leaves {
        let share = 0.28 + 0.66 * len(i) / len(leaves - 1);
        let side = if i % 2 == 0 { 1.0 } else { -1.0 };
        let length = height * (0.36 - share * 0.16);
        leaf(stage, stem.at(share), turned(stem.along(share), side, 0.95), length, length * 0.36, color);
    }
    leaf(stage, stem.at(0.97), stem.along(1.0), height * 0.22, height * 0.075, color);
}

fn round_pairs(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    let pairs = 6 + stage.dice.below(3);
    for i in 0..pairs {
        let share = 0.25 + 0.72 * len(i) / len(pairs - 1);
        let radius = height * (0.068 - share * 0.034);
        for side in [1.0, -1.0] {
            let (dx, dy) = turned(stem.along(share), side, 1.5);
            let at = stem.at(share).shifted(dx * radius * 1.25, dy * radius * 1.25);
            let tone = if side > 0.0 { color } else { color.mix(stage.palette.light(), 16) };
            stage.canvas.disc(at, radius, tone);
        }
    }
}

fn fern(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    let leaflets = 15;
    for i in 0..leaflets {
        let share = 0.2 + 0.8 * len(i) / len(leaflets);
        let length = height * 0.25 * (1.12 - share) * (0.55 + share * 0.6);
        for side in [1.0, -1.0] {
            leaf(stage, stem.at(share), turned(stem.along(share), side, 1.3), length, length * 0.2, color);
        }
    }
    leaf(stage, stem.at(0.96), stem.along(1.0), height * 0.09, height * 0.02, color);
}

fn flower(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    for (share, side) in [(0.3, 1.0), (0.46, -1.0)] {
        let length = height * 0.26;
        leaf(stage, stem.at(share), turned(stem.along(share), side, 0.8), length, length * 0.28, color);
    }
    let palette = stage.palette;
    let petal = stage.dice.pick(&[palette.accent, palette.light(), palette.ramp[1]]);
    let radius = (height * 0.12).min(stage.area.unit() * 0.085);
    let petals = 7 + stage.dice.below(5);
    let start = stage.dice.unit();
    for i in 0..petals {
        let turn = start + len(i) / len(petals);
        let end = stem.tip.polar(1.0, turn);
        let direction = (end.x - stem.tip.x, end.y - stem.tip.y);
        leaf(stage, stem.tip, direction, radius * 1.5, radius * 0.5, petal);
    }
    stage.canvas.disc(stem.tip, radius * 0.44, palette.ramp[4].mix(palette.deep(), 20));
    stage.canvas.disc(
        stem.tip,
        radius * 0.22,
        if petal == palette.accent { palette.light() } else { palette.accent },
    );
}

fn berries(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    let twigs = 7;
    for i in 0..twigs {
        let share = 0.3 + 0.68 * len(i) / len(twigs - 1);
        let side = if i % 2 == 0 { 1.0 } else { -1.0 };
        let (dx, dy) = turned(stem.along(share), side, 0.9);
        let length = height * (0.2 - share * 0.09);
        let (from, to) = (stem.at(share), stem.at(share).shifted(dx * length, dy * length));
        stage.canvas.line(&[from, to], stage.area.unit() * 0.005, color);
        let fruit = if stage.dice.chance(0.7) { stage.palette.accent } else { color };
        stage.canvas.disc(to, height * 0.026, fruit);
        stage.canvas.disc(
            to.shifted(-height * 0.008, -height * 0.008),
            height * 0.008,
            fruit.mix(stage.palette.light(), 60),
        );
    }
}

/// A fan of long blades from the foot.
fn blades(stage: &mut Stage, stem: Stem, height: f32, color: Rgb) {
    for i in 0..7_usize {
        let side = (len(i) - 3.0) / 3.0;
        let direction = turned((0.0, -1.0), side, 0.62);
        let length = height * (0.95 - side.abs() * 0.3);
        let tone = color.mix(stage.palette.deep(), u32::try_from(i % 3).unwrap_or(0) * 8);
        leaf(stage, stem.foot, direction, length, height * 0.05, tone);
    }
}
