//! A city skyline: three rows of buildings with lit windows under a sun or moon.

use super::Stage;
use crate::artist::color::Rgb;
use crate::artist::geometry::{Area, count, len, point};

pub(super) fn draw(stage: &mut Stage) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    stage.sky();
    let radius = unit * stage.dice.range(0.14, 0.2);
    let sun = area.at(stage.dice.range(0.2, 0.8), stage.dice.range(0.24, 0.34));
    stage.sun(sun, radius);
    let band = Area::new(area.x, area.y + area.h * 0.08, area.w, area.h * 0.26);
    stage.clouds(band, count(area.w / unit * 2.2, 2, 8));
    let water = area.y + area.h * 0.86;
    for row in 0..3 {
        let percent = [26, 58, 96][row];
        let color = if palette.dark {
            palette.depth(58 - percent / 2).mix(palette.paper, percent / 3)
        } else {
            palette.depth(percent)
        };
        street(stage, row, water, color);
    }
    quay(stage, water);
}

/// One row of buildings from edge to edge.
fn street(stage: &mut Stage, row: usize, floor: f32, color: Rgb) {
    let (area, unit) = (stage.area, stage.area.unit());
    let near = len(row) / 2.0;
    let tall = area.h.min(unit * 1.5);
    let mut x = area.x - unit * stage.dice.range(0.0, 0.06);
    while x < area.right() {
        let width = (unit * stage.dice.range(0.07, 0.13) * (0.8 + near * 0.4)).floor().max(2.0);
        let height = tall * (stage.dice.range(0.2, 0.52) - near * stage.dice.range(0.08, 0.16));
        let tone = color.mix(stage.palette.deep(), u32::try_from(stage.dice.below(3)).unwrap_or(0) * 7);
        let house = Area::new(x.floor(), floor - height, width, height);
        building(stage, house, tone, row);
        let gap = if stage.dice.chance(0.25) { unit * 0.02 * (1.0 + near) } else { 0.0 };
        x += width + gap.floor();
    }
}

fn building(stage: &mut Stage, house: Area, tone: Rgb, row: usize) {
    let (w, x, top) = (house.w, house.x, house.y);
    stage.canvas.rect(house, tone);
    let middle = x + w / 2.0;
    match stage.dice.below(8) {
        0 => stage.canvas.polygon(&[point(x, top), point(x + w, top), point(x + w, top - w * 0.55)], tone),
        1 => {
            stage.canvas.rect(Area::new(x + w * 0.18, top - w * 0.22, w * 0.64, w * 0.23), tone);
            stage.canvas.rect(Area::new(x + w * 0.36, top - w * 0.48, w * 0.28, w * 0.3), tone);
            stage.canvas.line(&[point(middle, top), point(middle, top - w * 0.95)], w * 0.04, tone);
        }
        2 => stage.canvas.shape(tone, |path| {
            path.move_to(x, top + 1.0);
            path.cubic_to(x, top - w * 0.62, x + w, top - w * 0.62, x + w, top + 1.0);
            path.close();
        }),
        3 => stage.canvas.polygon(&[point(x, top), point(middle, top - w * 0.7), point(x + w, top)], tone),
        4 => {
            stage.canvas.line(&[point(x + w * 0.3, top), point(x + w * 0.3, top - w * 0.5)], w * 0.035, tone);
            stage.canvas.line(
                &[point(x + w * 0.62, top), point(x + w * 0.62, top - w * 0.3)],
                w * 0.035,
                tone,
            );
        }
        _ => {}
    }
    if row > 0 {
        windows(stage, house, tone, row);
        // A shaded side gives the box some depth.
        let side = Area::new(x + (w * 0.78).floor(), top, w - (w * 0.78).floor(), house.h);
        stage.canvas.rect(side, stage.palette.deep().cover(34));
    }
}

fn windows(stage: &mut Stage, house: Area, tone: Rgb, row: usize) {
    let unit = stage.area.unit();
    let cell = unit * if row == 1 { 0.017 } else { 0.022 };
    let (columns, rows) = (count(house.w * 0.7 / cell, 1, 12), count(house.h / (cell * 1.35), 1, 60));
    let ribbon = stage.dice.chance(0.25);
    let lit = if stage.palette.dark { 0.42 } else { 0.26 };
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for r in 0..rows.saturating_sub(1) {
        let mut whole = stage.dice.chance(lit);
        for c in 0..columns {
            if !ribbon {
                whole = stage.dice.chance(lit);
            }
            let w = house.w * 0.7 / len(columns);
            let pane = Area::new(
                house.x + house.w * 0.05 + w * (len(c) + 0.24),
                house.y + cell * (0.6 + len(r) * 1.35),
                w * if ribbon { 0.98 } else { 0.56 },
                cell * 0.72,
            );
            if whole { on.push(pane) } else { off.push(pane) }
        }
    }
    let glow = if stage.palette.dark {
        stage.palette.accent
    } else {
        stage.palette.paper.mix(stage.palette.accent, 22)
    };
    for (panes, color) in [(off, tone.mix(stage.palette.light(), 13)), (on, glow)] {
        stage.canvas.shape(color, |path| {
            for pane in panes {
                crate::artist::geometry::rounded(path, pane, [0.0; 4]);
            }
        });
    }
}

/// Water in front with broken reflections and a line of trees.
fn quay(stage: &mut Stage, top: f32) {
    let (area, palette, unit) = (stage.area, stage.palette, stage.area.unit());
    let water = if palette.dark {
        palette.paper.mix(palette.ramp[0], 55)
    } else {
        palette.ramp[4].mix(palette.ink, 38)
    };
    let trees = count(area.w / unit * 9.0, 6, 46);
    let leaf = palette.foliage();
    for tree in 0..trees {
        let x = area.x + area.w * (len(tree) + stage.dice.range(0.2, 0.8)) / len(trees);
        let radius = unit * stage.dice.range(0.014, 0.026);
        stage.canvas.disc(point(x, top - radius * 0.7), radius, leaf);
        stage.canvas.disc(point(x + radius, top - radius * 0.3), radius * 0.75, leaf);
    }
    stage.canvas.rect(Area::new(area.x, top.floor(), area.w, area.bottom() - top + 2.0), water);
    stage.canvas.rect(
        Area::new(area.x, top.floor(), area.w, (unit * 0.006).max(1.0)),
        water.mix(palette.light(), 45),
    );
    let rows = count((area.bottom() - top) / (unit * 0.02), 2, 14);
    for row in 1..rows {
        let y = top + (area.bottom() - top) * len(row) / len(rows);
        for _ in 0..count(area.w / unit * 4.0, 3, 20) {
            let (x, w) = (area.x + area.w * stage.dice.unit(), unit * stage.dice.range(0.02, 0.1));
            let color = if stage.dice.chance(0.16) {
                palette.accent.mix(water, 25)
            } else {
                water.mix(palette.light(), 20)
            };
            stage.canvas.rounded(Area::new(x, y, w, unit * 0.005), unit * 0.0025, color);
        }
    }
}
