//! Layered hills or mountains with a sun, clouds, trees and birds.

use super::{Stage, height_at};
use crate::artist::geometry::{Point, count, len, point, smooth_to};

pub(super) fn draw(stage: &mut Stage) {
    let (area, unit) = (stage.area, stage.area.unit());
    stage.sky();
    let sun = area.at(stage.dice.range(0.22, 0.78), stage.dice.range(0.26, 0.36));
    let radius = unit * stage.dice.range(0.13, 0.19);
    stage.sun(sun, radius);
    let band = crate::artist::geometry::Area::new(area.x, area.y + area.h * 0.08, area.w, area.h * 0.24);
    stage.clouds(band, count(area.w / unit * 2.2, 2, 9));
    birds(stage, sun, radius);
    let peaks = stage.dice.chance(0.5);
    let layers = 5;
    let span = area.w / unit;
    for layer in 0..layers {
        let near = len(layer) / len(layers - 1);
        let percent = u32::try_from(layer).unwrap_or(0) * 25;
        let color = stage.palette.depth(if stage.palette.dark { 100 - percent } else { percent });
        let color = if stage.palette.dark { color.mix(stage.palette.paper, 20 + percent / 2) } else { color };
        let base = area.y + area.h * (0.5 + near * 0.4);
        if peaks && layer < 2 {
            mountains(stage, base, near, color);
            continue;
        }
        let swing = area.h.min(unit * 1.3) * (0.085 - near * 0.035);
        let waves = span * (1.0 + near * 0.5) + stage.dice.range(0.0, 0.6);
        let line = stage.ridge(base, swing, waves);
        if layer >= 2 {
            trees(stage, &line, near);
        }
        stage.ground(&line, color);
        if layer >= 2 {
            furrows(stage, &line, color, near);
        }
    }
}

/// Triangular peaks with snow.
fn mountains(stage: &mut Stage, base: f32, near: f32, color: crate::artist::color::Rgb) {
    let (area, unit) = (stage.area, stage.area.unit());
    let peaks = count(area.w / unit * 2.6, 3, 14);
    let step = area.w / len(peaks);
    let floor = area.bottom();
    let snow = stage.palette.light().mix(color, 12);
    let shade = color.mix(stage.palette.deep(), 14);
    for i in 0..=peaks {
        let x = area.x + step * (len(i) + stage.dice.range(-0.25, 0.25));
        let height = area.h.min(unit * 1.4) * stage.dice.range(0.14, 0.27) * (1.0 - near * 0.3);
        let half = height * stage.dice.range(0.95, 1.25);
        let top = point(x, base - height);
        let foot = half * (floor - top.y) / height;
        stage.canvas.polygon(&[top, point(x + foot, floor), point(x - foot, floor)], color);
        stage.canvas.polygon(&[top, point(x + foot, floor), point(x + foot * 0.22, floor)], shade);
        let cap = height * 0.3;
        let edge = half * cap / height;
        let teeth = [
            top,
            point(x + edge, top.y + cap),
            point(x + edge * 0.45, top.y + cap * 0.78),
            point(x + edge * 0.1, top.y + cap * 1.12),
            point(x - edge * 0.35, top.y + cap * 0.74),
            point(x - edge, top.y + cap),
        ];
        stage.canvas.polygon(&teeth, snow);
    }
}

/// Lines that follow the slope of a hill, as in a print; nearer hills hide their lower parts.
fn furrows(stage: &mut Stage, line: &[Point], color: crate::artist::color::Rgb, near: f32) {
    let unit = stage.area.unit();
    let ink = color.mix(stage.palette.light(), 16);
    for row in 1..=3 {
        let down = unit * (0.02 + near * 0.012) * len(row);
        let lower: Vec<Point> = line.iter().map(|at| at.shifted(0.0, down)).collect();
        stage.canvas.stroke(unit * 0.0032, ink, |path| {
            path.move_to(lower[0].x, lower[0].y);
            smooth_to(path, &lower);
        });
    }
}

/// Cypresses and round trees standing on a ridge, drawn before the hill so that it covers their feet.
fn trees(stage: &mut Stage, line: &[Point], near: f32) {
    let (area, unit) = (stage.area, stage.area.unit());
    let groves = count(area.w / unit * 2.0, 1, 8);
    let color = stage.palette.foliage();
    for _ in 0..groves {
        let middle = area.x + area.w * stage.dice.unit();
        let slim = stage.dice.chance(0.6);
        for _ in 0..2 + stage.dice.below(4) {
            let x = middle + unit * stage.dice.range(-0.07, 0.07) * (0.6 + near);
            let foot = point(x, height_at(line, x) + unit * 0.006);
            let height = unit * stage.dice.range(0.035, 0.06) * (0.7 + near * 0.8);
            if slim {
                cypress(stage, foot, height, color);
            } else {
                stage.canvas.line(&[foot, foot.shifted(0.0, -height * 0.7)], unit * 0.004, color);
                stage.canvas.disc(foot.shifted(0.0, -height * 0.8), height * 0.36, color);
            }
        }
    }
}

fn cypress(stage: &mut Stage, foot: Point, height: f32, color: crate::artist::color::Rgb) {
    let half = height * 0.17;
    stage.canvas.shape(color, |path| {
        path.move_to(foot.x, foot.y - height * 1.15);
        path.cubic_to(foot.x + half, foot.y - height * 0.7, foot.x + half * 1.3, foot.y, foot.x, foot.y);
        path.cubic_to(
            foot.x - half * 1.3,
            foot.y,
            foot.x - half,
            foot.y - height * 0.7,
            foot.x,
            foot.y - height * 1.15,
        );
    });
}

fn birds(stage: &mut Stage, sun: Point, radius: f32) {
    let unit = stage.area.unit();
    let color = stage.palette.on(stage.palette.ramp[0]);
    for _ in 0..3 + stage.dice.below(4) {
        let at = sun.shifted(radius * stage.dice.range(-2.4, 2.4), radius * stage.dice.range(-0.7, 0.9));
        let span = unit * stage.dice.range(0.012, 0.02);
        stage.canvas.stroke(unit * 0.0036, color, |path| {
            path.move_to(at.x - span, at.y - span * 0.45);
            path.quad_to(at.x - span * 0.4, at.y - span * 0.6, at.x, at.y);
            path.quad_to(at.x + span * 0.4, at.y - span * 0.6, at.x + span, at.y - span * 0.45);
        });
    }
}
