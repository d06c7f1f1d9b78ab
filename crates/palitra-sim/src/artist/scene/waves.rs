//! The sea: rows of crested waves under a sun, with foam lines and small boats.

use super::{Stage, height_at};
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, Point, count, len, point, sin_turns, smooth_to};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    stage.sky();
    let horizon = area.y + area.h * stage.dice.range(0.34, 0.42);
    let radius = unit * stage.dice.range(0.15, 0.2);
    let sun =
        point(area.x + area.w * stage.dice.range(0.25, 0.75), horizon - radius * stage.dice.range(0.1, 0.75));
    stage.sun(sun, radius);
    let band = Area::new(area.x, area.y + area.h * 0.06, area.w, (horizon - area.y) * 0.5);
    stage.clouds(band, count(area.w / unit * 2.4, 2, 9));
    let rows = count((area.bottom() - horizon) / (unit * 0.085), 5, 9);
    let boat_row = 1 + stage.dice.below(2);
    let mut drift = stage.dice.unit();
    for row in 0..rows {
        let near = len(row) / len(rows - 1);
        let percent = u32::try_from(row * 100 / (rows - 1)).unwrap_or(100);
        let color = if palette.dark {
            palette.depth(88 - percent * 7 / 10).mix(palette.paper, 18 + percent * 4 / 10)
        } else {
            palette.depth(14 + percent * 86 / 100)
        };
        // Rows stand closer at the horizon.
        let base = horizon + (area.bottom() - horizon) * (near * 0.62 + near * near * 0.3);
        let swing = unit * (0.006 + near * 0.03);
        let crests = area.w / unit * (7.0 - near * 3.6);
        drift += 0.37;
        let line = crested(area, base, swing, crests, drift);
        if row == boat_row {
            boats(stage, &line, near);
        }
        stage.ground(&line, color);
        foam(stage, &line, color, near, swing);
        if row == 0 {
            glitter(stage, sun.x, radius, base, unit, color);
        }
    }
}

/// A line of waves with round troughs and pointed crests.
fn crested(area: Area, base: f32, swing: f32, crests: f32, drift: f32) -> Vec<Point> {
    let steps = count(crests * 12.0, 24, 400);
    (0..=steps)
        .map(|step| {
            let share = len(step) / len(steps) * 1.06 - 0.03;
            let half = sin_turns((share * crests + drift) / 2.0);
            let crest = 1.0 - half.abs() * 2.0;
            let swell = sin_turns(share * crests * 0.21 + drift * 1.7) * 0.7;
            point(area.x + area.w * share, base - swing * (crest + swell))
        })
        .collect()
}

fn foam(stage: &mut Stage, line: &[Point], color: Rgb, near: f32, swing: f32) {
    let unit = stage.area.unit();
    let light = stage.palette.light();
    for (row, percent) in [(0.35, 46), (1.25, 22), (2.2, 12)] {
        let down = (swing + unit * 0.008) * row;
        let lower: Vec<Point> = line.iter().map(|at| at.shifted(0.0, down)).collect();
        stage.canvas.stroke(unit * (0.0024 + near * 0.0034), color.mix(light, percent), |path| {
            path.move_to(lower[0].x, lower[0].y);
            smooth_to(path, &lower);
        });
    }
}

/// Broken bars of light under the sun.
fn glitter(stage: &mut Stage, x: f32, radius: f32, top: f32, unit: f32, color: Rgb) {
    let light = color.mix(stage.palette.accent, 55);
    for row in 0..4 {
        let half = radius * (0.8 - len(row) * 0.17) * stage.dice.range(0.8, 1.1);
        let y = top + unit * (0.012 + 0.017 * len(row));
        let shift = radius * stage.dice.range(-0.15, 0.15);
        stage.canvas.rounded(Area::new(x - half + shift, y, half * 2.0, unit * 0.007), unit * 0.0035, light);
    }
}

/// Paper boats riding on a row, drawn before the row so that it covers their keels.
fn boats(stage: &mut Stage, line: &[Point], near: f32) {
    let (area, unit) = (stage.area, stage.area.unit());
    let boats = count(area.w / unit * 1.1, 1, 4);
    for boat in 0..boats {
        let x = area.x + area.w * (len(boat) + stage.dice.range(0.2, 0.8)) / len(boats);
        let size = unit * stage.dice.range(0.055, 0.075) * (0.8 + near);
        let at = point(x, height_at(line, x) - size * 0.12);
        let (hull, sail) = (stage.palette.deep(), stage.palette.light());
        let side = stage.dice.sign();
        let p = |dx: f32, dy: f32| at.shifted(dx * size * side, dy * size);
        stage.canvas.polygon(&[p(-1.0, 0.0), p(1.05, 0.0), p(0.7, 0.42), p(-0.7, 0.42)], hull);
        stage.canvas.polygon(&[p(0.05, -1.75), p(0.05, -0.14), p(0.92, -0.14)], sail);
        stage.canvas.polygon(&[p(-0.07, -1.4), p(-0.07, -0.14), p(-0.72, -0.14)], stage.palette.accent);
    }
}
